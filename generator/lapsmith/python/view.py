"""What the templates print: the IR with its Python spellings decided. Templates make no decision of their own."""

from __future__ import annotations

from dataclasses import dataclass

from lapsmith.ir import model as ir
from lapsmith.python.text import literal


@dataclass(frozen=True, slots=True)
class Parameter:
    """A keyword argument of an operation, or an attribute of a shape."""

    name: str
    annotation: str
    required: bool
    wire_name: str
    member: ir.Member
    default: str | None = None
    doc: str = ""

    @property
    def field(self) -> str:
        """The right-hand side of the field in a struct, with its equals sign; empty where there is none."""
        renamed = self.member.location is ir.Location.BODY and self.wire_name != self.name
        default = "" if self.default is None else self.default
        factory = (
            default.removeprefix("msgspec.field(").removesuffix(")") if default.startswith("msgspec.field(") else ""
        )
        if not renamed:
            return f" = {default}" if default else ""
        arguments = [f"name={literal(self.wire_name)}", factory or (f"default={default}" if default else "")]
        return f" = msgspec.field({', '.join(filter(None, arguments))})"


@dataclass(frozen=True, slots=True)
class ClassView:
    """A structure, an output or an error."""

    name: str
    docstring: str
    fields: tuple[Parameter, ...]
    summary: str = ""
    json_payload: str | None = None
    code: str = ""
    retry: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of a stream: its type on the wire, its class, and how its members are read from the frame."""

    wire_name: str
    class_name: str
    parser: str
    fields: tuple[Parameter, ...]

    @property
    def payload(self) -> Parameter | None:
        """The member that is the whole payload of the frame."""
        return next((f for f in self.fields if f.member.location is ir.Location.EVENT_PAYLOAD), None)

    @property
    def has_body(self) -> bool:
        return any(field.member.location is ir.Location.BODY for field in self.fields)


@dataclass(frozen=True, slots=True)
class UnionView:
    """What a stream carries: its events, its errors by code, and the event whose blob is the stream's payload."""

    alias: str
    constant: str
    payload_function: str
    events: tuple[EventView, ...]
    errors: tuple[tuple[str, str], ...]
    payload: tuple[str, Parameter] | None


@dataclass(frozen=True, slots=True)
class StreamView:
    """The two stream classes of an operation."""

    name: str
    operation: str
    union: UnionView
    output: ClassView
    docstring: str


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation with everything that the client, the builder and the parser print of it."""

    name: str
    method: str
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
    payload_content_type: str
    retry_safe: bool
    stream: StreamView | None
    docstring: str

    @property
    def content_default(self) -> str | None:
        """The Content-Type to send where no member sets one."""
        if self.content_type is not None:
            return None
        if self.payload is not None:
            return self.payload_content_type
        return "application/json" if self.body else None

    @property
    def mixed_body(self) -> bool:
        """Whether the output has members in the JSON body and others elsewhere."""
        return 0 < len(self.output_body) < len(self.output.fields)

    @property
    def output_body(self) -> tuple[Parameter, ...]:
        return tuple(f for f in self.output.fields if f.member.location is ir.Location.BODY)


@dataclass(frozen=True, slots=True)
class ClientView:
    """A whole client."""

    service: ir.Service
    source: str
    package: str
    class_name: str
    base_error: str
    user_agent_name: str
    title: str
    structures: tuple[ClassView, ...]
    outputs: tuple[ClassView, ...]
    errors: tuple[ClassView, ...]
    operations: tuple[OperationView, ...]
    streams: tuple[StreamView, ...]
    public: tuple[tuple[str, str], ...]
    docstrings: tuple[str, str]

    @property
    def type_names(self) -> tuple[str, ...]:
        return tuple(sorted(view.name for view in (*self.structures, *self.outputs)))

    @property
    def unions(self) -> tuple[UnionView, ...]:
        """The event unions of all streams, each once."""
        return tuple({stream.union.alias: stream.union for stream in self.streams}.values())

    @property
    def events(self) -> tuple[EventView, ...]:
        """The events of all streams, each once."""
        return tuple({event.class_name: event for union in self.unions for event in union.events}.values())
