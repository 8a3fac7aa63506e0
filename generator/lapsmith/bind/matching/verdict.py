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


_REVERSED = {Change.GREW: Change.SHRANK, Change.SHRANK: Change.GREW}


def ground(endpoint: Signature, operation: Signature, *, older: bool = False) -> Ground | None:
    """What makes the endpoint the operation; None where it may well be another.

    ``older``: the spec is older than the model, so it is the operation that has grown since.
    """
    said = prose.verdict(endpoint.description, operation.description, operation.name)
    changed = change(endpoint, operation)
    kept = _keeps_errors(operation, endpoint) if older else _keeps_errors(endpoint, operation)
    if older:
        changed = _REVERSED.get(changed, changed)
    if changed is Change.BOTH or said.verdict is Verdict.CONFLICTS:
        return None
    if said.verdict is Verdict.SAME:
        return Ground.DESCRIPTION
    if changed is Change.RETYPED:
        return None
    if said.verdict is Verdict.SILENT:
        holds = _holds_silently(endpoint, operation, changed, kept)
    else:
        holds = _holds(endpoint, operation, changed, said, kept)
    return Ground.MEMBERS if holds else None


def _holds(endpoint: Signature, operation: Signature, changed: Change, said: Said, kept: bool) -> bool:
    """Prose that is another leaves less room for other members, the less the more of its words are foreign."""
    bare = is_answerless(endpoint, operation)
    if changed is Change.NONE:
        if said.foreign == 0 or (not bare and said.foreign <= _FAR):
            return True
        return said.verdict is Verdict.AGREES and bool(endpoint.errors) and endpoint.errors == operation.errors
    if bool(endpoint.outputs) != bool(operation.outputs):
        return said.foreign == 0 and said.verdict is Verdict.AGREES
    if said.foreign == 0:
        return not bare or (said.verdict is Verdict.AGREES and kept)
    grew = changed is Change.GREW and not bare and bool(endpoint.required)
    return grew and said.foreign <= _NEAR and kept


def _holds_silently(endpoint: Signature, operation: Signature, changed: Change, kept: bool) -> bool:
    """Without prose, what comes back tells most of what an operation does."""
    if bool(endpoint.outputs) != bool(operation.outputs):
        return False
    if operation.is_twin or (changed is not Change.NONE and operation.verb in _BARE):
        return False
    same = endpoint.errors == operation.errors
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


def _keeps_errors(newer: Signature, older: Signature) -> bool:
    """Whether the newer side lists all errors of the older one: AWS adds some, and hardly takes one away."""
    return bool(older.errors) and older.errors <= newer.errors
