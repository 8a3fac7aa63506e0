"""What is said of pages and waiters in bindings that do not fit their operation."""

from __future__ import annotations

import pytest
from ir.building import BOUND, build, errors
from lapsmith.diagnostics import Span
from lapsmith.ir import model as ir
from lapsmith.ir.model import Matcher, WaiterState
from lapsmith.python.support import unsupported

_SPEC = """
@endpoint GET /a
@optional {Next: str, Size: int}
@returns(200) {Next: str?, Items: [Item]?{Name: str?}, More: bool?, Count: int?}
@endpoint GET /b
@returns(200) {State: str?}
"""
_DERIVED = BOUND.replace("lapsmith: 1\n", "lapsmith: 1\nderived: {model: m, sha256: s}\n")


def _bound(pages: str = "", waiters: str = "", head: str = BOUND) -> str:
    paged = f", pages: {pages}" if pages else ""
    return f"{head}operations:\n  Get: {{at: GET /a{paged}}}\n  See: {{at: GET /b}}\n" + (
        f"waiters:\n  Done: {waiters}\n" if waiters else ""
    )


def test_pages() -> None:
    built = build(_SPEC, _bound("{in: [Next], out: [Next], items: [Items, Count], limit: Size, more: More}"))
    (get, see) = built.require().operations
    assert get.pages == ir.Pages(("Next",), ("Next",), ("Items", "Count"), "Size", "More")
    assert see.pages is None
    assert str(get.pages.origins["pages"].span) == "bindings:5:21"


@pytest.mark.parametrize(
    ("pages", "place", "code", "message", "hint"),
    [
        (
            "{in: [Nxt], out: [Next]}",
            "5:34",
            "unknown-member",
            "the operation has no input member 'Nxt'",
            "did you mean 'Next'?",
        ),
        (
            "{in: [Next], out: [Nexx]}",
            "5:47",
            "bad-expression",
            "the operation has no member 'Nexx'",
            "did you mean 'Next'?",
        ),
        (
            "{in: [Next], out: [Next], items: ['Items[].Nam']}",
            "5:62",
            "bad-expression",
            "Item has no member 'Nam'",
            "did you mean 'Name'?",
        ),
        ("{in: [Next], out: [Count]}", "5:47", "wrong-kind", "'Count' is a number, and 'Next' text", None),
        (
            "{in: [Next], out: [Next], limit: Sise}",
            "5:61",
            "unknown-member",
            "the operation has no input member 'Sise'",
            "did you mean 'Size'?",
        ),
        (
            "{in: [Next], out: [Next], more: Count}",
            "5:60",
            "wrong-kind",
            "'Count' is a number, and whether there is more is true or false",
            None,
        ),
        ("{in: [Next], out: [Next], items: ['@']}", "5:62", "wrong-kind", "'@' is the whole input or output", None),
        (
            "{in: [Next], out: [Next], items: ['sort(Items)']}",
            "5:62",
            "bad-expression",
            "the JMESPath function 'sort' cannot be compiled",
            None,
        ),
    ],
)
def test_mistakes_in_pages(pages: str, place: str, code: str, message: str, hint: str | None) -> None:
    built = build(_SPEC, _bound(pages))
    (found,) = [item for item in built.diagnostics if item.severity == "error"]
    assert (str(found.span), found.code) == (f"bindings:{place}", code)
    assert (found.message, found.hint) == (f"pages of Get: {message}", hint)
    # In a derived file they mean that the spec lacks what the model has.
    derived = build(_SPEC, _bound(pages, head=_DERIVED))
    (warned,) = [item for item in derived.diagnostics if item.severity == "warning"]
    again = "if the spec changed since it was bound, bind the spec anew with lapsmith bind"
    assert (warned.message, warned.hint) == (f"pages of Get: {message}; it is left out", again)
    assert derived.require().operations[0].pages is None


def test_a_mistake_of_a_person_over_derived_bindings_is_an_error() -> None:
    over = "lapsmith: 1\noperations: {Get: {pages: {in: [Nxt], out: [Next]}}}\n"
    built = build(_SPEC, _bound(head=_DERIVED), over=over)
    assert errors(built) == [("overrides:2:33", "unknown-member")]


def test_streams_have_no_pages() -> None:
    spec = "@endpoint GET /a\n@optional {Next: str}\n@returns(200) {Next: str?, All: Events{One: One{A: str?}}}"
    bound = BOUND + "operations:\n  Get: {at: GET /a, out: {All: {in: events}, Next: {in: header, name: N}}, pages: "
    built = build(spec, bound + "{in: [Next], out: [Next]}}\n")
    assert [item.message for item in built.diagnostics if item.severity == "error"] == [
        "pages of Get: the operation answers with a stream, which has no pages"
    ]


def test_waiters() -> None:
    accept = "[{path: State, is: UP}, {status: 404, state: retry}, {error: true, state: failure}]"
    built = build(_SPEC, _bound(waiters=f"{{operation: See, accept: {accept}}}"))
    waiter = built.require().waiters["Done"]
    assert (waiter.operation, waiter.delay, waiter.attempts) == ("See", 15, 40)
    assert waiter.acceptors == (
        ir.Acceptor(Matcher.PATH, "State", "UP", WaiterState.SUCCESS),
        ir.Acceptor(Matcher.STATUS, None, 404, WaiterState.RETRY),
        ir.Acceptor(Matcher.ERROR, None, True, WaiterState.FAILURE),
    )


@pytest.mark.parametrize(
    ("waiter", "place", "code", "message"),
    [
        ("{operation: Se, accept: []}", "8:21", "unknown-operation", "waiter Done calls 'Se', which is not under"),
        (
            "{operation: See, accept: [{path: Stat, is: UP}]}",
            "8:42",
            "bad-expression",
            "waiter Done: the operation has no member 'Stat'",
        ),
        (
            "{operation: See, accept: [{path: State, is: UP, state: failure}]}",
            "8:3",
            "no-success",
            "waiter Done has no acceptor that can succeed",
        ),
    ],
)
def test_mistakes_in_waiters(waiter: str, place: str, code: str, message: str) -> None:
    (found,) = [item for item in build(_SPEC, _bound(waiters=waiter)).diagnostics if item.severity == "error"]
    assert (str(found.span), found.code) == (f"bindings:{place}", code)
    assert found.message.startswith(message)
    derived = build(_SPEC, _bound(waiters=waiter, head=_DERIVED))
    (warned,) = [item for item in derived.diagnostics if item.severity == "warning"]
    assert warned.message == f"{found.message}; it is left out"
    assert derived.require().waiters == {}


@pytest.mark.parametrize(
    ("acceptor", "message"),
    [
        ("{path: State, is: true}", "'State' is text, never a boolean"),
        ("{all: State, is: UP}", "'State' is text and no list"),
        ("{any: 'length(State) > `0`', is: true}", "'length(State) > `0`' is a boolean and no list"),
    ],
)
def test_an_acceptor_that_can_never_match_is_left_out(acceptor: str, message: str) -> None:
    built = build(_SPEC, _bound(waiters=f"{{operation: See, accept: [{acceptor}, {{error: Gone}}]}}"))
    (warned,) = [item for item in built.diagnostics if item.severity == "warning"]
    assert warned.code == "never-matches"
    assert warned.message == f"waiter Done: an acceptor is left out that can never match: {message}"
    assert [acceptor.matcher for acceptor in built.require().waiters["Done"].acceptors] == [Matcher.ERROR]


def test_a_waiter_of_an_operation_that_is_not_generated_is_left_out() -> None:
    bound = _bound(waiters="{operation: See, accept: [{path: State, is: UP}]}")
    built = build(_SPEC, bound, operations=("Get",))
    assert built.require().waiters == {}
    (note,) = [item for item in built.diagnostics if "Done" in item.message]
    assert (note.severity, note.message) == ("note", "waiter Done is left out, since See is not generated")


def test_what_cannot_be_compiled_is_refused_before_anything_is_written() -> None:
    item = "Items[*].[(Items | [1:2] | [0].Name), Name][]"
    service = build(
        _SPEC.replace("Name: str?", "Name: str?, Items: [Item]?"),
        _bound(f"{{in: [Next], out: [Next], items: ['{item}']}}"),
    )
    (found,) = unsupported(service.require(), Span("spec", 1, 1, 1, 1)).sorted()
    assert (str(found.span), found.code) == ("bindings:5:21", "unsupported-expression")
    assert found.message == ("pages of Get: a value that is looked at twice, inside a projection, cannot be compiled")
