"""What AWS's documentation says of event streams, and no service model does."""

from __future__ import annotations

from collections.abc import Mapping

from lapsmith.bind.model import Shape

_ENDS: Mapping[tuple[str, str], Mapping[str, dict[str, str]]] = {
    # A function that fails after its response has begun is told by this event alone: "InvokeWithResponseStream",
    # AWS Lambda API Reference (https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html).
    ("Lambda", "InvokeWithResponseStreamResponseEvent"): {
        "InvokeComplete": {"code": "ErrorCode", "message": "ErrorDetails"}
    },
}
"""Service ID and event stream -> the event that ends it, and its members that tell a failure."""


def ends(service_id: str | None, shape: Shape) -> dict[str, dict[str, object]]:
    """Return the entries of an event stream's members under ``shapes``: the ``end`` of the event that has one."""
    known = _ENDS.get((service_id or "", shape.name), {}) if shape.is_stream else {}
    return {
        name: {"end": _present(end, shape.members[name].shape)} for name, end in known.items() if name in shape.members
    }


def _present(end: Mapping[str, str], event: Shape) -> dict[str, str]:
    return {what: member for what, member in end.items() if member in event.members}
