"""Rows that are written once: the database refuses to change them, and to delete them before their time.

The function is in migration 0008.
"""

from __future__ import annotations

import pgtrigger

from smarketing.database.triggers import Call


class KeepWritten(Call):
    """Nobody changes a row, and nobody deletes it until `column` is so many days old."""

    def __init__(self, column: str, *, days: int) -> None:
        super().__init__(
            "keep_written",
            column,
            str(days),
            name="written",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
        )
