"""Pages of a generated client, against botocore's Paginator on the same answers; resuming, loops, failures."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import nullcontext
from types import ModuleType
from typing import Any

import botocore.exceptions
import botocore.paginate
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paging import clients
from paging.conftest import Clients

# The golden case's bindings, as botocore has such facts.
_MODELS: dict[str, dict[str, Any]] = {
    "ListTables": {"input_token": "StartTableName", "output_token": "LastTableName", "result_key": "TableNames"},
    "Query": {
        "input_token": ["StartKey", "StartTime"],
        "output_token": ["LastKey", "LastTime"],
        "more_results": "HasMore",
        "result_key": "Items",
    },
    "ListChanges": {"input_token": "Marker", "output_token": "Log.Entries[-1].Id", "result_key": "Log.Entries"},
    "PaginateListChanges": {"input_token": "Marker", "output_token": "Marker", "result_key": "Settings"},
    "ReadNotes": {"input_token": "Marker", "output_token": "Marker", "result_key": "Text"},
}
_METHODS = {
    "ListTables": "paginate_list_tables",
    "Query": "paginate_query",
    "ListChanges": "paginate_list_changes_",
    "PaginateListChanges": "paginate_paginate_list_changes",
    "ReadNotes": "paginate_read_notes",
}
_FIXED = {"Query": ({"TableName": "t"}, {"table_name": "t"})}

_tokens = st.sampled_from(("", "a", "b", "c"))
_values = st.fixed_dictionaries({}, optional={"S": _tokens, "N": st.just("7")})
_keys = st.dictionaries(_tokens, st.sampled_from(({"S": "x"}, {"N": "1"})), max_size=2)
_entries = st.fixed_dictionaries({}, optional={"Id": _tokens})
_pages: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "ListTables": st.fixed_dictionaries(
        {}, optional={"TableNames": st.lists(_tokens, max_size=3), "LastTableName": _tokens}
    ),
    "Query": st.fixed_dictionaries(
        {},
        optional={
            "Items": st.lists(_keys, max_size=3),
            "Count": st.integers(0, 3),
            "LastKey": _keys,
            "LastTime": st.sampled_from((1000, 2000)),
            "HasMore": st.booleans(),
        },
    ),
    "ListChanges": st.fixed_dictionaries(
        {}, optional={"Log": st.fixed_dictionaries({}, optional={"Entries": st.lists(_entries, max_size=3)})}
    ),
    "PaginateListChanges": st.fixed_dictionaries(
        {}, optional={"Settings": st.dictionaries(_tokens, st.integers(0, 3), max_size=3), "Marker": _tokens}
    ),
    "ReadNotes": st.fixed_dictionaries({}, optional={"Text": _tokens, "Marker": _tokens}),
}
_RELAXED = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
)


class _Botocore:
    """What botocore asks, gives and says on some answers."""

    def __init__(self, operation: str, answers: list[dict[str, Any]]) -> None:
        self.requests: list[dict[str, Any]] = []
        self.pages: list[dict[str, Any]] = []
        self.items: list[Any] = []
        self.repeated = False
        model, left = _MODELS[operation], iter(answers)

        def method(**arguments: Any) -> Any:
            if arguments in self.requests:
                # botocore knows the token before only, and goes round in longer circles.
                raise botocore.exceptions.PaginationError(message="circle")
            self.requests.append(dict(arguments))
            return next(left)

        fixed = _FIXED.get(operation, ({}, {}))[0]
        try:
            for page in botocore.paginate.Paginator(method, model, None).paginate(**fixed):
                self.pages.append(page)
                self.items += _items(model["result_key"], page)
        except botocore.exceptions.PaginationError:
            self.repeated = True


def _items(path: str, page: dict[str, Any]) -> list[Any]:
    found: Any = page
    for name in path.split("."):
        found = None if found is None else found.get(name)
    if isinstance(found, dict):
        return list(found.items())
    return found if isinstance(found, list) else [] if found is None else [found]


def _plain(value: Any) -> Any:
    """Return what a client gave as the JSON that it came from."""
    return msgspec.to_builtins(value, enc_hook=repr)


@pytest.mark.parametrize("operation", _MODELS)
@given(data=st.data())
@_RELAXED
def test_same_requests_pages_and_items_as_botocore(made: Clients, operation: str, data: st.DataObject) -> None:
    answers = [*data.draw(st.lists(_pages[operation], max_size=4)), {}]
    theirs = _Botocore(operation, answers)
    for by_item in (False, True):
        client = made.client(clients.from_list(answers))
        fixed = _FIXED.get(operation, ({}, {}))[1]
        pages = getattr(client, _METHODS[operation])(**fixed)
        found: list[Any] = []
        said = f"{operation} gave a page token that it had given before: its pages would never end"
        with pytest.raises(made.package.InvalidResponse, match=said) if theirs.repeated else nullcontext():
            made.extend(found, pages.items() if by_item else pages)
        assert [request for _, request in made.requests(client)] == theirs.requests
        if by_item:
            assert [_as_json(_plain(item)) for item in found] == [_as_json(item) for item in theirs.items]
        else:
            assert len(found) == len(theirs.pages)


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _numbered(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """A service with five pages of tables: page n has n of them; its token is its number."""
    page = int(request.get("StartTableName", "1"))
    names = [f"table-{page}-{number}" for number in range(page)]
    return {"TableNames": names, "LastTableName": None if page == 5 else str(page + 1)}


_ALL = [f"table-{page}-{number}" for page in range(1, 6) for number in range(page)]


@pytest.mark.parametrize("count", range(len(_ALL) + 1))
def test_items_go_on_where_they_were_left(made: Clients, count: int) -> None:
    client = made.client(_numbered)
    pages = client.paginate_list_tables(limit=10)
    first = made.take(pages.items(), count)
    token = pages.resume_token
    assert (token is None) == (count in (0, len(_ALL)))
    resumed = client.paginate_list_tables(limit=10, resume_token=token)
    assert resumed.resume_token == token
    rest = made.take(resumed.items()) if count < len(_ALL) else []
    assert first + rest == _ALL
    assert resumed.resume_token is None or count == len(_ALL)


@pytest.mark.parametrize("count", range(1, 5))
def test_pages_go_on_where_they_were_left(made: Clients, count: int) -> None:
    client = made.client(_numbered)
    pages = client.paginate_list_tables()
    made.take(pages, count)
    resumed = client.paginate_list_tables(resume_token=pages.resume_token)
    assert [len(page.table_names) for page in made.take(resumed)] == list(range(count + 1, 6))
    # The argument for the first page stands back behind the token.
    again = client.paginate_list_tables(start_table_name="1", resume_token=pages.resume_token)
    assert len(made.take(again, 1)[0].table_names) == count + 1


def test_items_after_pages_are_those_of_the_pages_left(made: Clients) -> None:
    pages = made.client(_numbered).paginate_list_tables()
    made.take(pages, 3)
    assert made.take(pages.items(), 2) == ["table-4-0", "table-4-1"]
    assert made.take(pages.items(), 1) == ["table-4-2"]
    (last,) = made.take(pages)
    assert len(last.table_names) == 5
    assert made.take(pages) == made.take(pages.items()) == []


def test_typed_tokens_travel_in_resume_tokens(made: Clients) -> None:
    key = {"k": {"B": "AAH/"}, "l": {"L": [{"S": "x"}, {"N": "1"}]}}
    answers = [{"Items": [{"a": {"S": "1"}}], "LastKey": key, "LastTime": 1700000000, "HasMore": True}, {}]
    client = made.client(clients.from_list(answers))
    pages = client.paginate_query(table_name="t", limit=1)
    made.take(pages, 1)
    made.take(client.paginate_query(table_name="t", limit=1, resume_token=pages.resume_token))
    assert made.requests(client)[1] == (
        "Query",
        {"TableName": "t", "StartKey": key, "StartTime": 1700000000, "Limit": 1},
    )


def test_a_call_that_failed_can_be_made_again(made: Clients) -> None:
    answers = [
        {"TableNames": ["a"], "LastTableName": "a"},
        clients.error("Throttled"),
        made.package.ConnectError("no route"),
        {"TableNames": ["b"]},
    ]
    client = made.client(clients.from_list(answers))
    items = client.paginate_list_tables().items()
    found: list[Any] = []
    with pytest.raises(made.package.TablesError, match="Throttled"):
        made.extend(found, items)
    with pytest.raises(made.package.ConnectError):
        made.extend(found, items)
    made.extend(found, items)
    assert found == ["a", "b"]
    assert [request for _, request in made.requests(client)] == [{}] + 3 * [{"StartTableName": "a"}]


def test_nothing_is_sent_before_a_page_is_asked_for(made: Clients) -> None:
    client = made.client(clients.from_list([]))
    pages = client.paginate_list_tables()
    pages.items()
    assert made.requests(client) == []
    assert pages.resume_token is None
    kind = "Pages" if made.backend == "sync" else "AsyncPages"
    assert repr(pages) == f"<{kind} of ListTables>"
    assert isinstance(pages, getattr(made.package, kind))


def _encoded(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "é",
        "=====",
        7,
        b"abc",
        _encoded("ListTables"),
        _encoded(["ListTables"]),
        _encoded(["ListTables", ["a"]]),
        _encoded(["ListTables", ["a"], 0]) + "!",
        _encoded(["ListTables", ["a"], -1]),
        _encoded(["ListTables", ["a"], "0"]),
        _encoded(["ListTables", ["a"], 10**40]),
        _encoded(["ListTables", ["a"], 0, 0]),
        _encoded(["ListTables", ["a", "b"], 0]),
        _encoded(["ListTables", [], 0]),
        _encoded(["ListTables", [None], 0]),
        _encoded(["ListTables", [{"a": 1}], 0]),
        _encoded(["ListTables", "a", 0]),
        _encoded([["ListTables"], ["a"], 0]),
        urlsafe_b64encode(b"[" * 100_000).decode(),
        urlsafe_b64encode(b'["ListTables", ["\xff"], 0]').decode(),
    ],
)
def test_what_is_no_resume_token_is_refused_at_once(tables: ModuleType, token: Any) -> None:
    client = Clients(tables, "sync").client(clients.from_list([]))
    with pytest.raises(tables.InvalidInput, match="resume_token is not one that the pages of ListTables gave"):
        client.paginate_list_tables(resume_token=token)


def test_a_resume_token_of_another_operation_is_refused(tables: ModuleType) -> None:
    client = Clients(tables, "sync").client(_numbered)
    pages = client.paginate_list_tables()
    next(pages)
    with pytest.raises(tables.InvalidInput, match="resume_token is one of 'ListTables', not of ReadNotes"):
        client.paginate_read_notes(resume_token=pages.resume_token)


@given(st.text(max_size=30) | st.binary(max_size=40).map(lambda data: urlsafe_b64encode(data).decode()))
@_RELAXED
def test_any_text_is_refused_or_read(tables: ModuleType, token: str) -> None:
    client = Clients(tables, "sync").client(_numbered)
    with pytest.raises(tables.InvalidInput):
        client.paginate_list_tables(resume_token=token)


@given(st.data())
@_RELAXED
def test_a_tampered_token_is_refused_or_only_asks_for_another_page(tables: ModuleType, data: st.DataObject) -> None:
    client = Clients(tables, "sync").client(lambda operation, request: {"TableNames": ["a"]})
    token = _encoded(["ListTables", ["abc"], 1])
    assert urlsafe_b64decode(token)
    position = data.draw(st.integers(0, len(token) - 1))
    tampered = token[:position] + data.draw(st.characters(max_codepoint=0x7F)) + token[position + 1 :]
    try:
        pages = client.paginate_list_tables(resume_token=tampered)
    except tables.InvalidInput:
        return
    list(pages.items())


def test_without_items_pages_can_still_be_looped_over(tables: ModuleType) -> None:
    from runtime.call.pages import Paginator
    from runtime.errors import InvalidInput
    from runtime.shapes.structures import Output

    paginator: Paginator[Output, Any] = Paginator(operation="Get", tokens={"t": str}, next=lambda output: (None,))
    pages = paginator.pages(lambda **arguments: Output(), None)
    with pytest.raises(InvalidInput, match="the description of Get names no items: loop over its pages"):
        pages.items()
    assert len(list(pages)) == 1


def _circling(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """Pages whose tokens are b, c, a, b and so on."""
    asked = request.get("StartTableName", "a")
    return {"TableNames": [asked], "LastTableName": {"a": "b", "b": "c"}.get(asked, "a")}


@pytest.mark.parametrize("begin", ["nothing", "argument", "resume token"])
def test_a_circle_of_tokens_ends(made: Clients, begin: str) -> None:
    client = made.client(_circling)
    arguments: dict[str, Any] = {"start_table_name": "a"} if begin == "argument" else {}
    if begin == "resume token":
        pages = client.paginate_list_tables(start_table_name="c")
        made.take(pages, 1)
        arguments = {"resume_token": pages.resume_token}
    found: list[Any] = []
    with pytest.raises(made.package.InvalidResponse, match="had given before"):
        made.extend(found, client.paginate_list_tables(**arguments).items())
    # Without an argument, that the first page is the one of "a" shows when it comes again.
    assert found == ["a", "b", "c"] + ["a"] * (begin == "nothing")


def test_tokens_that_differ_go_on(made: Clients) -> None:
    count = 300
    client = made.client(lambda _, request: {"LastTableName": str(int(request.get("StartTableName", 0)) + 1)})
    assert len(made.take(client.paginate_list_tables(), count)) == count
