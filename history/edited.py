"""Tables of what a person edits: the database itself writes each change into `history.Edit`, with who and how.

    class Meta:
        triggers = edited("name")

No page, file or command can forget it. The function is in migration 0009; `history.edits` has the words for people.
"""

from __future__ import annotations

from collections.abc import Sequence

import pgtrigger
from django.db.models import Model

from smarketing.database.triggers import Call


class KeepEdits(Call):
    """Keep what a statement did to the rows of a table.

    `named`   the columns by which people know a row; keys of other rows among them.
    `masked`  columns of which is kept only that they changed.
    `unkept`  columns that only the machine writes: their changes are none.
    """

    def __init__(
        self, operation: pgtrigger.Operation, referencing: pgtrigger.Referencing, named: str, masked: str, unkept: str
    ) -> None:
        self.named, self.masked, self.unkept = named, masked, unkept
        super().__init__(
            "keep_edits",
            name=f"edits_{operation}".lower(),
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=referencing,
        )

    def arguments_for(self, model: type[Model]) -> Sequence[str]:
        lists = (columns_of(model, *names.split()) for names in (self.named, self.masked, self.unkept))
        return [model._meta.label_lower, *columns_of(model, "pk"), *map(" ".join, lists)]


def columns_of(model: type[Model], *names: str) -> list[str]:
    """The columns of fields, in their order."""
    columns = {field.name: str(field.column) for field in model._meta.concrete_fields}
    assert model._meta.pk is not None
    return [columns[model._meta.pk.name if name == "pk" else name] for name in names]


def edited(named: str, *, masked: str = "", unkept: str = "") -> list[pgtrigger.Trigger]:
    """The triggers of a table that a person edits; one an operation, as PostgreSQL wants it."""
    return [
        KeepEdits(operation, pgtrigger.Referencing(**rows), named, masked, unkept)
        for operation, rows in (
            (pgtrigger.Insert, {"new": "new_rows"}),
            (pgtrigger.Update, {"old": "old_rows", "new": "new_rows"}),
            (pgtrigger.Delete, {"old": "old_rows"}),
        )
    ]


def trigger_of(model: type[Model]) -> KeepEdits | None:
    """One of the triggers that keep what is edited there; None where nothing does."""
    triggers = getattr(model._meta, "triggers", [])
    return next((trigger for trigger in triggers if isinstance(trigger, KeepEdits)), None)
