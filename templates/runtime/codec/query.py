"""The AWS Query and EC2 protocols: requests as forms, responses as XML.

Source: Smithy 2.0, "AWS query protocol" and "AWS EC2 query protocol".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from ..errors import ServiceError
from ..message.http import Response
from ..shapes.members import Members
from ..shapes.structures import Output, ResponseMetadata
from .form_writer import FORM, Flatten, Flattening, write_pairs
from .rpc import RPCOperation
from .xml_errors import ErrorReader, is_error
from .xml_names import Members as Names
from .xml_names import Structures, local_name
from .xml_reader import Readers
from .xml_response import foreign_root, read_document, read_root

Out = TypeVar("Out", bound=Output)

_HEADERS = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)


class QueryRPC:
    """How all operations of a service are sent: ``POST /``, with a form as the body.

    ``version`` is that of the API. ``structures`` and ``inputs`` say how members are written, by the classes of
    structures and by operations.
    """

    _ec2 = False

    def __init__(
        self,
        *,
        version: str,
        structures: Structures,
        inputs: Mapping[str, Names],
        errors: Mapping[str, type[ServiceError]],
        service_error: type[ServiceError],
    ) -> None:
        self._version = version
        self._inputs = inputs
        self._flattening = Flattening(structures, ec2=self._ec2)
        self._readers = Readers(structures)
        self._parse_error = ErrorReader(structures, self._readers).read
        self._errors = errors
        self._service_error = service_error

    def operation(
        self,
        name: str,
        members: Mapping[str, Any] | None,
        output: type[Out],
        *,
        wrapper: str | None = None,
        **options: Any,
    ) -> RPCOperation[Out]:
        """Describe an operation: the types of its input's members by their names in the API, and its output.

        ``wrapper`` is the element around the output, where it is not called after the operation. ``options`` are those
        of :class:`call.Operation`.
        """
        body = _Body(f"Action={name}&Version={self._version}", self._flattening, self._inputs.get(name, {}))
        return RPCOperation(
            name=name,
            path="/",
            headers=_HEADERS,
            members=Members(members or {}),
            encode=body.encode,
            parse=self._parser(name, output, wrapper or f"{name}Result"),
            parse_error=self._parse_error,
            is_error=is_error,
            errors=self._errors,
            service_error=self._service_error,
            **options,
        )

    def _parser(self, name: str, output: type[Out], wrapper: str) -> Any:
        return partial(_parse, self._readers, output, f"{name}Response", wrapper)


class EC2RPC(QueryRPC):
    """The same, as EC2 has it: lists are flat, names are capitalised, and there is no element around an output."""

    _ec2 = True

    def _parser(self, name: str, output: type[Out], wrapper: str) -> Any:
        return partial(_parse_ec2, self._readers, output, f"{name}Response")


class _Body:
    """Writes the body of an operation; its members are compiled when it is first called."""

    def __init__(self, start: str, flattening: Flattening, names: Names) -> None:
        self._start, self._flattening, self._names = start, flattening, names
        self._members: Mapping[str, tuple[str, Flatten | None]] | None = None

    def encode(self, members: Members, values: Mapping[str, Any]) -> bytes:
        """Encode members as a form. Raises :class:`InvalidInput`, saying where, for what does not fit."""
        written = members.write(values, FORM)
        compiled = self._members
        if compiled is None:
            compiled = self._members = self._flattening.members(members.types, self._names)
        pairs = [self._start]
        write_pairs(compiled, pairs, "", written)
        return "&".join(pairs).encode()


def _parse(readers: Readers, shape: type[Out], root_name: str, wrapper: str, response: Response) -> Out:
    root = read_root(response)
    start = next((child for child in root if local_name(child.tag) == wrapper), None)
    if start is None:
        # Only what has no members may come without the element around them.
        if shape.__struct_fields__ or (root.tag and local_name(root.tag) != root_name):
            raise foreign_root(response, root, f"{root_name} with {wrapper}" if shape.__struct_fields__ else root_name)
        start = root
    output = read_document(readers, shape, start, response)
    metadata = next((child for child in root if local_name(child.tag) == "ResponseMetadata"), ())
    found = next((child.text for child in metadata if local_name(child.tag) == "RequestId"), None)
    return output.with_metadata(ResponseMetadata(found))


def _parse_ec2(readers: Readers, shape: type[Out], root_name: str, response: Response) -> Out:
    root = read_root(response)
    is_empty = not root.tag and not shape.__struct_fields__
    if not is_empty and local_name(root.tag) != root_name:
        raise foreign_root(response, root, root_name)
    output = read_document(readers, shape, root, response)
    found = next((child.text for child in root if local_name(child.tag) == "requestId"), None)
    return output.with_metadata(ResponseMetadata(found))
