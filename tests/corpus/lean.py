"""LAP text of a service model: what ``lapsh compile --lean`` writes, in one process and without its package.

``make specs`` uses lapsh itself, and the campaign compares the two for every service.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from corpus.models import Model

_SCALARS = {
    "string": "str",
    "integer": "int",
    "long": "int(i64)",
    "boolean": "bool",
    "double": "num(f64)",
    "float": "num(f32)",
    "timestamp": "str(timestamp)",
    "blob": "bytes",
}
_DEPTH = 3
"""How many structures deep lapsh writes an output inline."""


def compile_lean(model: Model) -> str:
    """Return the LAP text of a model: facts only, no prose."""
    metadata, operations = model["metadata"], list(model["operations"].values())
    groups = Counter(_group(operation) for operation in operations)
    lines = [
        "@lap v0.3",
        "# Machine-readable API spec. Each @endpoint block is one API call.",
        f"@api {metadata.get('serviceFullName', metadata.get('serviceId'))}",
        f"@version {metadata['apiVersion']}",
    ]
    if metadata.get("signatureVersion") == "v4" or "aws.auth#sigv4" in metadata.get("auth", ()):
        lines.append("@auth AWS SigV4")
    lines.append(f"@endpoints {len(operations)}")
    if len(operations) > 20:
        lines.append("@hint download_for_search")
    lines += [f"@toc {', '.join(f'{name}({count})' for name, count in groups.items())}", ""]
    for name, members in groupby(operations, _group):
        body = [line for operation in members for line in [*_endpoint(operation, model["shapes"]), ""]]
        lines += [f"@group {name}", *body, "@endgroup", ""] if len(groups) > 1 else body
    return "\n".join([*lines, "@end", ""])


def _group(operation: Model) -> str:
    """The first part of the path that is not a version."""
    parts = [part for part in operation["http"].get("requestUri", "/").strip("/").split("/") if part]
    if not parts:
        return "root"
    return str(next((part for part in parts if not re.match(r"^v\d+$", part)), parts[0]))


def _endpoint(operation: Model, shapes: Model) -> Iterator[str]:
    http = operation["http"]
    yield f"@endpoint {http.get('method', 'POST').upper()} {http.get('requestUri', '/')}"
    members = list(_parameters(shapes.get(operation.get("input", {}).get("shape"), {}), http, shapes))
    for directive, wanted in (("required", True), ("optional", False)):
        # Members of the body come after those of the URL and the headers.
        chosen = sorted((m for m in members if m[1] is wanted), key=lambda member: member[2])
        if chosen:
            yield f"@{directive} {{{', '.join(text for text, _, _ in chosen)}}}"
    fields = _fields(operation.get("output", {}).get("shape"), shapes, 0, frozenset())
    if fields:
        yield f"@returns(200) {{{', '.join(fields)}}}"
    errors = [error["shape"] for error in operation.get("errors", ()) if error["shape"] in shapes]
    if errors:
        yield f"@errors {{{', '.join(('400:' if 'Client' in name else '500:') + name for name in errors)}}}"


def _parameters(shape: Model, http: Model, shapes: Model) -> Iterator[tuple[str, bool, bool]]:
    """Yield text, whether required, and whether in the body, of each input member."""
    labels = set(re.findall(r"\{(\w+)\}", http.get("requestUri", "/")))
    for name, member in shape.get("members", {}).items():
        location = member.get("location")
        in_path = location == "uri" or name in labels
        in_url = location in ("querystring", "header")
        spelled = member.get("locationName", name) if in_url and not in_path else name
        kind = _type(member["shape"], shapes, frozenset())
        yield f"{spelled}: {kind}", in_path or name in shape.get("required", ()), not in_path and not in_url


def _type(name: str, shapes: Model, seen: frozenset[str]) -> str:
    if name in seen:
        return "any"
    shape = shapes[name]
    inner = seen | {name}
    match shape["type"]:
        case "list":
            return f"[{_type(shape['member']['shape'], shapes, inner)}]"
        case "map":
            key, value = (_type(shape[part]["shape"], shapes, inner) for part in ("key", "value"))
            return f"map<{key},{value}>"
        case "structure":
            return name
        case scalar:
            return str(_SCALARS.get(scalar, "any"))


def _fields(name: str | None, shapes: Model, depth: int, seen: frozenset[str]) -> list[str]:
    """Return the members of an output structure, with those of the structures in it."""
    if name is None or depth > _DEPTH or name in seen or shapes[name]["type"] != "structure":
        return []
    shape = shapes[name]
    return [_field(member, target, name, shapes, depth, seen) for member, target in shape["members"].items()]


def _field(member: str, target: Model, owner: str, shapes: Model, depth: int, seen: frozenset[str]) -> str:
    null = "" if member in shapes[owner].get("required", ()) else "?"
    children = _fields(target["shape"], shapes, depth + 1, seen | {owner})
    inline = f"{{{', '.join(children)}}}" if children else ""
    return f"{member}: {_type(target['shape'], shapes, seen)}{null}{inline}"
