"""Where a client gets what writes and reads its bodies, by protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lapsmith.ir import model as ir

_RUNTIME = "_runtime."


@dataclass(frozen=True, slots=True)
class BodyCodec:
    """The module of the client that has ``decode_body``, ``encode_body`` and ``parse_error`` for REST operations, and
    the function that writes a structure as a payload; the type of such a payload; the module that reads structures from
    events; and the class of what a body can hold, with its module.
    """

    module: str
    function: str
    content_type: str
    events: str
    members_module: str = f"{_RUNTIME}shapes.members"
    members: str = "Members"


_JSON = BodyCodec(f"{_RUNTIME}codec.rest_json", "json_payload", "application/json", f"{_RUNTIME}stream.event_json")
_CBOR = BodyCodec(f"{_RUNTIME}codec.cbor", "cbor_payload", "application/cbor", f"{_RUNTIME}stream.event_cbor")
_XML = BodyCodec("_xml", "encode_payload", "application/xml", "_xml", f"{_RUNTIME}codec.rest_xml", "XMLMembers")
_FORM = replace(_XML, content_type="text/xml")
_CODECS: Mapping[ir.Protocol, BodyCodec] = {
    ir.Protocol.REST_JSON: _JSON,
    ir.Protocol.JSON_1_0: _JSON,
    ir.Protocol.JSON_1_1: _JSON,
    ir.Protocol.RPC_V2_CBOR: _CBOR,
    ir.Protocol.REST_XML: _XML,
    ir.Protocol.QUERY: _FORM,
    ir.Protocol.EC2: _FORM,
}


def codec_of(protocol: ir.Protocol) -> BodyCodec:
    """Return what writes and reads the bodies of a protocol."""
    return _CODECS[protocol]
