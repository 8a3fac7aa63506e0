"""Every paginator and every waiter that AWS's models have, lowered to Python, against botocore's own classes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.paginate
import botocore.waiter
import jmespath
import pytest
from lapsmith.ir import model as ir
from lapsmith.python.lower import lower
from lapsmith.python.view import PagesView, WaiterView
from paging import models
from paging.drawing import Drawer
from runtime.call import pages as runtime_pages
from runtime.call import waiters as runtime_waiters
from runtime.errors import InvalidResponse, ServiceError, WaiterFailed, WaiterTimeout
from runtime.shapes.structures import ResponseMetadata

_MATCHERS = {"path": "path", "pathAll": "all", "pathAny": "any", "status": "status", "error": "error"}


def _folder_name(folder: Path) -> str:
    return f"{folder.parent.name}-{folder.name}"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


class Answers:
    """A method of botocore's and one of ours that give the same answers; what each was asked is kept."""

    def __init__(self, answers: list[Any], members: tuple[ir.Member, ...], model: models.Model) -> None:
        self._answers = answers
        self._members = members
        self._model = model
        self.theirs: list[dict[str, Any]] = []
        self.ours: list[dict[str, Any]] = []

    def botocore(self, **arguments: Any) -> Any:
        self.theirs.append(dict(arguments))
        answer = self._answers[len(self.theirs) - 1]
        if isinstance(answer, ServiceError):
            metadata = {"HTTPStatusCode": answer.status}
            return {"Error": {"Code": answer.code, "Message": answer.message}, "ResponseMetadata": metadata}
        return copy.deepcopy(answer) | {"ResponseMetadata": {"HTTPStatusCode": 200}}

    def client(self, **arguments: Any) -> Any:
        self.ours.append({name: value for name, value in arguments.items() if value is not None})
        answer = self._answers[len(self.ours) - 1]
        if isinstance(answer, ServiceError):
            raise answer
        output = models.typed(answer, self._members, self._model)
        output.metadata = ResponseMetadata(status=200)
        return output


@pytest.mark.parametrize("folder", models.newest("paginators-1"), ids=_folder_name)
def test_every_paginator(folder: Path) -> None:
    model = models.Model(folder)
    paged = {name: _pages(entry) for name, entry in model.paginators.items()}
    for view in lower(models.service(model, paged, {}), package="p", source="s").pages:
        name = view.operation.name
        entry, pages = model.paginators[name], paged[name]
        paginator = _paginator(view)
        expressions = (*pages.outputs, *pages.items, *models.as_list(pages.more))
        drawer = Drawer(model.shapes, expressions, f"{model.name} {name}")
        for _ in range(4):
            answers = [drawer.members(model.outputs(name)) for _ in range(4)]
            given = Answers([*answers, {}], model.outputs(name), model)
            theirs = _run(botocore.paginate.Paginator(given.botocore, entry, None).paginate().__iter__)
            ours = _run(paginator.pages(given.client, None).__iter__)
            if _goes_in_a_circle(pages, answers, ours) and theirs[0] >= ours[0]:
                continue  # botocore notices only a token that comes twice in a row.
            assert ours == theirs, (name, answers)
            assert list(map(_sorted, given.ours)) == list(map(_sorted, _in_python(given.theirs, view, model))), (
                name,
                answers,
            )
            _compare_items(view, paginator, pages, [*answers, {}], model)


def _goes_in_a_circle(pages: ir.Pages, answers: list[Any], ours: tuple[int, str]) -> bool:
    """Whether our pages ended at a token that an earlier page had, though not the page right before."""
    tokens = [[jmespath.search(path, answer) for path in pages.outputs] for answer in answers]
    last = ours[0] - 1
    return ours[1] == "repeated" and tokens[last] in tokens[: max(0, last - 1)]


def _pages(entry: dict[str, Any]) -> ir.Pages:
    return ir.Pages(
        models.as_list(entry["input_token"]),
        models.as_list(entry["output_token"]),
        models.as_list(entry["result_key"]),
        entry.get("limit_key"),
        entry.get("more_results"),
    )


def _paginator(view: PagesView) -> runtime_pages.Paginator[Any, Any]:
    def read(source: str) -> Callable[[Any], Any]:
        made: Callable[[Any], Any] = eval(f"lambda output: {source}")
        return made

    assert view.items is not None
    return runtime_pages.Paginator(
        operation=view.operation.name,
        tokens={name: Any for name, _ in view.tokens},
        next=read(f"({', '.join(view.next)},)"),
        items=read(view.items),
        more=None if view.more is None else read(view.more),
    )


def _run(iterate: Callable[[], Any]) -> tuple[int, str]:
    """Return how many pages come, and how they end."""
    count = 0
    try:
        for _ in iterate():
            count += 1
    except (botocore.exceptions.PaginationError, InvalidResponse):
        return count, "repeated"
    return count, "ended"


def _in_python(requests: list[dict[str, Any]], view: PagesView, model: models.Model) -> list[dict[str, Any]]:
    """Return requests under the names that our arguments have, with tokens as typed as they came."""
    arguments = {parameter.member.name: parameter for parameter in view.operation.parameters}
    return [
        {arguments[n].name: models.value_of(v, arguments[n].member.type, model) for n, v in request.items()}
        for request in requests
    ]


def _sorted(request: dict[str, Any]) -> list[str]:
    return sorted(map(repr, request.items()))


def _compare_items(
    view: PagesView,
    paginator: runtime_pages.Paginator[Any, Any],
    pages: ir.Pages,
    answers: list[dict[str, Any]],
    model: models.Model,
) -> None:
    """Compare the items of all pages with what botocore's search for the same expression gives."""
    name = view.operation.name
    given = Answers(answers, model.outputs(name), model)
    # Which of several results is the one is told in the docstring.
    (path,) = [path for path in pages.items if f"``{path}`` in all of them" in " ".join(view.docstring.split())]
    kind = models.read(model, name, path).type
    paginated = botocore.paginate.Paginator(given.botocore, model.paginators[name], None).paginate()
    theirs: list[Any] = []
    ours: list[Any] = []
    try:
        for found in paginated.search(path):
            if isinstance(kind, ir.MapType):
                theirs += [] if found is None else models.value_of(found, kind, model).items()
            elif isinstance(kind, ir.ListType):
                theirs += [] if found is None else [models.value_of(found, kind.item, model)]
            else:
                theirs += [] if found is None else [models.value_of(found, kind, model)]  # type: ignore[arg-type]
    except botocore.exceptions.PaginationError:
        pass
    try:
        ours += paginator.pages(given.client, None).items()
    except InvalidResponse:
        pass
    assert repr(ours) == repr(theirs), (name, answers)


@pytest.mark.parametrize("folder", models.newest("waiters-2"), ids=_folder_name)
def test_every_waiter(folder: Path) -> None:
    model = models.Model(folder)
    waiters = {name: _waiter(name, entry) for name, entry in model.waiters.items()}
    operations: dict[str, ir.Pages | None] = {waiter.operation: None for waiter in waiters.values()}
    for view in lower(models.service(model, operations, waiters), package="p", source="s").waiters:
        entry = model.waiters[view.name]
        waiter = _runtime_waiter(view)
        outputs = model.outputs(view.operation.name)
        arguments = [acceptor["argument"] for acceptor in entry["acceptors"] if "argument" in acceptor]
        drawer = Drawer(model.shapes, arguments, f"{model.name} {view.name}")
        expected = {acceptor["expected"] for acceptor in entry["acceptors"] if isinstance(acceptor["expected"], str)}
        drawer.texts = sorted({*drawer.texts, *expected})
        for _ in range(25):
            answers = [_answer(drawer, outputs, sorted(expected)) for _ in range(4)]
            given = Answers(answers, outputs, model)
            theirs = _wait(partial(_botocore_wait, view.name, entry, given))
            if theirs == "unreadable":
                continue
            ours = _wait(partial(waiter.wait, given.client, 0, 4))
            assert ours == theirs, (view.name, answers)
            assert len(given.ours) == len(given.theirs), (view.name, answers)


def _waiter(name: str, entry: dict[str, Any]) -> ir.Waiter:
    acceptors = tuple(
        ir.Acceptor(
            ir.Matcher(_MATCHERS[one["matcher"]]), one.get("argument"), one["expected"], ir.WaiterState(one["state"])
        )
        for one in entry["acceptors"]
    )
    kept = tuple(one for one in acceptors if not (one.matcher is ir.Matcher.ALL and one.expected is True))
    return ir.Waiter(name, entry["operation"], float(entry["delay"]), entry["maxAttempts"], kept)


def _runtime_waiter(view: WaiterView) -> runtime_waiters.Waiter[Any, Any]:
    return runtime_waiters.Waiter(
        name=view.name,
        operation=view.operation.name,
        delay=0,
        max_attempts=view.attempts,
        acceptors=tuple(eval(acceptor, vars(runtime_waiters)) for acceptor in view.acceptors),
    )


def _answer(drawer: Drawer, outputs: tuple[ir.Member, ...], codes: list[str]) -> Any:
    if drawer.random.random() < 0.3:
        code = drawer.random.choice([*codes, "Other"])
        return ServiceError("no", code=code, status=drawer.random.choice((400, 404, 500)))
    return drawer.members(outputs)


def _botocore_wait(name: str, entry: dict[str, Any], given: Answers) -> None:
    config = botocore.waiter.SingleWaiterConfig(entry)
    waiter = botocore.waiter.Waiter(name, config, given.botocore)
    waiter.wait(WaiterConfig={"Delay": 0, "MaxAttempts": 4})


def _wait(run: Callable[[], Any]) -> str:
    """Return how a wait ended; ``unreadable`` where botocore cannot evaluate an expression, for want of a list."""
    from jmespath.exceptions import JMESPathError

    try:
        run()
    except JMESPathError:
        return "unreadable"
    except botocore.exceptions.WaiterError as error:
        return "timeout" if str(error.kwargs["reason"]).startswith("Max attempts exceeded") else "failed"
    except WaiterTimeout:
        return "timeout"
    except WaiterFailed:
        return "failed"
    return "succeeded"


def test_the_models_are_found() -> None:
    assert len(models.newest("paginators-1")) > 300
    assert len(models.newest("waiters-2")) > 70
