"""Run inside lapsh's own virtual environment: compile AWS service models to LAP text in lean mode.

``python tests/corpus/lapsh.py OUT MODEL...`` writes OUT/<stem>.lap for each model (plain JSON); one process for all.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lap.core.compilers.aws_sdk import compile_aws_sdk  # type: ignore[import-not-found]


def main() -> None:
    """Compile each model named on the command line."""
    out = Path(sys.argv[1])
    for model in sys.argv[2:]:
        text = compile_aws_sdk(model).to_lap(lean=True)
        (out / f"{Path(model).stem}.lap").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
