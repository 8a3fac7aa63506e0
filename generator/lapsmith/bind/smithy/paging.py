"""Pagination and waiters of a Smithy model, in the form of botocore's."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lapsmith.bind.smithy.ast import Ast, local, traits
from lapsmith.bind.smithy.shapes import fact
from lapsmith.bind.sources import Json

_PAGINATED = {
    "inputToken": "input_token",
    "outputToken": "output_token",
    "pageSize": "limit_key",
    "items": "result_key",
}
_COMPARATORS = {
    "stringEquals": "path",
    "booleanEquals": "path",
    "allStringEquals": "pathAll",
    "anyStringEquals": "pathAny",
}
_MIN_DELAY = 2
_WHOLE_WAIT = 600
"""Seconds that a waiter waits in all. Smithy leaves that to the caller; botocore's mostly take ten minutes."""


def paginators(ast: Ast) -> Json:
    """Return a ``paginators-1.json``, without operations that name no items: botocore does not page through those."""
    shared = traits(ast.service).get("smithy.api#paginated", {})
    found = {}
    for name, shape in ast.operations().items():
        own = traits(shape).get("smithy.api#paginated")
        if own is not None:
            said = {**shared, **own}
            found[name] = {ours: said[theirs] for theirs, ours in _PAGINATED.items() if theirs in said}
    complete = {
        name: page for name, page in found.items() if {"input_token", "output_token", "result_key"} <= page.keys()
    }
    return {"pagination": complete}


def waiters(ast: Ast) -> Json:
    """Return a ``waiters-2.json``."""
    found = {}
    for name, shape in ast.operations().items():
        for waiter, said in traits(shape).get("smithy.waiters#waitable", {}).items():
            delay = said.get("minDelay", _MIN_DELAY)
            acceptors = [item for acceptor in said.get("acceptors", ()) for item in _acceptor(acceptor)]
            attempts = max(1, math.ceil(_WHOLE_WAIT / delay))
            found[waiter] = {"operation": name, "delay": delay, "maxAttempts": attempts, "acceptors": acceptors}
    return {"version": 2, "waiters": dict(sorted(found.items()))}


def _acceptor(acceptor: Json) -> Iterator[Json]:
    """Yield the acceptor in botocore's form; nothing for a matcher of input and output together, which it lacks."""
    state, matcher = acceptor["state"], acceptor["matcher"]
    if "success" in matcher:
        # An error of any kind is true to botocore, so success is its absence.
        yield {"state": state, "matcher": "error", "expected": not matcher["success"]}
    elif "errorType" in matcher:
        yield {"state": state, "matcher": "error", "expected": local(matcher["errorType"])}
    elif "output" in matcher:
        output, found = matcher["output"], {"state": state}
        comparator = output["comparator"]
        expected: object = output["expected"] == "true" if comparator == "booleanEquals" else output["expected"]
        fact(found, "matcher", _COMPARATORS.get(comparator))
        if "matcher" in found:
            yield {**found, "argument": output["path"], "expected": expected}
