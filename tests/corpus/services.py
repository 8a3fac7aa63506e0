"""The services of ``tests/services.txt``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).parents[1] / "services.txt"


@dataclass(frozen=True, order=True)
class Target:
    """A service to generate a client of, and the protocol to bind it to; None leaves that to ``bind``."""

    service: str
    protocol: str | None = None

    @property
    def package(self) -> str:
        """The name of the generated package, which is no other package's: not a committed client's either."""
        return "_".join(["client_of", self.service.replace("-", "_"), *(self.protocol or "").replace("-", "_").split()])

    def __str__(self) -> str:
        return f"{self.service}-{self.protocol}" if self.protocol else self.service


def read(path: Path = LIST) -> tuple[Target, ...]:
    """Read a list of services, in its order."""
    lines = (line.split("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(Target(*words) for words in lines if words)
