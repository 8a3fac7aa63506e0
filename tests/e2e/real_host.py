"""The service's real host name on this machine: a certificate for it, and sockets that end up at a local port."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HOST = "runtime.sagemaker.eu-west-1.amazonaws.com"

_OPENSSL_CONFIG = f"""
[req]
distinguished_name = name
prompt = no
[name]
CN = lapsmith test
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:{HOST}
"""


@dataclass(frozen=True)
class Certificate:
    """PEM files: the server's key and certificate, and the authority that signed it."""

    key: Path
    certificate: Path
    authority: Path


def make_certificate(folder: Path) -> Certificate:
    """Make a certificate for :data:`HOST`, and the authority to trust for it, with the openssl command."""
    config = folder / "openssl.cnf"
    config.write_text(_OPENSSL_CONFIG)
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    common = ["openssl", "req", "-x509", "-config", str(config), "-days", "2", *new_key]
    authority = ["-keyout", "authority.key", "-out", "authority.pem", "-extensions", "authority"]
    server = ["-keyout", "server.key", "-out", "server.pem", "-extensions", "server", "-subj", f"/CN={HOST}"]
    signed_by = ["-CA", "authority.pem", "-CAkey", "authority.key"]
    for command in (
        [*common, *authority, "-subj", "/CN=lapsmith test authority"],
        [*common, *server, *signed_by],
    ):
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return Certificate(folder / "server.key", folder / "server.pem", folder / "authority.pem")


def send_host_here(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Make ``HOST:443`` be ``port`` on this machine; every other name fails to resolve.

    This is done below all of the client: in name resolution and in ``socket.connect``, so the client itself still
    asks for the real host and port, and shows that name to TLS.
    """
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def getaddrinfo(host: Any, service: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (HOST, "127.0.0.1"):
            raise socket.gaierror(socket.EAI_NONAME, f"{name} must not be resolved in this test")
        return resolve("127.0.0.1", service, *args, **kwargs)

    def connect_here(self: socket.socket, address: Any) -> None:
        connect(self, ("127.0.0.1", port) if address == ("127.0.0.1", 443) else address)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", connect_here)


class Recorder:
    """A TLS server that keeps each request's decrypted bytes and answers all of them alike."""

    def __init__(self, certificate: Certificate) -> None:
        self.requests: list[bytes] = []
        self.answer = b""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.certificate, certificate.key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    @contextmanager
    def running(self) -> Iterator[Recorder]:
        """Serve in a thread while the block runs."""
        thread = threading.Thread(target=self._serve)
        thread.start()
        try:
            yield self
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:  # the listener was shut down
                return
            with plain:
                self._answer(plain)

    def _answer(self, plain: socket.socket) -> None:
        try:
            connection = self._context.wrap_socket(plain, server_side=True)
        except (ssl.SSLError, ConnectionError):  # the client does not trust the certificate, and left
            return
        with connection:
            connection.settimeout(10)
            self.requests.append(_read_request(connection))
            connection.sendall(self.answer)


def _read_request(connection: ssl.SSLSocket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return received
        received += chunk
    head, body = received.split(b"\r\n\r\n", 1)
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = int(lengths[0]) - len(body)
    while missing > 0:
        received += (chunk := connection.recv(65536))
        missing -= len(chunk)
    return received
