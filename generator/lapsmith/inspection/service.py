"""The IR as tables: the service, its operations, event streams, structures, errors and enums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from lapsmith.inspection.origins import labelled, legend, places, short
from lapsmith.inspection.table import Column, heading, paragraph, table, visible, wrap
from lapsmith.ir import model
from lapsmith.ir.model import EventUnion, Member, Operation, Origin, Service, Source, Structure

# What a member is, then how it travels: where only two places speak of a member, their order tells who said what.
_MEMBER_FACTS = ("type", "enum", "required", "name", "location", "wire_name")
_OPERATION_FACTS = {"name": "name", "method": "method", "uri": "path", "status": "status", "errors": "errors"}
_ERROR_FACTS = ("code", "status", "retry", "members")
_MEMBER_COLUMNS = tuple(map(Column, ("member", "type", "req", "in", "wire name", "from")))
_ENUM_SHOWN = 4


def service_lines(service: Service, width: int) -> list[str]:
    """Everything that there is in a service, a blank line between its parts."""
    lines = _head(service, width)
    for operation in service.operations:
        lines += ["", *_operation(operation, width)]
    for shape in service.shapes.values():
        lines += ["", *(_union(shape, width) if isinstance(shape, EventUnion) else _structure(shape, width))]
    if service.errors:
        lines += ["", *_errors(service, width)]
    if service.enums:
        lines += ["", *_enums(service, width)]
    return [*lines, "", *_provenance(service, width)]


def _head(service: Service, width: int) -> list[str]:
    title = " ".join(part for part in (service.name, service.api_version) if part)
    signing = f"SigV4 as {service.signing.name}" if service.signing else "none"
    facts = [
        ("id", service.id, "id"),
        ("class", service.class_name, "class_name"),
        ("protocol", str(service.protocol), "protocol"),
        ("signing", signing + (", S3 rules" if service.signing and service.signing.s3 else ""), "signing"),
        ("target", service.target, "target"),
        ("read timeout", None if service.read_timeout is None else f"{service.read_timeout:g} s", "read_timeout"),
        ("attempts", None if service.max_attempts is None else str(service.max_attempts), "max_attempts"),
        ("retry delay", None if service.retry_delay is None else f"{service.retry_delay:g} s", "retry_delay"),
        ("checksum", "x-amz-crc32" if service.crc32 else None, "crc32"),
        ("base URL", service.base_url, "base_url"),
    ]
    rows = [(name, value, short(service.origins[fact])) for name, value, fact in facts if value is not None]
    rows += _hosts(service.hosts)
    if service.endpoint_rules is not None:
        parameters = ", ".join(each.name for each in service.endpoint_rules.parameters)
        rows.append(("endpoint rules", f"of {parameters}", short(service.origins["endpoint_rules"])))
    lines = table((Column("service"), Column(visible(title)), Column("from")), rows, width=width)
    counts = f"{len(service.operations)} operations, {len(service.shapes)} shapes, {len(service.errors)} errors"
    return [*lines, "", counts]


def _hosts(hosts: model.HostTemplates | None) -> list[tuple[str, str, str]]:
    if hosts is None:
        return []
    forms = (
        ("host", "default", hosts.default),
        ("FIPS host", "fips", hosts.fips),
        ("dualstack host", "dualstack", hosts.dualstack),
        ("FIPS dualstack host", "fips_dualstack", hosts.fips_dualstack),
    )
    rows = []
    for name, fact, templates in forms:
        place = short(hosts.origins[fact])
        for partition, template in templates.items() or (("*", "none"),):
            elsewhere = "  elsewhere" if len(templates) > 1 else ""
            suffix = elsewhere if partition == "*" else f"  in {partition}"
            rows.append((name, template + suffix, place))
            name, place = "", ""
    return rows


def _operation(operation: Operation, width: int) -> list[str]:
    origins = operation.origins
    where = f"{operation.method} {uri_text(operation.uri)} -> {operation.status}"
    retry = "safe to repeat" if operation.retry_safe else "not repeated once sent"
    lines = heading(operation.name, where, width)
    lines += paragraph("from    ", labelled(origins, _OPERATION_FACTS), width=width, indent="  ")
    lines += paragraph("retry   ", f"{retry} ({_reason(origins['retry_safe'])})", width=width, indent="  ")
    errors = ", ".join(operation.errors) or "none listed"
    lines += paragraph("errors  ", errors, width=width, indent="  ")
    if operation.group:
        lines += paragraph("group   ", operation.group, width=width, indent="  ")
    lines += _side("input", operation.input, width)
    return lines + _side("output", operation.output, width)


def _reason(origin: Origin) -> str:
    return f"default: {origin.rule}" if origin.source is Source.DEFAULT else short(origin)


def _side(title: str, members: Sequence[Member], width: int) -> list[str]:
    if not members:
        return [f"  {title}: nothing"]
    return [f"  {title}", *_members(members, width)]


def _members(members: Sequence[Member], width: int) -> list[str]:
    rows = [
        (
            member.name,
            type_text(member.type),
            "yes" if member.required else "",
            str(member.location),
            member.wire_name,
            places(member.origins, _MEMBER_FACTS),
        )
        for member in members
    ]
    return table(_MEMBER_COLUMNS, rows, width=width, indent="    ")


def _structure(shape: Structure, width: int) -> list[str]:
    kind = "attribute value" if shape.attribute_value else "union" if shape.union else "structure"
    head = visible(f"{kind} {shape.name}  ({short(shape.origins['name'])})")
    return [*wrap(head, width), *(_members(shape.members, width) if shape.members else ["    nothing"])]


def _union(shape: EventUnion, width: int) -> list[str]:
    rows = [(name, "event", target) for name, target in shape.events.items()]
    rows += [(name, "error", target) for name, target in shape.errors.items()]
    if shape.end is not None:
        said = ", ".join(name for name in (shape.end.code, shape.end.message) if name)
        rows.append((shape.end.event, "end", f"failed by {said}" if said else ""))
    head = visible(f"event stream {shape.name}  ({short(shape.origins['name'])})")
    return [head, *table((Column("type"), Column("is"), Column("shape")), rows, width=width, indent="    ")]


def _errors(service: Service, width: int) -> list[str]:
    columns = tuple(map(Column, ("error", "status", "retry", "members", "from")))
    rows = []
    for error in service.errors.values():
        stated = {fact: origin for fact, origin in error.origins.items() if origin.source is not Source.DEFAULT}
        rows.append(
            (
                error.name if error.code == error.name else f"{error.name} (sent as {error.code})",
                "" if error.status is None else str(error.status),
                "" if error.retry is None else str(error.retry),
                ", ".join(f"{member.name}: {type_text(member.type)}" for member in error.members),
                places(stated, _ERROR_FACTS),
            )
        )
    return ["errors", *table(columns, rows, width=width, indent="    ")]


def _enums(service: Service, width: int) -> list[str]:
    columns = tuple(map(Column, ("enum", "known values", "from")))
    rows = [(enum.name, ", ".join(enum.values), short(enum.origins["values"])) for enum in service.enums.values()]
    return ["enums", *table(columns, rows, width=width, indent="    ")]


def _provenance(service: Service, width: int) -> list[str]:
    found = list(_all_origins(service))
    lines = ["from: a part and its line, first who says what a member is, then who says how it travels"]
    lines += [f"  {part} = {visible(path)}" for part, path in legend(found)]
    rules = Counter(origin.rule for origin in found if origin.source is Source.INFERRED)
    if rules:
        counts = ", ".join(f"{rule} ({count})" for rule, count in sorted(rules.items(), key=str))
        lines += paragraph("rule = inferred: ", counts, width=width, indent="  ")
    return lines


def _all_origins(service: Service) -> Iterable[Origin]:
    holders: list[model.Origins] = [service.origins]
    members: list[Member] = []
    for operation in service.operations:
        holders.append(operation.origins)
        members += [*operation.input, *operation.output]
    for shape in service.shapes.values():
        holders.append(shape.origins)
        members += shape.members if isinstance(shape, Structure) else ()
    for error in service.errors.values():
        holders.append(error.origins)
        members += error.members
    holders += [enum.origins for enum in service.enums.values()]
    holders += [member.origins for member in members]
    holders += [service.hosts.origins] if service.hosts else []
    for origins in holders:
        yield from origins.values()


def uri_text(uri: model.Uri) -> str:
    """The request target as a spec would write it."""
    path = "".join(
        part if isinstance(part, str) else f"{{{part.name}{'+' if part.greedy else ''}}}" for part in uri.segments
    )
    query = "&".join(key if value is None else f"{key}={value}" for key, value in uri.query)
    return f"{path}?{query}" if query else path


def type_text(kind: model.Type) -> str:
    """A type in neutral words: ``str``, ``int64``, ``[Tag]``, ``map<str, any>``, a structure's name."""
    if isinstance(kind, model.ListType):
        return f"[{type_text(kind.item)}]"
    if isinstance(kind, model.MapType):
        return f"map<{type_text(kind.key)}, {type_text(kind.value)}>"
    if isinstance(kind, model.StructureRef):
        return kind.name
    if isinstance(kind, model.StringType) and kind.name is not None:
        return f"str({kind.name})"
    if isinstance(kind, model.StringType) and kind.enum:
        shown = "/".join(kind.enum[:_ENUM_SHOWN])
        more = len(kind.enum) - _ENUM_SHOWN
        return f"str({shown}{f'/... {more} more' if more > 0 else ''})"
    return _scalar_text(kind)


def _scalar_text(kind: model.Type) -> str:
    if isinstance(kind, model.IntegerType):
        return "int" if kind.bits == 32 else f"int{kind.bits}"
    if isinstance(kind, model.FloatType):
        return "float" if kind.bits == 64 else f"float{kind.bits}"
    if isinstance(kind, model.BlobType):
        return "bytes" + ", streamed" * kind.streaming + ", of known length" * kind.sized
    if isinstance(kind, model.TimestampType):
        return f"timestamp({kind.format})" if kind.format else "timestamp"
    words = {model.StringType: "str", model.BooleanType: "bool", model.DocumentType: "any"}
    return words[type(kind)]
