"""The list of services that are tested covers all that occurs in AWS's models, and their specs are lapsh's."""

from __future__ import annotations

from corpus import models, services
from corpus.lean import compile_lean
from corpus.traits import traits
from golden_cases import GOLDEN

SPECS = GOLDEN.parents[1] / "specs"
LEFT_OUT = {
    "ec2": "its client takes minutes: the full profile compares it",
    "s3": "botocore changes most of its requests in code of its own",
}
COMMITTED = [folder.name for folder in sorted(SPECS.iterdir()) if "make specs" in (folder / "SKILL.md").read_text()]


def test_the_list_covers_every_trait() -> None:
    listed = {target.service for target in services.read()}
    assert len(listed) >= 60
    everywhere = set().union(*(traits(models.load(name)) for name in models.services() if name not in LEFT_OUT))
    covered = set().union(*(traits(models.load(name)) for name in listed))
    assert len(everywhere) > 100
    assert everywhere - covered == set()


def test_the_list_covers_every_protocol_spoken() -> None:
    spoken = {target.protocol or models.protocol(models.load(target.service)) for target in services.read()}
    assert spoken == {"rest-json", "json", "smithy-rpc-v2-cbor", "rpc-v2-cbor", "query", "rest-xml"}


def test_the_list_names_each_service_once() -> None:
    targets = services.read()
    assert len(set(targets)) == len(targets)
    assert {target.service for target in targets} <= set(models.services())


def test_committed_specs_are_the_models() -> None:
    texts = {name: (SPECS / name / "references" / "api-spec.lap").read_text(encoding="utf-8") for name in COMMITTED}
    assert texts == {name: compile_lean(models.load(name)) for name in COMMITTED}
