"""The modules that rule sets become: short, plain, typed, always the same, and what the rules say in every odd case."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.endpoint_provider import EndpointProvider
from golden_cases import undocumented
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith.ir.rules_reader import read_rules
from lapsmith.python.format import format_source
from lapsmith.python.imports import tidy_imports
from lapsmith.python.render import render_rules
from lapsmith.templates.folder import templates_folder

from .services import FILES, PARTITIONS, Oracle, agree, compiled, file_of, name_of, read
from .test_reader import REGION, call, endpoint, ref, rule_set

SAMPLE = ("acm", "cloudfront-keyvaluestore", "dynamodb", "ec2", "events", "iam", "lambda", "wellarchitected")
LARGE = ("kinesis", "s3", "s3control")


def source(service: str) -> str:
    rules = render_rules(read(file_of(service)), service)
    return format_source(tidy_imports(rules), "_endpoint_rules.py")


def functions(text: str) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("service", [*SAMPLE, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)])
def test_modules_are_documented_and_no_function_is_longer_than_a_screen(service: str) -> None:
    text = source(service)
    assert undocumented(ast.parse(text)) == []
    for node in functions(text):
        assert node.end_lineno is not None
        # The docstring of the public one is no code.
        start = node.body[1].lineno if ast.get_docstring(node) else node.lineno
        assert node.end_lineno - start <= 75, (node.name, node.end_lineno - start)
        found = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
        loaded = {each.id for each in found if isinstance(each.ctx, ast.Load)}
        assert {each.id for each in found if isinstance(each.ctx, ast.Store)} <= loaded


def test_the_usual_rules_are_one_short_function() -> None:
    (function,) = functions(source("lambda"))
    assert len(ast.unparse(function).splitlines()) < 45


@pytest.mark.parametrize("service", ["dynamodb", "s3"])
def test_compiling_is_deterministic(service: str) -> None:
    script = f"from rules.services import *; print(render_rules(read(file_of({service!r})), 'x'))"
    folders = f"{Path(__file__).parents[1]}:{templates_folder()}"
    texts = set()
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": folders}
        command = [sys.executable, "-c", script]
        texts.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert texts == {render_rules(read(file_of(service)), "x") + "\n"}


@pytest.mark.slow
def test_modules_are_well_typed(tmp_path: Path) -> None:
    package = tmp_path / "typed"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "_runtime").symlink_to(templates_folder() / "runtime")
    shapes: dict[int, Path] = {}
    for file in FILES:
        shapes.setdefault(len(render_rules(read(file), "a service")), file)
    sample = {file_of(service) for service in (*SAMPLE, *LARGE)} | set(list(shapes.values())[::3])
    assert len(sample) > 40
    for file in sorted(sample):
        text = format_source(tidy_imports(render_rules(read(file), name_of(file))), "x.py")
        (package / f"rules_{name_of(file).replace('-', '_')}.py").write_text(text)
    config = {
        "include": ["typed"],
        "exclude": ["typed/_runtime"],
        "pythonVersion": "3.11",
        "typeCheckingMode": "strict",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    flags = ["--strict", "--python-version", "3.11", "--config-file", "", "--warn-unreachable"]
    modules = sorted(path.relative_to(tmp_path).as_posix() for path in package.glob("rules_*.py"))
    for command in (["mypy", *flags, *modules], ["pyright", "--pythonpath", sys.executable]):
        result = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout[-5000:]


def answers(rules: Any, **values: Any) -> Any:
    """The answer of rules, which botocore's engine must share."""
    data = json.dumps(rules).encode()
    found = read_rules(data, "rules.json")
    assert found.rules is not None, found.diagnostics
    answer = compiled(found.rules).answer(values)
    expected = Oracle(data).answer(values)
    assert agree(answer, expected), (answer, expected)
    return answer


def only(rules: Any, **values: Any) -> Any:
    """The answer of rules with functions that botocore's engine does not have (yet)."""
    found = read_rules(json.dumps(rules).encode(), "rules.json")
    assert found.rules is not None, found.diagnostics
    return compiled(found.rules).answer(values)


@pytest.mark.parametrize(
    "text",
    [
        'say "hi"',
        "it's",
        "back\\slash",
        "line\nend",
        "tab\t",
        "nul\x00",
        "snow \u2603",
        "\U0001f600",
        "\\N",
        "%s",
    ],
)
def test_any_text_survives(text: str) -> None:
    rules = rule_set(endpoint(call("isSet", ref("Region")), url=f"https://{{Region}}{text}", headers={"x": [text]}))
    assert answers(rules, Region="r") == (f"https://r{text}", {}, {"x": [text]})


def test_names_that_python_or_the_module_has_are_spelled_otherwise() -> None:
    names = ("class", "partition", "InvalidInput", "found", "resolve_endpoint", "Lambda", "a_b", "aB", "_x", "None")
    rules = rule_set(
        endpoint(*(call("isSet", ref(name)) for name in names), url="".join(f"{{{name}}}" for name in names)),
        **{name: {"type": "string"} for name in names},
    )
    found = read_rules(json.dumps(rules).encode(), "rules.json").rules
    assert found is not None
    module = render_rules(found, "x").replace("from ._runtime", "from runtime")
    namespace: dict[str, Any] = {}
    exec(module, namespace)
    keywords = namespace["RULES"].parameters
    assert len(set(keywords.values())) == len(names)
    url = namespace["resolve_endpoint"](**{keywords[name]: f"<{name}>" for name in names}).url
    assert url == "".join(f"<{name}>" for name in names)


def test_one_name_may_stand_for_values_of_several_kinds() -> None:
    isset = call("isSet", ref("Region"))
    rules = rule_set(
        endpoint(isset, call("parseURL", ref("Region"), assign="x"), url="{x#authority}"),
        endpoint(isset, call("aws.parseArn", ref("Region"), assign="x"), url="{x#service}"),
        endpoint(isset, call("substring", ref("Region"), 0, 1, False, assign="x"), url="{x}"),
        {"type": "error", "conditions": [], "error": "{{none}}{Region}"},
    )
    assert answers(rules, Region="https://a")[0] == "a"
    assert answers(rules, Region="arn:aws:s3:::x")[0] == "s3"
    assert answers(rules, Region="xyz")[0] == "x"
    assert answers(rules, Region="")[:2] == ("error", "{none}")


def test_what_is_assigned_for_nothing_is_not_computed_or_not_named() -> None:
    partition = call("aws.partition", ref("Region"), assign="unused")
    url = call("parseURL", ref("Region"), assign="nameless")
    found = read_rules(json.dumps(rule_set(endpoint(call("isSet", ref("Region")), partition, url))).encode(), "r").rules
    assert found is not None
    body = tidy_imports(render_rules(found, "x"))
    assert "unused" not in body
    assert "nameless" not in body
    assert "parse_url(region) is not None" in body


def test_required_parameters_are_required() -> None:
    rules = rule_set(endpoint(url="{Word}"), Word={"type": "string", "required": True})
    assert answers(rules, Word="w")[0] == "w"
    assert answers(rules)[0] == "error"
    assert (
        answers(rule_set(endpoint(url="{Word}"), Word={"type": "string", "required": True, "default": "d"}))[0] == "d"
    )


def test_without_a_rule_there_is_an_error() -> None:
    assert answers(rule_set(endpoint(call("isSet", ref("Region")))))[0] == "error"


def test_after_a_tree_without_a_match_the_next_rules_are_tried() -> None:
    isset = call("isSet", ref("Region"))
    tree = {
        "type": "tree",
        "conditions": [isset],
        "rules": [endpoint(call("stringEquals", ref("Region"), "a"), url="a")],
    }
    rules = rule_set(tree, endpoint(url="b"))
    assert [answers(rules, Region=region)[0] for region in ("a", "x")] == ["a", "b"]


def test_functions_of_later_versions() -> None:
    split = call("split", ref("Region"), "--", 0, assign="parts")
    last = call(
        "coalesce", call("getAttr", ref("parts"), "[2]"), call("getAttr", ref("parts"), "[1]"), "none", assign="l"
    )
    word = call("ite", call("isSet", ref("Tag")), "tagged", "plain", assign="w")
    negative = call("getAttr", ref("parts"), "[-1]", assign="n")
    rules = rule_set(
        endpoint(call("isSet", ref("Region")), split, last, word, negative, url="{l}/{w}/{n}"),
        Tag={"type": "string"},
    ) | {"version": "1.1"}
    assert only(rules, Region="a--b--c", Tag="")[0] == "c/tagged/c"
    assert only(rules, Region="a--b")[0] == "b/plain/b"
    assert only(rules, Region="a")[0] == "none/plain/a"


PARAMETERS = {
    "Region": REGION,
    "A": {"type": "string"},
    "B": {"type": "boolean"},
    "C": {"type": "boolean", "required": True, "default": False},
    "D": {"type": "string", "required": True, "default": "d"},
}
STRINGS = st.sampled_from(("x", "d", "arn:aws:s3:us-east-1:123:a/b", "https://x.y/z", "us-east-1", ""))


@st.composite
def conditions(draw: st.DrawFn, scope: dict[str, str], depth: int) -> list[Any]:
    """Draw conditions that are well typed; ``scope`` has the kinds of what they may use, and learns what they name."""
    found: list[Any] = []
    for _ in range(draw(st.integers(0, 3))):
        optional = draw(st.sampled_from(("A", "B", "Region")))
        if optional not in scope and draw(st.booleans()):
            found.append(call("isSet", ref(optional)))
            scope[optional] = "bool" if optional == "B" else "str"
            continue
        text = ref(draw(st.sampled_from(sorted(name for name, kind in scope.items() if kind == "str"))))
        flag = ref(draw(st.sampled_from(sorted(name for name, kind in scope.items() if kind == "bool"))))
        fresh = f"v{len(scope)}"
        condition, kind = draw(
            st.sampled_from(
                (
                    (call("stringEquals", text, draw(STRINGS)), None),
                    (call("stringEquals", draw(STRINGS), text), None),
                    (call("booleanEquals", flag, draw(st.booleans())), None),
                    (call("isSet", text), None),
                    (call("isValidHostLabel", text, draw(st.booleans())), "bool"),
                    (call("substring", text, 0, draw(st.integers(0, 3)), draw(st.booleans())), "str"),
                    (call("uriEncode", text), "str"),
                    (call("parseURL", text), "url"),
                    (call("aws.parseArn", text), "arn"),
                    (call("aws.partition", text), "partition"),
                )
            )
        )
        if kind is None or (kind == "bool" and draw(st.booleans())):
            found.append(call("not", condition) if draw(st.booleans()) and kind in (None, "bool") else condition)
            continue
        scope[fresh] = kind
        found.append(condition | {"assign": fresh})
        attribute = {"url": "path", "arn": "service", "partition": "name"}.get(kind)
        if attribute and draw(st.booleans()):
            found.append(call("stringEquals", call("getAttr", ref(fresh), attribute), draw(STRINGS)))
    return found


@st.composite
def rules(draw: st.DrawFn, scope: dict[str, str], depth: int = 0) -> Any:
    """Draw a rule."""
    inside = dict(scope)
    found = draw(conditions(inside, depth))
    kind = draw(st.sampled_from(("endpoint", "error", "tree", "tree"))) if depth < 3 else "endpoint"
    if kind == "tree":
        inner = [draw(rules(inside, depth + 1)) for _ in range(draw(st.integers(1, 3)))]
        return {"type": "tree", "conditions": found, "rules": inner}
    texts = sorted(name for name, which in inside.items() if which == "str")
    marked = f"{draw(st.integers(0, 99))}/" + "".join(f"{{{name}}}" for name in texts)
    if kind == "error":
        return {"type": "error", "conditions": found, "error": marked}
    return {"type": "endpoint", "conditions": found, "endpoint": {"url": marked, "properties": {}, "headers": {}}}


@settings(deadline=None)
@given(data=st.data())
def test_drawn_rules(data: st.DataObject) -> None:
    """Rules of any shape, whose branches overlap, repeat and cannot be reached, are those of botocore's engine."""
    drawn = [data.draw(rules({"C": "bool", "D": "str"})) for _ in range(data.draw(st.integers(1, 5)))]
    value = {"version": "1.0", "parameters": PARAMETERS, "rules": drawn}
    found = read_rules(json.dumps(value).encode(), "rules.json")
    assert found.rules is not None, found.diagnostics
    ours = compiled(found.rules)
    oracle = EndpointProvider(json.loads(json.dumps(value)), {"partitions": PARTITIONS})
    assert oracle
    theirs = Oracle(json.dumps(value).encode())
    for _ in range(8):
        values: dict[str, Any] = {"C": data.draw(st.booleans()), "D": data.draw(STRINGS)}
        for name, strategy in (("A", STRINGS), ("Region", STRINGS), ("B", st.booleans())):
            if data.draw(st.booleans()):
                values[name] = data.draw(strategy)
        answer, expected = ours.answer(values), theirs.answer(values)
        assert agree(answer, expected), (values, answer, expected)
