"""README and the pages of ``docs``: their code blocks, which tests run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
PAGES = (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md")))


def text(path: Path | None = None) -> str:
    """The text of one page; of all of them one after another without a path."""
    return "\n".join(each.read_text(encoding="utf-8") for each in ((path,) if path else PAGES))


def blocks(language: str, path: Path | None = None) -> list[str]:
    """The code blocks of a language, of one page or of all."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text(path), re.MULTILINE | re.DOTALL)


def block(language: str, mark: str) -> str:
    """The one block of a language that has ``mark`` in it."""
    (only,) = [found for found in blocks(language) if mark in found]
    return only
