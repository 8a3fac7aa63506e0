"""What the templates print of pages and waiters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from lapsmith.ir import jmespath
from lapsmith.ir import model as ir
from lapsmith.python import names, text
from lapsmith.python.annotations import Annotations, optional
from lapsmith.python.docs import argument, code
from lapsmith.python.jmespath.compiler import Fields, items_of_output, over_output
from lapsmith.python.shapes import Shapes
from lapsmith.python.spelling import Spelling
from lapsmith.python.text import literal
from lapsmith.python.view import OperationView, PagesView, Parameter, WaiterView


class Paging:
    """Lowers the pages and waiters of one service."""

    def __init__(
        self,
        service: ir.Service,
        spelling: Spelling,
        annotations: Annotations,
        shapes: Shapes,
        operations: Iterable[OperationView],
    ) -> None:
        self._service = service
        self._spelling = spelling
        self._annotations = annotations
        self._shapes = shapes
        self._views = {view.name: view for view in operations}
        self._operations = {operation.name: operation for operation in service.operations}
        self._structures: dict[str, Mapping[str, Parameter]] = {}

    def pages(self) -> tuple[PagesView, ...]:
        """Lower the pages of all operations that have any."""
        return tuple(self._pages(op, op.pages) for op in self._service.operations if op.pages)

    def waiters(self) -> tuple[WaiterView, ...]:
        """Lower all waiters."""
        return tuple(self._waiter(waiter) for waiter in self._service.waiters.values())

    def _pages(self, op: ir.Operation, pages: ir.Pages) -> PagesView:
        view, fields = self._views[op.name], self._fields(op.name)
        parameters = {parameter.member.name: parameter for parameter in view.parameters}
        items = primary_items(op, pages, self._service.shapes)
        read = partial(jmespath.read, members=op.output, shapes=self._service.shapes)
        resume = names.Namespace(parameter.name for parameter in view.parameters).claim("resume_token")
        docstring = partial(_pages_docstring, view, pages, items and items[0], resume)
        return PagesView(
            operation=view,
            method=self._spelling.pages[op.name],
            constant=self._spelling.page_constants[op.name],
            item="Never" if items is None else self._item(items[1].type),
            tokens=tuple((parameters[name].name, self._token(parameters[name])) for name in pages.inputs),
            next=tuple(over_output(read(path), fields) for path in pages.outputs),
            items=items and _closed(items_of_output(items[1], fields)),
            more=pages.more and _closed(over_output(read(pages.more), fields)),
            resume=resume,
            docstring=docstring(asynchronous=False),
            async_docstring=docstring(asynchronous=True),
        )

    def _item(self, kind: jmespath.Kind) -> str:
        """Return the annotation of what ``items()`` gives: see :func:`items_of_output`."""
        assert not isinstance(kind, jmespath.Root | jmespath.Mixed | jmespath.Null)
        match kind:
            case ir.ListType(item, sparse):
                spelled = self._annotations.value(item)
                return optional(spelled) if sparse else spelled
            case ir.MapType(_, value, sparse):
                spelled = self._annotations.value(value)
                return f"tuple[str, {optional(spelled) if sparse else spelled}]"
            case _:
                return self._annotations.value(kind)

    def _token(self, parameter: Parameter) -> str:
        return self._annotations.value(parameter.member.type)

    def _fields(self, operation: str) -> Fields:
        """Return the lookup of attributes in an operation's output and the structures in it."""
        outputs = {field.member.name: field for field in self._views[operation].output.fields}

        def find(structure: str | None) -> Mapping[str, Parameter]:
            return outputs if structure is None else self._structure(structure)

        return find

    def _structure(self, name: str) -> Mapping[str, Parameter]:
        if name not in self._structures:
            shape = self._service.shapes[name]
            assert isinstance(shape, ir.Structure)
            fields = self._shapes.structure(shape).fields
            self._structures[name] = {field.member.name: field for field in fields}
        return self._structures[name]

    def _waiter(self, waiter: ir.Waiter) -> WaiterView:
        view = self._views[waiter.operation]
        taken = names.Namespace(parameter.name for parameter in view.parameters)
        delay, attempts = taken.claim("delay"), taken.claim("max_attempts")
        last = view.output.name if not _may_end_in_error(waiter) else optional(view.output.name)
        docstring = partial(_waiter_docstring, waiter, view, (delay, attempts))
        return WaiterView(
            operation=view,
            name=waiter.name,
            method=self._spelling.waiters[waiter.name],
            constant=self._spelling.waiter_constants[waiter.name],
            last=last,
            delay=_number(waiter.delay),
            attempts=waiter.attempts,
            acceptors=tuple(self._acceptor(acceptor, waiter.operation) for acceptor in waiter.acceptors),
            delay_name=delay,
            attempts_name=attempts,
            docstring=docstring(),
            async_docstring=docstring(),
        )

    def _acceptor(self, acceptor: ir.Acceptor, operation: str) -> str:
        """Return the expression of an acceptor."""
        state, expected = literal(acceptor.state.value), literal(acceptor.expected)
        if acceptor.argument is None:
            return f"{_CLASSES[acceptor.matcher]}({state}, {expected})"
        op = self._operations[operation]
        node = jmespath.read(acceptor.argument, op.output, self._service.shapes)
        compiled = over_output if acceptor.matcher is ir.Matcher.PATH else items_of_output
        read = f"lambda output: {_closed(compiled(node, self._fields(operation)))}"
        return f"{_CLASSES[acceptor.matcher]}({state}, {literal(acceptor.argument)}, {read}, {expected})"


_CLASSES = {
    ir.Matcher.PATH: "PathIs",
    ir.Matcher.ALL: "AllAre",
    ir.Matcher.ANY: "AnyIs",
    ir.Matcher.STATUS: "StatusIs",
    ir.Matcher.ERROR: "ErrorIs",
}


def primary_items(
    op: ir.Operation, pages: ir.Pages, shapes: Mapping[str, ir.Shape]
) -> tuple[str, jmespath.Node] | None:
    """Return what ``items()`` goes through: the first list or map among a page's results, else the first of them."""
    nodes = [(path, jmespath.read(path, op.output, shapes)) for path in pages.items]
    many = [found for found in nodes if isinstance(found[1].type, ir.ListType | ir.MapType)]
    return next(iter(many or nodes), None)


def _closed(source: str) -> str:
    """Return an expression so that it can stand in a lambda and be split over lines."""
    return f"({source})" if " if " in source and not source.startswith("[") else source


def _number(value: float) -> str:
    return literal(int(value) if value.is_integer() else value)


def _may_end_in_error(waiter: ir.Waiter) -> bool:
    """Whether an error can be what is waited for, so that there is no output to return."""
    return any(
        acceptor.state is ir.WaiterState.SUCCESS
        and (
            (acceptor.matcher is ir.Matcher.STATUS and int(acceptor.expected) >= 300)
            or (acceptor.matcher is ir.Matcher.ERROR and acceptor.expected is not False)
        )
        for acceptor in waiter.acceptors
    )


def _pages_docstring(
    view: OperationView, pages: ir.Pages, items: str | None, resume: str, *, asynchronous: bool
) -> str:
    called, loop = f"``{code(view.name)}``", "``async for``" if asynchronous else "``for``"
    each = f" Its ``items()`` are those of ``{code(items)}`` in all of them." if items else ""
    blocks = [
        f"Call {called} for page after page.",
        f"Loop over the result with {loop}: each page is the output of one call, made when it is asked for.{each}",
    ]
    entries = [(p.name, _argument(p, pages)) for p in view.parameters]
    entries.append((resume, "where to go on: the ``resume_token`` of earlier pages; from the start, unless given."))
    blocks.append(text.section("Args", entries))
    kind = "AsyncPages" if asynchronous else "Pages"
    blocks.append(text.section("Returns", [(kind, "the pages, and the ``resume_token`` to go on with later.")]))
    raised = [
        ("InvalidInput", f"``{resume}`` is not one of this operation's."),
        ("InvalidResponse", "while looping: the service gave the same token twice in a row."),
        ("Exception", f"while looping: what ``{view.method}`` raises; the same page can be asked for again."),
    ]
    return text.docstring([*blocks, text.section("Raises", raised)], 8)


def _argument(parameter: Parameter, pages: ir.Pages) -> str:
    said = argument(parameter)
    if parameter.member.name in pages.inputs:
        return f"{said} For the first page; the service's answers tell it for the others."
    if parameter.member.name == pages.limit:
        return f"{said} It bounds each page, not all of them together."
    return said


def _waiter_docstring(waiter: ir.Waiter, view: OperationView, overrides: tuple[str, str]) -> str:
    called = f"``{code(view.name)}``"
    blocks = [f"Call {called} until ``{code(waiter.name)}``.", " ".join(_acceptor_sentences(waiter))]
    delay, attempts = overrides
    entries = [(p.name, argument(p)) for p in view.parameters]
    entries.append((delay, f"seconds between two calls; {_number(waiter.delay)} unless given."))
    entries.append((attempts, f"how often to call at most; {waiter.attempts} times unless given."))
    blocks.append(text.section("Args", entries))
    said = "the last output."
    if _may_end_in_error(waiter):
        said = "the last output; None where the error is what was waited for."
    blocks.append(text.section("Returns", [(view.output.name, said)]))
    raised = [
        ("WaiterFailed", "it cannot succeed any more, or the service answered with an error that is not expected."),
        ("WaiterTimeout", "it had not succeeded in the last attempt."),
        ("InvalidInput", "an argument was refused; nothing was sent."),
        ("TransportError", "no usable answer came."),
    ]
    return text.docstring([*blocks, text.section("Raises", raised)], 8)


def _acceptor_sentences(waiter: ir.Waiter) -> Iterator[str]:
    """Say what each state follows from."""
    for state, said in _SAID.items():
        causes = [_cause(acceptor) for acceptor in waiter.acceptors if acceptor.state is state]
        if causes:
            yield f"{said} when {', or when '.join(causes)}."


_SAID = {
    ir.WaiterState.SUCCESS: "It succeeds",
    ir.WaiterState.FAILURE: "It fails",
    ir.WaiterState.RETRY: "It goes on",
}


def _cause(acceptor: ir.Acceptor) -> str:
    expected = f"``{code(str(acceptor.expected))}``"
    place = f"``{code(acceptor.argument or '')}``"
    match acceptor.matcher:
        case ir.Matcher.PATH:
            return f"{place} is {expected}"
        case ir.Matcher.ALL:
            return f"all of {place} are {expected}"
        case ir.Matcher.ANY:
            return f"one of {place} is {expected}"
        case ir.Matcher.STATUS:
            return f"the HTTP status is {expected}"
        case _ if isinstance(acceptor.expected, bool):
            return "there is an error" if acceptor.expected else "there is no error"
        case _:
            return f"the error is {expected}"
