"""A LAP registry on 127.0.0.1, which answers as the public one does, or misbehaves."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class Registry:
    """``specs`` maps names to specs; ``behaviour`` is what goes wrong with each of them."""

    def __init__(self, specs: Mapping[str, bytes], behaviour: str = "") -> None:
        self.specs = dict(specs)
        self.version = "7"
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                double._answer(self, behaviour)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def _answer(self, handler: BaseHTTPRequestHandler, behaviour: str) -> None:
        parts = urllib.parse.urlsplit(handler.path)
        if parts.path == "/v1/search":
            words = urllib.parse.parse_qs(parts.query)["q"][0].split()
            names = [name for name in self.specs if all(word in name for word in words)]
            return _send(handler, json.dumps({"results": [{"name": name} for name in names]}).encode())
        spec = self.specs.get(urllib.parse.unquote(parts.path.removeprefix("/v1/apis/")))
        if spec is None:
            return _send(handler, b"{}", status=404)
        if handler.headers["Accept"] == "application/json":
            return _send(handler, json.dumps({"version": self.version}).encode())
        return self._misbehave(handler, behaviour, spec)

    def _misbehave(self, handler: BaseHTTPRequestHandler, behaviour: str, spec: bytes) -> None:
        match behaviour:
            case "html":
                _send(handler, b"<html>", content_type="text/html")
            case "redirect":
                handler.send_response(302)
                handler.send_header("Location", "http://elsewhere.invalid/spec")
                handler.end_headers()
            case "huge":
                _send(handler, b"@lap v0.3\n" * ((34 << 20) // 10))
            case "cut":
                _send(handler, spec[:-100], length=len(spec))
            case "error":
                _send(handler, b"oops", status=500)
            case "slow":
                time.sleep(1.0)
            case "garbage":
                handler.wfile.write(b"not HTTP at all\r\n\r\n")
            case _:
                _send(handler, spec)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _send(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    *,
    status: int = 200,
    content_type: str = "text/plain",
    length: int | None = None,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    try:
        handler.wfile.write(body)
    except OSError:
        handler.close_connection = True
