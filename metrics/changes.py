"""Know at once, and cheaply, that something changed which numbers are made of.

Each transaction that changes rows of a watched table writes its own number into `metrics_change`: once, and visible to
others exactly when its changes are. Whoever stores numbers stores beside them the snapshot they were computed from
(`SNAPSHOT`); a change outside it (`unseen`) makes them stale. A model whose table a metric reads is watched:

    class Meta:
        triggers = watched(uncounted="note")

See docs/decisions/0013-stored-numbers-know-when-they-are-stale.md.
"""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import connection
from django.db.models import Model

from smarketing.database.triggers import Call

# What this statement sees, as text.
SNAPSHOT = "pg_current_snapshot()::text"
# Deletes every change that this statement sees, and returns their `xid`. In the same transaction, mark stored numbers
# as stale that have not seen one of them.
FORGET = "DELETE FROM metrics_change WHERE pg_visible_in_snapshot(xid, pg_current_snapshot()) RETURNING xid"
# The first change of a transaction sets this; the others pass by. A rolled back savepoint takes it back.
NOT_NOTED = "current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text"


class Counts(pgtrigger.AnyChange):
    """Of a row: any of its columns changed but these, and the transaction is not noted already."""

    def resolve(self, model: type[Model]) -> str:
        return f"(({super().resolve(model)}) AND {NOT_NOTED})"


class NoteChange(Call):
    """Note the transaction of a statement that changed rows, unless it is noted already."""

    def __init__(self, operation: pgtrigger.Operation, **trigger: Any) -> None:
        of_statement = {"level": pgtrigger.Statement, "condition": pgtrigger.Condition(NOT_NOTED)}
        super().__init__(
            "metrics_note_change",
            name=f"note_{operation}".lower(),
            when=pgtrigger.After,
            operation=operation,
            **of_statement | trigger,
        )


def watched(*, uncounted: str = "") -> list[pgtrigger.Trigger]:
    """The triggers of a table that numbers are made of; one an operation, as PostgreSQL wants it where the function
    reads the changed rows.

    `uncounted`  fields that no number reads: a change of these alone is none. A new field counts until it is named.
    """
    return [
        NoteChange(pgtrigger.Insert, referencing=pgtrigger.Referencing(new="changed")),
        # Asked of each row while it is changed: comparing two sets of rows afterwards is dearer than changing them.
        NoteChange(pgtrigger.Update, level=pgtrigger.Row, condition=Counts(exclude=uncounted.split())),
        NoteChange(pgtrigger.Delete, referencing=pgtrigger.Referencing(old="changed")),
        NoteChange(pgtrigger.Truncate),
    ]


def note_change() -> None:
    """Make every stored number stale: what changed is in no watched table, such as the zone of the company's days."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO metrics_change VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING")


def unseen(snapshot: str) -> str:
    """The SQL condition that something changed outside that snapshot, an SQL expression."""
    return f"""(
        EXISTS (
            SELECT FROM metrics_change WHERE NOT pg_visible_in_snapshot(xid, {snapshot}::pg_snapshot)
            -- The current transaction's own changes are in no snapshot.
            OR xid = pg_current_xact_id_if_assigned()
        )
        -- The snapshot is of another cluster: this database was restored from a copy.
        OR pg_snapshot_xmax({snapshot}::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
    )"""
