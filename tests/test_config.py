from __future__ import annotations

from pathlib import Path

import pytest
from lapsmith.diagnostics import DiagnosticError
from lapsmith.project import config
from lapsmith.project.config import ConfigError

GOOD = """
[project]
name = "host"
dependencies = ["Msgspec>=0.21", "HTTPtools[extra] >= 0.6.3 ; python_version > '3'", "truststore"]

[project.optional-dependencies]
fast = ["py_reqwest"]

[dependency-groups]
dev = ["Zope.Interface", {include-group = "other"}]

[tool.lapsmith.clients.sagemaker_runtime]
spec = "specs/sagemaker-runtime"
output = "src/host/sagemaker_runtime"
operations = ["Invoke*", "!InvokeEndpointAsync"]
strict = true
transports = ["httpx2"]

[tool.lapsmith.clients.sts]
spec = "specs/sts.lap"
output = "src/host/sts"
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "pyproject.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def client(body: str, name: str = "x") -> str:
    return f"[tool.lapsmith.clients.{name}]\n{body}\n"


def errors(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        config.load(write(folder, text))
    return [f"{item.span}: {item.message} | {item.hint}" for item in caught.value.diagnostics]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    read = config.load(write(tmp_path, GOOD))
    first, second = read.select([])
    assert (first.name, first.package, first.operations, first.strict) == (
        "sagemaker_runtime",
        "sagemaker_runtime",
        ("Invoke*", "!InvokeEndpointAsync"),
        True,
    )
    assert first.spec == tmp_path / "specs/sagemaker-runtime"
    assert first.output == tmp_path / "src/host/sagemaker_runtime"
    assert first.span is not None
    assert first.span.line == 13
    assert first.transports == ("httpx2",)
    assert (second.operations, second.strict, second.transports) == (("*",), False, ())


def test_unknown_transports_are_errors(tmp_path: Path) -> None:
    entry = 'spec = "a.lap"\noutput = "b"\ntransports = '
    (message,) = errors(tmp_path, client(entry + '["httpx"]'))
    assert "there is no transport 'httpx' | did you mean 'httpx2'?" in message
    (message,) = errors(tmp_path, client(entry + '"httpx2"'))
    assert "transports must be a list of names" in message


def test_lapsmiths_own_configuration_is_valid() -> None:
    path = Path(__file__).parent.parent / "pyproject.toml"
    assert config.load(path).clients


def test_select_keeps_order_drops_repeats_and_suggests(tmp_path: Path) -> None:
    read = config.load(write(tmp_path, GOOD))
    assert [item.name for item in read.select(["sts", "sagemaker_runtime", "sts"])] == [
        "sts",
        "sagemaker_runtime",
    ]
    with pytest.raises(ConfigError, match="did you mean 'sts'"):
        read.select(["stss"])
    with pytest.raises(ConfigError, match="its clients are: sagemaker_runtime, sts"):
        read.select(["quite_different"])


def test_clients_that_share_a_runtime_are_selected_together(tmp_path: Path) -> None:
    shared = 'runtime = "shared"'
    text = "".join(
        client(f'spec = "s"\noutput = "{output}"\n{runtime}', name)
        for name, output, runtime in [
            ("a", "o/a", shared),
            ("alone", "o/alone", ""),
            ("elsewhere", "p/elsewhere", shared),
            ("b", "o/b", shared),
        ]
    )
    read = config.load(write(tmp_path, text))
    assert [item.name for item in read.select(["b"])] == ["b", "a"]
    assert [item.name for item in read.select(["alone", "elsewhere"])] == ["alone", "elsewhere"]
    assert [item.runtime_folder.relative_to(tmp_path).as_posix() for item in read.select([])] == [
        "o/_runtime",
        "o/alone/_runtime",
        "p/_runtime",
        "o/_runtime",
    ]


def test_declared_dependencies_are_compared_by_normalised_name(tmp_path: Path) -> None:
    read = config.load(write(tmp_path, GOOD))
    needed = ("httptools>=0.6.3", "msgspec>=0.21", "truststore>=0.10.5", "Py-Reqwest", "zope-interface", "cbor2>=5")
    assert read.missing(needed) == ("cbor2>=5",)


@pytest.mark.parametrize("text", ["", '[project]\nname = "x"\ndynamic = ["dependencies"]\n'])
def test_dependencies_that_cannot_be_known_are_not_missed(tmp_path: Path, text: str) -> None:
    assert config.load(write(tmp_path, text)).missing(["msgspec"]) == ()


def test_nearest_pyproject_is_found(tmp_path: Path) -> None:
    outer = write(tmp_path, "")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert config.find(inner) == outer
    nearer = write(tmp_path / "a", "")
    assert config.find(inner) == nearer


def test_errors_are_collected_and_placed(tmp_path: Path) -> None:
    text = client('specs = "a.lap"\noutput = "out/x"\nstrict = 1') + client('spec = "b"', "y")
    assert errors(tmp_path, text) == [
        "pyproject.toml:1:1: [tool.lapsmith.clients.x]: 'spec' is missing | "
        'add spec = "...": the spec\'s folder or .lap file',
        "pyproject.toml:2:1: [tool.lapsmith.clients.x]: unknown key 'specs' | did you mean 'spec'?",
        "pyproject.toml:4:1: [tool.lapsmith.clients.x]: strict must be true or false | None",
        "pyproject.toml:5:1: [tool.lapsmith.clients.y]: 'output' is missing | "
        'add output = "...": the folder to write to',
    ]


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("/abs/x", "must be a relative path"),
        ("../x", "must be a relative path"),
        ("a/../../x", "must be a relative path"),
        ("a\\\\x", "must be a relative path"),
        ("C:/x", "must be a relative path"),
        ("C:x", "must be a relative path"),
        (".", "not the project itself"),
        ("out/my-client", "use 'my_client'"),
        ("out/class", "Python keyword"),
        ("out/1x", "use '_1x'"),
        ("out/naïve", "Python identifier"),
        ("out/x\\u000aimport os", "must be a path"),
        ("", "must be a path"),
    ],
)
def test_outputs_that_are_refused(tmp_path: Path, output: str, why: str) -> None:
    (message,) = errors(tmp_path, client(f'spec = "s"\noutput = "{output}"'))
    assert why in message
    assert message.startswith("pyproject.toml:3:1: [tool.lapsmith.clients.x]")


def test_an_output_that_leaves_through_a_symlink_is_refused(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    (project / "link").symlink_to(elsewhere)
    (message,) = errors(project, client('spec = "s"\noutput = "link/x"'))
    assert "leaves the project through a symbolic link" in message


@pytest.mark.parametrize(("first", "second"), [("out/a", "out/a"), ("out/a", "out/a/b"), ("out/A", "out/a/b")])
def test_shared_and_nested_outputs_are_refused(tmp_path: Path, first: str, second: str) -> None:
    text = client(f'spec = "s"\noutput = "{first}"', "p") + client(f'spec = "t"\noutput = "{second}"', "q")
    found = errors(tmp_path, text)
    assert found
    assert all("the output of" in message for message in found)


def test_neighbours_with_a_common_prefix_are_fine(tmp_path: Path) -> None:
    text = client('spec = "s"\noutput = "out/a"', "p") + client('spec = "t"\noutput = "out/ab"', "q")
    assert set(config.load(write(tmp_path, text)).clients) == {"p", "q"}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('[tool.lapsmith.clients.x]\nspec = "s"\noutput = "x"\nruntime = "shared"', 3, "needs a package around"),
        ('[tool.lapsmith.clients.x]\nspec = "s"\noutput = "o-o/x"\nruntime = "shared"', 3, "'o-o' is no Python identi"),
        (
            '[tool.lapsmith.clients.x]\nspec = "s"\noutput = "o/_Runtime"\nruntime = "shared"',
            3,
            "'o/_Runtime' is where the shared runtime goes",
        ),
        (
            '[tool.lapsmith.clients.x]\nspec = "o/_runtime/s"\noutput = "o/x"\nruntime = "shared"',
            3,
            "'o/_runtime/s' is where the shared runtime goes",
        ),
        (
            '[tool.lapsmith.clients.x]\nspec = "s"\noutput = "o/x"\nruntime = "share"',
            4,
            "did you mean 'shared'?",
        ),
        (
            '[tool.lapsmith.clients.x]\nspec = "s"\noutput = "o/x"\nruntime = "other"',
            4,
            "unknown runtime 'other'",
        ),
        (
            '[tool.lapsmith.clients.x]\nspec = "s"\noutput = "o/x"\noperations = "*"',
            4,
            "list of name patterns",
        ),
        (
            '[tool.lapsmith.clients.x]\nspec = "s"\noutput = "o/x"\noperations = []',
            4,
            "list of name patterns",
        ),
        ('[tool.lapsmith.clients.x]\nspec = ["s"]\noutput = "o/x"', 2, "'spec' must be a path"),
        ('[tool.lapsmith.clients.x]\nspec = "o/x/s"\noutput = "o/x"', 2, "lies in the output folder"),
        ('[tool.lapsmith.clients."a/b"]\nspec = "s"\noutput = "o/x"', 1, "use 'a_b'"),
        ('[tool.lapsmith.clients.import]\nspec = "s"\noutput = "o/x"', 1, "Python keyword"),
        ("[tool.lapsmith]\nclient = 1", 2, "did you mean 'clients'"),
        ("[tool.lapsmith]\nclients = 1", 2, "'clients' must be a table of tables"),
        ("[tool.lapsmith.clients]\nx = 1", 2, "'x' must be a table"),
        ("[tool]\nlapsmith = 1", 2, "'lapsmith' must be a table"),
        ("tool = []", 1, "'tool' must be a table"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}[tool.lapsmith]\n", 1, "begins with a byte order mark"),
        ("a = 1\nb =", 2, "not valid TOML"),
        ("a = " + "[" * 100_000, 1, "nested too deeply|not valid TOML"),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, text: str, line: int, why: str) -> None:
    (message,) = errors(tmp_path, text)
    assert any(part in message for part in why.split("|"))
    assert message.startswith(f"pyproject.toml:{line}:")


def test_a_file_that_is_not_utf8_is_an_error_with_its_line(tmp_path: Path) -> None:
    (message,) = errors(tmp_path, b"a = 1\nb = '\xff'\n")
    assert message.startswith("pyproject.toml:2:1: not UTF-8")


def test_windows_line_ends_and_comments_do_not_move_places(tmp_path: Path) -> None:
    text = "# [tool.lapsmith.clients.x]\r\n[ tool . lapsmith.clients.'x' ] # here\r\n  spec = 1\r\noutput = 'o/x'\r\n"
    (message,) = errors(tmp_path, text)
    assert message.startswith("pyproject.toml:3:3: ")


class TestSingleClient:
    def test_names_are_relative_to_the_project_of_the_output(self, tmp_path: Path) -> None:
        write(tmp_path, "")
        spec = tmp_path / "specs" / "a.lap"
        made = config.single_client(spec, tmp_path / "src" / "a", operations=("*",), strict=False)
        assert made.root == tmp_path.resolve()
        assert (made.package, made.span) == ("a", None)

    @pytest.mark.parametrize(
        ("spec", "output", "root"),
        [
            ("specs/a.lap", "a", "."),
            ("specs/a/references/api-spec.lap", "src/host/a", "."),
            ("a.lap", "generated/a", "."),
            ("api/specs/a.lap", "api/clients/a", "api"),
            ("somebody/work/specs/a.lap", "a", "somebody/work/specs"),
            ("somebody/specs/a/references/api-spec.lap", "a", "somebody/specs/a"),
        ],
    )
    def test_without_a_project_names_are_relative_to_where_it_would_be_or_to_the_spec(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, output: str, root: str
    ) -> None:
        monkeypatch.setattr(config, "find", lambda start: None)
        made = config.single_client(tmp_path / spec, tmp_path / output, operations=("*",), strict=False)
        assert made.root == tmp_path / root

    @pytest.mark.parametrize("name", ["my-client", "class", "a b"])
    def test_the_folder_must_be_importable(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ConfigError, match="name of the package"):
            config.single_client(tmp_path / "s.lap", tmp_path / name, operations=("*",), strict=False)

    def test_the_spec_must_lie_elsewhere(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="lies in the output folder"):
            config.single_client(tmp_path / "x" / "s.lap", tmp_path / "x", operations=("*",), strict=False)


def test_display_paths_never_show_the_host(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    assert config.display_path(root / "a" / "b.lap", root) == "a/b.lap"
    assert config.display_path(root / ".." / "other" / "b.lap", root) == "b.lap"
    assert config.display_path(tmp_path / "b.lap", root) == "b.lap"


@pytest.mark.parametrize(
    ("spec", "package"),
    [("specs/my-service", "my_service"), ("x.y.lap", "x_y"), ("s/2fa/references/api-spec.lap", "_2fa")],
)
def test_a_spec_that_is_only_looked_at_gets_an_importable_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, package: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if spec.endswith(".lap"):
        Path(spec).parent.mkdir(parents=True, exist_ok=True)
        Path(spec).touch()
    assert config.spec_only(Path(spec), operations=("*",), strict=False).package == package
