"""Where a request goes, and for whom it is signed there: once for a client, or for each call by its endpoint rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import msgspec

from ..errors import InvalidInput
from ..message.http import check_header
from .endpoint import Endpoint, parse_endpoint_url

ACCOUNT_ID = "AWS::Auth::AccountId"
"""The built-in that comes with the credentials, so that it may be another one in each attempt."""

_CACHED_ROUTES = 256


class ResolvedEndpoint(msgspec.Struct, frozen=True):
    """What endpoint rules decided.

    Attributes:
        url: the endpoint's URL.
        properties: what else the rules say of it, ``authSchemes`` above all.
        headers: headers to send there, with their values.
    """

    url: str
    properties: Mapping[str, Any] = {}
    headers: Mapping[str, list[str]] = {}


class EndpointRules(msgspec.Struct, frozen=True):
    """A service's endpoint rules.

    Attributes:
        resolve: the rules as a function of keyword arguments; where there is no endpoint, it raises
            :class:`InvalidInput`.
        built_ins: the keywords that settings of the client go to, with the setting's name in the rules, such as
            ``AWS::Region``.
        parameters: the names of parameters that operations set, with their keywords.
    """

    resolve: Callable[..., ResolvedEndpoint]
    built_ins: Mapping[str, str] = {}
    parameters: Mapping[str, str] = {}


class Route(msgspec.Struct, frozen=True):
    """Where a request goes, and how it is signed there.

    Attributes:
        endpoint: the endpoint.
        signing_name: the service's name in signatures, or None: requests are not signed.
        signing_region: the Region in signatures.
        double_encode: whether paths are percent-encoded once more for the signature.
        headers: headers that the endpoint rules add.
    """

    endpoint: Endpoint
    signing_name: str | None
    signing_region: str | None
    double_encode: bool = True
    headers: tuple[tuple[str, str], ...] = ()


class Router:
    """Finds the route of each call, and remembers the last ones.

    Args:
        rules: the service's endpoint rules.
        settings: the client's settings by keyword.
        signing_name: the name in signatures where the rules give none, or None: requests are not signed.
        signing_region: the Region in signatures where the rules give none.
    """

    def __init__(
        self,
        rules: EndpointRules,
        settings: Mapping[str, Any],
        signing_name: str | None,
        signing_region: str | None,
    ) -> None:
        self._rules = rules
        self._settings = settings
        self._signing_name = signing_name
        self._signing_region = signing_region
        self._found: dict[Any, Route] = {}

    @property
    def is_fixed(self) -> bool:
        """Whether every call has the same route."""
        return not self._rules.parameters and ACCOUNT_ID not in self._rules.built_ins.values()

    def find(self, parameters: Mapping[str, Any], account_id: str | None) -> Route:
        """Return the route for values of parameters, by their names in the rules; a value that is None is not given.

        Raises :class:`InvalidInput` for a value that is neither text, a bool nor a list of texts, and where there is no
        endpoint for them, or none that this client can sign for.
        """
        key = (account_id, *((name, _checked(name, value)) for name, value in parameters.items()))
        route = self._found.get(key)
        if route is None:
            if len(self._found) >= _CACHED_ROUTES:
                self._found.clear()
            route = self._found[key] = self._route(self._resolve(parameters, account_id))
        return route

    def _resolve(self, parameters: Mapping[str, Any], account_id: str | None) -> ResolvedEndpoint:
        arguments = dict(self._settings)
        for keyword, name in self._rules.built_ins.items():
            if name == ACCOUNT_ID and account_id is not None:
                arguments[keyword] = account_id
        for name, value in parameters.items():
            if value is not None and name in self._rules.parameters:
                arguments[self._rules.parameters[name]] = value
        return self._rules.resolve(**arguments)

    def _route(self, resolved: ResolvedEndpoint) -> Route:
        endpoint = parse_endpoint_url(resolved.url, "the endpoint that the service's rules give")
        headers = tuple((name, value) for name, values in resolved.headers.items() for value in values)
        for name, value in headers:
            check_header(name, value, f"the header {name} that the service's endpoint rules give")
        scheme = self._auth_scheme(resolved)
        return Route(
            endpoint,
            self._signing_name and scheme.get("signingName", self._signing_name),
            scheme.get("signingRegion", self._signing_region),
            not scheme.get("disableDoubleEncoding", False),
            headers,
        )

    def _auth_scheme(self, resolved: ResolvedEndpoint) -> Mapping[str, Any]:
        schemes: list[Mapping[str, Any]] | None = resolved.properties.get("authSchemes")
        if not schemes or self._signing_name is None:
            return {}
        for scheme in schemes:
            if scheme["name"] == "sigv4":
                return scheme
        names = ", ".join(scheme["name"] for scheme in schemes)
        raise InvalidInput(
            f"the endpoint {resolved.url} takes signatures of the kind {names} only, and this client makes sigv4 ones"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Router, (self._rules, self._settings, self._signing_name, self._signing_region)


def _checked(name: str, value: object) -> str | bool | tuple[str, ...] | None:
    """Return a parameter's value as one that can be a key."""
    kind = type(value).__name__
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, list | tuple):
        items = tuple(cast("Iterable[object]", value))
        if all(isinstance(item, str) for item in items):
            return cast("tuple[str, ...]", items)
    raise InvalidInput(f"what the endpoint's {name} is made of must be a string, not {kind}")
