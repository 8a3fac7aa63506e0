"""The name on the wire of a member that the model does not have: it follows the operation's other members."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lapsmith.bind.members import Facts
from lapsmith.bind.model import Operation
from lapsmith.bind.yaml import Noted
from lapsmith.ir.infer import BODILESS, is_header_like
from lapsmith.lap.tree import Endpoint

_COMMENT = "as the operation's other members are called; please check"
_RULES: tuple[Callable[[str], str], ...] = (
    lambda name: name,
    lambda name: name[:1].lower() + name[1:],
    lambda name: name[:1].upper() + name[1:],
)


def entries(
    facts: Facts, operation: Operation, endpoint: Endpoint, side: str, unknown: Sequence[str]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Entries for unknown members that are not called on the wire as they are in the spec, and those of which nothing
    is known.
    """
    if side == "in":
        labels = {item.name for item in endpoint.path.placeholders}
        unknown = [name for name in unknown if name not in labels and not is_header_like(name)]
        if facts.is_rest and endpoint.method in BODILESS:
            # Specs have members of the URL by their names on the wire.
            return {}, ()
    shapes = (operation.input, operation.output)
    own, other = (facts.body(shape) for shape in (shapes if side == "in" else reversed(shapes)))
    rule = _rule(own.items()) or _rule(other.items())
    if rule is None:
        return {}, tuple(unknown)
    return {name: Noted({"name": rule(name)}, _COMMENT) for name in unknown if rule(name) != name}, ()


def _rule(known: Iterable[tuple[str, str]]) -> Callable[[str], str] | None:
    """The first rule that holds for all members; None where there are none, or none holds."""
    pairs = list(known)
    holding = (rule for rule in _RULES if all(rule(name) == wire for name, wire in pairs))
    return next(holding, None) if pairs else None
