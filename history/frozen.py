"""What was signed stays as it was signed: the database refuses to edit it, whoever asks.

The two functions are in migration 0003. See docs/decisions/0006-what-was-signed-stays.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pgtrigger
from django.db.models import Model

from smarketing.database.triggers import Call


class KeepFrozen(Call):
    """Once `column` is set, the row stays, and only the `allowed` columns change.

    With `UNFREEZE` among them, `column` may be emptied again as long as the row was never in force.
    """

    UNFREEZE = "unfreeze"

    def __init__(self, column: str, *allowed: str) -> None:
        super().__init__(
            "keep_frozen",
            column,
            *allowed,
            name="frozen",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
        )


class KeepChildrenFrozen(Call):
    """Once `column` of the row that the foreign key `parent` points to is set, its children are neither made, changed
    nor deleted."""

    def __init__(self, parent: str, column: str) -> None:
        self.parent, self.column = parent, column
        super().__init__(
            "keep_children_frozen",
            name=f"frozen_with_{parent}",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        )

    def arguments_for(self, model: type[Model]) -> Sequence[str]:
        parent: Any = model._meta.get_field(self.parent)
        return parent.related_model._meta.db_table, parent.column, self.column
