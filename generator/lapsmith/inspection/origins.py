"""Where facts came from, in few words: ``spec:10``, ``bindings:34``, ``rule header-like-name``, ``default``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lapsmith.ir.model import Origin, Source


def short(origin: Origin) -> str:
    """One origin. The file is named by its part: see the legend for its path."""
    if origin.source is Source.INFERRED:
        return f"rule {origin.rule}"
    if origin.source is Source.DEFAULT:
        return "default"
    return f"{origin.source}:{origin.span.line}" if origin.span else str(origin.source)


def places(origins: Mapping[str, Origin], facts: Sequence[str]) -> str:
    """The places that ``facts`` came from, each once: ``spec:12 bindings:34``, ``bindings:3,5 types:8``."""
    lines: dict[str, list[str]] = {}
    for fact in facts:
        if fact in origins:
            part, _, line = short(origins[fact]).partition(":")
            known = lines.setdefault(part, [])
            known += [line] if line not in known else []
    return " ".join(f"{part}:{','.join(numbers)}" if numbers != [""] else part for part, numbers in lines.items())


def labelled(origins: Mapping[str, Origin], words: Mapping[str, str]) -> str:
    """The same with what came from where; ``words`` maps attribute names to what the table calls them.

    The place that most facts came from stands alone in front.
    """
    groups: dict[str, list[str]] = {}
    for fact, word in words.items():
        groups.setdefault(short(origins[fact]), []).append(word)
    main = max(groups, key=lambda place: len(groups[place]))
    rest = [f"{', '.join(facts)}: {place}" for place, facts in groups.items() if place != main]
    return "; ".join([main, *rest])


def legend(origins: list[Origin]) -> list[tuple[str, str]]:
    """The parts that occur and the files that they stand for."""
    files: dict[str, str] = {}
    for source in (Source.SPEC, Source.TYPES, Source.BINDINGS, Source.OVERRIDES):
        for origin in origins:
            if origin.source is source and origin.span is not None:
                files.setdefault(str(source), origin.span.file)
    return list(files.items())
