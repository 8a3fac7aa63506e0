"""The pages of an operation that answers piecewise, sync and async, and how to go on with them later."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from types import GenericAlias
from typing import Annotated, Any, Generic, NoReturn, TypeVar

import msgspec

from ..errors import InvalidInput, InvalidResponse
from ..shapes.structures import Output

Out = TypeVar("Out", bound=Output)
Item = TypeVar("Item")

Tokens = tuple[Any, ...]


class Paginator(msgspec.Struct, Generic[Out, Item], frozen=True, kw_only=True):
    """How an operation is paginated. Source: the paginators in AWS's service models.

    Attributes:
        operation: the operation's name.
        tokens: the arguments that say which page is wanted, and their types.
        next: reads from a page what these arguments are for the page after it, in the same order; what is None or
            empty is not sent, and without any there is no other page.
        items: reads a page's items; None where the operation names none.
        more: reads whether there are more pages; None where only the tokens tell.
    """

    operation: str
    tokens: Mapping[str, Any]
    next: Callable[[Out], Tokens]
    items: Callable[[Out], Iterable[Item]] | None = None
    more: Callable[[Out], object] | None = None

    def pages(self, method: Callable[..., Out], resume_token: str | None, /, **arguments: Any) -> Pages[Out, Item]:
        """Return the pages that a sync client's method gives."""
        return Pages(self, method, arguments, resume_token)

    def async_pages(
        self, method: Callable[..., Awaitable[Out]], resume_token: str | None, /, **arguments: Any
    ) -> AsyncPages[Out, Item]:
        """Return the pages that an async client's method gives."""
        return AsyncPages(self, method, arguments, resume_token)

    def following(self, output: Out) -> Tokens | None:
        """Return the tokens of the page after ``output``; None where there is none."""
        if self.more is not None and not self.more(output):
            return None
        tokens = tuple(token or None for token in self.next(output))
        return None if all(token is None for token in tokens) else tokens

    def encode(self, tokens: Tokens | None, taken: int) -> str:
        """Return the resume token of the page with these tokens, of which ``taken`` items have been given."""
        return urlsafe_b64encode(msgspec.json.encode((self.operation, tokens, taken))).decode()

    def decode(self, resume_token: str) -> tuple[Tokens | None, int]:
        """Read a resume token. Raises InvalidInput where :meth:`encode` of this operation cannot have made it."""
        types = tuple(kind | None for kind in self.tokens.values())
        form: Any = GenericAlias(tuple, (str, GenericAlias(tuple, types) | None, _Count))
        try:
            data = b64decode(resume_token, b"-_", validate=True)
            operation, *_ = msgspec.json.decode(data, type=tuple[str, Any, Any])
            if operation != self.operation:
                raise InvalidInput(f"resume_token is one of {operation[:100]!r}, not of {self.operation}")
            _, tokens, taken = msgspec.json.decode(data, type=form)
        except (msgspec.MsgspecError, RecursionError, TypeError, UnicodeError, ValueError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput(f"resume_token is not one that the pages of {self.operation} gave") from None
        if tokens is not None and all(token is None for token in tokens):
            raise InvalidInput(f"resume_token is not one that the pages of {self.operation} gave")
        return tokens, taken


_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class _PagesBase(Generic[Out, Item]):
    """What both kinds of pages share: all but the calls."""

    def __init__(self, paginator: Paginator[Out, Item], arguments: Mapping[str, Any], resume_token: str | None) -> None:
        self._paginator = paginator
        self._arguments = dict(arguments)
        self._given = resume_token
        # The tokens of the page in hand and of the next one; None is the page that the arguments ask for.
        self._here: Tokens | None = None
        self._next: Tokens | None = None
        self._begun = self._ended = self._repeats = False
        # Digests of all tokens so far: the tokens themselves may be large, and there may be many.
        self._seen: set[bytes] = set()
        self._items: list[Item] = []
        self._taken = self._skip = 0
        if resume_token is not None:
            self._next, self._taken = paginator.decode(resume_token)
        begin = self._next or tuple(self._arguments.get(name) or None for name in paginator.tokens)
        self._is_new(begin)

    @property
    def resume_token(self) -> str | None:
        """Where to go on later: pass it to the same method, with the same other arguments.

        It stands after the last page that was given, or after the last of ``items()``. None when all pages were given,
        and before the first one, unless these pages were resumed themselves. It is opaque text, safe in URLs, and
        carries the service's own tokens: keep it as private as the data, and no longer than the service keeps tokens.
        """
        if not self._begun:
            return self._given
        if self._taken < len(self._items):
            return self._paginator.encode(self._here, self._taken)
        return None if self._ended else self._paginator.encode(self._next, 0)

    def _request(self) -> dict[str, Any] | None:
        """Return the arguments of the call for the next page; None where there is none."""
        if self._repeats:
            self._refuse_repeated_token()
        if self._ended:
            return None
        tokens = {} if self._next is None else dict(zip(self._paginator.tokens, self._next, strict=True))
        return self._arguments | tokens

    def _refuse_repeated_token(self) -> NoReturn:
        name = self._paginator.operation
        error = InvalidResponse(f"{name} gave a page token that it had given before: its pages would never end")
        error.operation = name
        raise error

    def _take(self, output: Out) -> Out:
        """Note that a page came."""
        following = self._paginator.following(output)
        self._here, self._next = self._next, following
        self._ended = following is None
        self._repeats = following is not None and not self._is_new(following)
        self._skip = 0 if self._begun else self._taken
        self._begun = True
        self._items, self._taken = [], 0
        return output

    def _is_new(self, tokens: Tokens) -> bool:
        """Note tokens, and tell whether they are seen for the first time."""
        digest = blake2b(msgspec.json.encode(tokens, enc_hook=repr, order="deterministic"), digest_size=16).digest()
        size = len(self._seen)
        self._seen.add(digest)
        return len(self._seen) > size

    def _open(self, output: Out) -> None:
        """Let the items of the page in hand be taken; of a resumed page those that were not given yet."""
        assert self._paginator.items is not None
        self._items, self._taken = list(self._paginator.items(output)), self._skip

    def _pop(self) -> Item:
        item = self._items[self._taken]
        self._taken += 1
        return item

    def _has_item(self) -> bool:
        return self._taken < len(self._items)

    def _check_items(self) -> None:
        if self._paginator.items is None:
            raise InvalidInput(f"the description of {self._paginator.operation} names no items: loop over its pages")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._paginator.operation}>"


class Pages(_PagesBase[Out, Item], Iterator[Out]):
    """The pages of an operation, each the output of one call, made when it is asked for.

    An iterator, for one pass and one thread at a time. A call that fails raises what the operation raises and can be
    tried again by going on. A service that gives a token again that it gave before raises :class:`InvalidResponse`
    instead of looping for ever.
    """

    def __init__(
        self,
        paginator: Paginator[Out, Item],
        method: Callable[..., Out],
        arguments: Mapping[str, Any],
        resume_token: str | None,
    ) -> None:
        super().__init__(paginator, arguments, resume_token)
        self._method = method

    def __iter__(self) -> Iterator[Out]:
        return self

    def __next__(self) -> Out:
        arguments = self._request()
        if arguments is None:
            raise StopIteration
        return self._take(self._method(**arguments))

    def items(self) -> Iterator[Item]:
        """Yield the items of the pages that are left, one by one. Raises InvalidInput where there are none by design.

        A page of which some items were taken goes on with the next one, here and after a ``resume_token``; looping
        over the pages themselves always gives whole ones.
        """
        self._check_items()
        return _Items(self._next_item)

    def _next_item(self) -> Item:
        while not self._has_item():
            self._open(next(self))
        return self._pop()


class AsyncPages(_PagesBase[Out, Item], AsyncIterator[Out]):
    """The pages of an operation, each the output of one call, made when it is asked for.

    An async iterator, for one pass and one task at a time; otherwise as :class:`Pages`.
    """

    def __init__(
        self,
        paginator: Paginator[Out, Item],
        method: Callable[..., Awaitable[Out]],
        arguments: Mapping[str, Any],
        resume_token: str | None,
    ) -> None:
        super().__init__(paginator, arguments, resume_token)
        self._method = method

    def __aiter__(self) -> AsyncIterator[Out]:
        return self

    async def __anext__(self) -> Out:
        arguments = self._request()
        if arguments is None:
            raise StopAsyncIteration
        return self._take(await self._method(**arguments))

    def items(self) -> AsyncIterator[Item]:
        """Yield the items of the pages that are left, one by one; otherwise as ``items()`` of :class:`Pages`."""
        self._check_items()
        return _AsyncItems(self._next_item)

    async def _next_item(self) -> Item:
        while not self._has_item():
            self._open(await anext(self))
        return self._pop()


class _Items(Iterator[Item]):
    def __init__(self, advance: Callable[[], Item]) -> None:
        self._advance = advance

    def __next__(self) -> Item:
        return self._advance()


class _AsyncItems(AsyncIterator[Item]):
    """Not an async generator: event loops complain of those that are left early."""

    def __init__(self, advance: Callable[[], Awaitable[Item]]) -> None:
        self._advance = advance

    def __anext__(self) -> Awaitable[Item]:
        return self._advance()
