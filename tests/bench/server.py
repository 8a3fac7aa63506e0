"""An HTTP server with fixed responses, in a process of its own, so that the benchmarks measure the client.

``python server.py EVENTS`` prints its port. EVENTS is the number of events in the stream of small events.

It costs as little as Python allows: one thread, raw descriptors, one read and one write per request. It looks at the
target and the length of a request, and verifies no signature.
"""

from __future__ import annotations

import os
import re
import select
import socket
import sys
import time
from collections import deque
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import responses

_BUFFER = 65536
_BODY = b"\r\n\r\n{}"
"""How almost every request ends: a fast path needs no look at its length."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_IN, _OUT = select.POLLIN, select.POLLOUT  # epoll has the same bits


class Server:
    """Answers requests until it is killed."""

    def __init__(self, targets: dict[bytes, tuple[bytes, bytes]]) -> None:
        self._targets = targets
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self._epoll = hasattr(select, "epoll")
        self._poller = select.epoll() if self._epoll else select.poll()
        self._poller.register(self._listener.fileno(), _IN)
        self._connections: dict[int, socket.socket] = {}
        self._received: dict[int, bytes] = {}
        self._unsent: dict[int, memoryview] = {}
        self._later: deque[tuple[float, int, bytes]] = deque()
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        listener = self._listener.fileno()
        while True:
            for descriptor, event in self._poll():
                if descriptor == listener:
                    self._accept()
                elif event & _OUT:
                    self._write(descriptor, self._unsent.pop(descriptor))
                else:
                    self._read(descriptor)

    def _poll(self) -> list[tuple[int, int]]:
        if not self._later:
            return self._poller.poll()
        while self._later and self._later[0][0] <= time.monotonic():
            _, descriptor, rest = self._later.popleft()
            if descriptor in self._connections:
                self._write(descriptor, memoryview(rest))
        wait = max(0.0, self._later[0][0] - time.monotonic()) if self._later else 0.0
        return self._poller.poll(wait if self._epoll else wait * 1000)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = connection
        self._poller.register(connection.fileno(), _IN)

    def _read(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, _BUFFER)
        except ConnectionError:
            data = b""
        if not data:
            self._close(descriptor)
            return
        if descriptor in self._received:
            data = self._received.pop(descriptor) + data
        if not data.endswith(_BODY) and not _complete(data):
            self._received[descriptor] = data
            return
        parts = self._targets.get(data[5 : data.find(b" ", 5)])
        if parts is None:
            os.write(descriptor, responses.PLAIN)
            return
        self._write(descriptor, memoryview(parts[0]))
        if parts[1]:
            self._later.append((time.monotonic() + responses.PAUSE, descriptor, parts[1]))

    def _write(self, descriptor: int, data: memoryview) -> None:
        """Send what the socket takes now, and the rest when it takes more."""
        try:
            sent = os.write(descriptor, data)
        except BlockingIOError:
            sent = 0
        except ConnectionError:
            self._close(descriptor)
            return
        if sent < len(data):
            self._unsent[descriptor] = data[sent:]
            self._poller.modify(descriptor, _OUT)
        else:
            self._poller.modify(descriptor, _IN)

    def _close(self, descriptor: int) -> None:
        self._poller.unregister(descriptor)
        self._connections.pop(descriptor).close()
        self._received.pop(descriptor, None)
        self._unsent.pop(descriptor, None)
        self._later = deque(entry for entry in self._later if entry[1] != descriptor)


def _complete(request: bytes) -> bool:
    """Return whether these bytes hold a request's head and the whole of its body."""
    head, end, body = request.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def main() -> None:
    server = Server(responses.targets(int(sys.argv[1])))
    print(server.port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
