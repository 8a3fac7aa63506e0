"""The restXml protocol: bodies in XML. Source: Smithy 2.0, "AWS restXml protocol"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from ..errors import ServiceError
from ..message.http import Headers, Response
from ..shapes.members import Members
from .xml_errors import ErrorReader
from .xml_names import PLAIN, Structures, Xml, local_name
from .xml_names import Members as Names
from .xml_reader import Readers
from .xml_response import foreign_root, read_document, read_root
from .xml_writer import FORM, Content, Writers

T = TypeVar("T")


class _Message(Protocol):
    """A frame of an event stream."""

    @property
    def payload(self) -> bytes: ...


class XMLMembers(Members):
    """What a request body can hold, and how it is written: the root element, and the members in it."""

    __slots__ = ("content", "names", "root")

    def __init__(self, types: Mapping[str, Any], root: Xml, names: Names | None = None) -> None:
        super().__init__(types)
        self.root = root
        self.names: Names = names or {}
        self.content: Content | None = None


class XMLBodies:
    """Writes and reads the bodies of one service; ``structures`` says how the members of structures are written."""

    def __init__(self, structures: Structures) -> None:
        self._writers = Writers(structures)
        self._readers = Readers(structures)
        self._errors = ErrorReader(structures, self._readers)

    def encode_body(self, members: XMLMembers, values: Mapping[str, Any]) -> bytes:
        """Encode body members, by their names in the API, as a document; without any there is none.

        Raises :class:`InvalidInput`, saying where, for what does not fit.
        """
        written = members.write(values, FORM)
        if not written:
            return b""
        if members.content is None:
            members.content = self._writers.content(members.types, members.names)
        return members.content.document(members.root, written)

    def encode_payload(self, kind: Any, value: Any, root: Xml | str = PLAIN) -> bytes:
        """Encode a payload that is one structure, of the type ``kind``; nothing for None.

        ``root`` is its element, or only what it is called.
        """
        root = Xml(root) if isinstance(root, str) else root
        return b"" if value is None else self._writers.document(kind, value, root)

    def decode_body(self, response: Response, shape: type[T]) -> T:
        """Decode a body into ``shape``; an empty one has no members, and unknown elements are ignored.

        Raises :class:`InvalidResponse` when the body is not XML or a page, or a member has the wrong type.
        """
        root = read_root(response)
        # Services spell the names of their roots in ways that models do not have, but none sends a page.
        if local_name(root.tag).lower() == "html":
            raise foreign_root(response, root, "the operation's output")
        return read_document(self._readers, shape, root, response)

    def decode_event(self, message: _Message, shape: type[T]) -> T:
        """Decode a structure that is a frame's payload; an empty payload reads as one without members."""
        return self.decode_body(Response(200, Headers(), message.payload), shape)

    def read_error(self, payload: bytes, cls: type[ServiceError], code: str) -> ServiceError:
        """Build the error of class ``cls`` that is a frame's payload."""
        response = Response(400, Headers([("x-amzn-errortype", code)]), payload)
        return self._errors.read(response, {code: cls}, cls)

    def parse_error(
        self, response: Response, errors: Mapping[str, type[ServiceError]], unknown: type[ServiceError]
    ) -> ServiceError:
        """Build the error that an error response describes: its modelled class, or ``unknown`` for any other code."""
        return self._errors.read(response, errors, unknown)
