"""Where credentials come from: given explicitly, else the environment, else botocore's chain if it is installed.

botocore reads profiles, SSO and login caches, credential processes, web identities, assumed roles, containers and
EC2 instances, and renews what expires. It is imported only when neither an argument nor the environment has keys.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ..errors import CredentialsError, InvalidInput, foreign
from ..settings.config import REGION_VARIABLES
from ..settings.environment import Variables
from ..settings.profile import PROFILE_VARIABLES
from ..wire.forks import fork_lock
from .sigv4 import Credentials

if TYPE_CHECKING:
    from .sources import BotocoreSession, CredentialsProvider, CredentialsSource

T = TypeVar("T")

_RENEW_BEFORE = timedelta(minutes=5)
# While a renewal fails, what there is serves as long as it lives.
_LEAST_LIFE = timedelta(seconds=10)
# Calls that fail together ask for new credentials together; the first of them gets new ones for all.
_REFRESH_INTERVAL = 5.0

# Values of fields that are named like secrets, and whatever has the length of a secret key or a session token.
_SECRETS = r"""(?ix) (?P<name> ["']? [\w-]* (?:secret|token|password) [\w-]* ["']? \s* [:=] \s* ["']? ) [^\s"',}]+
    | (?<![A-Z0-9/+=]) (?: [A-Z0-9/+=]{40} | [A-Z0-9/+=]{100,} ) (?![A-Z0-9/+=])"""


def resolve_credentials(
    explicit: CredentialsSource | None = None, environ: Mapping[str, str] | None = None
) -> CredentialsProvider:
    """Make a provider of what the user gave; of the default chain, if that is None. Nothing is looked up yet.

    The chain takes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_ACCOUNT_ID of ``environ``
    (``os.environ`` by default) first, even when AWS_PROFILE is set, as botocore does. It looks when credentials are
    first needed, keeps the result, and looks again when the service calls them expired, and in each process after a
    fork.

    Explicit :class:`Credentials` are sent as they are, past their ``expires`` too: the service's clock decides.
    botocore credentials that renew themselves do so. A function is called when credentials are first needed, again when
    what it gave is about to expire, and again when the service calls that expired. Pickling takes static credentials
    along, secret included; the chain is looked up again where it is unpickled.

    Raises :class:`InvalidInput` when ``explicit`` is none of these.
    """
    if explicit is None:
        return _DefaultChain(Variables(environ))
    try:
        return _provider(explicit)
    except InvalidInput as error:
        # The frames below hold what was passed, and a traceback may be printed with its local variables.
        raise error.with_traceback(None) from None
    finally:
        del explicit


def _provider(source: Any) -> CredentialsProvider:
    if (own := _own(source)) is not None:
        return _Static(own)
    if not isinstance(source, type):
        if callable(getattr(source, "get", None)) and hasattr(source, "blocking"):
            provider: CredentialsProvider = source
            return provider
        if callable(getattr(source, "get_credentials", None)):
            return _Session(source)
        # The keys of botocore's renewing credentials are properties that do I/O, so they are not touched here.
        if hasattr(source, "get_frozen_credentials") or _has_keys(source):
            return _Static(_read_keys(source)) if isinstance(source, tuple) else _Keys(source)
        if callable(source):
            _check_function(source)
            return _Function(cast("Callable[[], Credentials]", source))
    raise InvalidInput(
        f"credentials cannot be {_describe(source)}: pass Credentials(access_key_id, secret_access_key), "
        "a boto3 or botocore session or its credentials, a function that returns Credentials, or an object with "
        "get(*, refresh) and blocking; "
        "or nothing, for the environment and botocore's chain"
    )


def _own(source: Any) -> Credentials | None:
    """Return credentials as this client's, those of another generated client too; None for anything else."""
    if isinstance(source, Credentials):
        return source
    if foreign(source) is None or not all(hasattr(source, name) for name in Credentials.__slots__):
        return None
    return Credentials(
        source.access_key_id, source.secret_access_key, source.session_token, source.expires, source.account_id
    )


def _check_function(function: Any) -> None:
    from inspect import iscoroutinefunction

    if iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
        raise InvalidInput(
            "credentials cannot be an asynchronous function: pass one that returns Credentials and may block, "
            "as asynchronous clients call it in a worker thread"
        )


class _Static:
    blocking = False

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def get(self, *, refresh: bool = False) -> Credentials:
        return self._credentials


class _Environment:
    """Credentials of the environment, which is read again when they are about to expire."""

    blocking = False

    def __init__(self, variables: Variables, credentials: Credentials) -> None:
        self._variables = variables
        self._credentials = credentials

    def get(self, *, refresh: bool = False) -> Credentials:
        if refresh or _expires_within(_RENEW_BEFORE, self._credentials):
            self._credentials = _guarded(lambda: _read_environment(self._variables)) or self._credentials
        return self._credentials


class _Keys:
    """Reads a botocore credentials object each time, so that it can renew itself."""

    def __init__(self, keys: Any) -> None:
        self._keys = keys

    @property
    def blocking(self) -> bool:
        needed = getattr(self._keys, "refresh_needed", None)
        return bool(needed()) if callable(needed) else not hasattr(self._keys, "get_frozen_credentials")

    def get(self, *, refresh: bool = False) -> Credentials:
        return _guarded(lambda: _read_keys(self._keys))

    def __reduce__(self) -> tuple[Any, ...]:
        return _reduce(_Keys, self._keys)


class _Found(Generic[T]):
    """What one process has found. A child starts anew: a thread that it does not have may hold its copy of the lock."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.searcher: int | None = None
        self.value: T | None = None
        self.error = ""
        self.searches = 0
        self.refreshed = float("-inf")


class _Shared(Generic[T]):
    """What is searched for on first use, and again when it is stale.

    One thread searches. The others wait, and share what it finds, or its failure.
    """

    def __init__(self) -> None:
        self._state = _Found[T]()

    def _find(self) -> T:
        raise NotImplementedError

    def _is_stale(self, value: T) -> bool:
        return False

    def _is_good(self, value: T) -> bool:
        """Whether a value can still be used though there is no newer one."""
        return False

    def _have(self, refresh: bool) -> T:
        state = self._current()
        seen = state.searches
        if state.searcher == threading.get_ident():
            raise CredentialsError(
                "the function that gives the credentials asked for them: it must not use this client"
            )
        if state.value is None or refresh or self._is_stale(state.value):
            with state.lock:
                if state.searches == seen and self._is_due(state, refresh):
                    self._search(state, refresh)
                elif state.error and (refresh or state.value is None or not self._is_good(state.value)):
                    raise CredentialsError(state.error)
        assert state.value is not None
        return state.value

    def _is_due(self, state: _Found[T], refresh: bool) -> bool:
        if state.value is None or not (refresh or self._is_good(state.value)):
            return True
        return monotonic() - state.refreshed >= _REFRESH_INTERVAL

    def _search(self, state: _Found[T], refresh: bool) -> None:
        if state.value is not None:
            state.refreshed = monotonic()
        state.searcher = threading.get_ident()
        try:
            state.value, state.error = _guarded(self._find), ""
        except CredentialsError as error:
            state.error = str(error)
            if refresh or state.value is None or not self._is_good(state.value):
                raise
        finally:
            state.searcher = None
            # Of a search that was interrupted there is nothing to share.
            state.searches += bool(state.value is not None or state.error)

    def _current(self) -> _Found[T]:
        if self._state.pid != os.getpid():
            self._state = _Found[T]()
        return self._state


class _Lazy(_Shared["CredentialsProvider"]):
    """A provider that is found on first use."""

    @property
    def blocking(self) -> bool:
        provider = self._current().value
        return provider is None or provider.blocking

    def get(self, *, refresh: bool = False) -> Credentials:
        return self._have(refresh).get()


class _Function(_Shared[Credentials]):
    """Credentials of a function of the application."""

    def __init__(self, function: Callable[[], Credentials]) -> None:
        super().__init__()
        self._function = function

    @property
    def blocking(self) -> bool:
        found = self._current().value
        return found is None or self._is_stale(found)

    def get(self, *, refresh: bool = False) -> Credentials:
        return self._have(refresh)

    def _is_stale(self, value: Credentials) -> bool:
        return _expires_within(_RENEW_BEFORE, value)

    def _is_good(self, value: Credentials) -> bool:
        return not _expires_within(_LEAST_LIFE, value)

    def _find(self) -> Credentials:
        made = _settled(self._function())
        if (own := _own(made)) is not None:
            return own
        if _has_keys(made):
            return _read_keys(made)
        raise CredentialsError(f"the function passed as credentials must return Credentials, not {_describe(made)}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _reduce(_Function, self._function)


def _expires_within(time: timedelta, credentials: Credentials) -> bool:
    return credentials.expires is not None and credentials.expires - datetime.now(UTC) < time


class _Session(_Lazy):
    def __init__(self, session: BotocoreSession) -> None:
        super().__init__()
        self._session = session

    def _find(self) -> CredentialsProvider:
        keys = _settled(self._session.get_credentials())
        if keys is None:
            raise CredentialsError("the session that was passed as credentials has none: configure its profile")
        return _Keys(keys)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reduce(_Session, self._session)


class _DefaultChain(_Lazy):
    def __init__(self, variables: Variables) -> None:
        super().__init__()
        self._variables = variables

    def _find(self) -> CredentialsProvider:
        found = _read_environment(self._variables)
        return _Keys(_botocore_credentials()) if found is None else _Environment(self._variables, found)

    def __reduce__(self) -> tuple[Any, ...]:
        return resolve_credentials, ()


def _read_environment(variables: Variables) -> Credentials | None:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    key, secret = map(variables.get, names)
    if key is None and secret is None:
        return None
    if key is None or secret is None:
        there, missing = reversed(names) if key is None else names
        raise CredentialsError(f"{there} is set, but {missing} is not: set both, or neither")
    token = variables.get("AWS_SESSION_TOKEN") or variables.get("AWS_SECURITY_TOKEN")
    expires = variables.get("AWS_CREDENTIAL_EXPIRATION")
    try:
        time = _read_time(expires) if expires else None
        return Credentials(key, secret, token, time, variables.get("AWS_ACCOUNT_ID"))
    except InvalidInput as error:
        raise CredentialsError(f"the credentials in the environment are not usable: {error}") from None


def _read_time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise CredentialsError(f"AWS_CREDENTIAL_EXPIRATION must be an ISO 8601 time, not {text[:40]!r}") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _botocore_credentials() -> Any:
    """Load credentials through a new botocore session, so that nothing that was refused comes from its caches."""
    from importlib import import_module

    start = "no credentials: none were passed, and AWS_ACCESS_KEY_ID is not set"
    try:
        with fork_lock:
            botocore = import_module("botocore.session")
    except ModuleNotFoundError as error:
        if error.name not in ("botocore", "botocore.session"):
            raise CredentialsError(f"{start}; botocore cannot be imported: {error}") from None
        raise CredentialsError(
            f"{start}. Profiles, SSO, credential processes, roles, containers and EC2 instances are looked up by "
            "botocore, which is not installed: `pip install botocore`, or pass credentials=..."
        ) from None
    keys = botocore.Session(session_vars=_session_variables()).get_credentials()
    if keys is None:
        raise CredentialsError(
            f"{start}; botocore found none either (profile, SSO, credential process, web identity, container, "
            "EC2 instance): pass credentials=..., set the variables, or configure a profile with `aws configure`"
        )
    return keys


def _session_variables() -> dict[str, tuple[str | None, list[str], None, None]]:
    """Make botocore read profile and region from the same variables as this client does."""
    return {
        "profile": (None, [name for name in PROFILE_VARIABLES if os.environ.get(name)], None, None),
        "region": ("region", [name for name in REGION_VARIABLES if os.environ.get(name)], None, None),
    }


def _has_keys(source: Any) -> bool:
    return all(hasattr(source, name) for name in ("access_key", "secret_key", "token"))


def _read_keys(keys: Any) -> Credentials:
    if hasattr(keys, "get_frozen_credentials"):
        # Read one by one, the three could come from both sides of a renewal.
        keys = _settled(keys.get_frozen_credentials())
    return Credentials(
        keys.access_key, keys.secret_key, keys.token, account_id=getattr(keys, "account_id", None) or None
    )


def _settled(value: Any) -> Any:
    if not hasattr(value, "__await__"):
        return value
    if hasattr(value, "close"):
        value.close()
    raise CredentialsError(
        "asynchronous credentials (of aiobotocore, say) cannot be used: pass a boto3 session, "
        "or the result of `await credentials.get_frozen_credentials()`"
    )


def _guarded(action: Callable[[], T]) -> T:
    """Carry out ``action``; any failure is a :class:`CredentialsError` that shows no secret."""
    try:
        return action()
    except CredentialsError as error:
        # The frames of what failed, which may be printed with their local variables, end here.
        raise error.with_traceback(None) from None
    except Exception as error:
        reason = re.sub(_SECRETS, lambda match: f"{match['name'] or ''}***", str(error))
        raise CredentialsError(f"credentials could not be had: {type(error).__name__}: {reason}") from None


def _reduce(make: Callable[[Any], Any], source: Any) -> tuple[Any, ...]:
    import pickle

    try:
        pickle.dumps(source)
    except Exception:
        raise TypeError(
            f"a client whose credentials are {_describe(source)} cannot be pickled: make the client where it is "
            "used, pass Credentials(...), or pass none, so that they are looked up again there"
        ) from None
    return make, (source,)


def _describe(source: Any) -> str:
    if isinstance(source, type):
        return f"the class {source.__name__}"
    return f"an object of type {type(source).__module__}.{type(source).__qualname__}".replace("builtins.", "")
