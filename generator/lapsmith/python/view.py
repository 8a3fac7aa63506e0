"""What the templates print: the IR with its Python spellings decided.

Templates choose between forms (a record or a builder, a body or a payload) and decide nothing about names or types.
What they import and do not use is removed afterwards (:mod:`lapsmith.python.imports`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from lapsmith.ir import model as ir
from lapsmith.python.bodies import BodyCodec
from lapsmith.python.reserved import OPTIONAL_MODULES
from lapsmith.python.text import literal
from lapsmith.python.xml import XMLView


@dataclass(frozen=True, slots=True)
class Parameter:
    """A keyword argument of an operation, or an attribute of a shape.

    ``default`` and ``factory`` are source text: the value that the attribute has if it is not given, or what makes it.
    ``wire_annotation`` is the annotation with what only the wire format knows: how timestamps are spelled.
    """

    name: str
    annotation: str
    required: bool
    wire_name: str
    member: ir.Member
    default: str | None = None
    factory: str | None = None
    wire_annotation: str = ""

    @property
    def async_annotation(self) -> str:
        """The annotation of an argument of the async client, which takes some bodies in more forms."""
        return f"Async{self.annotation}" if ir.is_streamed(self.member) else self.annotation

    @property
    def field(self) -> str:
        """The right-hand side of the field in a struct, with its equals sign; empty where there is none."""
        renamed = self.member.location is ir.Location.BODY and self.wire_name != self.name
        if self.default is not None and self.factory is None and not renamed:
            return f" = {self.default}"
        arguments = [f"name={literal(self.wire_name)}"] if renamed else []
        if self.factory is not None:
            arguments.append(f"default_factory={self.factory}")
        elif self.default is not None:
            arguments.append(f"default={self.default}")
        return f" = msgspec.field({', '.join(arguments)})" if arguments else ""


@dataclass(frozen=True, slots=True)
class ClassView:
    """A structure or an output.

    ``base`` is the runtime's class; ``json_payload`` is the attribute that ``json()`` decodes. ``required`` has the
    wire names of members that a sender must give although the class has stand-ins for them. ``sensitive`` has the
    attributes that are never printed.
    """

    name: str
    docstring: str
    fields: tuple[Parameter, ...]
    json_payload: str | None = None
    base: str = "Output"
    required: tuple[str, ...] = ()

    @property
    def sensitive(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields if field.member.sensitive)


@dataclass(frozen=True, slots=True)
class EnumView:
    """The alias of texts that are known, and of all others."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErrorView:
    """A modelled error. ``summary`` is what ``Raises:`` sections say of it."""

    name: str
    docstring: str
    fields: tuple[Parameter, ...]
    summary: str
    code: str
    retry: str | None
    status: int | None

    @property
    def body_fields(self) -> tuple[Parameter, ...]:
        return tuple(f for f in self.fields if f.member.location is ir.Location.BODY)

    @property
    def header_fields(self) -> tuple[Parameter, ...]:
        return tuple(f for f in self.fields if f.member.location is ir.Location.HEADER)

    @property
    def status_field(self) -> Parameter | None:
        """The member that is the status of the answer."""
        return next((f for f in self.fields if f.member.location is ir.Location.STATUS), None)


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of a stream: its type on the wire, its class, and the function that reads it from a frame."""

    wire_name: str
    class_name: str
    parser: str
    fields: tuple[Parameter, ...]

    @property
    def payload(self) -> Parameter | None:
        """The member that is the whole payload of the frame."""
        return next((f for f in self.fields if f.member.location is ir.Location.EVENT_PAYLOAD), None)

    @property
    def headers(self) -> tuple[Parameter, ...]:
        """The members that are headers of the frame."""
        return tuple(f for f in self.fields if f.member.location is ir.Location.EVENT_HEADER)

    @property
    def body(self) -> tuple[Parameter, ...]:
        """The members of the structure that is the payload of the frame."""
        return tuple(f for f in self.fields if f.member.location is ir.Location.BODY)


@dataclass(frozen=True, slots=True)
class EventEndView:
    """The event that ends a stream, and its members that hold an error code and the message of that error."""

    event: EventView
    code: Parameter | None
    message: Parameter | None


@dataclass(frozen=True, slots=True)
class UnionView:
    """What a stream carries: its events, its errors by code, the event whose blob is the stream's payload, and the one
    that ends it.
    """

    alias: str
    constant: str
    payload_function: str
    events: tuple[EventView, ...]
    errors: tuple[tuple[str, str], ...]
    payload: tuple[str, Parameter] | None
    end: EventEndView | None


@dataclass(frozen=True, slots=True)
class Property:
    """An output member as an attribute of a stream."""

    name: str
    annotation: str
    docstring: str


@dataclass(frozen=True, slots=True)
class StreamView:
    """The two stream classes of an operation, of a body that is read piecewise if they are of no other kind."""

    module: ClassVar[str] = "streams"

    name: str
    operation: str
    output: ClassView
    properties: tuple[Property, ...]
    docstring: str


@dataclass(frozen=True, slots=True)
class EventStreamView(StreamView):
    """The two event stream classes of an operation.

    ``initial`` is the function that reads the output from the frame which opens the stream, where it has members there.
    """

    module: ClassVar[str] = "events"

    union: UnionView
    initial: str | None


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation with everything that the client, the builder and the parser print of it.

    ``default_type`` is the expression of the Content-Type, where no member sets it. ``docstring`` and
    ``async_docstring`` are those of the two clients' methods. ``body_constant`` is what the types of the body's members
    are called, and ``body_arguments`` what else tells how they are written. ``host_prefix``, ``endpoint_url`` and the
    values of ``endpoint_parameters`` are expressions; ``options`` are keyword arguments of the operation's record.
    ``is_record``: the record alone builds the request; a ``bodiless`` one has no input. ``part`` is the module of a
    large client that has the operation.
    """

    name: str
    method: str
    builder: str
    parser: str
    constant: str
    http_method: str
    path: str
    static_query: tuple[tuple[str, str | None], ...]
    parameters: tuple[Parameter, ...]
    query: tuple[Parameter, ...]
    query_maps: tuple[Parameter, ...]
    headers: tuple[Parameter, ...]
    header_maps: tuple[Parameter, ...]
    body: tuple[Parameter, ...]
    payload: Parameter | None
    json: bool
    content_type: Parameter | None
    output: ClassView
    payload_source: str
    default_type: str | None
    retry_safe: bool
    stream: StreamView | None
    docstring: str
    async_docstring: str
    body_constant: str
    body_arguments: str
    host_prefix: str | None
    endpoint_url: str | None
    endpoint_parameters: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    is_record: bool
    bodiless: bool
    part: str | None = None

    @property
    def output_body(self) -> tuple[Parameter, ...]:
        return tuple(f for f in self.output.fields if f.member.location is ir.Location.BODY)

    @property
    def mixed_body(self) -> bool:
        """Whether the output has members in the JSON body and others elsewhere."""
        return 0 < len(self.output_body) < len(self.output.fields)


@dataclass(frozen=True, slots=True)
class PagesView:
    """The pages of an operation.

    ``item`` is the annotation of an item; ``tokens`` are arguments and their types; ``next``, ``items`` and ``more``
    are expressions over ``output``; ``resume`` is what the argument for the resume token is called.
    """

    operation: OperationView
    method: str
    constant: str
    item: str
    tokens: tuple[tuple[str, str], ...]
    next: tuple[str, ...]
    items: str | None
    more: str | None
    resume: str
    docstring: str
    async_docstring: str


@dataclass(frozen=True, slots=True)
class WaiterView:
    """A waiter. ``last`` is the annotation of what waiting returns; ``acceptors`` are expressions.

    ``delay_name`` and ``attempts_name`` are what the arguments are called that override ``delay`` and ``attempts``.
    """

    operation: OperationView
    name: str
    method: str
    constant: str
    last: str
    delay: str
    attempts: int
    acceptors: tuple[str, ...]
    delay_name: str
    attempts_name: str
    docstring: str
    async_docstring: str


@dataclass(frozen=True, slots=True)
class RPCView:
    """A protocol that has one way to send every operation: its class in the runtime, the module, and its arguments."""

    module: str
    class_name: str
    arguments: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ClientView:
    """A whole client. ``rpc`` is the protocol, for protocols whose operations are records; ``bodies`` is where
    bodies are written and read, and ``xml`` says how, where they are XML.

    A large client has ``parts``, of which each has a view of its own that names the ``part``; ``homes`` are the parts
    of types.
    """

    service: ir.Service
    rpc: RPCView | None
    source: str
    package: str
    class_name: str
    base_error: str
    user_agent_name: str
    title: str
    enums: tuple[EnumView, ...]
    structures: tuple[ClassView, ...]
    outputs: tuple[ClassView, ...]
    errors: tuple[ErrorView, ...]
    operations: tuple[OperationView, ...]
    streams: tuple[StreamView, ...]
    public: tuple[tuple[str, str], ...]
    docstring: str
    async_docstring: str
    bodies: BodyCodec
    pages: tuple[PagesView, ...] = ()
    waiters: tuple[WaiterView, ...] = ()
    xml: XMLView | None = None
    part: str | None = None
    parts: tuple[str, ...] = ()
    homes: Mapping[str, str] = field(default_factory=dict)

    @property
    def type_names(self) -> tuple[str, ...]:
        classes = [view.name for view in (*self.structures, *self.outputs)]
        return tuple(sorted([*classes, *(view.name for view in self.enums)]))

    @property
    def types_by_module(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The types that this client or part may mention, grouped by the module to import them from."""
        if self.part is None:
            return (("types", self.type_names),)
        modules: dict[str, list[str]] = {}
        for name, part in self.homes.items():
            modules.setdefault(f"types.{part}", []).append(name)
        return tuple((module, tuple(names)) for module, names in sorted(modules.items()))

    @property
    def types_by_part(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The types of a large client, grouped by part."""
        parts: dict[str, list[str]] = {}
        for name, part in self.homes.items():
            parts.setdefault(part, []).append(name)
        return tuple((part, tuple(names)) for part, names in sorted(parts.items()))

    @property
    def listed(self) -> tuple[str, ...]:
        """The names in ``__all__``: those that can be imported whatever is installed."""
        return tuple(name for name, module in self.public if module not in OPTIONAL_MODULES)

    @property
    def public_by_module(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The public names, grouped by the module that defines them."""
        modules: dict[str, list[str]] = {}
        for name, module in self.public:
            modules.setdefault(module, []).append(name)
        return tuple((module, tuple(names)) for module, names in sorted(modules.items()))

    @property
    def event_streams(self) -> tuple[EventStreamView, ...]:
        """The streams of events."""
        return tuple(stream for stream in self.streams if isinstance(stream, EventStreamView))

    @property
    def byte_streams(self) -> tuple[StreamView, ...]:
        """The streams of bytes."""
        return tuple(stream for stream in self.streams if not isinstance(stream, EventStreamView))

    @property
    def unions(self) -> tuple[UnionView, ...]:
        """The event unions of all streams, each once."""
        return tuple({stream.union.alias: stream.union for stream in self.event_streams}.values())

    @property
    def ending_unions(self) -> tuple[UnionView, ...]:
        """Those of them whose streams end with an event."""
        return tuple(union for union in self.unions if union.end)

    @property
    def stream_errors(self) -> tuple[tuple[str, str], ...]:
        """The errors of all streams, each once: its type on the wire, and its class."""
        return tuple({name: (wire, name) for union in self.unions for wire, name in union.errors}.values())

    @property
    def events(self) -> tuple[EventView, ...]:
        """The events of all streams, each once."""
        return tuple({event.class_name: event for union in self.unions for event in union.events}.values())
