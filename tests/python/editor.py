"""An editor's side of pyright's language server: what it offers at a place in a module."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any


class Editor:
    """A language server for one folder, as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._module = folder / "edited.py"
        self._version = 0
        command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Editor:
        root = self._module.parent.as_uri()
        folders = [{"uri": root, "name": "root"}]
        self._ask("initialize", {"processId": None, "rootUri": root, "capabilities": {}, "workspaceFolders": folders})
        self._send(method="initialized", params={})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ask("shutdown", None)
        self._send(method="exit")
        self._server.communicate(timeout=60)

    def complete(self, text: str) -> list[str]:
        """Open a module with ``text`` and return what is offered where it has a ``|``."""
        before, _, after = text.partition("|")
        self._version += 1
        document = {"uri": self._module.as_uri(), "languageId": "python", "version": self._version}
        self._send(method="textDocument/didOpen", params={"textDocument": document | {"text": before + after}})
        position = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        where = {"textDocument": {"uri": document["uri"]}, "position": position}
        found = self._ask("textDocument/completion", where)
        self._send(method="textDocument/didClose", params={"textDocument": {"uri": document["uri"]}})
        items = found["items"] if isinstance(found, dict) else found or []
        return [item["label"] for item in items]

    def _send(self, **message: Any) -> None:
        assert self._server.stdin is not None
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
        self._server.stdin.flush()

    def _ask(self, method: str, params: Any) -> Any:
        """Ask the server, answering what it asks meanwhile with the defaults."""
        self._version += 1
        number = self._version
        self._send(id=number, method=method, params=params)
        while True:
            message = self._receive()
            if "method" not in message and message.get("id") == number:
                return message["result"]
            if "method" in message and "id" in message:
                items = message.get("params", {}).get("items", []) if "configuration" in message["method"] else None
                self._send(id=message["id"], result=items and [None] * len(items))

    def _receive(self) -> Any:
        assert self._server.stdout is not None
        length = 0
        while line := self._server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(self._server.stdout.read(length))
