"""Service models that are none: what is wrong is said by file and key, and nothing is written."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from bind.command import TINY, described, names, run
from click.testing import Result
from corpus import models
from corpus.lean import compile_lean
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith import bindings, lap
from lapsmith.ir.rules_reader import read_rules

Change = Callable[[Any], None]


def refused(result: Result, *said: str) -> None:
    """One error, without a traceback."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.output.count("lapsmith: error: ") == 1
    for text in said:
        assert text in result.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", ":1:2: not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "must hold a JSON object"),
        (b"5", "must hold a JSON object"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"metadata": ' + b'{"a": ' * 100_000, "nested deeper"),
        (b'{"metadata": {"serviceId": ' + b"9" * 5_000 + b"}}", "not JSON that can be read"),
        (b'{"metadata": {"serviceId": "\\ud800"}}', "one half of a surrogate pair"),
        (b"{}", "metadata is missing: it must be an object"),
        (b"", ":1:1: not JSON"),
    ],
)
def test_files_that_hold_no_model(tiny: Path, content: bytes, said: str) -> None:
    path = tiny.parent / "service-2.json"
    path.write_bytes(content)
    refused(run(str(tiny), "--model", str(path)), str(path), said)
    assert names(tiny) == {"tiny.lap"}


def at(path: str, value: Any) -> Change:
    """Put a value at a path of keys."""
    *keys, last = path.split(".")

    def change(model: Any) -> None:
        for key in keys:
            model = model[key]
        model[last] = value

    return change


def without(path: str) -> Change:
    """Take away what is at a path of keys."""
    *keys, last = path.split(".")

    def change(model: Any) -> None:
        for key in keys:
            model = model[key]
        del model[last]

    return change


START, NAMED = "operations.StartThing", "shapes.NameInput"
WRONG = [
    (without("metadata"), "metadata is missing: it must be an object"),
    (without("shapes"), "shapes is missing: it must be an object"),
    (at("shapes", []), "shapes must be an object, and is a list"),
    (at("operations", None), "operations must be an object, and is null"),
    (at("metadata.targetPrefix", ["Tiny"]), "metadata.targetPrefix must be a word, and is a list"),
    (at("metadata.targetPrefix", "a\r\nB: c"), "metadata.targetPrefix must be a word, and is 'a\\r\\nB: c'"),
    (without("metadata.targetPrefix"), "metadata.targetPrefix is missing, which requests of json-1.1 begin with"),
    (at("metadata.apiVersion", "2020\nevil: true"), "metadata.apiVersion must be a word"),
    (at("metadata.jsonVersion", 1.1), "metadata.jsonVersion must be one of 1.0, 1.1, and is 1.1"),
    (at("metadata.serviceId", {"a": 1}), "metadata.serviceId must be text, and is an object"),
    (at("metadata.auth", "v4"), "metadata.auth must be a list, and is 'v4'"),
    (at("metadata.auth", [4]), "metadata.auth[0] must be a word, and is 4"),
    (at(f"{START}.http.method", 5), f"{START}.http.method must be an HTTP method, and is 5"),
    (at(f"{START}.http.requestUri", "a b"), f"{START}.http.requestUri must be a path that begins with /, and is 'a b'"),
    (at(f"{START}.http.responseCode", "x"), f"{START}.http.responseCode must be a status from 200 to 299"),
    (without(f"{START}.http"), f"{START}.http is missing: it must be an object"),
    (at(START, 1), f"{START} must be an object, and is 1"),
    (at("operations.a b", {}), "operations.'a b' must be called a name of letters"),
    (at(f"{START}.input", "NameInput"), f"{START}.input must be an object, and is 'NameInput'"),
    (at(f"{START}.input.shape", "Nowhere"), f"{START}.input.shape names the shape 'Nowhere', which is missing"),
    (at(f"{START}.input.shape", "Text"), f"{START}.input.shape must be a structure, and Text is a string"),
    (at(f"{START}.errors", {}), f"{START}.errors must be a list, and is an object"),
    (at(f"{START}.errors", [5]), f"{START}.errors[0] must be an object, and is 5"),
    (at(f"{START}.endpoint", {"hostPrefix": 5}), f"{START}.endpoint.hostPrefix must be"),
    (at(NAMED, 3), f"{NAMED} must be an object, and is 3"),
    (at(f"{NAMED}.type", "struct"), f"{NAMED}.type must be one of string, "),
    (at(f"{NAMED}.members", []), f"{NAMED}.members must be an object, and is a list"),
    (without(f"{NAMED}.members"), f"{NAMED}.members is missing, which a structure has"),
    (at(f"{NAMED}.required", ["Nam"]), f"{NAMED} speaks of a member 'Nam', which is missing"),
    (at(f"{NAMED}.payload", "Nam"), f"{NAMED} speaks of a member 'Nam', which is missing"),
    (at(f"{NAMED}.members.Name.shape", "X"), f"{NAMED}.members.Name.shape names the shape 'X', which is missing"),
    (at(f"{NAMED}.members.Name.location", "head"), f"{NAMED}.members.Name.location must be one of uri, "),
    (at(f"{NAMED}.members.Name.locationName", "a b"), f"{NAMED}.members.Name.locationName must be a name"),
    (at(f"{NAMED}.members.Name.idempotencyToken", "no"), "idempotencyToken must be true or false, and is 'no'"),
    (at("shapes.L", {"type": "list", "member": {"shape": "X"}}), "shapes.L.member.shape names the shape 'X'"),
    (at("shapes.L", {"type": "list"}), "shapes.L.member is missing, which a list has"),
    (
        at("shapes.M", {"type": "map", "key": {"shape": "NameInput"}, "value": {"shape": "Text"}}),
        "shapes.M.key must be a string, and is a structure",
    ),
    (
        lambda model: model["shapes"].update(
            {f"L{n}": {"type": "list", "member": {"shape": f"L{n + 1}" if n < 2_000 else "Text"}} for n in range(2_001)}
        ),
        "shapes.L0 must end: it is more than 32 lists and maps in one another",
    ),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_the_key_and_what_it_must_be_are_said(tiny: Path, change: Change, said: str) -> None:
    model = copy.deepcopy(TINY)
    change(model)
    path = tiny.parent / "service-2.json"
    path.write_text(json.dumps(model))
    refused(run(str(tiny), "--model", str(path)), f"{path} is not a whole service model:\n    ", said)
    assert names(tiny) == {"tiny.lap"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("paginators-1", {"pagination": {"StartThing": 5}}, "pagination.StartThing must be an object, and is 5"),
        (
            "paginators-1",
            {"pagination": {"A": {"input_token": [5]}}},
            "pagination.A.input_token must be text or a list",
        ),
        ("waiters-2", {"waiters": []}, "waiters must be an object, and is a list"),
        ("waiters-2", {"waiters": {"W": {"operation": "A"}}}, "waiters.W.acceptors is missing: it must be a list"),
        (
            "waiters-2",
            {"waiters": {"W": {"operation": "A", "acceptors": [{"matcher": "status", "expected": "x", "state": "y"}]}}},
            "waiters.W.acceptors[0].expected must be a status",
        ),
        ("endpoint-rule-set-1", {"version": "1.0", "parameters": 5, "rules": []}, "endpoint-rule-set-1.json:1:"),
        ("service-2.sdk-extras", {"merge": 5}, "merge must be an object"),
    ],
)
def test_files_beside_a_model(tiny: Path, name: str, content: Any, said: str) -> None:
    path = tiny.parent / f"{name}.json"
    path.write_text(json.dumps(content))
    refused(run(str(tiny), "--model", str(tiny.parent)), str(path), said)
    assert names(tiny) == {"tiny.lap"}


@pytest.mark.parametrize("cut", [0, 5, 40])
def test_a_cut_archive(tiny: Path, cut: int) -> None:
    packed = gzip.compress(json.dumps(TINY).encode())
    path = tiny.parent / "service-2.json.gz"
    path.write_bytes(packed[: cut or len(packed) // 2])
    refused(run(str(tiny), "--model", str(path)), f"{path}: not a whole gzip file")
    assert names(tiny) == {"tiny.lap"}


def test_a_folder_where_a_file_is_meant(tiny: Path) -> None:
    path = tiny.parent / "models" / "service-2.json"
    path.mkdir(parents=True)
    for folder in (path, path.parent):
        refused(run(str(tiny), "--model", str(folder)), f"{folder} does not hold a service-2.json")
    assert names(tiny) == {"tiny.lap"}


def test_shapes_that_hold_themselves(tiny: Path) -> None:
    model = described()
    model["shapes"]["Names"]["member"]["shape"] = "Names"
    model["shapes"]["Things"]["members"]["More"] = {"shape": "Things"}
    (tiny.parent / "service-2.json").write_text(json.dumps(model))
    (tiny / "tiny.lap").write_text(compile_lean(model))
    result = run(str(tiny), "--model", str(tiny.parent))
    assert result.exit_code == 0, result.output
    assert "@type Things {Names: [any]?, More: Things?}" in (tiny / "types.lap").read_text()


WHOLE = {
    name: json.loads((gzip.decompress if path.suffix == ".gz" else bytes)(path.read_bytes()))
    for path in models.path("kinesis").parent.iterdir()
    if (name := path.name.partition(".")[0]) in ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1")
}
SPEC = compile_lean(WHOLE["service-2"])
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.just(10**30),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["\ud800", "a\r\nb", "structure", "String", "/", "GET", "#", "{", "2020-01-01"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there is anything in a document, prose left out."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        if key != "documentation":
            yield from places(item, (*path, key))


def by_depth(content: Any) -> list[list[tuple[Any, ...]]]:
    """So that the few places near the root are as likely as the many below."""
    found = sorted((place for place in places(content) if place), key=len)
    return [list(group) for _, group in groupby(found, len)]


PLACES = {name: by_depth(content) for name, content in sorted(WHOLE.items())}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_nodes_are_random_json(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A real model with some nodes replaced: it is bound, or refused with one error; all is written, or nothing."""
    files = copy.deepcopy(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(["service-2", *PLACES]))
        alike = st.sampled_from(data.draw(st.sampled_from(PLACES[name])))
        # What stands at such a place elsewhere may well be right here.
        new = value_at(WHOLE[name], data.draw(alike)) if data.draw(st.booleans()) else data.draw(JSON)
        replace(files, (name, *data.draw(alike)), copy.deepcopy(new))
    folder = tmp_path_factory.mktemp("model", numbered=True)
    (folder / "spec").mkdir()
    (folder / "spec" / "kinesis.lap").write_text(SPEC)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    options = ["--all", "-o", str(folder / "out" / "bindings.yaml")] if data.draw(st.booleans()) else []
    result = run(str(folder / "spec"), "--model", str(folder), *options)
    target = folder / "out" if options else folder / "spec"
    written = names(target) - {"kinesis.lap"} if target.exists() else set()
    if result.exit_code != 0:
        refused(result)
        assert "this is an error of lapsmith's" not in result.output
        assert written == set()
        return
    assert {"bindings.yaml", "types.lap"} <= written <= {"bindings.yaml", "types.lap", "endpoint-rules.json"}
    assert bindings.load(target / "bindings.yaml", "bindings.yaml").diagnostics == ()
    assert lap.parse_types((target / "types.lap").read_bytes(), "types.lap").diagnostics == ()
    if "endpoint-rules.json" in written:
        assert read_rules((target / "endpoint-rules.json").read_bytes(), "rules").rules is not None


def value_at(value: Any, path: tuple[Any, ...]) -> Any:
    """What is at a path."""
    for key in path:
        value = value[key]
    return value


def replace(value: Any, path: tuple[Any, ...], new: Any) -> None:
    """Replace what is at a path, if that is still there."""
    for key in path[:-1]:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(value, dict) or (isinstance(value, list) and isinstance(path[-1], int) and path[-1] < len(value)):
        value[path[-1]] = new
