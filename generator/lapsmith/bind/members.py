"""How members travel: what a service model says of each, as entries of ``in``, ``out`` and ``shapes``.

Only what differs from the protocol's defaults is said. For REST protocols each member's place is said too, so that
only members that the model does not have are left to inference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from lapsmith.bind import spelling, xml
from lapsmith.bind.enums import Enums
from lapsmith.bind.model import Member, Operation, Shape
from lapsmith.bind.quirks import NONE, Quirks
from lapsmith.bind.spelling import Spelled
from lapsmith.bind.traits import is_attribute_value, is_sensitive
from lapsmith.lap.tree import Endpoint, Field

Entry = dict[str, object]

TIMESTAMPS: Mapping[str, str] = {
    "unixTimestamp": "epoch-seconds",
    "iso8601": "date-time",
    "rfc822": "http-date",
}
_LOCATIONS = {
    "uri": "label",
    "querystring": "query",
    "header": "header",
    "headers": "header-map",
    "statusCode": "status",
}
_IN_URL = ("label", "query")
# Where a member goes that the method and the path decide, so that the model says nothing of it for another place.
_BY_PLACE = ("label", "query", "query-map", "body")
_LABEL = re.compile(r"\{[^{}+]*(\+?)\}")
_DEFAULT_FORMAT = {"query": "date-time", "label": "date-time", "header": "http-date"}
_PLACEHOLDER = re.compile(r"\{([^{}+]*)\+?\}")


def find(fields: Iterable[Field], known: Mapping[str, Spelled]) -> dict[str, Member]:
    """The model's members that the spec's fields are, by the names in the spec.

    A field is the member that lapsh would write so, else the only one with that name, or with that name on the wire.
    """
    found = {field.name: known[field.name].member for field in fields if field.name in known}
    taken = {member.name for member in found.values()}
    for field in fields:
        if field.name in found:
            continue
        free = [item.member for item in known.values() if item.member.name not in taken]
        same = [member for member in free if field.name in (member.name, member.wire_name)]
        if len(same) == 1:
            found[field.name] = same[0]
            taken.add(same[0].name)
    return found


def inputs(operation: Operation, endpoint: Endpoint) -> dict[str, Member]:
    """The members of an operation's input that the spec has, by their names there, in its order."""
    return find((*endpoint.required, *endpoint.optional), spelling.inputs(operation))


def outputs(operation: Operation, endpoint: Endpoint) -> dict[str, Member]:
    """The members of an operation's output that the spec has."""
    fields = [field for returns in endpoint.returns for field in returns.fields or ()]
    return find(list({field.name: field for field in fields}.values()), spelling.outputs(operation))


class Facts:
    """Entries for the members of one service; ``protocol`` is its name in bindings, and ``known`` its quirks."""

    def __init__(self, protocol: str, known: Quirks = NONE) -> None:
        self._quirks = known
        self.is_rest = protocol.startswith("rest-")
        self._protocol = protocol
        self._body_format = "date-time" if xml.speaks_xml(protocol) else "epoch-seconds"
        # CBOR has a type for points in time.
        self._has_formats = protocol != "rpc-v2-cbor"
        self._enums = Enums()

    @property
    def enums(self) -> Mapping[str, Sequence[str]]:
        """The known values of all texts that entries were made for, by the names of their enums."""
        return self._enums.found

    def body(self, shape: Shape | None) -> Mapping[str, str]:
        """The members of a request or an answer that its body has, and their names there."""
        members = shape.members.values() if shape else ()
        placed = ((member, self._place(shape, member, answer=False)) for member in members if shape)
        return {member.name: member.wire_name for member, place in placed if place == "body"}

    def of_input(self, operation: Operation, endpoint: Endpoint, present: Mapping[str, Member]) -> Entry:
        """The ``in`` of an operation."""
        here = _labels(endpoint.path.raw)
        labels = dict(zip(_labels(operation.uri), here, strict=False))
        entries = self._side(operation.input, present, labels, answer=False)
        for name, member in present.items():
            if member.shape.name in self._quirks.identifiers:
                entries[name] = _as_mapping(entries.get(name)) | {"last_segment": True}
        self._mark_base64(operation, present, entries)
        if self.is_rest and is_elsewhere(operation, endpoint):
            placeless = {name: _without_place(entry) for name, entry in entries.items()}
            return {name: entry for name, entry in placeless.items() if entry}
        return entries

    def of_output(self, operation: Operation, present: Mapping[str, Member]) -> Entry:
        """The ``out`` of an operation."""
        entries = self._side(operation.output, present, {}, answer=True)
        self._mark_base64(operation, present, entries)
        return entries

    def _mark_base64(self, operation: Operation, present: Mapping[str, Member], entries: Entry) -> None:
        wanted = self._quirks.base64.get(operation.name)
        for name, member in present.items():
            if member.name == wanted:
                entries[name] = _as_mapping(entries.get(name)) | {"base64": True}

    def _side(
        self, shape: Shape | None, present: Mapping[str, Member], labels: Mapping[str, str], *, answer: bool
    ) -> Entry:
        if shape is None:
            return {}
        entries: Entry = {}
        if self._protocol == "rest-xml":
            # Elements have an order, which specs do not keep.
            present = xml.in_order(shape, present)
        for name, member in present.items():
            entry = self._top(name, member, labels, self._place(shape, member, answer=answer))
            entry |= self._known(shape, member)
            # Arguments are never printed.
            if answer and is_sensitive(shape, member):
                entry["sensitive"] = True
            if entry:
                entries[name] = _shortened(entry)
        return entries

    def _top(self, name: str, member: Member, labels: Mapping[str, str], place: str) -> Entry:
        entry: Entry = {}
        if member.name != name:
            entry["member"] = member.name
        if self.is_rest or place != "body":
            entry["in"] = place
        wire = labels.get(member.wire_name, member.wire_name) if place == "label" else member.wire_name
        # In XML it is the member's own name that stands for itself.
        usual = member.name if place == "body" and xml.speaks_xml(self._protocol) else name
        if place not in ("payload", "events", "status") and wire != usual:
            entry["name"] = wire
        if place == "payload" and _is_streaming(member):
            entry["streaming"] = True
            if member.trait("requiresLength") is True:
                entry["sized"] = True
        return entry | self._traits(member, place) | self._xml(member, place)

    def _place(self, shape: Shape, member: Member, *, answer: bool) -> str:
        if member.shape.is_stream:
            return "events"
        if not self.is_rest:
            return "body"
        place = _LOCATIONS.get(member.location or "")
        # An answer has no URL: what the URL of a request has is in its body.
        if place is None or (answer and place in _IN_URL):
            return "payload" if shape.payload == member.name else "body"
        return "query-map" if place == "query" and member.shape.type == "map" else place

    def _traits(self, member: Member, place: str) -> Entry:
        entry: Entry = {}
        form = self._format(member, place)
        if form:
            entry["timestamp"] = form
        if member.trait("idempotencyToken") is True:
            entry["token"] = True
        if member.trait("jsonvalue") is True:
            entry["json"] = True
        if place in ("body", "payload") and member.shape.traits.get("sparse") is True:
            entry["sparse"] = True
        return entry

    def _xml(self, member: Member, place: str) -> Entry:
        stated = xml.of_member(member, place, self._protocol) if xml.speaks_xml(self._protocol) else None
        return {"xml": stated} if stated is not None else {}

    def _known(self, holder: Shape, member: Member) -> Entry:
        enum = self._enums.of(holder, member)
        return {"enum": enum} if enum is not None else {}

    def _format(self, member: Member, place: str) -> str | None:
        """The format of a timestamp, or of those in a list or map, where it is not the place's default."""
        leaf = member
        seen = set()
        while leaf.shape.item is not None and leaf.shape.name not in seen:
            seen.add(leaf.shape.name)
            leaf = leaf.shape.item
        if leaf.shape.type != "timestamp" or not self._has_formats:
            return None
        form = TIMESTAMPS.get(str(leaf.trait("timestampFormat")))
        return None if form == _DEFAULT_FORMAT.get(place, self._body_format) else form

    def of_shape(self, shape: Shape) -> Entry:
        """The entry of a structure under ``shapes``; empty where the defaults hold."""
        entries: Entry = {}
        if is_attribute_value(shape):
            entries["attribute_value"] = True
        elif shape.traits.get("union") is True:
            entries["union"] = True
        if shape.is_document:
            return {"document": True}
        for name, member in shape.members.items():
            entry = self._nested(shape, member)
            if entry:
                entries[name] = _shortened(entry)
        return entries

    def _nested(self, shape: Shape, member: Member) -> Entry:
        place = "body"
        if member.trait("eventpayload") is True:
            place = "event-payload"
        elif member.trait("eventheader") is True:
            place = "event-header"
        elif shape.is_exception and self.is_rest and member.location == "header":
            place = "header"
        elif shape.is_exception and self.is_rest and member.location == "statusCode":
            place = "status"
        entry: Entry = {} if place == "body" else {"in": place}
        if place not in ("event-payload", "status") and member.wire_name != member.name:
            entry["name"] = member.wire_name
        entry |= self._traits(member, place) | self._xml(member, place) | self._known(shape, member)
        if not shape.is_stream and is_sensitive(shape, member):
            entry["sensitive"] = True
        # types.lap says which lists and maps may hold nulls.
        entry.pop("sparse", None)
        return entry


def _as_mapping(entry: object) -> Entry:
    """An entry in its long form."""
    return dict(entry) if isinstance(entry, Mapping) else {"in": entry} if entry else {}


def is_elsewhere(operation: Operation, endpoint: Endpoint) -> bool:
    """Whether the model has an operation at another method or path than the spec, names of labels aside."""
    return place(operation.method, operation.uri) != place(endpoint.method, endpoint.path.raw)


def place(method: str, path: str) -> tuple[str, str]:
    """A method and path without what makes no difference: what labels are called, and a slash at the end."""
    return method.upper(), _LABEL.sub(r"{\1}", path).rstrip("/") or "/"


def _without_place(entry: object) -> object:
    """What holds of a member wherever it goes; all of the entry where the place is not for the path to decide."""
    place = entry.get("in") if isinstance(entry, dict) else entry
    if place not in _BY_PLACE:
        return entry
    return {"enum": entry["enum"]} if isinstance(entry, dict) and "enum" in entry else None


def _is_streaming(member: Member) -> bool:
    return member.shape.type == "blob" and member.trait("streaming") is True


def _shortened(entry: Entry) -> object:
    return entry["in"] if list(entry) == ["in"] else entry


def _labels(path: str) -> Sequence[str]:
    return _PLACEHOLDER.findall(path.partition("?")[0])
