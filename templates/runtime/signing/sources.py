"""What can give a client its credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from .sigv4 import Credentials


class CredentialsProvider(Protocol):
    """Gives credentials for each attempt of a call. It must be thread-safe, and does its own caching."""

    @property
    def blocking(self) -> bool:
        """Whether :meth:`get` may wait for files or the network now. Asynchronous callers then use a thread.

        It does not speak of ``get(refresh=True)``, which may always wait.
        """
        ...

    def get(self, *, refresh: bool = False) -> Credentials:
        """Return credentials; with ``refresh``, newer ones if there are any, as the last were refused as expired.

        Raises :class:`CredentialsError`.
        """
        ...


class BotocoreKeys(Protocol):
    """The keys of botocore's and boto3's credentials objects."""

    @property
    def access_key(self) -> str:
        """The access key id."""
        ...

    @property
    def secret_key(self) -> str:
        """The secret access key."""
        ...

    @property
    def token(self) -> str | None:
        """The session token of temporary credentials, or None."""
        ...


class BotocoreSession(Protocol):
    """A boto3 or botocore session."""

    def get_credentials(self) -> Any:
        """Return the session's credentials, or None."""
        ...


CredentialsSource = Credentials | BotocoreKeys | BotocoreSession | CredentialsProvider | Callable[[], Credentials]
