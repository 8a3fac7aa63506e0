"""How requests are authenticated: what a model asks for, as far as clients can do it.

As in botocore, the first scheme of a list that can be done is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lapsmith.bind.errors import BindError
from lapsmith.bind.model import Model, Operation
from lapsmith.bind.yaml import Noted

_SIGV4, _NO_AUTH = "aws.auth#sigv4", "smithy.api#noAuth"
# How models said it before they listed schemes.
_VERSIONS: Mapping[str, str] = {
    "none": _NO_AUTH,
    "bearer": "smithy.api#httpBearerAuth",
    **dict.fromkeys(("v4", "s3", "s3v4"), _SIGV4),
    "v4-unsigned-body": _SIGV4,
    "v4a": "aws.auth#sigv4a",
}
_ONLY = f"lapsmith signs with SigV4 ({_SIGV4}) only"
_BY_HAND = "bindings by hand, without 'signing', make a client that callers give a token in extra_headers"


def check(model: Model) -> None:
    """Raise BindError for a service whose requests clients cannot sign, naming the schemes that it takes."""
    schemes = _schemes(model.metadata, "signatureVersion")
    if not schemes:
        raise BindError(f"{model.origin} does not say how requests are signed: its metadata has no 'auth'")
    if _first(schemes) is None:
        raise BindError(f"the service takes requests with {', '.join(schemes)}, and {_ONLY}", _BY_HAND)


def of_operation(model: Model, operation: Operation) -> object:
    """The ``auth`` of an operation: how it is signed otherwise than with SigV4 and its body; None where it is not."""
    schemes = _schemes(operation.traits, "authtype") or _schemes(model.metadata, "signatureVersion")
    found = _first(schemes)
    if found is None:
        return Noted("other", f"{', '.join(schemes)}; {_ONLY}")
    if found == _NO_AUTH:
        return "none"
    unsigned = operation.traits.get("unsignedPayload") is True or operation.traits.get("authtype") == "v4-unsigned-body"
    return "unsigned-payload" if unsigned else None


def _schemes(traits: Mapping[str, object], version: str) -> Sequence[str]:
    """The schemes that something lists, or the one of its ``version`` of signatures."""
    listed = traits.get("auth")
    if isinstance(listed, list) and listed:
        return [str(scheme) for scheme in listed]
    named = traits.get(version)
    return [_VERSIONS.get(named, f"signature version {named}")] if isinstance(named, str) else []


def _first(schemes: Sequence[str]) -> str | None:
    return next((scheme for scheme in schemes if scheme in (_SIGV4, _NO_AUTH)), None)
