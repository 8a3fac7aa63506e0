"""LAP's public registry over HTTP.

``GET {registry}/v1/apis/{name}`` returns the spec as text (``Accept: text/lap``) or facts about it as JSON;
``GET {registry}/v1/search?q=…`` returns ``{"results": [{"name": …}], "total": …}``. Proxies and certificates come
from the usual environment variables.

Source: the client of the registry, lapsh 0.7.1 (``lap/cli``).
"""

from __future__ import annotations

import json
import os
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import IO, Any

from lapsmith.acquire.found import Found, SourceError, folder_name
from lapsmith.acquire.skills import check_lap
from lapsmith.project.inputs import USUAL

DEFAULT = "https://registry.lap.sh"
VARIABLE = "LAP_REGISTRY"
MAX_BYTES = 32 << 20
"""The largest response that is read."""
PATIENCE = 30.0
"""Seconds to wait for a connection or for the next bytes."""
WHOLE = 120.0
"""Seconds for a whole response."""

_CHUNK = 1 << 16
_WORD = re.compile(r"[a-z0-9]+")
_NOISE = frozenset({"amazon", "amazonaws", "aws", "com"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_SHOWN = 10


def fetch(name: str, registry: str | None = None) -> Found:
    """Return the spec that the registry has under ``name``, or under a name of the same words in another order.

    ``registry`` is its URL; else ``LAP_REGISTRY``, else the public one. Raises SourceError where it has no such spec
    or several, and where it does not respond as it should.
    """
    base = _base(registry)
    if not _NAME.fullmatch(name):
        raise SourceError(f"{name!r} is not the name of an API", "names have letters, digits, '.', '-' and '_'")
    known = name
    data = _get(base, f"/v1/apis/{urllib.parse.quote(name, safe='')}", "text/lap")
    if data is None:
        known = _search(base, name)
        data = _get(base, f"/v1/apis/{urllib.parse.quote(known, safe='')}", "text/lap")
    if data is None:
        raise SourceError(f"{base} lists '{known}', but does not return it", "try again later")
    api = check_lap(data, f"the registry's answer for '{known}'")
    return Found(folder_name(api), {USUAL: data}, f"registry:{known}", _version(base, known))


def _base(registry: str | None) -> str:
    url = (registry or os.environ.get(VARIABLE) or DEFAULT).rstrip("/")
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SourceError(f"the registry's URL {url!r} must be like {DEFAULT}", "give --registry URL")
    if parts.username or parts.password:
        raise SourceError("the registry's URL must not contain credentials", "give --registry URL without them")
    return url


def _version(base: str, name: str) -> str | None:
    """The version under which the registry has the spec, if it says so."""
    data = _get(base, f"/v1/apis/{urllib.parse.quote(name, safe='')}", "application/json")
    try:
        facts = json.loads(data or b"null")
    except ValueError:
        return None
    found = facts.get("version") if isinstance(facts, dict) else None
    return found if isinstance(found, str) and found.isprintable() and len(found) <= _SHOWN * _SHOWN else None


def _search(base: str, name: str) -> str:
    """The one name in the registry that has the same words as ``name``."""
    wanted = _words(name)
    query = urllib.parse.urlencode({"q": " ".join(sorted(wanted)) or name, "limit": "50"})
    listed = _listed(base, _get(base, f"/v1/search?{query}", "application/json"))
    fitting = [item for item in listed if _words(item) == wanted]
    if len(fitting) == 1:
        return fitting[0]
    close = fitting or [item for item in listed if wanted <= _words(item)] or listed
    hint = f"choose one: {', '.join(f'registry:{item}' for item in close[:_SHOWN])}" if close else None
    if fitting:
        raise SourceError(f"{base} has {len(fitting)} APIs that '{name}' may mean", hint)
    raise SourceError(f"{base} has no API '{name}'", hint or f"an AWS service may also be had as aws:{name}")


def _words(name: str) -> frozenset[str]:
    return frozenset(_WORD.findall(name.lower())) - _NOISE


def _listed(base: str, data: bytes | None) -> list[str]:
    try:
        document: Any = json.loads(data or b"{}")
        names = [item["name"] for item in document.get("results", ())]
    except (ValueError, TypeError, AttributeError, KeyError):
        raise SourceError(f"{base} did not answer the search as a LAP registry does", "check --registry URL") from None
    return [item for item in names if isinstance(item, str) and _NAME.fullmatch(item)]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A registry that moved is named, not followed: what it leads to was not asked for."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        place = urllib.parse.urlsplit(newurl)
        raise SourceError(
            f"{req.full_url} redirects to {place.scheme}://{place.netloc}",
            "give that as --registry URL if you trust it",
        )


def _get(base: str, path: str, accept: str) -> bytes | None:
    """Return the body of a response; None for 404. Raises SourceError for every other failure."""
    url = base + path
    request = urllib.request.Request(url, headers={"Accept": accept, "User-Agent": "lapsmith"})
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=_context()))
    try:
        with opener.open(request, timeout=PATIENCE) as response:
            return _body(response, url)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 404:
            return None
        raise SourceError(f"{url} responded with status {error.code}", "try again later") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        hint = "check the network, the proxy variables and --registry URL"
        raise SourceError(f"cannot read {url}: {reason}", hint) from error


def _body(response: HTTPResponse, url: str) -> bytes:
    length = response.headers.get("Content-Length") or ""
    if "html" in (response.headers.get("Content-Type") or ""):
        raise SourceError(f"{url} returned an HTML page, not a LAP spec", "is it a LAP registry?")
    until = time.monotonic() + WHOLE
    data = bytearray()
    while chunk := response.read1(_CHUNK):
        data += chunk
        if len(data) > MAX_BYTES:
            raise SourceError(f"{url} returned more than {MAX_BYTES >> 20} MiB", "no LAP spec is that large")
        if time.monotonic() > until:
            raise SourceError(f"{url} took longer than {WHOLE:.0f} s", "try again later")
    if length.isdigit() and len(data) < int(length):
        raise SourceError(f"{url} broke off after {len(data)} of {length} bytes", "try again")
    return bytes(data)


def _context() -> ssl.SSLContext:
    """The system's certificates, by truststore where it is installed; ``SSL_CERT_FILE`` goes before them."""
    if not os.environ.get("SSL_CERT_FILE") and not os.environ.get("SSL_CERT_DIR"):
        try:
            import truststore
        except ModuleNotFoundError:
            pass
        else:
            return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.create_default_context()
