"""Every AWS service of the protocols that we speak becomes a client (``make test-full``)."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from corpus import models
from corpus.campaign import main

LAPSH = Path(__file__).parents[2] / ".venv-lapsh" / "bin" / "python"


@pytest.mark.full
def test_every_service_becomes_a_client() -> None:
    assert LAPSH.exists(), "make .venv-lapsh/installed.stamp"
    result = CliRunner().invoke(main, [str(LAPSH)])
    assert result.exit_code == 0, result.output
    assert f"{len(models.services())} services" in result.output
