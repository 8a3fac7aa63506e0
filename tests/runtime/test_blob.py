"""Bodies that are sent piecewise: measured, hashed, read, and read again."""

from __future__ import annotations

import io
import mmap
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.codec.blob import CHUNK, blob_source
from runtime.errors import InvalidInput
from runtime.message.body import Body

BACKENDS = ["asyncio", "trio"]
DATA = bytes(range(256)) * 3000


class Anew:
    """An iterable that starts anew each time."""

    def __init__(self, *pieces: Any) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pieces)


class AsyncAnew(Anew):
    """An async iterable that starts anew each time."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        for piece in self._pieces:
            yield piece


class Pipe(io.RawIOBase):
    """A binary file that cannot seek."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)


class Sized(Pipe):
    """One that knows how much it has."""

    def __len__(self) -> int:
        return len(self._file.getvalue())


def source(given: Any, **options: Any) -> Body:
    made = blob_source(given, "data", **options)
    assert not isinstance(made, bytes)
    return made


def read(body: Body, backend: str | None = None) -> bytes:
    if backend is None:
        return b"".join(body)

    async def collect() -> bytes:
        return b"".join([piece async for piece in body])

    return anyio.run(collect, backend=backend)


def measure(body: Body, backend: str | None = None, *, hashed: bool = True) -> None:
    if backend is None:
        body.measure(hashed=hashed)
        return

    async def run() -> None:
        await body.ameasure(hashed=hashed)

    anyio.run(run, backend=backend)


def at(position: int, data: bytes) -> io.BytesIO:
    file = io.BytesIO(data)
    file.seek(position)
    return file


@pytest.mark.parametrize("given", [b"ab", bytearray(b"ab"), memoryview(b"ab")])
def test_bytes_stay_bytes(given: Any) -> None:
    made = blob_source(given, "data")
    assert (type(made), made) == (bytes, b"ab")


def test_nothing_is_nothing_only_where_that_is_allowed() -> None:
    assert blob_source(None, "data", optional=True) == b""
    with pytest.raises(InvalidInput, match="data must be bytes, a binary file or an iterable of bytes, not None"):
        blob_source(None, "data")


def test_json_and_a_body_exclude_each_other() -> None:
    assert blob_source(None, "data", {"a": 1}) == b'{"a":1}'
    with pytest.raises(InvalidInput, match="both given"):
        blob_source(io.BytesIO(b""), "data", {"a": 1})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("text", "data must be bytes, not text: encode it first"),
        (io.StringIO("text"), "data must be bytes, not text: open the file in binary mode"),
        (5, "not int"),
        ({"a": b"b"}, "not dict"),
        ({b"a"}, "not set"),
    ],
)
def test_what_is_no_body_is_refused(given: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        blob_source(given, "data")


@pytest.mark.parametrize("backend", [None, *BACKENDS])
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: io.BytesIO(DATA), DATA),
        (lambda: at(100, DATA), DATA[100:]),
        (lambda: at(len(DATA) + 5, DATA), b""),
        (lambda: [b"a", b"", bytearray(b"b"), memoryview(b"c")], b"abc"),
        (lambda: Anew(b"a", b"b"), b"ab"),
    ],
)
def test_what_can_be_read_again_is_measured_hashed_and_sent_as_often_as_needed(
    backend: str | None, make: Callable[[], Any], expected: bytes
) -> None:
    body = source(make())
    assert body.rewindable
    measure(body, backend)
    assert (body.length, body.sha256) == (len(expected), sha256(expected).hexdigest())
    assert not body.started
    for _ in range(2):
        assert read(body, backend) == expected
        assert body.started
    unhashed = source(make())
    measure(unhashed, backend, hashed=False)
    assert unhashed.length == len(expected)
    assert read(unhashed, backend) == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_async_iterables_are_for_the_async_client(backend: str) -> None:
    body = source(AsyncAnew(b"a", b"", b"b"))
    measure(body, backend)
    assert (body.length, body.sha256) == (2, sha256(b"ab").hexdigest())
    assert read(body, backend) == read(body, backend) == b"ab"
    with pytest.raises(InvalidInput, match="data is an async iterable: only the async client can send it"):
        source(AsyncAnew(b"a")).measure(hashed=False)


def test_a_real_file_and_a_map_of_it(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(DATA)
    with path.open("rb") as file:
        file.read(10)
        body = source(file)
        body.measure(hashed=True)
        assert (body.length, read(body)) == (len(DATA) - 10, DATA[10:])
        file.seek(0)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            body = source(mapped)
            body.measure(hashed=True)
            assert (body.length, read(body)) == (len(DATA), DATA)


@pytest.mark.parametrize("backend", [None, *BACKENDS])
@pytest.mark.parametrize("make", [lambda: Pipe(b"ab"), lambda: iter([b"a", b"b"]), lambda: _agen()])
def test_a_body_whose_length_must_be_told_is_refused_where_it_has_none(
    backend: str | None, make: Callable[[], Any]
) -> None:
    given = make()
    if backend is None and isinstance(given, AsyncIterator):
        return
    body = source(given, sized=True)
    with pytest.raises(InvalidInput, match=r"data is of unknown length, .*: give bytes, a file that can seek"):
        measure(body, backend, hashed=False)
    assert not body.started


@pytest.mark.parametrize("make", [lambda: Sized(b"ab"), lambda: io.BytesIO(b"ab"), lambda: Anew(b"a", b"b")])
def test_a_body_whose_length_must_be_told_is_sent_where_it_has_one(make: Callable[[], Any]) -> None:
    body = source(make(), sized=True)
    measure(body, hashed=False)
    assert (body.length, read(body)) == (2, b"ab")


async def _agen() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


@pytest.mark.parametrize("backend", [None, *BACKENDS])
@pytest.mark.parametrize("make", [lambda: Pipe(b"ab"), lambda: Sized(b"ab"), lambda: iter([b"a", b"b"]), _agen])
def test_what_can_be_read_once_is_sent_once_and_never_signed(backend: str | None, make: Callable[[], Any]) -> None:
    if backend is None and make is _agen:
        return
    body = source(make())
    assert not body.rewindable
    with pytest.raises(InvalidInput, match="data can be read only once, but it must be read twice here"):
        measure(body, backend)
    measure(body, backend, hashed=False)
    assert body.length == (2 if isinstance(make(), Sized) else None)
    assert body.sha256 is None
    assert read(body, backend) == b"ab"
    with pytest.raises(InvalidInput, match="data can be read only once, and was sent already"):
        read(body, backend)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: [b"a", "text"], "data must give bytes, not str"),
        (lambda: [b"a", 5], "data must give bytes, not int"),
        (lambda: AsyncAnew(b"a", None), "data must give bytes, not NoneType"),
    ],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_pieces_must_be_bytes(backend: str, make: Callable[[], Any], message: str) -> None:
    for use in (measure, read):
        with pytest.raises(InvalidInput, match=message):
            use(source(make()), backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_async_generators_that_are_left_early_are_closed_on_their_event_loop(backend: str) -> None:
    closed: list[bool] = []

    class Watched:
        async def __aiter__(self) -> AsyncIterator[Any]:
            try:
                yield b"a"
                yield "text"
            finally:
                closed.append(True)

    async def use() -> None:
        body = source(Watched())
        for read_on in (lambda: body.ameasure(hashed=True), lambda: _collect(body)):
            closed.clear()
            with pytest.raises(InvalidInput) as caught:
                await read_on()
            assert closed == [True]
            del caught

    anyio.run(use, backend=backend)


async def _collect(body: Body) -> list[bytes]:
    return [piece async for piece in body]


@pytest.mark.parametrize("change", [b"longer than it was", b"no"])
def test_a_body_that_changes_is_found_out(change: bytes) -> None:
    pieces = [b"four"]
    body = source(pieces)
    body.measure(hashed=True)
    pieces[0] = change
    with pytest.raises(InvalidInput, match="data changed while it was sent: it had 4 bytes, and now has") as caught:
        read(body)
    assert body.failure is caught.value


def test_a_file_that_grows_is_sent_as_far_as_it_was_measured() -> None:
    file = io.BytesIO(b"four")
    body = source(file)
    body.measure(hashed=True)
    file.seek(0, io.SEEK_END)
    file.write(b" and more")
    assert read(body) == b"four"
    file.truncate(2)
    with pytest.raises(InvalidInput, match="it had 4 bytes, and now has 2"):
        read(body)


def test_what_reading_raises_is_kept() -> None:
    def failing() -> Iterator[bytes]:
        yield b"a"
        raise OSError("the disk is gone")

    body = source(failing())
    body.measure(hashed=False)
    with pytest.raises(OSError, match="the disk is gone"):
        read(body)
    assert isinstance(body.failure, OSError)


def test_files_are_read_in_bounded_pieces() -> None:
    class Watched(io.BytesIO):
        sizes: list[int] = []  # noqa: RUF012

        def read(self, size: int | None = -1, /) -> bytes:
            self.sizes.append(size or 0)
            return super().read(size)

    body = source(Watched(bytes(3 * CHUNK + 1)))
    body.measure(hashed=True)
    assert len(read(body)) == 3 * CHUNK + 1
    assert 0 < min(Watched.sizes) <= max(Watched.sizes) <= CHUNK


@given(st.lists(st.binary(max_size=5)))
def test_pieces_fall_anywhere(pieces: list[bytes]) -> None:
    body = source(pieces)
    body.measure(hashed=True)
    whole = b"".join(pieces)
    assert (body.length, body.sha256, read(body)) == (len(whole), sha256(whole).hexdigest(), whole)
