"""TLS without I/O: whom a client trusts, and one connection's records. Imported for https only."""

from __future__ import annotations

import os
import ssl
import sys
from importlib import import_module

from ..errors import InvalidInput

# ssl imports it for every host name: not when another thread forks.
import_module("encodings.idna")

_CA_FILES = (
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)
"""Where Linux distributions keep the certificates that they trust, besides where OpenSSL was built to look."""

_READ_SIZE = 256 * 1024


def ssl_context(ca_bundle: str | None) -> ssl.SSLContext:
    """A client's TLS settings: the system's trust store, or the certificates in ``ca_bundle`` and no others.

    ``ca_bundle`` is a file of PEM certificates or an OpenSSL directory of them. Raises :class:`InvalidInput`
    when it is missing or is neither.
    """
    context = _system_context() if ca_bundle is None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if ca_bundle is None:
        return context
    try:
        if os.path.isdir(ca_bundle):
            context.load_verify_locations(capath=ca_bundle)
        else:
            context.load_verify_locations(cafile=ca_bundle)
    except OSError as error:
        reason = error.strerror if type(error) is not ssl.SSLError else "it has no PEM certificates"
        raise InvalidInput(f"cannot use the CA bundle {ca_bundle!r} (AWS_CA_BUNDLE or ca_bundle): {reason}") from error
    return context


def _system_context() -> ssl.SSLContext:
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=None if file else folder)
    if sys.platform in ("darwin", "win32"):
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Not by truststore, which on Linux loads the certificates again for every connection.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    paths = ssl.get_default_verify_paths()
    folder = paths.openssl_capath if os.path.isdir(paths.openssl_capath) else None
    found = next(filter(os.path.isfile, [paths.openssl_cafile] if folder else [paths.openssl_cafile, *_CA_FILES]), None)
    if found or folder:
        context.load_verify_locations(found, folder)
    return context


class TLS:
    """One connection's TLS, between the bytes of the socket and those of HTTP."""

    __slots__ = ("_in", "_object", "_out", "_outer", "ended")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._in, self._out, server_hostname=host)
        self._outer: TLS | None = None
        self.ended = False

    def inside(self, outer: TLS | None) -> TLS:
        """Go on inside another TLS, which a proxy ends."""
        self._outer = outer
        return self

    def handshake(self) -> bool:
        """Go on with the handshake, and return whether it is done. Raises :class:`ssl.SSLError`.

        Send what :meth:`outgoing` returns afterwards.
        """
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            if self.ended:
                raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the connection was closed in the TLS handshake") from None
            return False
        return True

    def incoming(self, data: bytes) -> None:
        """Take bytes of the socket; none is its end."""
        if self._outer is not None:
            self._outer.incoming(data)
            data = self._outer.decrypt()
            self.ended = self._outer.ended
            if not data and not self.ended:
                return
        if data:
            self._in.write(data)
        else:
            self.ended = True
            self._in.write_eof()

    def outgoing(self) -> bytes:
        """Return what the socket is to send besides what :meth:`encrypt` returned; mostly nothing."""
        out = self._out.read() if self._out.pending else b""
        return out if self._outer is None else (self._outer.encrypt(out) if out else b"") + self._outer.outgoing()

    def decrypt(self) -> bytes:
        """Return what came of HTTP, if anything; sets ``ended`` at the end. Raises :class:`ssl.SSLError`."""
        pieces: list[bytes] = []
        try:
            while self._in.pending:
                if not (piece := self._object.read(_READ_SIZE)):
                    self.ended = True
                    break
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            # Servers close without the alert that TLS wants; lengths and chunks tell whether something is missing.
            self.ended = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def encrypt(self, data: bytes | memoryview) -> bytes:
        """Return the bytes for the socket that carry ``data``."""
        self._object.write(data)
        out = self._out.read()
        return out if self._outer is None else self._outer.encrypt(out)
