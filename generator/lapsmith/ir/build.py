"""The syntax tree and the bindings, cross-checked, to the IR."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lapsmith.bindings.model import Bindings, OperationBinding, RemovedOperation
from lapsmith.diagnostics import Diagnostic, DiagnosticError, Diagnostics, Severity, Span, suggest
from lapsmith.ir.advice import Advice
from lapsmith.ir.check import check_names, check_operation
from lapsmith.ir.context import Context, default
from lapsmith.ir.definitions import collect
from lapsmith.ir.endpoint_parameters import with_endpoint_parameters
from lapsmith.ir.enums import used_enums
from lapsmith.ir.errors import build_errors, operation_errors
from lapsmith.ir.events import Streams, check_events
from lapsmith.ir.members import Members
from lapsmith.ir.model import Error, EventUnion, Member, Operation, Origin, Service, Shape
from lapsmith.ir.naming import operation_name, unique
from lapsmith.ir.outdated import report_outdated
from lapsmith.ir.paging import build_waiters, with_pages
from lapsmith.ir.placing import Bound, match, unbound_hint
from lapsmith.ir.references import check_references
from lapsmith.ir.requests import read_requests
from lapsmith.ir.rules import RuleSet
from lapsmith.ir.select import Patterns
from lapsmith.ir.service import build_header, protocol_of
from lapsmith.ir.shapes import Shapes
from lapsmith.ir.uri import read_target
from lapsmith.ir.xml import in_order, root_of, wrapper_of
from lapsmith.lap.tree import Document, Endpoint, Returns

_FEW_INFERENCES = 12
_LISTED = 5
_IDEMPOTENT = frozenset(("GET", "HEAD", "PUT", "DELETE", "OPTIONS"))


@dataclass(frozen=True, slots=True)
class Built:
    """The service, or None after errors; all diagnostics, sorted; the texts that they point into.

    ``draft`` is there when the only error is that the spec changed since it was bound: the service as far as the old
    bindings still fit. It tells what changed, and is not generated.
    """

    service: Service | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    draft: Service | None = None

    def require(self) -> Service:
        """The service; raises :class:`DiagnosticError` after errors."""
        if self.service is None:
            raise DiagnosticError(self.diagnostics, self.sources)
        return self.service


def build(
    document: Document,
    bindings: Bindings | None = None,
    types: Document | None = None,
    rules: RuleSet | None = None,
    *,
    operations: Sequence[str] = ("*",),
    operations_span: Span | None = None,
    strict: bool = False,
    sources: Mapping[str, str] | None = None,
    advice: Advice | None = None,
) -> Built:
    """Build the IR of a spec.

    ``types`` is the parsed ``types.lap``; ``rules`` are the endpoint rules; ``operations`` are the wanted operations'
    names as shell patterns, ``!`` in front excludes, and ``operations_span`` is where they stand; ``strict`` turns
    inferences into errors; ``sources`` (file name to text) is for :meth:`require`; ``advice`` is what hints suggest.
    """
    diagnostics = Diagnostics()
    advice = advice or Advice(tuple(operations))
    ctx = Context(document, types, bindings, protocol_of(bindings), diagnostics, strict, rules, advice)
    service = _Builder(ctx, Patterns(operations, operations_span)).service()
    is_draft = report_outdated(ctx)
    _warn_of_inferences(ctx)
    return Built(
        None if diagnostics.has_errors else service,
        diagnostics.sorted(),
        dict(sources or {}),
        service if is_draft else None,
    )


def _warn_of_inferences(ctx: Context) -> None:
    """Notes are hidden, and a client of which much is inferred is more likely wrong than right."""
    count = sum(item.code == "inferred" and item.severity is Severity.NOTE for item in ctx.diagnostics.items)
    if count > _FEW_INFERENCES:
        span = Span(ctx.document.span.file, 1, 1, 1, 1)
        message = f"{count} facts about this API are inferred, since neither the spec nor bindings.yaml states them"
        hint = f"--notes lists them; check them, or state them in {ctx.editable}"
        ctx.diagnostics.warning(span, "many-inferences", message, hint)


class _Builder:
    def __init__(self, ctx: Context, patterns: Patterns) -> None:
        self._ctx = ctx
        self._patterns = patterns
        self._shapes = Shapes(ctx, collect(ctx))

    def service(self) -> Service:
        header = build_header(self._ctx)
        chosen = self._choose()
        check_references(self._ctx, self._shapes.definitions)
        errors = build_errors(self._ctx, self._shapes, [item.bound for item in chosen])
        streams = Streams(self._ctx, self._shapes, frozenset(errors))
        operations = tuple(
            self._operation(item, errors, streams) for item in chosen if check_names(self._ctx, item.bound)
        )
        shapes = self._shapes.finish()
        check_events(self._ctx, shapes, streams)
        return Service(
            name=header.name,
            id=header.id,
            class_name=header.class_name,
            api_version=header.api_version,
            protocol=self._ctx.protocol,
            signing=header.signing,
            target=header.target,
            hosts=header.hosts,
            endpoint_rules=header.endpoint_rules,
            base_url=header.base_url,
            read_timeout=header.read_timeout,
            operations=with_endpoint_parameters(self._ctx, with_pages(self._ctx, operations, shapes), shapes),
            shapes=shapes,
            errors=errors,
            origins=header.origins,
            query_compatible=header.query_compatible,
            headers=header.headers,
            max_attempts=header.max_attempts,
            retry_delay=header.retry_delay,
            crc32=header.crc32,
            waiters=build_waiters(self._ctx, operations, shapes),
            enums=used_enums(self._ctx, _members(operations, shapes, errors)),
        )

    def _choose(self) -> list[_Chosen]:
        """The wanted operations with their names, in the order of the spec."""
        removed = self._ctx.bindings.removed if self._ctx.bindings else {}
        pairs = match(self._ctx, lambda name: name in self._patterns and name not in removed)
        nameless = [bound for bound in pairs if bound.binding is None and self._is_rpc(bound.endpoint)]
        self._report_nameless(nameless, only=len(nameless) == len(pairs))
        skipped = {id(bound) for bound in nameless}
        named = self._name([bound for bound in pairs if id(bound) not in skipped])
        bound_names = self._ctx.bindings.operations if self._ctx.bindings else ()
        self._patterns.check(self._ctx, [*(item.name for item in named), *bound_names, *removed])
        self._check_removed(removed, [*(item.name for item in named), *bound_names])
        return [self._reported(item) for item in named if item.name in self._patterns and item.name not in removed]

    def _check_removed(self, removed: Mapping[str, RemovedOperation], known: Sequence[str]) -> None:
        for name, item in removed.items():
            if item.binding is None and name not in known:
                message = f"there is no operation '{name}' to remove"
                self._ctx.diagnostics.error(item.span, "unknown-operation", message, suggest(name, known))

    def _is_rpc(self, endpoint: Endpoint) -> bool:
        """Whether the endpoint's path says nothing of the operation, so that only bindings can name it."""
        if self._ctx.is_rpc:
            return True
        root = endpoint.method == "POST" and endpoint.path.raw == "/"
        return root and (self._ctx.is_sigv4 or self._count("POST", "/") > 1)

    def _count(self, method: str, path: str) -> int:
        endpoints = self._ctx.document.endpoints
        return sum(endpoint.method == method and endpoint.path.raw == path for endpoint in endpoints)

    def _report_nameless(self, nameless: Sequence[Bound], *, only: bool) -> None:
        """Say which endpoints are left out; ``only``: nothing else is there to generate."""
        if not nameless:
            return
        first = nameless[0].endpoint
        at = f"{first.method} {first.path.raw}"
        places = f"the endpoint {at} has no binding"
        if len(nameless) > 1:
            lines = [str(bound.endpoint.span.line) for bound in nameless[:_LISTED]]
            rest = f" and {len(nameless) - _LISTED} more" if len(nameless) > _LISTED else ""
            places = f"{len(nameless)} endpoints such as {at} have no binding (lines {', '.join(lines)}{rest})"
        message = f"{places}, and nothing in the spec says which operation that is"
        hint = unbound_hint(self._ctx, first)
        if only or self._ctx.strict:
            self._ctx.diagnostics.error(first.span, "unbound-endpoint", message, hint)
        elif self._patterns.takes_all:
            self._ctx.diagnostics.warning(first.span, "unbound-endpoint", f"left out: {message}", hint)
        else:
            self._ctx.diagnostics.note(first.span, "unbound-endpoint", f"left out: {message}", hint)

    def _name(self, bounds: Sequence[Bound]) -> list[_Chosen]:
        taken = {bound.binding.name for bound in bounds if bound.binding}
        named = []
        for bound in bounds:
            name = bound.binding.name if bound.binding else unique(operation_name(bound.endpoint), taken)
            taken.add(name)
            named.append(_Chosen(name, bound, default("unnamed")))
        return named

    def _reported(self, item: _Chosen) -> _Chosen:
        binding, endpoint = item.bound.binding, item.bound.endpoint
        if binding is not None:
            return _Chosen(item.name, item.bound, self._ctx.origin(binding.span))
        message = f"{endpoint.method} {endpoint.path.raw} is called {item.name}"
        at = json.dumps(f"{endpoint.method} {endpoint.path.raw}")
        hint = f"name it in overrides.yaml: operations: {{NAME: {{at: {at}}}}}"
        if self._ctx.is_derived and not self._ctx.strict:
            self._ctx.diagnostics.warning(
                endpoint.path.span,
                "unbound-endpoint",
                f"{endpoint.method} {endpoint.path.raw} has no binding: its name and all about it is inferred",
                f"{hint}, or exclude it: {self._ctx.advice.leave_out(item.name)}",
            )
        origin = self._ctx.inferred(endpoint.path.span, "operation-name-from-path", message, hint)
        return _Chosen(item.name, item.bound, origin)

    def _operation(self, item: _Chosen, errors: Mapping[str, Error], streams: Streams) -> Operation:
        endpoint, binding = item.bound.endpoint, item.bound.binding
        target = read_target(self._ctx, endpoint)
        members = Members(self._ctx, self._shapes, streams, item.name, item.bound, target)
        stated = self._ctx.origin(endpoint.path.span)
        origins = {"name": item.origin, "method": self._ctx.origin(endpoint.span), "uri": stated}
        names, origins["errors"] = operation_errors(self._ctx, binding, endpoint, errors)
        status, answer, origins["status"] = self._answer(endpoint, binding)
        inputs = in_order(self._ctx, members.inputs(), binding)
        safe, origins["retry_safe"] = self._retry_safe(endpoint, binding, inputs)
        requests = read_requests(self._ctx, binding, inputs)
        origins["doc"] = self._ctx.origin(endpoint.span) if endpoint.desc else default("no-description")
        self._warn_auth(item.name, endpoint)
        operation = Operation(
            name=item.name,
            method=endpoint.method,
            uri=target.uri,
            input=inputs,
            output=members.outputs(answer),
            errors=names,
            status=status,
            retry_safe=safe,
            doc=endpoint.desc,
            group=endpoint.group,
            origins=origins | requests.origins,
            host_prefix=requests.host_prefix,
            auth=requests.auth,
            compress=requests.compress,
            bodiless=requests.bodiless,
            long_poll=requests.long_poll,
            url_member=requests.url_member,
            endpoint_parameters=requests.endpoint_parameters,
            root=root_of(binding),
            wrapper=wrapper_of(binding),
        )
        check_operation(self._ctx, operation, target, endpoint.span)
        return operation

    def _answer(self, endpoint: Endpoint, binding: OperationBinding | None) -> tuple[int, Returns | None, Origin]:
        """The status of success, and the ``@returns`` that describes its body."""
        good = [returns for returns in endpoint.returns if returns.status.startswith("2")]
        described = [returns for returns in good if returns.fields is not None] or good
        answer = described[0] if described else None
        for other in described[1:]:
            message = f"'@returns({other.status})' is not generated: the answer is that of {described[0].span}"
            self._ctx.diagnostics.note(other.span, "other-returns", message)
        if binding is not None and binding.status is not None:
            return binding.status.value, answer, self._ctx.of(binding.status)
        if answer is not None and len(answer.status) == 3 and answer.status.isdecimal():
            return int(answer.status), answer, self._ctx.origin(answer.span)
        return 200, answer, default("status-200")

    def _retry_safe(
        self, endpoint: Endpoint, binding: OperationBinding | None, inputs: Sequence[Member]
    ) -> tuple[bool, Origin]:
        if binding is not None and binding.retry is not None:
            return binding.retry.value == "safe", self._ctx.of(binding.retry)
        token = next((member.origins["token"] for member in inputs if member.token), None)
        if token is not None:
            return True, token
        safe = endpoint.method in _IDEMPOTENT
        return safe, default("idempotent-method" if safe else "not-idempotent")

    def _warn_auth(self, name: str, endpoint: Endpoint) -> None:
        if endpoint.auth and endpoint.auth != self._ctx.document.auth:
            message = f"{name}: its own '@auth {endpoint.auth}' is not generated; the service's rule applies"
            self._ctx.diagnostics.warning(endpoint.span, "auth-unsupported", message)


def _members(
    operations: Sequence[Operation], shapes: Mapping[str, Shape], errors: Mapping[str, Error]
) -> Iterator[Member]:
    for operation in operations:
        yield from (*operation.input, *operation.output)
    for holder in (*shapes.values(), *errors.values()):
        yield from holder.members if not isinstance(holder, EventUnion) else ()


@dataclass(frozen=True, slots=True)
class _Chosen:
    """An endpoint with the name of its operation, and where that name comes from."""

    name: str
    bound: Bound
    origin: Origin
