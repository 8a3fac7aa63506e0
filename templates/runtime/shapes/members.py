"""The members of a request body, by their names on the wire, with their types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import InvalidInput
from .writers import Form, Refused, Write, write_members


class Members:
    """What a request body can hold: name on the wire -> type.

    A type is what annotations of structures are made of: ``str``, ``int``, ``float``, ``bool``, ``bytes``, ``Any``,
    structures, ``list[...]`` and ``dict[str, ...]`` of these (of ``X | None`` where nulls may be inside), ``datetime``,
    and ``Annotated[datetime, ...]`` with one of the formats in :mod:`shapes`.
    """

    __slots__ = ("_writers", "types")

    def __init__(self, types: Mapping[str, Any]) -> None:
        self.types = types
        self._writers: dict[Form, Mapping[str, Write]] = {}

    def write(self, values: Mapping[str, Any], form: Form) -> dict[str, Any]:
        """Convert the values of members to what the encoder of ``form`` takes; those that are None are left out.

        Structures may be given as such, or as mappings of their members by the names on the wire, at any depth.
        Raises :class:`InvalidInput`, saying where, for values that do not fit their types.
        """
        written: dict[str, Any] = checked(lambda: write_members(self._compiled(form), values, "the input"), "")
        return written

    def _compiled(self, form: Form) -> Mapping[str, Write]:
        writers = self._writers.get(form)
        if writers is None:
            writers = self._writers[form] = {name: form.member(kind) for name, kind in self.types.items()}
        return writers


def write_value(kind: Any, value: Any, form: Form, name: str) -> Any:
    """Convert one value, which messages call ``name``; see :meth:`Members.write`."""
    return checked(lambda: form.writer(kind)(value), name)


def checked(write: Callable[[], Any], root: str) -> Any:
    """Write, and turn what is refused into :class:`InvalidInput`."""
    try:
        return write()
    except Refused as refused:
        raise InvalidInput(refused.at(root)) from None
    except RecursionError as error:
        raise InvalidInput(f"{root or 'the input'} is nested too deeply, or holds itself") from error
