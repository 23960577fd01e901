"""Some rows of a file on their way into the database together: COPY into a staging table, then a few statements."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils.translation import gettext as _

from leads.importing.engine.fields import Prefix, Values
from leads.importing.engine.mapping import Plan, Reasons, Row, reason
from leads.importing.engine.staging import TABLE, create_table, quoted
from leads.registering.reevaluation import enqueue_merged

# So many warnings are kept word for word; the rest is counted.
MOST_WARNINGS = 50


@dataclass
class Warnings:
    """What was taken otherwise than written, for the importer to read."""

    sentences: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, sentence: str) -> None:
        if sentence in self.sentences:
            return
        if len(self.sentences) < MOST_WARNINGS:
            self.sentences.append(sentence)
        else:
            self.more += 1

    def all(self) -> list[str]:
        more = [_("And %(count)s more of this kind.") % {"count": self.more}] if self.more else []
        return [*self.sentences, *more]


@dataclass
class Batch:
    """Rows that come in together, in the caller's transaction."""

    plan: Plan
    rows: list[Row]
    at: datetime
    system: str
    # The import, as history keeps it, and who asked for it.
    how: str
    import_id: int | None = None
    by_id: int | None = None
    qualify_at_once: bool = False
    correct: bool = False
    # Rolled back at the end: nobody has to wait for it.
    is_dry: bool = False
    warnings: Warnings = field(default_factory=Warnings)

    def __post_init__(self) -> None:
        self.field_names = self.plan.field_names
        self.cursor = connection.cursor()

    def gives(self, name: str) -> bool:
        """Whether the file has that field; for custom. and the like, any field that begins so."""
        return any(each.startswith(name) for each in self.field_names) if name[-1] == "." else name in self.field_names

    @property
    def news_at(self) -> datetime | None:
        """The moment of the news that the batch is, where the importer asks for it. Else it is history: no news."""
        return self.at if self.qualify_at_once else None

    @property
    def parameters(self) -> dict[str, Any]:
        """What every statement of the batch may name."""
        return {"at": self.at, "system": self.system, "how": self.how, "by": self.by_id}

    def execute(self, sql: str, **parameters: Any) -> int:
        """One statement over the staging table; returns how many rows it touched."""
        self.cursor.execute(sql, {**self.parameters, **parameters})
        return int(self.cursor.rowcount)

    def fetch(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        self.execute(sql, **parameters)
        return list(self.cursor.fetchall())

    def stage(self, **derived: Callable[[Values], Any]) -> None:
        """Create the staging table and copy the rows into it, with `derived` columns that follow from their values."""
        kind = self.plan.kind
        columns = kind.staging_columns()
        of_fields = [column.name for column in columns if column.name in kind.fields and self.gives(column.name)]
        of_fields = [name for name in of_fields if name not in derived]
        prefixes = [prefix for prefix in kind.prefixes if self.gives(prefix.name)]
        self.execute(create_table(TABLE, columns))

        def cells() -> Iterator[list[Any]]:
            for row, turn in self._in_turns():
                values = row.values
                yield [
                    row.line,
                    turn,
                    *(values.get(name) for name in of_fields),
                    *(_collected(values, prefix) for prefix in prefixes),
                    *(derive(values) for derive in derived.values()),
                ]

        self.copy(["line", "turn", *of_fields, *(prefix.column for prefix in prefixes), *derived], cells())
        self.execute(f"ANALYZE {TABLE}")

    def _in_turns(self) -> Iterator[tuple[Row, int]]:
        """Each row with its turn: rows about one thing are written one after the other."""
        turns: dict[str, int] = {}
        for row in self.rows:
            keys = list(self.plan.kind.match_keys(row.values))
            turn = 1 + max((turns.get(key, 0) for key in keys), default=0)
            turns.update(dict.fromkeys(keys, turn))
            yield row, turn

    def turns(self) -> Iterator[int]:
        """The turns that rows of the staging table have, also those that are put off meanwhile."""
        turn: int | None = 1
        while turn is not None:
            yield turn
            turn = self.fetch(f"SELECT min(turn) FROM {TABLE} WHERE turn > %(turn)s", turn=turn)[0][0]

    def copy(self, columns: Iterable[str], rows: Iterable[list[Any]]) -> None:
        """COPY rows into the staging table: None is NULL."""
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        text.seek(0)
        names = ", ".join(quoted(name) for name in columns)
        self.cursor.copy_expert(f"COPY {TABLE} ({names}) FROM STDIN (FORMAT csv)", text)

    def refuse(self, line: int, column: str, text: str) -> None:
        """Note at one row of the staging table why it cannot be taken."""
        self.execute(
            f"UPDATE {TABLE} SET refused = %(reasons)s WHERE line = %(line)s",
            reasons=json.dumps([reason(column, text)], ensure_ascii=False),
            line=line,
        )

    def rejected(self) -> dict[int, Reasons]:
        """Rows that the database could not take, by line."""
        refused = self.fetch(f"SELECT line, refused FROM {TABLE} WHERE refused IS NOT NULL")
        return {line: json.loads(reasons) for line, reasons in refused}

    def enqueue(self, rows: str, **parameters: Any) -> None:
        """Have leads evaluated anew: `rows` selects (lead_id, due_at, news_at)."""
        if not self.is_dry:
            enqueue_merged(rows, {**self.parameters, **parameters}, at=self.at)

    def outcome(self) -> tuple[int, int, int]:
        """How many rows were created, updated, unchanged."""
        return self.fetch(
            "SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE is_changed AND NOT is_new),"
            f" count(*) FILTER (WHERE NOT is_changed AND NOT is_new) FROM {TABLE} WHERE refused IS NULL"
        )[0]


def _collected(values: Values, prefix: Prefix) -> str | None:
    """The fields of a prefix as one JSON object, by the rest of their names."""
    own = {
        name.removeprefix(prefix.name): value
        for name, value in values.items()
        if name.startswith(prefix.name) and "." not in name.removeprefix(prefix.name)
    }
    return json.dumps(own, cls=DjangoJSONEncoder, ensure_ascii=False) if own else None
