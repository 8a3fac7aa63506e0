"""The derived files on disk: ours are replaced, all at once; anybody else's are left alone."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from pathlib import Path

from lapsmith.bind.errors import BindError
from lapsmith.project.inputs import BINDINGS, OVERRIDES, RULES

HEADER = "Derived by lapsmith bind from "
_LOOK = 400
_KEEP = "move it away, or put what you need of it into overrides.yaml and delete it"


def check(paths: Mapping[str, Path]) -> None:
    """Refuse to replace what bind did not write. ``paths`` has the files to be written, by their usual names.

    JSON has no comments, so a rule set is taken for ours where our bindings beside it use it.
    """
    for name, path in paths.items():
        if not path.exists():
            continue
        ours = _wrote_rules(paths[BINDINGS]) if name == RULES else _is_ours(path)
        if not ours:
            raise BindError(f"{path} was not written by lapsmith bind, so it is not replaced ({name})", _KEEP)


def stale(bindings: Path, contents: Mapping[str, bytes]) -> tuple[Path | None, str | None]:
    """Find a rule set that the new bindings do not use: to be removed, or (with a reason) to be left.

    bind wrote it where its own bindings beside it use it; ``overrides.yaml`` may still do.
    """
    path = bindings.with_name(RULES)
    if RULES in contents or not path.exists():
        return None, None
    overrides = bindings.with_name(OVERRIDES)
    if overrides.is_file() and RULES in overrides.read_text(encoding="utf-8", errors="replace"):
        return None, f"kept {RULES}, which overrides.yaml names"
    if _wrote_rules(bindings):
        return path, None
    return None, f"kept {RULES}, which bind did not write; the bindings do not use it"


def _wrote_rules(bindings: Path) -> bool:
    return _is_ours(bindings) and f"rules: {RULES}" in bindings.read_text(encoding="utf-8", errors="replace")


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            lines = file.read(_LOOK).decode("utf-8", "replace").split("\n")
    except OSError:
        return False
    return any(line.startswith(f"# {HEADER}") for line in lines[:4])


def write(contents: Mapping[Path, bytes], removed: Path | None = None) -> tuple[Path, ...]:
    """Write files and remove one, all or nothing; return those written that changed.

    Raises OSError with everything as it was.
    """
    before = {
        path: path.read_bytes() if path.exists() else None for path in (*contents, *([removed] if removed else ()))
    }
    changed = {path: data for path, data in contents.items() if before[path] != data}
    temporary = {path: path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp") for path in changed}
    done: list[Path] = []
    try:
        for path, data in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary[path].write_bytes(data)
        for path in changed:
            temporary[path].replace(path)
            done.append(path)
        if removed:
            done.append(removed)
            removed.unlink()
    except BaseException:
        for path in done:
            _restore(path, before[path])
        raise
    finally:
        for leftover in temporary.values():
            with contextlib.suppress(OSError):
                leftover.unlink(missing_ok=True)
    return tuple(changed)


def _restore(path: Path, content: bytes | None) -> None:
    with contextlib.suppress(OSError):
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)
