"""An environment in which nothing but the test sets up a client."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from types import ModuleType

import pytest
from golden_cases import GOLDEN, generate, importable

STREAMING = ("byte_streams", "event_stream_cbor", "event_stream_frames", "event_stream_rpc")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS setting, profile or credentials of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture(scope="session")
def streaming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ModuleType]]:
    """The golden clients that stream, by case."""
    folder = tmp_path_factory.mktemp("streaming")
    for case in STREAMING:
        assert generate(GOLDEN / case, folder / case).code == 0
    with importable(folder):
        yield {case: importlib.import_module(case) for case in STREAMING}


@pytest.fixture
def archive(streaming: dict[str, ModuleType]) -> ModuleType:
    """The client whose bodies are sent and read piecewise."""
    return streaming["byte_streams"]


@pytest.fixture
def telemetry(streaming: dict[str, ModuleType]) -> ModuleType:
    """The client whose events have headers and payloads of each kind."""
    return streaming["event_stream_frames"]


@pytest.fixture
def meter(streaming: dict[str, ModuleType]) -> ModuleType:
    """The same as ``tail``, in CBOR, with a header in its events."""
    return streaming["event_stream_cbor"]


@pytest.fixture
def tail(streaming: dict[str, ModuleType]) -> ModuleType:
    """The client whose event streams open with a frame."""
    return streaming["event_stream_rpc"]
