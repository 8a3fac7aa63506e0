"""Packages that generate their clients when they are built: with hatchling and with setuptools."""

from __future__ import annotations

import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from downstream import EPOCH, clean_environment, example, lay_out, run, tables_service, use
from lapsmith.demo.endpoint import TOKENS, running

pytestmark = pytest.mark.slow

BACKENDS = {
    "hatchling": example("[tool.hatch.build.hooks.lapsmith]"),
    "setuptools": example('build-backend = "setuptools.build_meta"'),
}
SAID = ["{'words': 3}", "".join(TOKENS)]
CLIENT = "src/host/sagemaker_runtime"


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def built(builder: Path, root: Path, *what: str, **environment: str) -> Path:
    """Build in an environment that has all there is to have; returns the folder of what was built."""
    run(
        builder / "python",
        "-m",
        "build",
        "--no-isolation",
        *what,
        root,
        cwd=root,
        SOURCE_DATE_EPOCH=EPOCH,
        **environment,
    )
    return root / "dist"


def failed(builder: Path, root: Path, *what: str, **environment: str) -> str:
    """Build what cannot be built; returns what the user sees."""
    done = run(builder / "python", "-m", "build", "--no-isolation", *what, root, cwd=root, fails=True, **environment)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert list(root.glob("dist/*")) == []
    return said


def names_in(folder: Path) -> tuple[set[str], set[str]]:
    """The files in the sdist, without its own folder, and in the wheel, without metadata."""
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in (item.name for item in archive if item.isfile())}
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert len(set(names)) == len(names)
    return files, set(names)


@pytest.mark.parametrize("shared", [False, True], ids=["embedded", "shared"])
def test_from_a_checkout_to_a_call(
    backend: str, shared: bool, constraints: Path, builder: Path, tmp_path: Path
) -> None:
    root = lay_out(tmp_path / "project", BACKENDS[backend], shared=shared)
    environment = {"PIP_CONSTRAINT": str(constraints), "SOURCE_DATE_EPOCH": EPOCH}
    run(sys.executable, "-m", "build", root, cwd=root, **environment)
    files, names = names_in(root / "dist")
    clients = ["host/aws/sagemaker_runtime", "host/aws/tables"] if shared else ["host/sagemaker_runtime"]
    runtime = "host/aws/_runtime" if shared else f"{clients[0]}/_runtime"
    assert {"host/__init__.py", f"{runtime}/errors.py", f"{runtime}/signing/sigv4.py"} <= names
    for client in clients:
        assert {f"{client}/{name}" for name in ("__init__.py", "_sync.py", "py.typed", "lapsmith.json")} <= names
        assert (f"{client}/_runtime/errors.py" in names) is not shared
    assert {name.partition("/")[0] for name in names} == {"host"}
    assert {"specs/sagemaker-runtime/bindings.yaml", "specs/sagemaker-runtime/references/api-spec.lap"} <= files
    assert {f"src/{name}" for name in names} <= files

    (wheel,) = (root / "dist").glob("*.whl")
    python = clean_environment(tmp_path, wheel)
    with running({"AKID": "secret"}) as endpoint, tables_service() as tables:
        said = use(python, tmp_path, endpoint.url, tables if shared else None)
    assert (endpoint.verified, endpoint.refused) == (2, 0)
    assert said == [*SAID, *(["['a', 'a', 'a']", "host.aws.tables.errors TableNotFound"] if shared else [])]

    again = lay_out(tmp_path / "another" / "checkout", BACKENDS[backend], shared=shared)
    repeated = built(builder, again) / wheel.name
    assert repeated.read_bytes() == wheel.read_bytes()
    assert (built(builder, again) / wheel.name).read_bytes() == wheel.read_bytes()
    if backend == "hatchling":
        sdists = [next(folder.glob("*.tar.gz")).read_bytes() for folder in (root / "dist", again / "dist")]
        assert sdists[0] == sdists[1]


def test_an_editable_install_sees_the_client(backend: str, builder: Path, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", BACKENDS[backend])
    install = ["-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--editable", root]
    target = tmp_path / "site"
    run(builder / "python", *install, "--target", target, cwd=root)
    assert not list(target.rglob("_sync.py"))
    assert (root / CLIENT / "_sync.py").is_file()
    script = (
        f"import site, sys; site.addsitedir({str(target)!r})\n"
        "import host.sagemaker_runtime as client; print(client.SageMakerRuntime.__name__, client.__file__)"
    )
    name, file = run(builder / "python", "-c", script, cwd=tmp_path).stdout.split()
    assert (name, Path(file)) == ("SageMakerRuntime", root / CLIENT / "__init__.py")


def test_an_error_in_a_spec_fails_the_build_with_its_place(backend: str, builder: Path, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", BACKENDS[backend])
    bindings = root / "specs" / "sagemaker-runtime" / "bindings.yaml"
    bindings.write_text(bindings.read_text() + "nonsense: 1\n")
    line = bindings.read_text().count("\n")
    for what in ("--sdist", "--wheel"):
        said = failed(builder, root, what)
        assert "lapsmith cannot generate the clients:" in said
        assert f"specs/sagemaker-runtime/bindings.yaml:{line}:1: error[unknown-key]" in said
        assert "\n  nonsense: 1\n  ^^^^^^^^" in said
    assert not (root / CLIENT).exists()


def test_a_mistake_in_the_configuration_fails_the_build(backend: str, builder: Path, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", BACKENDS[backend].replace("spec = ", "specs = "))
    said = failed(builder, root, "--wheel")
    assert "error[config]" in said
    assert "did you mean 'spec'?" in said


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_requirement_that_the_package_lacks_fails_the_build(
    backend: str, dynamic: bool, builder: Path, tmp_path: Path
) -> None:
    pyproject = BACKENDS[backend].replace(', "msgspec>=0.21"', "")
    assert pyproject != BACKENDS[backend]
    if dynamic and backend == "setuptools":
        pyproject = pyproject.replace(
            'dependencies = ["httptools>=0.6.3", "truststore>=0.10.5"]', 'dynamic = ["dependencies"]'
        )
        pyproject += '[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt"]}\n'
    pyproject += '\n[dependency-groups]\ndev = ["msgspec"]\n'
    root = lay_out(tmp_path / "project", pyproject)
    (root / "requirements.txt").write_text("httptools>=0.6.3\ntruststore>=0.10.5\n")
    said = failed(builder, root, "--wheel")
    assert '[project] dependencies lack what sagemaker_runtime needs; add: "msgspec>=0.21"' in said


def test_generation_can_be_left_out(backend: str, builder: Path, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", BACKENDS[backend])
    said = failed(builder, root, "--wheel", LAPSMITH_SKIP="1")
    assert f"LAPSMITH_SKIP is set, and '{CLIENT}' is not there to be shipped" in said
    run(builder / "lapsmith", "generate", cwd=root)
    with (root / CLIENT / "types.py").open("a") as file:
        file.write("# as it is\n")
    assert "edited since they were generated: types.py" in failed(builder, root, "--wheel", LAPSMITH_SKIP="0")
    folder = built(builder, root, "--wheel", LAPSMITH_SKIP="1")
    (wheel,) = folder.glob("*.whl")
    content = zipfile.ZipFile(wheel).read("host/sagemaker_runtime/types.py")
    assert content.endswith(b"# as it is\n")


def test_a_client_that_would_not_be_in_the_wheel_fails_the_build(backend: str, builder: Path, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", BACKENDS[backend].replace(CLIENT, "elsewhere/sagemaker_runtime"))
    said = failed(builder, root, "--wheel")
    assert "elsewhere/sagemaker_runtime/" in said
    assert "in none of the folders" in said or "is generated and not in the wheel" in said


def test_setuptools_ships_the_client_whatever_packages_it_was_told_of(builder: Path, tmp_path: Path) -> None:
    pyproject = BACKENDS["setuptools"] + (
        '\n[tool.setuptools]\npackages = ["host"]\ninclude-package-data = false\npackage-dir = {host = "src/host"}\n'
    )
    root = lay_out(tmp_path / "project", pyproject)
    _, names = names_in(built(builder, root))
    assert {"host/sagemaker_runtime/py.typed", "host/sagemaker_runtime/_runtime/message/http.py"} <= names


def test_a_spec_outside_the_project_cannot_be_in_an_sdist(backend: str, builder: Path, tmp_path: Path) -> None:
    pyproject = BACKENDS[backend].replace('"specs/sagemaker-runtime"', '"../specs"')
    root = lay_out(tmp_path / "project", pyproject)
    shutil.move(root / "specs" / "sagemaker-runtime", tmp_path / "specs")
    assert "lies outside the project" in failed(builder, root, "--sdist")


def test_an_sdist_is_complete_whatever_it_was_told_to_include(builder: Path, tmp_path: Path) -> None:
    pyproject = BACKENDS["hatchling"] + '\n[tool.hatch.build.targets.sdist]\nonly-include = ["src/host"]\n'
    root = lay_out(tmp_path / "project", pyproject)
    files, names = names_in(built(builder, root))
    assert "specs/sagemaker-runtime/bindings.yaml" in files
    assert "host/sagemaker_runtime/_sync.py" in names


def test_projects_without_clients_are_left_alone(backend: str, builder: Path, tmp_path: Path) -> None:
    pyproject = BACKENDS[backend]
    root = lay_out(tmp_path / "project", pyproject[: pyproject.index("[tool.lapsmith")])
    if backend == "hatchling":
        assert "has no [tool.lapsmith.clients], and nothing to generate" in failed(builder, root, "--wheel")
    else:
        _, names = names_in(built(builder, root))
        assert names == {"host/__init__.py"}


def test_backends_without_hooks_ship_what_is_committed(builder: Path, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", example('build-backend = "flit_core.buildapi"'))
    (root / ".gitignore").unlink()
    assert "not generated yet" in run(builder / "lapsmith", "check", cwd=root, fails=True).stdout
    run(builder / "lapsmith", "generate", cwd=root)
    run(builder / "lapsmith", "check", cwd=root)
    _, names = names_in(built(builder, root))
    assert {"host/sagemaker_runtime/_sync.py", "host/sagemaker_runtime/_runtime/message/http.py"} <= names
