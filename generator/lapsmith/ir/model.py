"""The intermediate representation: one AWS service, neutral of protocol and of Python.

All nodes are frozen. Names are the service's own (``EndpointName``, ``InvokeEndpoint``); how they are spelled
in Python is decided in ``lapsmith.python``. Every fact that generation depends on has an :class:`Origin`
under its attribute name in ``origins``, so that ``lapsmith inspect`` can say where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lapsmith.diagnostics import Span
from lapsmith.ir.rules import RuleSet


class Source(StrEnum):
    """Who said so."""

    SPEC = "spec"
    TYPES = "types"
    BINDINGS = "bindings"
    OVERRIDES = "overrides"
    INFERRED = "inferred"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact came from: a place in an input file, or the rule that inferred it or gave the default."""

    source: Source
    span: Span | None = None
    rule: str | None = None


Origins = Mapping[str, Origin]


class Protocol(StrEnum):
    """The AWS protocols, by their names in Smithy."""

    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    JSON_1_0 = "json-1.0"
    JSON_1_1 = "json-1.1"
    QUERY = "query"
    EC2 = "ec2"
    RPC_V2_CBOR = "rpc-v2-cbor"


class Location(StrEnum):
    """Where a member travels in the HTTP message."""

    LABEL = "label"
    QUERY = "query"
    QUERY_MAP = "query-map"
    HEADER = "header"
    HEADER_MAP = "header-map"
    STATUS = "status"
    BODY = "body"
    PAYLOAD = "payload"
    EVENTS = "events"
    EVENT_HEADER = "event-header"
    EVENT_PAYLOAD = "event-payload"


class TimestampFormat(StrEnum):
    """Timestamp spellings on the wire."""

    EPOCH = "epoch-seconds"
    DATE_TIME = "date-time"
    HTTP_DATE = "http-date"


@dataclass(frozen=True, slots=True)
class StringType:
    """Text. ``enum`` lists known values, of the enum ``name`` if they have one; services add values, so it is open."""

    enum: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class IntegerType:
    """Whole number of 32 or 64 bits."""

    bits: int = 32


@dataclass(frozen=True, slots=True)
class FloatType:
    """IEEE 754 number of 32 or 64 bits."""

    bits: int = 64


@dataclass(frozen=True, slots=True)
class BooleanType:
    """True or false."""


@dataclass(frozen=True, slots=True)
class BlobType:
    """Bytes. ``streaming`` blobs are read and written piecewise; ``sized`` ones only where their length is known."""

    streaming: bool = False
    sized: bool = False


@dataclass(frozen=True, slots=True)
class TimestampType:
    """A point in time. ``format`` None means the protocol's default for the member's location."""

    format: TimestampFormat | None = None


@dataclass(frozen=True, slots=True)
class DocumentType:
    """Any JSON-like value (LAP ``any`` and bare ``map``)."""


@dataclass(frozen=True, slots=True)
class ListType:
    """A list of ``item``; a ``sparse`` one may hold nulls."""

    item: Type
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class MapType:
    """A map with text keys; a ``sparse`` one may hold nulls."""

    key: Type
    value: Type
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class StructureRef:
    """A structure or event union in ``Service.shapes``, by name."""

    name: str


Type = (
    StringType
    | IntegerType
    | FloatType
    | BooleanType
    | BlobType
    | TimestampType
    | DocumentType
    | ListType
    | MapType
    | StructureRef
)


XML_PROTOCOLS = frozenset((Protocol.REST_XML, Protocol.QUERY, Protocol.EC2))


@dataclass(frozen=True, slots=True)
class Xml:
    """How a value is written in XML, and in the forms of the Query protocols, where that is not the protocol's default.

    ``name`` is that of its element or attribute, ``namespace`` the prefix and URI that the element declares. ``flat``
    lists and maps have no element around their items. ``query`` is the name in EC2's requests. ``item`` tells of the
    items of a list, ``key`` and ``value`` of those of a map.
    """

    name: str | None = None
    namespace: tuple[str, str] | None = None
    attribute: bool = False
    flat: bool = False
    query: str | None = None
    item: Xml | None = None
    key: Xml | None = None
    value: Xml | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an input, output, structure or error.

    ``wire_name`` is the label, query key, header, body key or event header name; for payloads it is the
    member's name. In protocols with XML, a member of a body goes by its own name, and ``xml`` says how it is written.
    ``last_segment``: of a path, only what follows its last slash is sent.
    ``token``: a fresh idempotency token is sent where none is given. ``json_value``: text that holds
    JSON. ``default``: what the service takes where the member is left out, as the spec spells it; ``doc`` has it, too.
    ``sensitive``: never printed.
    Facts with origins: ``name type required location wire_name``, and ``token json_value sensitive enum`` where they
    are stated.
    """

    name: str
    type: Type
    required: bool
    location: Location
    wire_name: str
    doc: str | None = None
    origins: Origins = field(default_factory=dict, compare=False)
    token: bool = False
    json_value: bool = False
    default: str | None = None
    sensitive: bool = False
    xml: Xml | None = None
    last_segment: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """A named structure other than an operation's input or output. In a ``union`` exactly one member is set.

    ``attribute_value``: it is DynamoDB's union of typed values. Facts with origins: ``name union``, and
    ``attribute_value`` where it is stated.
    """

    name: str
    members: tuple[Member, ...]
    doc: str | None = None
    union: bool = False
    origins: Origins = field(default_factory=dict, compare=False)
    attribute_value: bool = False


@dataclass(frozen=True, slots=True)
class Enum:
    """Known values of texts, under a name. Facts with origins: ``values``."""

    name: str
    values: tuple[str, ...]
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """The event that ends a stream, by its type on the wire; a stream without it is truncated.

    ``code`` is the member of the event that holds an error code when the operation has failed, ``message`` the one that
    is the message of that error.
    """

    event: str
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class EventUnion:
    """The shape of an event stream: event type on the wire -> structure, and the errors that can end it.

    ``errors`` maps the exception type on the wire to a name in ``Service.errors``. Facts with origins:
    ``name events errors``, and ``end`` where there is one.
    """

    name: str
    events: Mapping[str, str]
    errors: Mapping[str, str]
    origins: Origins = field(default_factory=dict, compare=False)
    end: StreamEnd | None = None


Shape = Structure | EventUnion


def is_streamed(member: Member) -> bool:
    """Whether the member is bytes that are sent or read piecewise."""
    return isinstance(member.type, BlobType) and member.type.streaming


class RetryKind(StrEnum):
    """What a modelled error means for re-sending the same request."""

    NEVER = "never"
    THROTTLE = "throttle"
    TRANSIENT = "transient"


@dataclass(frozen=True, slots=True)
class Error:
    """A modelled error. ``code`` is what the service sends; ``name`` is the shape's name.

    Facts with origins: ``code status retry members``. ``status`` None: only seen inside event streams, or
    unknown.
    """

    name: str
    code: str
    status: int | None
    retry: RetryKind | None
    members: tuple[Member, ...] = ()
    doc: str | None = None
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Label:
    """A placeholder in a URI; ``greedy`` keeps slashes."""

    name: str
    greedy: bool = False


@dataclass(frozen=True, slots=True)
class Uri:
    """The request target: literal text and labels in order, then fixed query pairs (value None: bare key)."""

    segments: tuple[str | Label, ...]
    query: tuple[tuple[str, str | None], ...] = ()


class StreamKind(StrEnum):
    """What the body of an answer is, where it is read piecewise."""

    EVENTS = "events"
    BYTES = "bytes"


class OperationAuth(StrEnum):
    """How an operation's requests are signed, where it is not like all others of its service."""

    NONE = "none"
    UNSIGNED_PAYLOAD = "unsigned-payload"


@dataclass(frozen=True, slots=True)
class EndpointParameter:
    """What a parameter of the endpoint rules is for an operation: a literal, or JMESPath over the input."""

    name: str
    literal: str | bool | tuple[str, ...] | None
    path: str | None
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Pages:
    """How an operation is paginated. ``outputs``, ``items`` and ``more`` are JMESPath over the output.

    ``inputs`` and ``outputs`` are the ends of the tokens; ``limit`` is the input member that sets the size of a page.
    Facts with origins: ``pages``.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    items: tuple[str, ...]
    limit: str | None = None
    more: str | None = None
    origins: Origins = field(default_factory=dict, compare=False)


class Matcher(StrEnum):
    """What a waiter's acceptor looks at."""

    PATH = "path"
    ALL = "all"
    ANY = "any"
    STATUS = "status"
    ERROR = "error"


class WaiterState(StrEnum):
    """What a waiter does when an acceptor matches."""

    SUCCESS = "success"
    RETRY = "retry"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Acceptor:
    """One acceptor of a waiter; ``argument`` is JMESPath over the output, for the matchers that have one."""

    matcher: Matcher
    argument: str | None
    expected: str | bool | int
    state: WaiterState
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Waiter:
    """Polls an operation, ``attempts`` times at most and ``delay`` seconds apart. Facts with origins: ``name``."""

    name: str
    operation: str
    delay: float
    attempts: int
    acceptors: tuple[Acceptor, ...]
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. Facts with origins: ``name method uri status retry_safe errors doc``, and ``host_prefix auth
    compress bodiless long_poll url_member`` where they are stated.

    ``retry_safe``: a request that may have reached the service can be sent again without doing its work
    twice. ``host_prefix``: text and labels (names of input members) that go before the endpoint's host. ``bodiless``:
    there is no input at all, where rpc-v2-cbor would send an empty map for one that has no members. ``long_poll``: it
    waits for what may come, and is called in a loop. ``url_member``: the input member with the URL that requests go to,
    in place of the service's endpoint. ``root`` is the element that is the body of a request, and ``wrapper`` the one
    around an output, where they have other names than the operation gives them.
    """

    name: str
    method: str
    uri: Uri
    input: tuple[Member, ...]
    output: tuple[Member, ...]
    errors: tuple[str, ...]
    status: int
    retry_safe: bool
    doc: str | None = None
    group: str | None = None
    origins: Origins = field(default_factory=dict, compare=False)
    host_prefix: tuple[str | Label, ...] = ()
    auth: OperationAuth | None = None
    compress: bool = False
    bodiless: bool = False
    long_poll: bool = False
    url_member: str | None = None
    endpoint_parameters: tuple[EndpointParameter, ...] = ()
    pages: Pages | None = None
    root: Xml | None = None
    wrapper: str | None = None

    def input_at(self, location: Location) -> tuple[Member, ...]:
        return tuple(member for member in self.input if member.location is location)

    def output_at(self, location: Location) -> tuple[Member, ...]:
        return tuple(member for member in self.output if member.location is location)

    @property
    def streams(self) -> StreamKind | None:
        """What the answer's body is, where it is read piecewise."""
        if self.output_at(Location.EVENTS):
            return StreamKind.EVENTS
        return StreamKind.BYTES if any(is_streamed(member) for member in self.output) else None


@dataclass(frozen=True, slots=True)
class Signing:
    """SigV4 facts: the signing name, and whether S3's path rules apply."""

    name: str
    s3: bool = False


@dataclass(frozen=True, slots=True)
class HostTemplates:
    """Host name templates with ``{region}``, ``{dnsSuffix}`` and ``{dualStackDnsSuffix}``.

    Each maps a partition id (``aws``, ``aws-us-gov`` …) or ``*`` to a template; an empty map means that the
    service has no such endpoint. Facts with origins: ``default fips dualstack fips_dualstack``.
    """

    default: Mapping[str, str]
    fips: Mapping[str, str]
    dualstack: Mapping[str, str]
    fips_dualstack: Mapping[str, str]
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Service:
    """A whole service. ``shapes``, ``errors`` and ``enums`` are keyed by name, in a stable order.

    Facts with origins: ``id class_name protocol signing target query_compatible read_timeout max_attempts
    retry_delay crc32 name api_version base_url``, and ``endpoint_rules`` where there are any. ``base_url`` is the
    spec's ``@base``, for services with neither host templates nor endpoint rules; ``headers`` go with every request
    that does not set them.
    """

    name: str
    id: str
    class_name: str
    api_version: str | None
    protocol: Protocol
    signing: Signing | None
    target: str | None
    hosts: HostTemplates | None
    base_url: str | None
    read_timeout: float | None
    operations: tuple[Operation, ...]
    shapes: Mapping[str, Shape]
    errors: Mapping[str, Error]
    doc: str | None = None
    origins: Origins = field(default_factory=dict, compare=False)
    query_compatible: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    max_attempts: int | None = None
    retry_delay: float | None = None
    crc32: bool = False
    endpoint_rules: RuleSet | None = None
    waiters: Mapping[str, Waiter] = field(default_factory=dict)
    enums: Mapping[str, Enum] = field(default_factory=dict)
