"""The documentation as a whole: what its pages point to is there, and README leads to every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documentation import PAGES, REPOSITORY, block
from lapsmith.cli import main
from lapsmith.project.config import load

README = PAGES[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(docs/([^)#]+\.md)", README.read_text()))
    assert linked == {page.name for page in PAGES[1:]}


def test_every_command_is_described() -> None:
    described = re.findall(r"^\| `lapsmith ([a-z]+)", (REPOSITORY / "docs" / "commands.md").read_text(), re.MULTILINE)
    assert set(described) == set(main.commands)


def test_readme_counts_the_committed_clients() -> None:
    numbers = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
    clients = load(REPOSITORY / "pyproject.toml").clients
    assert f"{numbers[len(clients)]} clients are committed" in README.read_text()


def test_the_tour_gives_two_clients_one_runtime(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(block("toml", "[tool.lapsmith.clients.dynamodb]"))
    one, two = load(tmp_path / "pyproject.toml").clients.values()
    assert one.runtime_folder == two.runtime_folder == tmp_path / "src" / "host" / "_runtime"
    assert (REPOSITORY / "specs" / "dynamodb").is_dir()
