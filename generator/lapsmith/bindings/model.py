"""Bindings: how a service's operations and types go over the wire. They never say what there is; the spec
does.

A fact keeps the place it was read from, so that the IR can name it and a cross-check can point at it. Names
of operations, members, shapes and errors are the keys of mappings; ``span`` of an entry is the place of its
key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lapsmith.diagnostics import Span

T_co = TypeVar("T_co", covariant=True)

PROTOCOLS = ("rest-json", "rest-xml", "json-1.0", "json-1.1", "query", "ec2", "rpc-v2-cbor")
TIMESTAMP_FORMATS = ("epoch-seconds", "date-time", "http-date")
INPUT_LOCATIONS = ("label", "query", "query-map", "header", "header-map", "body", "payload", "events")
OUTPUT_LOCATIONS = ("header", "header-map", "status", "body", "payload", "events")
SHAPE_LOCATIONS = ("body", "header", "status", "event-header", "event-payload")
"""Of members of structures; ``header`` and ``status`` are for errors, the other two are for events."""
ERROR_RETRIES = ("never", "throttle", "transient")
OPERATION_RETRIES = ("safe", "unsafe")
OPERATION_AUTHS = ("none", "unsigned-payload", "other")
"""``other``: in a way that clients cannot, which is an error unless the operation is left out."""
COMPRESSIONS = ("gzip",)
OPERATION_BODIES = ("none",)
OPERATION_POLLS = ("long",)
WAITER_STATES = ("success", "retry", "failure")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T_co]):
    """A value and where it was written."""

    value: T_co
    span: Span


@dataclass(frozen=True, slots=True)
class Derived:
    """What a derived file was made from: ``model`` is ``botocore/<version>/<service>/<api>``."""

    model: Fact[str] | None
    sha256: Fact[str] | None
    span: Span


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is sent at most, and the longest first pause in seconds of a request not throttled."""

    attempts: Fact[int] | None = None
    delay: Fact[float] | None = None


@dataclass(frozen=True, slots=True)
class ServiceBinding:
    """The ``service`` key. ``read_timeout`` is in seconds. ``crc32``: responses carry a checksum in ``x-amz-crc32``.

    ``target`` is the prefix of X-Amz-Target, and the service's name in the paths of rpc-v2-cbor.
    ``query_compatible``: the service once spoke the query protocol, and still sends the error codes of that time.
    ``headers`` go with every request, unless an operation sets them. ``version`` is that of the API, where it is not
    the spec's.
    """

    span: Span
    id: Fact[str] | None = None
    class_name: Fact[str] | None = None
    protocol: Fact[str] | None = None
    target: Fact[str] | None = None
    signing: Fact[str] | None = None
    read_timeout: Fact[float] | None = None
    retries: Retries | None = None
    crc32: Fact[bool] | None = None
    s3: Fact[bool] | None = None
    query_compatible: Fact[bool] | None = None
    headers: Mapping[str, Fact[str]] = field(default_factory=dict)
    version: Fact[str] | None = None


@dataclass(frozen=True, slots=True)
class HostBinding:
    """One host form: partition id, or ``*``, to template."""

    span: Span
    templates: Mapping[str, Fact[str]]


@dataclass(frozen=True, slots=True)
class EndpointBinding:
    """The ``endpoint`` key: host templates, or a rule set's file name. Forms that are not given do not exist."""

    span: Span
    host: HostBinding | None = None
    fips: HostBinding | None = None
    dualstack: HostBinding | None = None
    fips_dualstack: HostBinding | None = None
    rules: Fact[str] | None = None


@dataclass(frozen=True, slots=True)
class EnumUse:
    """Which enums the texts of a member are of, by their names under ``enums``.

    ``text`` is the member's own, or that of the texts in its lists; ``keys`` and ``values`` are those of its map.
    """

    span: Span
    text: Fact[str] | None = None
    keys: Fact[str] | None = None
    values: EnumUse | None = None


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """The ``end`` of an event: a stream without it is truncated. ``code`` and ``message`` are members of the event.

    A ``code`` that is set means that the operation failed: the stream ends with that error.
    """

    span: Span
    code: Fact[str] | None = None
    message: Fact[str] | None = None


@dataclass(frozen=True, slots=True)
class XmlBinding:
    """How a value is written in XML; see :class:`lapsmith.ir.model.Xml`.

    ``wrapper``, of an operation only, is the element around its output.
    """

    span: Span
    name: Fact[str] | None = None
    namespace: Fact[tuple[str, str]] | None = None
    attribute: Fact[bool] | None = None
    flat: Fact[bool] | None = None
    query: Fact[str] | None = None
    item: XmlBinding | None = None
    key: XmlBinding | None = None
    value: XmlBinding | None = None
    wrapper: Fact[str] | None = None


@dataclass(frozen=True, slots=True)
class MemberBinding:
    """How one member travels. None: the spec's name, or what inference or the protocol says.

    ``timestamp`` and ``sparse`` speak of the member's value, or of the lists and maps that it is made of.
    ``token``: a fresh idempotency token is sent where the caller gives none. ``json``: text that holds JSON.
    ``base64``: text that is bytes in base64. ``last_segment``: of a path, only what follows its last slash is sent.
    ``sized``: the length of a streamed body must be known before it is sent. ``sensitive``: never printed. ``end``: the
    member is the event that ends an event stream.
    """

    span: Span
    member: Fact[str] | None = None
    location: Fact[str] | None = None
    name: Fact[str] | None = None
    timestamp: Fact[str] | None = None
    streaming: Fact[bool] | None = None
    token: Fact[bool] | None = None
    json: Fact[bool] | None = None
    sparse: Fact[bool] | None = None
    sized: Fact[bool] | None = None
    base64: Fact[bool] | None = None
    last_segment: Fact[bool] | None = None
    sensitive: Fact[bool] | None = None
    enum: EnumUse | None = None
    end: StreamEnd | None = None
    xml: XmlBinding | None = None


@dataclass(frozen=True, slots=True)
class At:
    """``METHOD path`` of the endpoint that an operation is bound to; the path as the spec writes it."""

    method: str
    path: str
    span: Span

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Pin:
    """What the endpoint looked like when the binding was written: its required input and its output members.

    ``types`` is the digest of those members' types, ``desc`` that of its description, ``text`` that of all else,
    ``optional`` its optional input members; they tell apart endpoints whose members are alike, of which there were
    ``alike``. ``nth`` is its place among endpoints that are the same in every way, and how many of them there are;
    ``after`` and ``before`` are the operations whose endpoints were the nearest that are like no other. ``by`` says
    what told which operation it is.
    """

    span: Span
    input: tuple[Fact[str], ...] | None = None
    output: tuple[Fact[str], ...] | None = None
    desc: Fact[str] | None = None
    by: Fact[str] | None = None
    optional: tuple[Fact[str], ...] | None = None
    types: Fact[str] | None = None
    text: Fact[str] | None = None
    alike: Fact[int] | None = None
    nth: Fact[tuple[int, int]] | None = None
    after: Fact[str] | None = None
    before: Fact[str] | None = None


@dataclass(frozen=True, slots=True)
class Pages:
    """Pagination: token members going in, where they come from, and where a page's items are.

    ``output``, ``items`` and ``more`` are JMESPath over the output; ``limit`` is the member that sets a page's size.
    Without ``more``, there is another page where a token came.
    """

    span: Span
    input: tuple[Fact[str], ...]
    output: tuple[Fact[str], ...]
    items: tuple[Fact[str], ...]
    limit: Fact[str] | None = None
    more: Fact[str] | None = None


@dataclass(frozen=True, slots=True)
class EndpointParameter:
    """What a parameter of the endpoint rules is for one operation: a literal, or JMESPath over the input."""

    name: str
    span: Span
    literal: Fact[str | bool | tuple[str, ...]] | None = None
    path: Fact[str] | None = None


@dataclass(frozen=True, slots=True)
class OperationBinding:
    """One entry of ``operations``.

    ``body`` is ``none`` where the operation has no input at all, for which rpc-v2-cbor sends no body; an input without
    members is an empty map. ``poll`` is ``long`` where the operation waits for what may come, and is called in a loop.
    ``url`` is the input member that has the URL which requests go to, in place of the service's endpoint.
    """

    name: str
    span: Span
    at: At
    pin: Pin | None = None
    input: Mapping[str, MemberBinding] = field(default_factory=dict)
    output: Mapping[str, MemberBinding] = field(default_factory=dict)
    errors: tuple[Fact[str], ...] | None = None
    errors_span: Span | None = None
    retry: Fact[str] | None = None
    status: Fact[int] | None = None
    pages: Pages | None = None
    host: Fact[str] | None = None
    auth: Fact[str] | None = None
    compress: Fact[str] | None = None
    body: Fact[str] | None = None
    poll: Fact[str] | None = None
    url: Fact[str] | None = None
    endpoint: Mapping[str, EndpointParameter] = field(default_factory=dict)
    xml: XmlBinding | None = None


@dataclass(frozen=True, slots=True)
class Acceptor:
    """What an answer means to a waiter, where it matches.

    ``matcher``: the value at ``argument`` (JMESPath over the output) is ``expected`` (``path``), or every (``all``) or
    some (``any``) item there is; or the ``status`` is; or the ``error`` has that code (True: any, False: none).
    """

    span: Span
    matcher: str
    argument: Fact[str] | None
    expected: Fact[str | bool | int]
    state: str


@dataclass(frozen=True, slots=True)
class WaiterBinding:
    """One entry of ``waiters``. ``delay`` is in seconds."""

    name: str
    span: Span
    operation: Fact[str]
    delay: Fact[float] | None
    attempts: Fact[int] | None
    accept: tuple[Acceptor, ...]


@dataclass(frozen=True, slots=True)
class ShapeBinding:
    """One entry of ``shapes``.

    ``union``: exactly one member is set. ``document``: any JSON value. ``attribute_value``: DynamoDB's union of typed
    values, which plain values can be turned into.
    """

    name: str
    span: Span
    members: Mapping[str, MemberBinding] = field(default_factory=dict)
    union: Fact[bool] | None = None
    document: Fact[bool] | None = None
    attribute_value: Fact[bool] | None = None


@dataclass(frozen=True, slots=True)
class EnumBinding:
    """One entry of ``enums``: texts that the service knows. Others may come, and are taken."""

    name: str
    span: Span
    values: tuple[Fact[str], ...]


@dataclass(frozen=True, slots=True)
class ErrorBinding:
    """One entry of ``errors``. ``code`` is what the service sends where it differs from the name."""

    name: str
    span: Span
    status: Fact[int] | None = None
    retry: Fact[str] | None = None
    code: Fact[str] | None = None
    doc: Fact[str] | None = None


@dataclass(frozen=True, slots=True)
class RemovedOperation:
    """An operation that ``overrides.yaml`` removes at ``span``.

    ``binding`` is what it was bound to; None where ``bindings.yaml`` does not have it, and rules may name it.
    """

    span: Span
    binding: OperationBinding | None


@dataclass(frozen=True, slots=True)
class Bindings:
    """``bindings.yaml`` with ``overrides.yaml`` merged in. ``overrides_file`` tells whose a span is.

    ``removed`` are the operations that overrides set to null, by name.
    """

    file: str
    overrides_file: str | None
    version: int
    derived: Derived | None = None
    service: ServiceBinding | None = None
    endpoint: EndpointBinding | None = None
    operations: Mapping[str, OperationBinding] = field(default_factory=dict)
    waiters: Mapping[str, WaiterBinding] = field(default_factory=dict)
    shapes: Mapping[str, ShapeBinding] = field(default_factory=dict)
    errors: Mapping[str, ErrorBinding] = field(default_factory=dict)
    enums: Mapping[str, EnumBinding] = field(default_factory=dict)
    removed: Mapping[str, RemovedOperation] = field(default_factory=dict)

    @property
    def has_rules(self) -> bool:
        """Whether they say that the service has endpoint rules."""
        return self.endpoint is not None and self.endpoint.rules is not None
