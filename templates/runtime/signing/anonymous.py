"""Calls that nobody signs: to public buckets, for one."""

from __future__ import annotations

from ..errors import CredentialsError
from .sigv4 import Credentials


class Anonymous:
    """Stands in for credentials where requests are not to be signed: see :data:`ANONYMOUS`."""

    blocking = False
    anonymous = True

    def get(self, *, refresh: bool = False) -> Credentials:
        """Raise :class:`CredentialsError`: there are none."""
        raise CredentialsError("an anonymous client has no credentials")

    def __repr__(self) -> str:
        return "ANONYMOUS"

    def __reduce__(self) -> str:
        return "ANONYMOUS"


ANONYMOUS = Anonymous()
"""Pass it to a client as ``credentials``: its requests carry no signature, and no credentials are looked up."""
