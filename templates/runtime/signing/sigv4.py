"""AWS Signature Version 4, as headers and as a presigned query. Pure: the clock is passed in.

Source: *Create a signed AWS API request*, AWS Identity and Access Management User Guide,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
Where that is silent, this does what botocore does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from ..errors import InvalidInput
from ..wire.forks import fork_lock

if TYPE_CHECKING:
    from typing import Protocol, Self

    class _Hash(Protocol):
        @property
        def block_size(self) -> int: ...
        def update(self, data: bytes, /) -> None: ...
        def digest(self) -> bytes: ...
        def hexdigest(self) -> str: ...
        def copy(self) -> Self: ...

    _Key = tuple[_Hash, _Hash]

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
"""The payload hash that leaves the body out of the signature (only some services accept it, over TLS)."""

MAX_EXPIRES = 604_800
"""The longest life of a presigned URL: seven days, in seconds."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_SCOPE_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_.~/-]*")
_NOT_ON_WIRE = r"[^!-~]+"

# Proxies and tracing change these on the way, so a signature over them would break.
_UNSIGNED_HEADERS = frozenset(
    (
        "authorization",
        "baggage",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    )
)
_OWN_HEADERS = frozenset(("authorization", "x-amz-date"))
_CREDENTIALS = (("access_key_id", False), ("secret_access_key", False), ("session_token", True), ("account_id", True))
_OWN_PARAMETERS = frozenset(
    (
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
    )
)


class Credentials:
    """AWS credentials, which cannot be changed. They can be pickled (secret included) and compared; their repr hides
    secret and token. They are no msgspec structure, nor any other class that encoders write by themselves: so they
    are refused wherever they stand in what is sent.

    Attributes:
        access_key_id: the public half of the key.
        secret_access_key: the secret half; never shown.
        session_token: the token of temporary credentials, or None; never shown.
        expires: when temporary credentials end (an aware datetime), or None.
        account_id: the id of the account that they belong to, or None; some services have endpoints by account.

    Raises :class:`InvalidInput` for an empty value, for one that is not printable ASCII without white space
    (a line end that was read along with the key, most often), and for a naive ``expires``.
    """

    __slots__ = ("access_key_id", "account_id", "expires", "secret_access_key", "session_token")

    def __init__(
        self,
        access_key_id: str,
        secret_access_key: str,
        session_token: str | None = None,
        expires: datetime | None = None,
        account_id: str | None = None,
    ) -> None:
        self.access_key_id: Final = access_key_id
        self.secret_access_key: Final = secret_access_key
        self.session_token: Final = session_token
        self.expires: Final = expires
        self.account_id: Final = account_id
        # Tracebacks may print local variables.
        del access_key_id, secret_access_key, session_token
        for name, optional in _CREDENTIALS:
            if wrong := _wrong_with(getattr(self, name), optional):
                raise InvalidInput(f"{name} {wrong}")
        if expires is not None and not _is_aware(expires):
            raise InvalidInput("expires must be a datetime with a time zone, for instance datetime.now(UTC)")

    def _values(self) -> tuple[str, str, str | None, datetime | None, str | None]:
        return self.access_key_id, self.secret_access_key, self.session_token, self.expires, self.account_id

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, name):
            del value
            raise AttributeError("credentials cannot be changed: make new ones")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError("credentials cannot be changed: make new ones")

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if isinstance(other, Credentials) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())

    def __reduce__(self) -> tuple[type[Credentials], tuple[Any, ...]]:
        return type(self), self._values()

    def __repr__(self) -> str:
        return f"Credentials({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Tell the repr, and the rich library."""
        return [
            ("access_key_id", self.access_key_id),
            ("secret_access_key", "***"),
            ("session_token", None if self.session_token is None else "***"),
            ("expires", self.expires),
            ("account_id", self.account_id),
        ]


def sign(
    method: str,
    path: str,
    query: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    credentials: Credentials,
    *,
    service: str,
    region: str,
    now: datetime,
    normalize: bool = True,
    double_encode: bool = True,
    payload_hash: str | None = None,
) -> list[tuple[str, str]]:
    """Sign a request in its headers.

    Args:
        method: the HTTP method.
        path: as on the wire, percent-encoded.
        query: as on the wire, percent-encoded, without its question mark.
        headers: all that will be sent, Host among them; those that proxies change are not signed.
        body: the whole body.
        credentials: whose name the request is signed in.
        service: the signing name, for instance ``sagemaker``.
        region: for instance ``eu-west-1``.
        now: the time of signing, with a time zone.
        normalize: resolve ``.``, ``..`` and repeated slashes in the path; every service but S3 does.
        double_encode: percent-encode the path once more; every service but S3 does.
        payload_hash: the SHA-256 of the body in hexadecimal, or a constant such as ``UNSIGNED-PAYLOAD``. By
            default the value of a given X-Amz-Content-Sha256 header, else computed from ``body``.

    Returns the headers to send: the given ones, then X-Amz-Date, X-Amz-Security-Token (if the credentials
    have a token) and Authorization. Given headers that these would repeat are replaced.

    Raises :class:`InvalidInput` for a naive ``now``, a path without leading slash, a region or service that
    is not a name, and a ``payload_hash`` that contradicts the X-Amz-Content-Sha256 header.
    """
    # What may be refused comes first: a traceback with local variables would show the token.
    timestamp = _timestamp(now)
    scope = _scope(timestamp[:8], region, service)
    canonical_path = path if path == "/" else _canonical_path(path, normalize, double_encode)
    result, values = _without_own(headers, has_token=credentials.session_token is not None)
    if payload_hash is not None:
        _check_payload_hash(payload_hash, result)
    result.append(("X-Amz-Date", timestamp))
    values["x-amz-date"] = timestamp
    token = credentials.session_token
    if token is not None:
        result.append(("X-Amz-Security-Token", token))
        values["x-amz-security-token"] = token
    digest = payload_hash or values.get("x-amz-content-sha256") or _sha256(body).hexdigest()
    names = ";".join(sorted(values))
    canonical = _canonical_request(method, canonical_path, query, values, names, digest)
    signature = _signature(canonical, timestamp, scope, credentials.secret_access_key, region, service)
    authorization = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    result.append(("Authorization", authorization))
    return result


def _without_own(
    headers: Iterable[tuple[str, str]], *, has_token: bool
) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Return the headers without those that a signature adds, and what is signed of them, in one pass."""
    result: list[tuple[str, str]] = []
    values: dict[str, str] = {}
    for header in headers:
        name = header[0].lower()
        if name in _OWN_HEADERS or (has_token and name == "x-amz-security-token"):
            continue
        result.append(header)
        if name not in _UNSIGNED_HEADERS:
            folded = " ".join(header[1].split())
            values[name] = f"{values[name]},{folded}" if name in values else folded
    return result, values


def presign(
    method: str,
    path: str,
    query: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    credentials: Credentials,
    *,
    expires: int,
    service: str,
    region: str,
    now: datetime,
    normalize: bool = True,
    double_encode: bool = True,
    payload_hash: str | None = None,
) -> str:
    """Sign a request in its query, for whoever holds the URL.

    Args:
        headers: those that the holder must send with exactly these values; at least Host.
        expires: how long the URL is valid from ``now`` on, in seconds: 1 to 604,800 (seven days).
        payload_hash: as for :func:`sign`; S3's form (neither ``normalize`` nor ``double_encode``) defaults to
            ``UNSIGNED-PAYLOAD``, because the holder's body is not known.

    The other arguments are those of :func:`sign`. Authorization and X-Amz-Date headers are not signed, nor is
    X-Amz-Security-Token when the credentials have a token: these travel in the query.

    Returns the whole query, without a question mark: the given one, then the X-Amz-* parameters, the
    signature last.

    Raises :class:`InvalidInput` as :func:`sign` does, for ``expires`` out of range, and for a query that is
    signed already.
    """
    _check_presign(query, expires)
    timestamp = _timestamp(now)
    scope = _scope(timestamp[:8], region, service)
    canonical_path = _canonical_path(path, normalize, double_encode)
    sent = list(headers)
    if payload_hash is not None:
        _check_payload_hash(payload_hash, sent)
    token = credentials.session_token
    # What travels in the query is not signed as a header.
    _, values = _without_own(sent, has_token=token is not None)
    names = ";".join(sorted(values))
    parameters = {
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key_id}/{scope}",
        "X-Amz-Date": timestamp,
        "X-Amz-Expires": str(expires),
        "X-Amz-SignedHeaders": names,
    }
    if token is not None:
        parameters["X-Amz-Security-Token"] = token
    pairs = [f"{name}={_quoted(value, '-_.~')}" for name, value in parameters.items()]
    whole = "&".join([_on_wire(query), *pairs] if query else pairs)
    digest = payload_hash or values.get("x-amz-content-sha256")
    if not digest:
        digest = _sha256(body).hexdigest() if normalize or double_encode else UNSIGNED_PAYLOAD
    canonical = _canonical_request(method, canonical_path, whole, values, names, digest)
    signature = _signature(canonical, timestamp, scope, credentials.secret_access_key, region, service)
    return f"{whole}&X-Amz-Signature={signature}"


def _check_presign(query: str, expires: object) -> None:
    if not isinstance(expires, int) or not 1 <= expires <= MAX_EXPIRES:
        raise InvalidInput(
            f"expires must be a whole number of seconds from 1 to {MAX_EXPIRES} (seven days), not {expires!r}"
        )
    for pair in query.split("&"):
        if (name := pair.partition("=")[0]) in _OWN_PARAMETERS:
            raise InvalidInput(f"the query has {name} already: presign it without its X-Amz-* signature")


def _wrong_with(value: object, optional: bool) -> str | None:
    """Say what is wrong with a credential, or None. It does not raise: its frame has the value."""
    if value is None and optional:
        return None
    if not isinstance(value, str):
        return f"must be a string, not {type(value).__name__}"
    if not value:
        return "must not be empty" + ("; leave it out where there is none" if optional else "")
    if not value.isascii() or not value.isprintable() or " " in value:
        return "must be printable ASCII without white space: look for a line end or blank in it"
    return None


def _is_aware(time: object) -> bool:
    return isinstance(time, datetime) and time.utcoffset() is not None


def _timestamp(now: datetime) -> str:
    if not _is_aware(now):
        raise InvalidInput("now must be a datetime with a time zone, for instance datetime.now(UTC)")
    utc = now if now.tzinfo is UTC else now.astimezone(UTC)
    return f"{utc.isoformat()[:19].replace('-', '').replace(':', '')}Z"


def _canonical_path(path: str, normalize: bool, double_encode: bool) -> str:
    if not path.startswith("/"):
        if path:
            raise InvalidInput(f"the request path must begin with a slash: {path!r}")
        return "/"
    if normalize and ("//" in path or "/." in path):
        path = _remove_dot_segments(path)
    if _PLAIN_PATH.fullmatch(path):
        return path
    # S3 decodes the path and encodes it once, so "$" on the wire counts as "%24".
    return _quoted(path, "/~" if double_encode else "/~%")


def _quoted(text: str, safe: str) -> str:
    # Most requests have nothing to quote, and the module costs more to import than this one.
    from urllib.parse import quote

    return quote(text, safe=safe)


def _remove_dot_segments(path: str) -> str:
    """Resolve dot segments (RFC 3986, section 5.2.4) and, as AWS does, drop empty ones."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    return f"/{'/'.join(kept)}/" if kept and path.endswith("/") else f"/{'/'.join(kept)}"


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in _on_wire(query).split("&"))
    return "&".join(map("=".join, pairs))


def _on_wire(text: str) -> str:
    """Percent-encode what no request line can carry; the rest is encoded already."""
    return re.sub(_NOT_ON_WIRE, lambda found: _quoted(found.group(), "/"), text)


def _check_payload_hash(given: str, headers: Iterable[tuple[str, str]]) -> None:
    for name, declared in headers:
        if name.lower() == "x-amz-content-sha256" and declared != given:
            raise InvalidInput(
                f"payload_hash is {given!r}, but the header X-Amz-Content-Sha256 is {declared!r}: leave one out"
            )


def _sha256(data: bytes = b"") -> _Hash:
    return _hashes()(data)


@cache
def _hashes() -> Callable[[bytes], _Hash]:
    """Load OpenSSL, which takes longer than the whole runtime, for the first signature."""
    with fork_lock:
        from hashlib import sha256

    return sha256


def _canonical_request(method: str, path: str, query: str, values: dict[str, str], names: str, digest: str) -> str:
    headers = "\n".join([f"{name}:{values[name]}" for name in names.split(";")]) if names else ""
    return f"{method.upper()}\n{path}\n{_canonical_query(query)}\n{headers}\n\n{names}\n{digest}"


def _signature(canonical: str, timestamp: str, scope: str, secret: str, region: str, service: str) -> str:
    hashed = _sha256(canonical.encode()).hexdigest()
    key = _signing_key(secret, timestamp[:8], region, service)
    return _hmac(key, f"{_ALGORITHM}\n{timestamp}\n{scope}\n{hashed}").hex()


@lru_cache(maxsize=64)
def _scope(date: str, region: str, service: str) -> str:
    for name, value in (("region", region), ("service", service)):
        if not value or not _SCOPE_CHARACTERS.issuperset(value):
            raise InvalidInput(f"{name} must be a name of letters, digits, '.', '_' and '-', not {value!r}")
    return f"{date}/{region}/{service}/aws4_request"


@lru_cache(maxsize=64)
def _signing_key(secret: str, date: str, region: str, service: str) -> _Key:
    """Derive the key of one day, region and service; every request of that day shares it."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = _hmac(_key(key), part)
    return _key(key)


def _key(key: bytes) -> _Key:
    """Return the two hashes of HMAC-SHA256 (RFC 2104), begun with the key.

    They are copied for each message: OpenSSL takes three times as long to begin them anew as a signature then takes.
    """
    inner, outer = _sha256(), _sha256()
    padded = (key if len(key) <= inner.block_size else _sha256(key).digest()).ljust(inner.block_size, b"\0")
    inner.update(bytes(byte ^ 0x36 for byte in padded))
    outer.update(bytes(byte ^ 0x5C for byte in padded))
    return inner, outer


def _hmac(key: _Key, message: str) -> bytes:
    inner, outer = key[0].copy(), key[1].copy()
    inner.update(message.encode())
    outer.update(inner.digest())
    return outer.digest()
