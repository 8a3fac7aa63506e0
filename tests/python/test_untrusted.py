"""Specs are untrusted: whatever text is in one, the client holds it as text, and nothing else is written.

Every hostile string carries a call. It must never become one: no name, attribute or statement of a generated module
comes from a spec except through ``lapsmith.python.names``, and every docstring says what the spec's prose says.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import time
import tokenize
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Any

import pytest
from examples import examples
from golden_cases import generate, importable
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lapsmith.diagnostics import Span
from lapsmith.ir import model as ir
from lapsmith.python import render, support, text
from lapsmith.templates import runtime

CALL = "__import__('os').system('touch CANARY')"
SHAPES = [
    "{}",
    "';{};'",
    '";{};"',
    "\\';{}#",
    '\\";{}#',
    '"""\n{}\n"""',
    "'''\n{}\n'''",
    '\\"""+{}+\\"""',
    'x"""',
    'x""""',
    'x"',
    "x\\",
    "{{{{ {} }}}}",
    "{{% if {} %}}",
    "{{# {} #}}",
    "{{{}}}",
    "{{{}!r:>{{{}}}}}",
    "\n{}\n",
    "\r{}\r",
    "\x0c{}",
    "\x85{}",
    "\u2028{}\u2029",
    "\u202e{}\u2066",
    "\x00{}",
    "\ud800{}",
    "\\N{{BULLET}}{}",
    "\\x27;{};\\x27",
    "\\\n{}",
    "# -*- coding: utf-7 -*- +AGE- {}",
    "`{}`",
    "%({})s",
    "${{{}}}",
    "__import__",
    "\ufb01le _\U0001d4ec\U0001d4ea\U0001d4f7 {}",
    "\u0430\u0455\u0441\u0456\u0456 {}",
    "../../{}",
    "/etc/{}",
    "_runtime",
    "__init__",
    "..",
    "*/ {} /*",
    "<script>{}</script>",
    "",
]
HOSTILE = [shape.format(CALL, CALL) for shape in SHAPES]
FRAGMENTS = st.sampled_from(HOSTILE) | st.text(max_size=8)
TEXTS = st.lists(FRAGMENTS, min_size=1, max_size=2).map("".join)
IMPORTED = {"__future__", "collections.abc", "datetime", "importlib", "msgspec", "typing"}


def own_modules(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if path.endswith(".py") and not path.startswith("_runtime/")}


OWN_COMMENTS = {
    "# A type checker would take every name for one that the package has.",
    "# Known values, for editors and type checkers. A service may add some, so any text is taken and read.",
}
"""Comments that the templates have besides the two lines at the top."""


def check_files(files: Mapping[str, bytes]) -> None:
    """Check every module that was rendered, and the names of the files."""
    assert all(
        re.fullmatch(r"(_runtime/)?([a-z_0-9]+/)?[a-z_0-9]+\.py|py\.typed|lapsmith\.json", path) for path in files
    )
    for path, data in own_modules(files).items():
        check_module(path, data)


def check_module(path: str, data: bytes) -> None:
    assert tokenize.detect_encoding(BytesIO(data).readline)[0] == "utf-8"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029\x00-\x09\x0b-\x1f\x7f-\x9f]", data.decode())
    # Parsed from bytes, as an import does it: an encoding declaration counts.
    for node in ast.walk(ast.parse(data, path)):
        check_node(node)
    comments = [t for t in tokenize.tokenize(BytesIO(data).readline) if t.type == tokenize.COMMENT]
    assert [token.start[0] for token in comments if token.string not in OWN_COMMENTS] == [1, 2]


def check_node(node: ast.AST) -> None:
    for field in ("id", "attr", "name", "arg", "asname"):
        name = getattr(node, field, None)
        assert name is None or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
        assert name not in ("__import__", "system", "eval", "exec", "compile", "open")
    if isinstance(node, ast.Expr):
        assert isinstance(node.value, ast.Constant)
        assert isinstance(node.value.value, str) or node.value.value is ...
    if isinstance(node, ast.FormattedValue) and not isinstance(node.value, ast.Name):
        assert isinstance(node.value, ast.Call)
        assert isinstance(node.value.func, ast.Name)
        assert node.value.func.id == "quote_label"
    if isinstance(node, ast.Import):
        assert [alias.name for alias in node.names] == ["msgspec"]
    if isinstance(node, ast.ImportFrom) and not node.level:
        assert node.module in IMPORTED


def hostile_service(texts: Iterator[str]) -> ir.Service:
    """A service with the next of ``texts`` wherever a spec or its bindings can put text."""

    def said() -> str:
        return next(texts)

    def member(kind: ir.Type, location: ir.Location, required: bool = False) -> ir.Member:
        return ir.Member(said(), kind, required, location, said(), said())

    def structure(*members: ir.Member) -> ir.Structure:
        return ir.Structure(said(), members, said())

    enum = ir.Enum(said(), (said(), said()))
    known = ir.StringType(enum.values, enum.name)
    kinds: tuple[ir.Type, ...] = (
        ir.StringType((said(), said())),
        ir.MapType(known, ir.ListType(known)),
        ir.IntegerType(),
        ir.BlobType(),
        ir.TimestampType(),
        ir.DocumentType(),
    )
    shape = structure(*(member(kind, ir.Location.BODY, index == 0) for index, kind in enumerate(kinds)))
    event = structure(member(ir.BlobType(), ir.Location.EVENT_PAYLOAD))
    told = structure(member(ir.StringType(), ir.Location.BODY))
    shapes: dict[str, ir.Shape] = {item.name: item for item in (shape, event, told)}
    error = ir.Error(
        said(), said(), 400, ir.RetryKind.NEVER, (member(ir.StructureRef(shape.name), ir.Location.BODY),), said()
    )
    union = ir.EventUnion(f"union {said()}", {said(): event.name, f"x{said()}": told.name}, {said(): error.name})
    shapes[union.name] = union
    label = said()
    inputs = (
        ir.Member(said(), ir.StringType(), True, ir.Location.LABEL, label, said()),
        member(ir.ListType(ir.TimestampType()), ir.Location.QUERY),
        member(ir.MapType(ir.StringType(), ir.StringType()), ir.Location.QUERY_MAP),
        member(ir.ListType(ir.TimestampType()), ir.Location.HEADER),
        ir.Member(said(), ir.StringType(), False, ir.Location.HEADER, "Content-Type", said()),
        member(ir.MapType(ir.StringType(), ir.StringType()), ir.Location.HEADER_MAP),
    )
    outputs = (
        member(known, ir.Location.HEADER, True),
        member(ir.MapType(ir.StringType(), ir.StringType()), ir.Location.HEADER_MAP),
    )
    payload = member(ir.BlobType(), ir.Location.PAYLOAD, True)
    body = member(ir.StructureRef(shape.name), ir.Location.BODY)
    events = ir.Member(said(), ir.StructureRef(union.name), False, ir.Location.EVENTS, said(), said())
    uri = ir.Uri((said(), ir.Label(label), said()), ((said(), said()), (said(), None)))
    operations = tuple(
        ir.Operation(
            f"{index}{said()}", said(), uri, (*inputs, sent), (*outputs, got), (error.name,), 200, True, said(), said()
        )
        for index, (sent, got) in enumerate([(payload, events), (body, body), (payload, payload)])
    )
    hosts = ir.HostTemplates({said(): said()}, {said(): said()}, {}, {})
    header = (said(), said(), said(), said(), ir.Protocol.REST_JSON, ir.Signing(said()), said(), hosts, said(), 1.5)
    return ir.Service(*header, operations, shapes, {error.name: error}, said(), enums={enum.name: enum})


def prose_of(service: ir.Service) -> Iterator[tuple[str, str]]:
    """What docstrings must begin with: the module, and the spec's words."""
    for shape in service.shapes.values():
        if isinstance(shape, ir.Structure) and shape.doc:
            yield "types.py", shape.doc
    for operation in service.operations:
        for module in ("_sync.py", "_async.py"):
            yield module, operation.doc or ""
    for error in service.errors.values():
        yield "errors.py", error.doc or ""


def check_docstrings(files: Mapping[str, bytes], service: ir.Service) -> None:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    said = {
        path: [
            " ".join((ast.get_docstring(n) or "").split()) for n in ast.walk(ast.parse(data)) if isinstance(n, kinds)
        ]
        for path, data in own_modules(files).items()
    }
    for module, prose in prose_of(service):
        expected = " ".join(" ".join(text.paragraphs(prose)).split())
        assert any(docstring.startswith(expected) for docstring in said[module])


def render_checked(service: ir.Service, source: str) -> dict[str, bytes]:
    texts = render(service, package="client", source=source)
    files = {path: data.encode() for path, data in texts.items()}
    files |= {f"_runtime/{name}": data for name, data in runtime.files(runtime.closure(texts)).items()}
    check_files(files)
    check_docstrings(files, service)
    return files


@pytest.mark.parametrize(
    "hostile",
    [pytest.param(text, marks=pytest.mark.slow if index % 6 else ()) for index, text in enumerate(HOSTILE)],
)
def test_one_hostile_text_everywhere(hostile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = (f"{hostile}{index}" if index % 2 else f"{index}{hostile}" for index in range(1000))
    service = hostile_service(texts)
    files = render_checked(service, hostile)
    importable_shapes = support.unsupported(service, Span("x", 1, 1, 1, 1))
    if importable_shapes.has_errors:
        return
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "client", files)
    with importable(tmp_path):
        package = importlib.import_module("client")
        for name in package.__all__:
            getattr(package, name)
        importlib.import_module("client.testing")
    assert [path.name for path in tmp_path.iterdir()] == ["client"]


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


@settings(deadline=None, max_examples=examples(6), suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(TEXTS, min_size=150, max_size=150), source=TEXTS)
def test_hostile_texts_anywhere(texts: list[str], source: str) -> None:
    # The names of one service differ: that is checked before there is an IR.
    render_checked(hostile_service(f"{said}{index}" for index, said in enumerate(texts)), source)


SPEC = Template("""@lap v0.3
@api $api
@version $version
@base https://host/$base
@endpoints 1
@group $group
@type $type {$field: str(a/$enum)=$default # $comment
}
@endpoint POST /a/{id}/$path?q=$query
@desc $desc
@required {id: str, $name: $type}
@optional {$other: [str]=$default # $comment
}
@returns(200) {$name: $type, $other: str?}
@errors {400:$error: $message}
@endgroup
@end
""")
SLOTS = tuple(SPEC.get_identifiers())
BENIGN = {slot: f"Some{slot.title()}" for slot in SLOTS}


def spec_with(**slots: str) -> str:
    return SPEC.substitute(BENIGN | slots)


def run(folder: Path, spec: str | bytes, bindings: Any = None) -> None:
    """Generate from a spec in a folder of its own, and check all that was written, and where."""
    case = folder / "case"
    case.mkdir(parents=True)
    (case / "spec.lap").write_bytes(spec.encode("utf-8", "surrogatepass") if isinstance(spec, str) else spec)
    if bindings is not None:
        (case / "bindings.yaml").write_text(json.dumps(bindings))
    outcome = generate(case, folder / "out" / "client")
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    files = {path.removeprefix("out/client/") for path in written if path.startswith("out/client/")}
    inputs = {"case/spec.lap"} | ({"case/bindings.yaml"} if bindings is not None else set())
    assert written - inputs == {f"out/client/{path}" for path in files}
    assert (outcome.code, bool(files)) in ((0, True), (2, False)), outcome.stderr
    check_files({path: (folder / "out" / "client" / path).read_bytes() for path in files})


@pytest.mark.parametrize("slot", SLOTS)
def test_hostile_text_in_a_spec(slot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_slot(slot, HOSTILE[2:14:6], tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("slot", SLOTS)
def test_every_hostile_text_in_a_spec(slot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_slot(slot, HOSTILE, tmp_path, monkeypatch)


def check_slot(slot: str, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(tmp_path / "benign", spec_with())
    assert (tmp_path / "benign/out/client/_sync.py").is_file()
    for index, hostile in enumerate(texts):
        run(tmp_path / str(index), spec_with(**{slot: hostile}))
    assert not (tmp_path / "CANARY").exists()


def bound(hostile: str) -> dict[str, Any]:
    """Bindings with hostile text in every place that takes any."""
    return {
        "lapsmith": 1,
        "service": {"id": hostile, "class": "C", "protocol": "rest-json", "signing": hostile},
        "endpoint": {"host": "x.{region}.{dnsSuffix}"},
        "operations": {
            f"Op{hostile}": {
                "at": "POST /a/{id}/SomePath?q=SomeQuery",
                "in": {
                    "SomeName": {"member": hostile, "name": hostile},
                    "SomeOther": {"in": "query", "name": hostile, "enum": f"V{hostile}"},
                },
                "out": {"SomeName": {"member": hostile}},
                "errors": [f"E{hostile}"],
            }
        },
        "errors": {f"E{hostile}": {"status": 418, "code": hostile, "doc": hostile}},
        "enums": {f"V{hostile}": [hostile, f"x{hostile}"]},
    }


def test_hostile_text_in_bindings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for index, hostile in enumerate(HOSTILE):
        run(tmp_path / str(index), spec_with(), bound(hostile))
    assert not (tmp_path / "CANARY").exists()


@settings(deadline=None, max_examples=examples(15), suppress_health_check=[HealthCheck.too_slow])
@given(cuts=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 20), FRAGMENTS), min_size=1, max_size=6))
@example(cuts=[(0, 0, "\ufeff")])
@example(cuts=[(40, 600, "")])
@example(cuts=[(85, 40, "@end\n")])
def test_a_spec_with_anything_anywhere(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, int, str]]
) -> None:
    spec = spec_with()
    for at, length, hostile in cuts:
        spec = spec[:at] + hostile + spec[at + length :]
    run(tmp_path_factory.mktemp("fuzz"), spec)


@pytest.mark.parametrize(
    "name",
    [
        "coding: utf-7.lap",
        "-*- coding=latin-1 -*-.lap",
        "{{ 7 }}.lap",
        '""".lap',
        "\\.lap",
        "a # b.lap",
        "é.lap",
        "ﬁ.lap",
    ],
)
def test_a_hostile_file_name_stays_in_its_comment(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / name
    path.write_text(spec_with())
    assert generate(path, tmp_path / "out" / "client").code == 0
    check_files({p.name: p.read_bytes() for p in (tmp_path / "out" / "client").glob("*.py")})


@pytest.mark.parametrize("output", ["../x/class", "a b", "lapsmith-", "1x", "x/\u202e", "é"])
def test_an_output_folder_that_is_no_package_is_refused(output: str, tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    (case / "spec.lap").write_text(spec_with())
    assert generate(case, tmp_path / output).code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


@pytest.mark.parametrize(
    "slot", ["api", "type", "field", "desc", "name", "comment", "default", "enum", "error", "path"]
)
def test_very_long_text_takes_linear_time(slot: str, tmp_path: Path) -> None:
    unit = "Word " if slot in ("desc", "comment", "api") else "AbcDef"
    start = time.process_time()
    run(tmp_path, spec_with(**{slot: unit * (100_000 // len(unit))}))
    assert time.process_time() - start < 20


@pytest.mark.parametrize("depth", [10, 60, 200, 5000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("map<str,", ">"), ("{a: ", "}")])
def test_deep_types_are_generated_or_refused(depth: int, opening: str, closing: str, tmp_path: Path) -> None:
    kind = opening * depth + "str" + closing * depth
    members = f"{{a: {kind}}}"
    spec = (
        f"@lap v0.3\n@api X\n@base https://x\n@endpoint POST /a\n@required {members}\n@returns(200) {members}\n@end\n"
    )
    run(tmp_path, spec)
    assert (tmp_path / "out").exists() == (depth <= 60)
