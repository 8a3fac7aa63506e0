"""A server on 127.0.0.1 made of raw sockets: it records the bytes that arrive and answers by script.

>>> with Server(answering(response(b"hello"))) as server:
...     ...  # send something to server.port
>>> server.requests
[b"POST / HTTP/1.1\r\n..."]
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

PATIENCE = 20.0
"""Seconds after which a wait that should have ended counts as a hang."""


def response(
    body: bytes = b"", status: str = "200 OK", headers: Sequence[tuple[str, str]] = (), *, length: bool = True
) -> bytes:
    """A whole response, with its Content-Length unless told otherwise."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; the empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, requests: list[bytes]) -> None:
        self._sock = sock
        self._buffer = b""
        self._requests = requests
        self.closed_by_client = threading.Event()

    def _receive(self) -> bool:
        try:
            data = self._sock.recv(1 << 20)
        except TimeoutError:
            # A client that stays is not one that has left: the script ends here.
            raise
        except OSError:
            data = b""
        if not data:
            self.closed_by_client.set()
        self._buffer += data
        return bool(data)

    def read_head(self) -> bytes | None:
        """The bytes of the next request up to its body, or None when the client has closed the connection."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def read_request(self) -> bytes | None:
        """The bytes of the next request, body included, as they came; they are recorded."""
        head = self.read_head()
        if head is None:
            return None
        found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        size = int(found.group(1)) if found else 0
        parts = [self._buffer]
        while (have := sum(map(len, parts))) < size:
            self._buffer = b""
            if not self._receive():
                return None
            parts.append(self._buffer)
        data = b"".join(parts) if have else b""
        self._buffer = data[size:]
        self._requests.append(head + data[:size])
        return self._requests[-1]

    def read_chunked(self) -> bytes:
        """The raw bytes of a chunked body, as far as its last chunk."""
        while not self._buffer.endswith(b"0\r\n\r\n") and self._receive():
            pass
        data, self._buffer = self._buffer, b""
        return data

    def read_some(self) -> bytes:
        """Whatever comes next, as it comes."""
        self._receive()
        data, self._buffer = self._buffer, b""
        return data

    def send(self, data: bytes) -> None:
        """Send bytes; a client that has gone is no error here."""
        try:
            self._sock.sendall(data)
        except OSError:
            self.closed_by_client.set()

    def wait_for_close(self) -> None:
        """Wait until the client closes the connection."""
        while self._receive():
            self._buffer = b""

    def reset(self) -> None:
        """Break the connection off with a TCP reset."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._sock.close()

    def stop_reading(self) -> None:
        """Read nothing more: what waits for the client sees its end."""
        try:
            socket.socket.shutdown(self._sock, socket.SHUT_RD)
        except OSError:
            pass

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on in TLS, as the server."""
        self._sock = context.wrap_socket(self._sock, server_side=True)

    def pipe(self, port: int) -> None:
        """Carry bytes between the client and a local port until either closes, as a tunnel does."""
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as other:
            back = threading.Thread(target=_copy, args=(other, self._sock), daemon=True)
            back.start()
            other.sendall(self._buffer)
            _copy(self._sock, other)
            back.join(PATIENCE)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


Script = Callable[[Peer], None]
"""What the server does with one connection, from its start until the script returns (which closes it)."""


def answering(*answers: bytes) -> Script:
    """A script that answers a connection's requests one by one; the last answer serves all further ones."""

    def script(peer: Peer) -> None:
        for turn in range(1 << 30):
            if peer.read_request() is None:
                return
            peer.send(answers[min(turn, len(answers) - 1)])

    return script


def echo_path(peer: Peer) -> None:
    """A script that answers each request with its target."""
    while (request := peer.read_request()) is not None:
        peer.send(response(request.split(b" ")[1]))


class Server:
    """Listens on a free port of 127.0.0.1; a thread per connection follows the script.

    ``requests`` has the bytes of every request read by :meth:`Peer.read_request`; ``connections`` is a count.
    Leaving the ``with`` block stops the server and raises what a script raised.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self._peers: list[Peer] = []
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Server:
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        self._threads.append(thread)
        return self

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(PATIENCE)
        peer = Peer(sock, self.requests)
        self._peers.append(peer)
        try:
            if self._tls is not None:
                peer.start_tls(self._tls)
            self._script(peer)
        except OSError:
            peer.closed_by_client.set()
        except BaseException as error:
            self._failures.append(error)
        finally:
            peer.close()
            sock.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self._peers:
            peer.stop_reading()
        for thread in self._threads:
            thread.join(PATIENCE)
        if error is None and self._failures:
            raise self._failures[0]


def make_certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate authority and a server certificate for host names and addresses, with ``openssl``.

    Returns the authority's PEM file and the server's TLS context.
    """
    authority, key, request, leaf = (folder / name for name in ("ca.pem", "key.pem", "leaf.csr", "leaf.pem"))
    alternatives = ",".join(f"{'IP' if name[-1].isdigit() else 'DNS'}:{name}" for name in names)
    extensions = folder / "leaf.cnf"
    extensions.write_text(
        f"subjectAltName={alternatives}\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for command in (
        [
            *("req", "-x509", *ec, "-keyout", folder / "ca.key", "-out", authority, "-days", "2"),
            *("-subj", "/CN=test CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        ],
        ["req", *ec, "-keyout", key, "-out", request, "-subj", f"/CN={names[0]}"],
        [
            *(
                "x509",
                "-req",
                "-in",
                request,
                "-CA",
                authority,
                "-CAkey",
                folder / "ca.key",
                "-CAcreateserial",
            ),
            *("-out", leaf, "-days", "2", "-extfile", extensions),
        ],
    ):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf, key)
    return authority, context
