"""Whether all that is said of an endpoint makes it a certain operation, whatever else there may be.

A model may lack the very operation: then the endpoint's neighbours are the nearest, and nothing is nearer. So each pair
is judged by itself. The rules were measured with models that are years older than the specs: they hold for every AWS
service that has both, each endpoint alone included.
"""

from __future__ import annotations

from enum import Enum

from lapsmith.bind.matching import prose
from lapsmith.bind.matching.evidence import Change, Signature, change, is_answerless, is_on_one_thing, takes_more
from lapsmith.bind.matching.prose import Said, Verdict

_NEAR, _FAR = 2, 3
"""With more words in its first sentence that the operation's prose does not have, it is about something else: by
whether it has other members too.
"""
# Operations that take what they are about and no more. One that takes more is another.
_BARE = frozenset(("delete", "remove", "stop", "cancel", "terminate", "untag"))


class Ground(Enum):
    """What makes an endpoint an operation."""

    DESCRIPTION = "description"
    MEMBERS = "members"


def ground(endpoint: Signature, operation: Signature) -> Ground | None:
    """What makes the endpoint the operation; None where it may well be another."""
    said = prose.verdict(endpoint.description, operation.description, operation.name)
    changed = change(endpoint, operation)
    if changed is Change.BOTH or said.verdict is Verdict.CONFLICTS:
        return None
    if said.verdict is Verdict.SAME:
        return Ground.DESCRIPTION
    if changed is Change.RETYPED:
        return None
    if said.verdict is Verdict.SILENT:
        holds = _holds_silently(endpoint, operation, changed)
    else:
        holds = _holds(endpoint, operation, changed, said)
    return Ground.MEMBERS if holds else None


def _holds(endpoint: Signature, operation: Signature, changed: Change, said: Said) -> bool:
    """Prose that is another leaves less room for other members, the less the more of its words are foreign."""
    bare = is_answerless(endpoint, operation)
    if changed is Change.NONE:
        if said.foreign == 0 or (not bare and said.foreign <= _FAR):
            return True
        return said.verdict is Verdict.AGREES and bool(endpoint.errors) and endpoint.errors == operation.errors
    if bool(endpoint.outputs) != bool(operation.outputs):
        return said.foreign == 0 and said.verdict is Verdict.AGREES
    if said.foreign == 0:
        return not bare or (said.verdict is Verdict.AGREES and _keeps_errors(endpoint, operation))
    grew = changed is Change.GREW and not bare and bool(endpoint.required)
    return grew and said.foreign <= _NEAR and _keeps_errors(endpoint, operation)


def _holds_silently(endpoint: Signature, operation: Signature, changed: Change) -> bool:
    """Without prose, what comes back tells most of what an operation does."""
    if bool(endpoint.outputs) != bool(operation.outputs):
        return False
    if operation.is_twin or (changed is not Change.NONE and operation.verb in _BARE):
        return False
    same, kept = endpoint.errors == operation.errors, _keeps_errors(endpoint, operation)
    if not is_answerless(endpoint, operation):
        return same or kept or (bool(endpoint.required) and (len(endpoint.required) > 1 or changed is not Change.NONE))
    if changed is not Change.NONE:
        return same and len(endpoint.required) > 1 and operation.is_witnessed(endpoint)
    if is_on_one_thing(endpoint):
        # That may be anything that can be done to it. Only deleting is common enough.
        return same and operation.verb == "delete" and operation.is_witnessed(endpoint)
    return same or ((kept or operation.is_witnessed(endpoint)) and len(endpoint.required) > 1)


def is_denied(endpoint: Signature, operation: Signature) -> bool:
    """Whether something speaks against the pair, so that not even order may make it."""
    said = prose.verdict(endpoint.description, operation.description, operation.name)
    changed = change(endpoint, operation)
    if said.verdict is Verdict.SAME:
        return False
    if said.verdict is Verdict.CONFLICTS or changed in (Change.BOTH, Change.RETYPED):
        return True
    if said.verdict is not Verdict.AGREES and bool(endpoint.outputs) != bool(operation.outputs):
        return True
    if not takes_more(endpoint, operation):
        return False
    return operation.verb in _BARE or is_answerless(endpoint, operation)


def _keeps_errors(endpoint: Signature, operation: Signature) -> bool:
    """Whether the endpoint lists all errors that the operation has: AWS adds some, and hardly takes one away."""
    return bool(operation.errors) and operation.errors <= endpoint.errors
