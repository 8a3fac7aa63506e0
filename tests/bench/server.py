"""A fixed-answer HTTP server in a process of its own, so that what is measured is the client.

Run as ``python server.py EVENTS``; prints its port. It does not verify signatures: both clients sign all the same.
"""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "generator"))

from lapsmith.demo import frames

_BODY = b'{"generated_text":"ok"}'
_PLAIN = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-amzn-RequestId: bench\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


def stream(events: int) -> bytes:
    """Return a response that streams so many small events, as one chunked body."""
    one = frames.event("PayloadPart", b'{"token": "abc"}')
    block = one * 100
    chunk = b"%x\r\n%b\r\n" % (len(block), block)
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nx-amzn-RequestId: bench\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + chunk * (events // 100) + b"0\r\n\r\n"
    )


def serve(connection: socket.socket, streamed: bytes) -> None:
    """Answer the requests of one connection."""
    received = b""
    with connection:
        while True:
            while b"\r\n\r\n" not in received:
                data = connection.recv(65536)
                if not data:
                    return
                received += data
            head, _, received = received.partition(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
            )
            while len(received) < length:
                received += connection.recv(65536)
            received = received[length:]
            connection.sendall(streamed if b"-response-stream" in head.split(b"\r\n")[0] else _PLAIN)


def main() -> None:
    streamed = stream(int(sys.argv[1]))
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(connection, streamed), daemon=True).start()


if __name__ == "__main__":
    main()
