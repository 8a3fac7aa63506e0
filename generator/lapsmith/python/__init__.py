"""IR to Python source. Importing this imports jinja2; black is imported when something is formatted."""

from __future__ import annotations

from lapsmith.ir import model as ir
from lapsmith.python.render import render
from lapsmith.python.support import unsupported

__all__ = ["render", "requirements", "unsupported"]


def requirements(service: ir.Service) -> tuple[str, ...]:
    """Return the PEP 508 requirements of a generated client."""
    cbor = ("cbor2>=5.6",) if service.protocol is ir.Protocol.RPC_V2_CBOR else ()
    return (*cbor, "httptools>=0.6.3", "msgspec>=0.21", "truststore>=0.10.5")
