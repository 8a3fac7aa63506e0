"""A structure with a member of every type, as generated clients have it and as botocore reads it from a model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite
from typing import Annotated, Any, ClassVar

import msgspec
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import strategies as st
from runtime.codec.request_text import special_float
from runtime.shapes.members import Members
from runtime.shapes.structures import DATE_TIME, HTTP_DATE, Output, Structure, Union


class Choice(Union, kw_only=True):
    """A union."""

    text: str | None = msgspec.field(name="Text", default=None)
    whole: int | None = msgspec.field(name="Whole", default=None)
    thing: Thing | None = msgspec.field(name="Thing", default=None)
    when: datetime | None = msgspec.field(name="When", default=None)


class Thing(Structure, kw_only=True):
    """A member of every type, and itself."""

    _required: ClassVar[frozenset[str]] = frozenset({"Id"})

    id: str = msgspec.field(name="Id", default_factory=str)
    whole: int | None = msgspec.field(name="Whole", default=None)
    ratio: float | None = msgspec.field(name="Ratio", default=None)
    flag: bool | None = msgspec.field(name="Flag", default=None)
    data: bytes | None = msgspec.field(name="Data", default=None)
    when: datetime | None = msgspec.field(name="When", default=None)
    stamp: Annotated[datetime, DATE_TIME] | None = msgspec.field(name="Stamp", default=None)
    web: Annotated[datetime, HTTP_DATE] | None = msgspec.field(name="Web", default=None)
    texts: list[str] | None = msgspec.field(name="Texts", default=None)
    ratios: list[float] | None = msgspec.field(name="Ratios", default=None)
    times: list[Annotated[datetime, DATE_TIME]] | None = msgspec.field(name="Times", default=None)
    table: dict[str, int] | None = msgspec.field(name="Table", default=None)
    renamed: str | None = msgspec.field(name="wire-name", default=None)
    free: Any = msgspec.field(name="Free", default=None)
    choice: Choice | None = msgspec.field(name="Choice", default=None)
    inner: Thing | None = msgspec.field(name="Inner", default=None)
    inners: list[Thing] | None = msgspec.field(name="Inners", default=None)
    named: dict[str, Thing] | None = msgspec.field(name="Named", default=None)


class ThingOutput(Output, kw_only=True):
    """An output with the members of a thing."""

    id: str = msgspec.field(name="Id", default="")
    whole: int | None = msgspec.field(name="Whole", default=None)
    ratio: float | None = msgspec.field(name="Ratio", default=None)
    flag: bool | None = msgspec.field(name="Flag", default=None)
    data: bytes | None = msgspec.field(name="Data", default=None)
    when: datetime | None = msgspec.field(name="When", default=None)
    stamp: Annotated[datetime, DATE_TIME] | None = msgspec.field(name="Stamp", default=None)
    web: Annotated[datetime, HTTP_DATE] | None = msgspec.field(name="Web", default=None)
    texts: list[str] | None = msgspec.field(name="Texts", default=None)
    ratios: list[float] | None = msgspec.field(name="Ratios", default=None)
    times: list[Annotated[datetime, DATE_TIME]] | None = msgspec.field(name="Times", default=None)
    table: dict[str, int] | None = msgspec.field(name="Table", default=None)
    renamed: str | None = msgspec.field(name="wire-name", default=None)
    free: Any = msgspec.field(name="Free", default=None)
    choice: Choice | None = msgspec.field(name="Choice", default=None)
    inner: Thing | None = msgspec.field(name="Inner", default=None)
    inners: list[Thing] | None = msgspec.field(name="Inners", default=None)
    named: dict[str, Thing] | None = msgspec.field(name="Named", default=None)


TYPES = {field.encode_name: field.type for field in msgspec.structs.fields(Thing)}
MEMBERS = Members(TYPES)
SHAPES: Mapping[str, Any] = {
    "Text": {"type": "string"},
    "Whole": {"type": "long"},
    "Ratio": {"type": "double"},
    "Flag": {"type": "boolean"},
    "Data": {"type": "blob"},
    "When": {"type": "timestamp"},
    "Stamp": {"type": "timestamp", "timestampFormat": "iso8601"},
    "Web": {"type": "timestamp", "timestampFormat": "rfc822"},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "Ratios": {"type": "list", "member": {"shape": "Ratio"}},
    "Times": {"type": "list", "member": {"shape": "Stamp"}},
    "Table": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Whole"}},
    "Free": {"type": "structure", "members": {}, "document": True},
    "Choice": {
        "type": "structure",
        "union": True,
        "members": {name: {"shape": name} for name in ("Text", "Whole", "Thing", "When")},
    },
    "Thing": {
        "type": "structure",
        "required": ["Id"],
        "members": {
            "Id": {"shape": "Text"},
            **{name: {"shape": name} for name in ("Whole", "Ratio", "Flag", "Data", "When", "Stamp", "Web")},
            **{name: {"shape": name} for name in ("Texts", "Ratios", "Times", "Table", "Free", "Choice")},
            "Renamed": {"shape": "Text", "locationName": "wire-name"},
            "Inner": {"shape": "Thing"},
            "Inners": {"shape": "Things"},
            "Named": {"shape": "ThingsByName"},
        },
    },
    "Things": {"type": "list", "member": {"shape": "Thing"}},
    "ThingsByName": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Thing"}},
    "Nothing": {"type": "structure", "members": {}},
    "Limit": {"type": "structure", "exception": True, "members": {"Most": {"shape": "Whole"}}},
}


def operation(protocol: str, *, query_compatible: bool = False, no_input: bool = False) -> OperationModel:
    """Return botocore's model of an operation that takes and gives a thing."""
    metadata = {
        "apiVersion": "2020-01-01",
        "endpointPrefix": "things",
        "jsonVersion": "1.1",
        "protocol": protocol,
        "serviceId": "Things",
        "signatureVersion": "v4",
        "targetPrefix": "Things_20200101",
        **({"awsQueryCompatible": {}} if query_compatible else {}),
    }
    put = {
        "name": "PutThing",
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": "Thing"},
        "output": {"shape": "Thing"},
        "errors": [{"shape": "Limit"}],
    }
    if no_input:
        del put["input"]
    service = ServiceModel({"metadata": metadata, "operations": {"PutThing": put}, "shapes": SHAPES}, "things")
    return service.operation_model("PutThing")


def botocore_request(model: OperationModel, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of the request that botocore makes of a thing."""
    serializer = create_serializer(model.service_model.metadata["protocol"], include_validation=True)
    request: dict[str, Any] = serializer.serialize_to_request(values, model)
    return request


def botocore_parsed(model: OperationModel, body: bytes, status: int = 200, **headers: str) -> dict[str, Any]:
    """Return what botocore reads from a response."""
    from botocore.awsrequest import HeadersDict

    parser = create_parser(model.service_model.metadata["protocol"])
    found = HeadersDict({name.replace("_", "-"): value for name, value in headers.items()})
    shape = model.output_shape if status < 300 else None
    parsed: dict[str, Any] = parser.parse({"body": body, "status_code": status, "headers": found}, shape)
    return parsed


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Give the keys of mappings other names, at any depth."""
    if isinstance(value, dict):
        return {names.get(key, key): renamed(item, names) for key, item in value.items()}
    return [renamed(item, names) for item in value] if isinstance(value, list) else value


def on_the_wire(value: Any) -> Any:
    """Name members as the wire does, where botocore names them as the model does."""
    return renamed(value, {"Renamed": "wire-name"})


def plain(value: Any) -> Any:
    """Return what was read as botocore gives it: structures as mappings of what is there, NaN as text."""
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(type(value))
        members = {field.encode_name: getattr(value, field.name) for field in fields}
        return {name: plain(item) for name, item in members.items() if item is not None}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return special_float(value) if isinstance(value, float) and not isfinite(value) else value


TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=9))])
MOMENTS = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=ZONES)
NEAR_MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=ZONES)
FLOATS = st.floats() | st.integers(-(2**53), 2**53)
LONGS = st.integers(-(2**63), 2**63 - 1)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | LONGS | FINITE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def things(moments: st.SearchStrategy[datetime] = NEAR_MOMENTS) -> st.SearchStrategy[dict[str, Any]]:
    """Draw the members of a thing, named as in the model."""
    leaves = {
        "Whole": LONGS,
        "Ratio": FLOATS,
        "Flag": st.booleans(),
        "Data": st.binary(max_size=8),
        "When": moments,
        "Stamp": moments,
        "Web": moments,
        "Texts": st.lists(TEXT, max_size=3),
        "Ratios": st.lists(FLOATS, max_size=3),
        "Times": st.lists(moments, max_size=3),
        "Table": st.dictionaries(TEXT, LONGS, max_size=3),
        "Renamed": TEXT,
        "Free": DOCUMENTS.filter(lambda document: document is not None),
    }
    flat = st.fixed_dictionaries({"Id": TEXT}, optional=leaves)

    def nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        choices = st.one_of(
            *(
                st.fixed_dictionaries({name: leaf})
                for name, leaf in [("Text", TEXT), ("Whole", LONGS), ("When", moments)]
            ),
            st.fixed_dictionaries({"Thing": inner}),
        )
        optional = {
            **leaves,
            "Choice": choices,
            "Inner": inner,
            "Inners": st.lists(inner, max_size=2),
            "Named": st.dictionaries(TEXT, inner, max_size=2),
        }
        return st.fixed_dictionaries({"Id": TEXT}, optional=optional)

    return nested(flat) | nested(nested(flat))


def typed(kind: type[msgspec.Struct], values: Mapping[str, Any]) -> Any:
    """Build structures of mappings, at every depth."""
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    inner = {"Inner": Thing, "Thing": Thing, "Choice": Choice}
    members: dict[str, Any] = {}
    for name, value in on_the_wire(values).items():
        if name in inner:
            value = typed(inner[name], value)
        elif name == "Inners":
            value = [typed(Thing, each) for each in value]
        elif name == "Named":
            value = {key: typed(Thing, each) for key, each in value.items()}
        members[known[name].name] = value
    return kind(**members)
