"""Large clients in parts: types and operations in modules by resource, so that a call imports those that it needs.

A class of msgspec costs about 30 microseconds when it is defined. A client with many of them would be imported for
longer than all else takes together, although a program uses few operations of such a service.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from lapsmith.python.bodies import BodyCodec
from lapsmith.python.names import Namespace
from lapsmith.python.view import ClassView, ClientView, OperationView, Parameter
from lapsmith.python.xml import XMLView

LARGE = 600
"""The number of classes above which a client is split. They take about a quarter of the import then; eight of the
services of AWS have more.
"""

SHARED = "shared"
"""The part with the types that several others use."""

COMPLETE = "complete"
"""The module with the XML names of all parts."""

_TAKEN = (SHARED, COMPLETE, "annotations", *dir(builtins), "aux", "con", "nul", "prn")
"""What no part is called: a submodule hides a name of its package, and the last are no names of files on Windows."""

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def split(view: ClientView, *, large: int = LARGE) -> tuple[ClientView, tuple[ClientView, ...]]:
    """Return the view of what all parts of a client have in common, and those of the parts; none of a small client.

    A part imports :data:`SHARED` and nothing of the others, because a type that two of them reach is there, with all
    that it mentions.
    """
    if len(view.structures) + len(view.outputs) <= large:
        return view, ()
    by_operation = _resources(view.operations)
    homes = _homes(view, by_operation)
    operations = tuple(replace(op, part=by_operation[op.name]) for op in view.operations)
    names = sorted({SHARED, *by_operation.values()})
    whole = replace(view, operations=operations, homes=homes, parts=tuple(names))
    parts = tuple(_part(whole, name) for name in names)
    if view.xml:
        whole = replace(whole, xml=XMLView((), (), whole.parts), bodies=_bodies(view, COMPLETE))
    return whole, parts


def _resources(operations: Iterable[OperationView]) -> Mapping[str, str]:
    """Return the part of each operation, called after the resource: what follows the verb, in the singular."""
    nouns = {op.name: (op.method.strip("_").split("_")[1:] or [op.method])[0] for op in operations}
    found = set(nouns.values())
    namespace = Namespace(_TAKEN)
    spelled = {noun: namespace.claim(noun) for noun in sorted({_singular(noun, found) for noun in found})}
    return {name: spelled[_singular(noun, found)] for name, noun in nouns.items()}


def _singular(noun: str, nouns: set[str]) -> str:
    """Return the singular where another operation names it; a lone plural stays, and so does what only looks so."""
    singulars = (noun.removesuffix("s"), noun.removesuffix("es"), re.sub("ies$", "y", noun))
    return next((singular for singular in singulars if singular != noun and singular in nouns), noun)


def _homes(view: ClientView, by_operation: Mapping[str, str]) -> dict[str, str]:
    """Return the part of each type: the one that reaches it, if there is only one."""
    mentions = _mentions(view)
    roots: dict[str, set[str]] = {}
    for op in view.operations:
        roots.setdefault(by_operation[op.name], set()).update(_mentioned_by(op, mentions))
    everywhere = [f.annotation for error in view.errors for f in error.fields]
    everywhere += [event.class_name for event in view.events]
    roots.setdefault(SHARED, set()).update(_known(everywhere, mentions))
    reached = {part: _reach(names, mentions) for part, names in roots.items()}
    unused = mentions.keys() - set[str]().union(*reached.values())
    reached[SHARED] |= _reach(unused, mentions)
    parts: dict[str, list[str]] = {name: [] for name in mentions}
    for part, names in reached.items():
        for name in names:
            parts[name].append(part)
    return {name: found[0] if len(found) == 1 else SHARED for name, found in sorted(parts.items())}


def _mentions(view: ClientView) -> Mapping[str, set[str]]:
    """Return all types, each with those that its definition mentions."""
    classes = {c.name: list(_texts(c.fields)) for c in (*view.structures, *view.outputs)}
    texts = classes | {enum.name: [] for enum in view.enums}
    return {name: _known(found, texts) for name, found in texts.items()}


def _mentioned_by(op: OperationView, types: Mapping[str, object]) -> set[str]:
    return _known([op.output.name, *_texts(op.parameters), *_texts(op.output.fields)], types)


def _texts(fields: Iterable[Parameter]) -> Iterator[str]:
    for field in fields:
        yield from (field.annotation, field.wire_annotation, field.default or "", field.factory or "")


def _known(texts: Iterable[str], types: Mapping[str, object]) -> set[str]:
    return {name for text in texts for name in _IDENTIFIER.findall(text) if name in types}


def _reach(roots: Iterable[str], mentions: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += mentions[name]
    return seen


def _part(view: ClientView, name: str) -> ClientView:
    """Return the view of one part, whose ``homes`` are those of the types that it mentions."""
    operations = tuple(op for op in view.operations if op.part == name)
    structures = _at_home(view.structures, view.homes, name)
    outputs = _at_home(view.outputs, view.homes, name)
    texts = [text for c in (*structures, *outputs) for text in _texts(c.fields)]
    mentioned = _known(texts, view.homes).union(*(_mentioned_by(op, view.homes) for op in operations))
    return replace(
        view,
        title=f"{view.title} ({name.strip('_')})",
        structures=structures,
        outputs=outputs,
        enums=tuple(enum for enum in view.enums if view.homes[enum.name] == name),
        operations=operations,
        homes={key: view.homes[key] for key in sorted(mentioned)},
        part=name,
        parts=(),
        xml=_xml_part(view, name, {op.name for op in operations}) if view.xml else None,
        bodies=_bodies(view, name),
    )


def _at_home(classes: Iterable[ClassView], homes: Mapping[str, str], part: str) -> tuple[ClassView, ...]:
    return tuple(view for view in classes if homes[view.name] == part)


def _xml_part(view: ClientView, part: str, operations: set[str]) -> XMLView:
    assert view.xml is not None
    return XMLView(
        tuple(entry for entry in view.xml.structures if _home_of(entry[0], view.homes) == part),
        tuple(entry for entry in view.xml.inputs if entry[0] in operations),
        merged=() if part == SHARED else (SHARED,),
    )


def _home_of(name: str, homes: Mapping[str, str]) -> str:
    """Return the part of a class, of the class of an output's body, or of an error: any of them may raise it."""
    return homes.get(name) or homes.get(name.removeprefix("_").removesuffix("Body"), SHARED)


def _bodies(view: ClientView, part: str) -> BodyCodec:
    """Return where a part writes and reads bodies: with its own names of elements, where there are any."""
    return replace(view.bodies, module=f"_xml.{part}", events=f"_xml.{part}") if view.xml else view.bodies
