"""Operations of the RPC protocols, which send everything in the body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..message.http import Request
from ..shapes.members import Members
from ..shapes.structures import Output
from .operation import Operation

Out = TypeVar("Out", bound=Output)

QUERY_MODE = ("x-amzn-query-mode", "true")
"""Asks a service that spoke the Query protocol once for the error codes of then."""


class RPCOperation(Operation[Out], frozen=True, kw_only=True):
    """An operation that is sent as all others of its service are.

    ``members`` are those of its input, which ``encode`` writes; ``headers`` go with every request.
    """

    path: str
    headers: tuple[tuple[str, str], ...]
    members: Members
    encode: Callable[[Members, Mapping[str, Any]], bytes]

    def request(
        self,
        values: Mapping[str, Any],
        *,
        host_prefix: str = "",
        endpoint_url: str | None = None,
        endpoint_parameters: Mapping[str, Any] | None = None,
    ) -> Request:
        """Build the request from the input's members by their names on the wire; those that are None are left out.

        Raises :class:`InvalidInput`, saying where, for values that do not fit.
        """
        return Request(
            "POST",
            self.path,
            headers=list(self.headers),
            body=self.encode(self.members, values),
            host_prefix=host_prefix,
            endpoint_url=endpoint_url,
            endpoint_parameters=endpoint_parameters,
        )
