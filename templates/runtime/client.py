"""The two client bases: settings, credentials, connections and options; a generated client adds its operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar

from msgspec.structs import replace

from .call.attempts import call
from .call.state import CallState
from .call.steps import Reply, Steps, adrive, drive
from .codec.operation import Operation
from .errors import InvalidInput, foreign
from .message.http import Request, Timeout, check_header
from .settings.config import Config, ServiceInfo, resolve_config, to_attempts, to_timeout
from .settings.hooks import Hooks, StreamWatch
from .shapes.structures import Output
from .signing.credentials import resolve_credentials
from .wire.transport import AsyncHTTPTransport, HTTPTransport

if TYPE_CHECKING:
    from .signing.sources import CredentialsSource
    from .stream.base import AsyncStream, AsyncStreamCall, SyncStream
    from .wire.interfaces import AsyncTransport, Transport

Out = TypeVar("Out", bound=Output)
TransportT = TypeVar("TransportT", bound="Transport | AsyncTransport")
Stream = TypeVar("Stream", bound="SyncStream[Any]")
AsyncStreamT = TypeVar("AsyncStreamT", bound="AsyncStream[Any]")

_OWN_HEADERS = frozenset(
    {
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "connection",
        "content-length",
        "host",
        "transfer-encoding",
        "x-amz-date",
        "x-amz-security-token",
    }
)


class BaseClient(Generic[TransportT]):
    """Settings and shared state of a client. Use a generated client class, not this one."""

    _service: ClassVar[ServiceInfo]
    _default_transport: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        credentials: CredentialsSource | None = None,
        timeout: float | Timeout | None = None,
        max_attempts: int | None = None,
        use_fips: bool | None = None,
        use_dualstack: bool | None = None,
        transport: TransportT | None = None,
        user_agent_extra: str | None = None,
        hooks: Hooks | None = None,
        retry_mode: Literal["standard"] | None = None,
    ) -> None:
        """Resolve the settings; nothing is sent, and nothing is imported that the first call does not need.

        What is not given is taken from the environment and then from the profile in AWS's configuration file.

        Args:
            region: the AWS Region, for instance ``eu-west-1``; else ``AWS_REGION`` or ``AWS_DEFAULT_REGION``.
            endpoint_url: where to send requests instead of the Region's endpoint.
            credentials: a :class:`Credentials`, a function that returns such, a boto3 or botocore session, or any
                object with ``access_key``, ``secret_key`` and ``token``; else the environment, then botocore's chain if
                it is installed. :data:`ANONYMOUS` sends requests without a signature.
            timeout: seconds to wait for a connection and for each piece of an answer, or a :class:`Timeout`.
            max_attempts: how often a call is sent at most, 1 or more; by default what AWS's SDKs use for the service:
                4 for DynamoDB, 3 for most.
            use_fips: use the FIPS 140 endpoint.
            use_dualstack: use the endpoint that also has IPv6 addresses.
            transport: the HTTP transport to use instead of the default one. It stays yours to close.
            user_agent_extra: text to append to the User-Agent header.
            hooks: told of every attempt of every call: an instance of your subclass of :class:`Hooks`.
            retry_mode: ``standard``, the only one; else ``AWS_RETRY_MODE``. The modes ``adaptive`` and ``legacy`` are
                errors.

        Raises:
            InvalidInput: a setting is wrong, or no Region was found.
        """
        try:
            self._credentials = resolve_credentials(credentials)
        finally:
            del credentials  # Else whoever prints a traceback with local variables would print what it holds.
        self._config = resolve_config(
            self._service,
            region=region,
            endpoint_url=endpoint_url,
            timeout=timeout,
            max_attempts=max_attempts,
            use_fips=use_fips,
            use_dualstack=use_dualstack,
            user_agent_extra=user_agent_extra,
            hooks=hooks,
            retry_mode=retry_mode,
        )
        if getattr(self._credentials, "anonymous", False) is True:
            self._config = replace(self._config, anonymous=True)
        self._state = CallState()
        self._owns_transport = transport is None
        self._transport: TransportT = self._new_transport() if transport is None else self._checked(transport)

    def _checked(self, transport: TransportT) -> TransportT:
        """Return the transport. Raises at once for what would fail, or be misunderstood, at the first call."""
        is_async = hasattr(self._default_transport, "aclose")
        close = "aclose" if is_async else "close"
        if isinstance(transport, type) or not all(callable(getattr(transport, name, None)) for name in ("send", close)):
            raise InvalidInput(f"transport needs send() and {close}(); {transport!r} lacks at least one")
        if type(transport).__module__.partition(".")[0] in ("httpx", "httpx2"):
            raise InvalidInput("transport cannot be an httpx client itself: wrap an httpx2 client in HTTPX2Transport")
        if foreign(transport) is None:
            return transport
        from .wire.foreign import AsyncForeignTransport, ForeignTransport

        adopted: Any = (AsyncForeignTransport if is_async else ForeignTransport)(transport)
        return adopted  # type: ignore[no-any-return]

    def _new_transport(self) -> TransportT:
        made: TransportT = type(self)._default_transport(ca_bundle=self._config.ca_bundle)
        return made

    def with_options(
        self,
        *,
        timeout: float | Timeout | None = None,
        max_attempts: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a copy of this client with other settings. It shares this client's connections and retry quota.

        Args:
            timeout: as in the constructor.
            max_attempts: as in the constructor.
            extra_headers: headers to send with every request, besides those of this client. One that an
                operation or the client (User-Agent) sends too is replaced.

        Raises:
            InvalidInput: a setting is wrong, or a header is one that the client sets itself.
        """
        config = self._config
        if timeout is not None:
            config = replace(config, timeout=to_timeout(timeout, self._service))
        if max_attempts is not None:
            config = replace(config, max_attempts=to_attempts(max_attempts))
        if extra_headers is not None:
            config = replace(config, extra_headers=_merge_headers(config.extra_headers, extra_headers))
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._config = config
        copy._owns_transport = False
        return copy

    def __copy__(self) -> Self:
        return self.with_options()

    def _steps(self, operation: Operation[Out], request: Request) -> Steps[tuple[Out, Reply]]:
        return call(operation, request, self._service, self._config, self._state)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the settings and the transport, without its connections.

        Explicit static credentials travel along, secret included; all others are resolved again.
        """
        import pickle

        try:
            pickle.dumps(self._transport)
        except Exception as error:
            raise TypeError(
                f"a {type(self).__name__} with this transport cannot be pickled ({error}): make the client in the "
                f"process that uses it, or give {type(self._transport).__name__} a __reduce__ that makes a new one"
            ) from error
        return {"config": self._config, "credentials": self._credentials, "transport": self._transport}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._config = state["config"]
        self._credentials = state["credentials"]
        self._state = CallState()
        # Nobody else can close a transport that came out of a pickle.
        self._owns_transport = True
        self._transport = state["transport"]

    def __repr__(self) -> str:
        config: Config | None = self.__dict__.get("_config")
        if config is None:
            return f"<{type(self).__name__}, not made yet>"  # As debuggers and tracebacks of its constructor show it.
        endpoint = config.endpoint
        place = f", endpoint='{endpoint.scheme}://{endpoint.netloc}'" if endpoint else ""
        return f"{type(self).__name__}(region={config.region!r}{place})"


def _merge_headers(present: tuple[tuple[str, str], ...], extra: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    try:
        given = dict(extra)
    except (TypeError, ValueError):
        raise InvalidInput(f"extra_headers must map names to values, not be {type(extra).__name__}") from None
    merged = {name.lower(): (name, value) for name, value in present}
    for name, value in given.items():
        check_header(name, value, f"extra_headers[{name!r}]")
        if name.lower() in _OWN_HEADERS:
            raise InvalidInput(f"extra_headers must not set {name}: the client sets it")
        merged[name.lower()] = name, value
    return tuple(merged.values())


def _stream_context(operation: Operation[Any], reply: Reply) -> dict[str, Any]:
    watch = StreamWatch(reply.watch) if reply.watch is not None else None
    return {"retry_safe": operation.retry_safe, "watch": watch}


class SyncClient(BaseClient["Transport"]):
    """Base of the synchronous clients. Thread-safe."""

    _default_transport = HTTPTransport

    def _call(self, operation: Operation[Out], request: Request) -> Out:
        steps = self._steps(operation, request)
        output, _ = drive(steps, self._transport, self._credentials)
        return output

    def _open(self, operation: Operation[Out], request: Request, stream: type[Stream]) -> Stream:
        steps = self._steps(operation, request)
        output, reply = drive(steps, self._transport, self._credentials)
        return stream.opened(reply.connection, output, **_stream_context(operation, reply))

    def close(self) -> None:
        """Close the connections, unless they belong to a transport that was passed in or to the original client."""
        if self._owns_transport:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(BaseClient["AsyncTransport"]):
    """Base of the asynchronous clients, for asyncio and trio."""

    _default_transport = AsyncHTTPTransport

    async def _call(self, operation: Operation[Out], request: Request) -> Out:
        steps = self._steps(operation, request)
        output, _ = await adrive(steps, self._transport, self._credentials)
        return output

    def _open(
        self, operation: Operation[Out], request: Request, stream: type[AsyncStreamT]
    ) -> AsyncStreamCall[AsyncStreamT]:
        async def start() -> AsyncStreamT:
            steps = self._steps(operation, request)
            output, reply = await adrive(steps, self._transport, self._credentials)
            return await stream.opened(reply.connection, output, **_stream_context(operation, reply))

        from .stream.base import AsyncStreamCall

        return AsyncStreamCall(start)

    async def aclose(self) -> None:
        """Close the connections, unless they belong to a transport that was passed in or to the original client."""
        if self._owns_transport:
            await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
