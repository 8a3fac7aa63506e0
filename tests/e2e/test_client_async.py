"""What only the async client can do: be awaited, be cancelled, and run many calls at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest
from e2e.servers import ACCESS_KEY, REGION, SECRET_KEY, NodeDouble, endpoint_name
from sagemaker_runtime import AsyncSageMakerRuntime, Credentials

Make = Callable[[], AsyncSageMakerRuntime]


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run an async function on an event loop of its own."""
    return partial(anyio.run, backend=request.param)


@pytest.fixture
def make(double: NodeDouble) -> Make:
    return lambda: AsyncSageMakerRuntime(
        region=REGION, endpoint_url=double.url, credentials=Credentials(ACCESS_KEY, SECRET_KEY)
    )


def test_a_stream_can_be_awaited(run: Callable[..., Any], make: Make) -> None:
    async def main() -> None:
        async with make() as client:
            stream = await client.invoke_endpoint_with_response_stream(endpoint_name="stream-tokens", body=b"")
            assert [text async for text in stream.iter_text()] == ["Once", " upon", " a", " time", "."]
            stream = await client.invoke_endpoint_with_response_stream(endpoint_name="stream-gated", body=b"")
            async with stream:
                assert stream.content_type

    run(main)


@pytest.mark.parametrize("behaviour", ["slow", "stream-gated"])
def test_cancelling_ends_the_call_at_the_server(
    run: Callable[..., Any], make: Make, double: NodeDouble, behaviour: str
) -> None:
    name = endpoint_name(behaviour)

    async def main() -> None:
        async with make() as client:
            with anyio.move_on_after(0.3) as scope:
                async with client.invoke_endpoint_with_response_stream(endpoint_name=name, body=b"") as stream:
                    async for _ in stream:
                        pass
            assert scope.cancelled_caught
            assert await anyio.to_thread.run_sync(double.wait_closed, name) is False
            assert (await client.invoke_endpoint(endpoint_name="echo", body=b"next")).body == b"next"

    run(main)
    assert len(double.requests(name)) == 1


def test_many_calls_at_once(run: Callable[..., Any], make: Make) -> None:
    async def main() -> None:
        bodies: list[bytes] = []

        async def one(client: AsyncSageMakerRuntime, number: int) -> None:
            out = await client.invoke_endpoint(endpoint_name="echo", body=b"%d" % number)
            bodies.append(out.body)

        async with make() as client, anyio.create_task_group() as group:
            for number in range(30):
                group.start_soon(one, client, number)
        assert sorted(bodies, key=int) == [b"%d" % number for number in range(30)]

    run(main)


def test_one_client_serves_several_event_loops(run: Callable[..., Any], make: Make) -> None:
    client = make()

    async def main() -> None:
        assert (await client.invoke_endpoint(endpoint_name="echo", body=b"x")).body == b"x"

    run(main)
    run(main)
