"""What stops ``lapsmith bind``."""

from __future__ import annotations


class BindError(Exception):
    """Something about the model or the files that the user can change. ``hint`` says what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(f"{message}\n  hint: {hint}" if hint else message)
        self.message = message
        self.hint = hint
