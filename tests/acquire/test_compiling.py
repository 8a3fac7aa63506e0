"""Specs compiled from AWS's models are those that LAP's registry has of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from corpus import models
from corpus.lean import compile_lean
from lapsmith import lap
from lapsmith.bind import compiling, model, sources
from lapsmith.lap.tree import Document

ROOT = Path(__file__).parents[2]
SAMPLE = ("bedrock-runtime", "dynamodb", "kinesis", "lambda", "mediastore", "s3", "sts", "swf")
LAPSH = ROOT / ".venv-lapsh/bin/python"


def compiled(service: str, *, prose: bool) -> tuple[str, Document]:
    loaded = model.load(sources.read(models.path(service)), None)
    text, document, matching = compiling.compile_model(loaded, prose=prose)
    assert [match.operation.name for match in matching.matches] == list(loaded.operations)
    return text, document


def whole(service: str) -> models.Model:
    """A model with botocore's extras laid over it."""
    return sources.read(models.path(service)).service.content


@pytest.mark.parametrize("service", SAMPLE)
def test_without_prose_it_is_the_registrys_text(service: str) -> None:
    assert compiled(service, prose=False)[0] == compile_lean(whole(service))


@pytest.mark.full
@pytest.mark.parametrize("service", sorted({path.parts[-3] for path in models.DATA.glob("*/*/service-2.json.gz")}))
def test_of_every_service(service: str) -> None:
    assert compiled(service, prose=False)[0] == compile_lean(whole(service))


@pytest.mark.full
@pytest.mark.parametrize("service", SAMPLE)
def test_with_prose_it_says_what_the_registrys_compiler_says(service: str, tmp_path: Path) -> None:
    source = tmp_path / f"{service}.json"
    source.write_text(json.dumps(whole(service)))
    script = (
        "import sys; from lap.core.compilers.aws_sdk import compile_aws_sdk;"
        "open(sys.argv[2], 'w', encoding='utf-8').write(compile_aws_sdk(sys.argv[1]).to_lap())"
    )
    written = tmp_path / "theirs.lap"
    subprocess.run([str(LAPSH), "-c", script, str(source), str(written)], check=True)
    theirs = lap.parse(written.read_text(encoding="utf-8"), "theirs.lap").document
    ours = compiled(service, prose=True)[1]
    assert [facts(item) for item in ours.endpoints] == [facts(item) for item in theirs.endpoints]


def facts(endpoint: lap.tree.Endpoint) -> tuple[object, ...]:
    """What an endpoint says, with white space of its prose folded; prose of errors is cut short at commas by LAP."""
    return (
        endpoint.method,
        endpoint.path.raw,
        " ".join((endpoint.desc or "").split()),
        endpoint.required,
        endpoint.optional,
        endpoint.returns,
        [(case.status, case.name) for case in endpoint.errors],
    )


def test_prose_survives_its_commas_and_braces() -> None:
    text, document = compiled("sts", prose=True)
    found = document.endpoints[0]
    assert found.desc is not None
    assert len(found.desc) > 500
    assert "<p>" not in text
    assert "&amp;" not in text
    assert all(case.text for endpoint in document.endpoints for case in endpoint.errors)
