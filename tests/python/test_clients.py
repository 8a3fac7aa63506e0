"""The golden clients as packages: imported, looked through, called, streamed from, pickled, type-checked."""

from __future__ import annotations

import ast
import asyncio
import copy
import importlib
import pickle
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import msgspec
import pytest
from golden_cases import CASES, GOLDEN, client_class, generate, importable, undocumented

CLIENTS = tuple(case for case in CASES if (GOLDEN / case / "expected").is_dir())
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clients")
    for case in CLIENTS:
        assert generate(GOLDEN / case, folder / case).code == 0
    with importable(folder):
        yield folder


def connect(package: ModuleType, transport: Any, *, asynchronous: bool = False) -> Any:
    credentials = package.Credentials("AKID", "secret")
    return client_class(package, asynchronous=asynchronous)(
        region="eu-west-1", credentials=credentials, transport=transport
    )


def stub(package: ModuleType, *, asynchronous: bool = False) -> Any:
    testing = importlib.import_module(f"{package.__name__}.testing")
    return testing.AsyncStubTransport() if asynchronous else testing.StubTransport()


@pytest.mark.parametrize("case", CLIENTS)
def test_every_public_name_is_there(folder: Path, case: str) -> None:
    package = importlib.import_module(case)
    assert package.__all__ == sorted(set(package.__all__))
    assert set(package.__all__) <= set(dir(package))
    found = {name: getattr(package, name) for name in package.__all__}
    defined = [value for value in found.values() if isinstance(value, type) and value is not str]
    assert all(value.__module__.startswith(case) for value in defined)
    with pytest.raises(AttributeError, match=f"module '{case}' has no attribute 'nothing'"):
        package.nothing  # noqa: B018


@pytest.mark.parametrize("case", CLIENTS)
def test_star_import_gives_all_public_names(folder: Path, case: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"from {case} import *", namespace)
    assert set(importlib.import_module(case).__all__) == set(namespace) - {"__builtins__"}


def test_importing_the_package_imports_nothing_else(folder: Path) -> None:
    script = (
        "import sys; before = set(sys.modules); import body_members; "
        "print(sorted(name for name in set(sys.modules) - before if name.startswith('body_members'))); "
        "print(sorted({'msgspec', 'httptools', 'ssl', 'asyncio', 'botocore', 'httpx2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "['body_members']\n[]\n"


GENERATED = Path(__file__).resolve().parents[2] / "generated"


def test_star_import_needs_no_optional_package() -> None:
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['httpx2', 'botocore', 'boto3'])); "
        "from sagemaker_runtime import *; import sagemaker_runtime; "
        "print(PayloadPart.__name__, 'HTTPX2Transport' in dir()); sagemaker_runtime.HTTPX2Transport"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=GENERATED, capture_output=True, text=True)
    assert done.stdout == "PayloadPart False\n"
    assert "httpx2" in done.stderr.splitlines()[-1]


def test_optional_transports_are_there_where_they_are_configured(folder: Path) -> None:
    import sagemaker_runtime

    package = importlib.import_module("body_members")
    for name in ("AsyncHTTPX2Transport", "HTTPX2Transport"):
        assert getattr(sagemaker_runtime, name).__name__ == name
        assert name not in sagemaker_runtime.__all__
        assert not hasattr(package, name)
    assert not list((folder / "body_members" / "_runtime").rglob("httpx2_adapter*"))


@pytest.mark.parametrize("case", CLIENTS)
def test_annotations_mean_what_they_say(folder: Path, case: str) -> None:
    package = importlib.import_module(case)
    # Streams and pages are imported when they are used, so a client's module does not have their names.
    names = {name: getattr(package, name) for name in package.__all__}
    for asynchronous in (False, True):
        client = client_class(package, asynchronous=asynchronous)
        for method in vars(client).values():
            if callable(method):
                assert "return" in get_type_hints(method, localns=names)
    types = importlib.import_module(f"{case}.types")
    for shape in vars(types).values():
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
            msgspec.json.Decoder(shape)


@pytest.mark.parametrize("case", CLIENTS)
def test_everything_public_is_documented(folder: Path, case: str) -> None:
    for path in (folder / case).glob("*.py"):
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree)
        assert undocumented(tree) == [], path.name


def test_pickling_and_copying_keep_outputs_errors_and_events(folder: Path) -> None:
    package = importlib.import_module("body_members")
    transport = stub(package)
    transport.respond(b'{"Parcels": [{"At": 0, "Tags": {"a": ["b"]}}]}', headers={"x-amzn-RequestId": "id-1"})
    output = connect(package, transport).list_parcels()
    for clone in (pickle.loads(pickle.dumps(output)), copy.copy(output), copy.deepcopy(output)):
        assert clone == output
        assert clone.metadata == output.metadata
        assert clone.metadata.request_id == "id-1"
        assert clone.parcels[0].at == datetime(1970, 1, 1, tzinfo=UTC)

    package = importlib.import_module("name_collisions")
    error = package.Failed("no", detail=importlib.import_module("name_collisions.types").Any_(any="x"), http_status_=3)
    clone = pickle.loads(pickle.dumps(error))
    assert (type(clone), clone.args, vars(clone)) == (package.Failed, error.args, vars(error))
    assert (clone.detail.any, clone.http_status_, clone.status, clone.str_) == ("x", 3, None, None)

    package = importlib.import_module("event_stream_json")
    event = package.Said(who="a", text="b", place=package.Place(city="c"))
    assert pickle.loads(pickle.dumps(event)) == event


def test_required_members_that_are_not_sent_read_as_stand_ins(folder: Path) -> None:
    package = importlib.import_module("body_members")
    transport = stub(package)
    transport.respond(b'{"Legs": [{}, null], "Price": null, "Fragile": null}', status=201)
    output = connect(package, transport).register_parcel(
        weight=1, value=package.Money(amount=0, currency=""), legs=[{"From": {"City": "x"}}]
    )
    assert (output.number, output.fragile, output.factor, output.label, output.stops) == (0, False, 0.0, b"", {})
    assert output.due == datetime(1970, 1, 1, tzinfo=UTC)
    assert (output.price, output.extra, output.comment) == (None, None, None)
    assert output.legs == [package.Leg()]


def test_required_members_are_sent_even_if_they_are_zero(folder: Path) -> None:
    package = importlib.import_module("body_members")
    transport = stub(package)
    transport.respond(b"{}", status=201)
    connect(package, transport).register_parcel(
        weight=0, value=package.Money(amount=0, currency=""), legs=[package.Leg(from_=package.Place(city=""))]
    )
    assert msgspec.json.decode(transport.requests[0].body) == {
        "Weight": 0,
        "Value": {"Amount": 0, "Currency": ""},
        "Legs": [{"From": {"City": ""}}],
    }


def test_what_is_required_is_checked_by_name(folder: Path) -> None:
    package = importlib.import_module("payloads")
    client = connect(package, stub(package))
    with pytest.raises(package.InvalidInput, match="config"):
        client.put_config(id="x", config=None)
    with pytest.raises(package.InvalidInput, match="id must not be empty"):
        client.put_config(id="", config=package.Config(name="x"))
    with pytest.raises(package.InvalidInput, match="text"):
        client.put_text(text=None)
    with pytest.raises(package.InvalidInput, match="is required"):
        client.put_blob(data=None)
    with pytest.raises(TypeError, match="config"):
        client.put_config(id="x")


def test_json_or_a_body_or_neither_where_it_may_be_left_out(folder: Path) -> None:
    package = importlib.import_module("payloads")
    transport = stub(package)
    client = connect(package, transport)
    for arguments, body, content_type in (
        ({}, b"", None),
        ({"data": b"x"}, b"x", None),
        ({"json": {"a": [1]}}, b'{"a":[1]}', "application/json"),
        ({"json": None}, b"null", "application/json"),
        ({"json": 1, "type": "a/b"}, b"1", "a/b"),
    ):
        transport.respond(b"[1]")
        assert client.post_blob(**arguments).doc == [1]
        sent = transport.requests[-1]
        assert (sent.body, dict(sent.headers).get("Content-Type")) == (body, content_type)
    with pytest.raises(package.InvalidInput, match="both given"):
        client.post_blob(data=b"", json=1)


def test_events_with_json_members(folder: Path) -> None:
    package = importlib.import_module("event_stream_json")
    said = package.Said(text="hi", at=datetime(2024, 5, 1, tzinfo=UTC), photo=b"\xff", place=package.Place(city="c"))
    transport = stub(package)
    transport.stream([said, package.Kept(), package.Refused("no", why="late")], headers={"x-session": "s"})
    with connect(package, transport).converse(room="a/b", text="hello") as stream:
        assert (stream.session, stream.metadata_) == ("s", None)
        assert isinstance(stream, package.EventStream)
        assert not hasattr(stream, "iter_text")
        assert [next(stream), next(stream)] == [said, package.Kept()]
        with pytest.raises(package.Refused, match="no") as caught:
            next(stream)
    assert (caught.value.why, caught.value.operation) == ("late", "Converse")
    assert transport.requests[0].target == "/chat/a%2Fb"


def test_events_with_payloads_of_their_own(folder: Path) -> None:
    package = importlib.import_module("event_stream_blobs")
    events = [package.Sound(data=b"\x00"), package.Picture(data=b""), package.Sound()]

    async def listen() -> list[Any]:
        transport = stub(package, asynchronous=True)
        transport.stream(events)
        async with connect(package, transport, asynchronous=True).listen(id="1") as stream:
            assert not hasattr(stream, "iter_bytes")
            return [event async for event in stream]

    assert asyncio.run(listen()) == events


def test_a_member_that_is_called_like_a_helper_reaches_the_request(folder: Path) -> None:
    package = importlib.import_module("name_collisions")
    transport = stub(package)
    transport.respond(b'{"foo-bar": "1", "foo_bar": "2", "FooBar": "3", "list": ["a"], "metadata": "m"}')
    output = connect(package, transport).use(
        class_="c",
        self_="s",
        json_="j",
        request_="r",
        body="b",
        required_="q",
        foo_bar="1",
        foo_bar_="2",
        foo_bar_2="3",
    )
    assert (output.foo_bar, output.foo_bar_, output.foo_bar_2, output.list_) == ("1", "2", "3", ["a"])
    assert (output.metadata_, output.metadata.status) == ("m", 200)
    sent = msgspec.json.decode(transport.requests[0].body)
    assert sent == {
        "self": "s", "json": "j", "request": "r", "body": "b", "required": "q", "foo-bar": "1", "foo_bar": "2",
        "FooBar": "3",
    }  # fmt: skip


def test_operations_that_are_called_like_parts_of_the_client(folder: Path) -> None:
    package = importlib.import_module("name_collisions")
    transport = stub(package)
    client = connect(package, transport)
    transport.respond(b"{}")
    assert client.close_() == package.CloseOutput()
    transport.respond_error(package.Operation("no"))
    with pytest.raises(package.Operation, match="no"):
        client.error()
    transport.respond(b'{"__type": "Gate\\"way"}', status=400)
    with pytest.raises(package.ClientError) as caught:
        client.list_()
    assert type(caught.value) is importlib.import_module("name_collisions.errors").Timeout_


@pytest.mark.slow
def test_mypy_finds_nothing_in_any_client(folder: Path) -> None:
    run = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.11", *CLIENTS]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_pyright_finds_nothing_in_any_client(folder: Path) -> None:
    settings = {"include": CLIENTS, "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_bytes(msgspec.json.encode(settings))
    run = [sys.executable, "-m", "pyright", "-p", str(folder), "--pythonpath", sys.executable]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
