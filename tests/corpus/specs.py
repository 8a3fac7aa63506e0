"""``make specs``: compile the committed specs with lapsh, derive their bindings, and generate their clients.

Writes ``specs/<service>/`` (``references/api-spec.lap``, ``SKILL.md``, and what ``lapsmith bind`` derives) for each
service of SERVICES from the installed botocore's models. The same botocore and lapsh give the same bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from corpus import models

ROOT = Path(__file__).parents[2]
SERVICES = ("bedrock-runtime", "dynamodb", "kinesis", "lambda", "partnercentral-revenue-measurement", "sts")
SKILL = """\
---
name: {name}
description: "{title} API. Use when working with {title}. Covers {count} endpoints."
version: 1.0.0
generator: lapsh
---

# {title}
API version: {version}

Compiled with lapsh in lean mode (facts only, no prose) from botocore's model of the service; written by `make specs`.

## Auth
AWS SigV4

## Endpoints
| Method | Endpoints |
|--------|-----------|
{methods}

## References
- Full spec: references/api-spec.lap has every endpoint with its parameters, types, results and errors
- How it goes over the wire: bindings.yaml, types.lap and endpoint-rules.json, derived by `lapsmith bind`
"""


def compile_specs(lapsh: Path) -> None:
    """Write the spec and the skill page of each service; ``lapsh`` is the Python of lapsh's virtual environment."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for service in SERVICES:
            (folder / f"{service}.json").write_text(json.dumps(models.load(service)), encoding="utf-8")
        script = Path(__file__).with_name("lapsh.py")
        inputs = [str(folder / f"{service}.json") for service in SERVICES]
        subprocess.run([str(lapsh), str(script), str(folder), *inputs], check=True)
        for service in SERVICES:
            references = ROOT / "specs" / service / "references"
            references.mkdir(parents=True, exist_ok=True)
            (references / "api-spec.lap").write_bytes((folder / f"{service}.lap").read_bytes())
            (references.parent / "SKILL.md").write_text(skill(service), encoding="utf-8")


def skill(service: str) -> str:
    """Return the text of a service's SKILL.md."""
    model = models.load(service)
    metadata = model["metadata"]
    counts = Counter(operation["http"]["method"] for operation in model["operations"].values())
    title = metadata["serviceFullName"]
    return SKILL.format(
        name=title.lower().replace(" ", "-"),
        title=title,
        count=sum(counts.values()),
        version=metadata["apiVersion"],
        methods="\n".join(f"| {method} | {count} |" for method, count in sorted(counts.items())),
    )


def main() -> None:
    """Compile, bind and generate; the first argument is the Python of lapsh's virtual environment."""
    compile_specs(Path(sys.argv[1]))
    for service in SERVICES:
        command = [sys.executable, "-m", "lapsmith", "bind", f"specs/{service}", "--model", f"botocore:{service}"]
        subprocess.run(command, cwd=ROOT, check=True)
    subprocess.run([sys.executable, "-m", "lapsmith", "generate"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
