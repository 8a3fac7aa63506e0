"""``lapsmith bind`` as it is run, and a model that is small enough to be taken apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from corpus.lean import compile_lean
from lapsmith import cli

TINY: dict[str, Any] = {
    "version": "2.0",
    "metadata": {
        "apiVersion": "2020-01-01",
        "endpointPrefix": "tiny",
        "jsonVersion": "1.1",
        "protocol": "json",
        "serviceFullName": "Amazon Tiny Service",
        "serviceId": "Tiny",
        "signatureVersion": "v4",
        "targetPrefix": "Tiny_2020",
    },
    "operations": {
        name: {
            "name": name,
            "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": "NameInput"},
            "documentation": f"<p>{verb} a thing.</p>",
        }
        for name, verb in (("StartThing", "Starts"), ("StopThing", "Stops"))
    },
    "shapes": {
        "NameInput": {"type": "structure", "required": ["Name"], "members": {"Name": {"shape": "Text"}}},
        "Text": {"type": "string"},
    },
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["bind", *arguments], prog_name="lapsmith")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def described() -> dict[str, Any]:
    """The tiny model, with an operation of its own kind, so that something is bound."""
    model: dict[str, Any] = json.loads(json.dumps(TINY))
    model["operations"]["ListThings"] = {
        "name": "ListThings",
        "http": {"method": "POST", "requestUri": "/"},
        "output": {"shape": "Things"},
    }
    model["shapes"]["Things"] = {"type": "structure", "members": {"Names": {"shape": "Names"}}}
    model["shapes"]["Names"] = {"type": "list", "member": {"shape": "Text"}}
    return model


def with_prose(model: dict[str, Any]) -> str:
    """The spec of a model whose endpoints are all at ``POST /``, with descriptions."""
    head, *blocks = compile_lean(model).split("@endpoint POST /\n")
    texts = (operation.get("documentation", "") for operation in model["operations"].values())
    told = (f"@desc {text[3:-4]}\n" if text else "" for text in texts)
    return head + "".join(f"@endpoint POST /\n{text}{block}" for text, block in zip(told, blocks, strict=True))


def prose() -> str:
    return compile_lean(described())
