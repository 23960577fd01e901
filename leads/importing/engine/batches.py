"""Some rows of a file on their way into the database together: COPY into a staging table, then a few statements."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from leads.importing.engine.mapping import Plan, Reasons, Row
from leads.importing.engine.registry import Prefix, Values

# Of what was taken otherwise than written, so many sentences are kept; the rest is counted.
SENTENCES = 50


@dataclass
class Said:
    """What the importer is to be told about the whole file."""

    sentences: list[str] = field(default_factory=list)
    more: int = 0

    def say(self, sentence: str) -> None:
        if sentence in self.sentences:
            return
        if len(self.sentences) < SENTENCES:
            self.sentences.append(sentence)
        else:
            self.more += 1


# By arrays, which PostgreSQL hashes whatever it believes of the table: joined, this took minutes where it knew nothing.
WAITING = """
SELECT id, lead_id, news_at FROM leads_stalelead
WHERE due_at <= %(at)s AND lead_id = ANY(%(leads)s) FOR UPDATE SKIP LOCKED
"""


class Raced(Exception):
    """Somebody else made the same lead, company or activity at this moment: do the batch again."""


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
    said: Said = field(default_factory=Said)

    def __post_init__(self) -> None:
        self.names = self.plan.names
        self.cursor = connection.cursor()

    def gives(self, name: str) -> bool:
        """Whether the file has that field."""
        return name in self.names

    def run(self, sql: str, **parameters: Any) -> int:
        """One statement over the staging table `coming`; says how many rows it touched."""
        known = {"at": self.at, "system": self.system, "how": self.how, "by": self.by_id, **parameters}
        self.cursor.execute(sql, known)
        return int(self.cursor.rowcount)

    def ask(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        self.run(sql, **parameters)
        return list(self.cursor.fetchall())

    def stage(self, **more: tuple[str, Callable[[Values], Any]]) -> None:
        """Copy the rows into the table `coming`: a column a field, JSON for custom.NAME and the like, and `more`."""
        prefixed = {name: prefix for name in self.names if (prefix := self._prefix_of(name))}
        plain = [name for name in self.names if name not in prefixed and name not in more]
        groups = {prefix.column: prefix for prefix in prefixed.values()}
        columns = [("line", "integer"), ("round", "integer")]
        columns += [(name, self._type_of(name)) for name in plain]
        columns += [(column, "jsonb") for column in groups]
        columns += [(name, sql) for name, (sql, _) in more.items()]
        self.run("DROP TABLE IF EXISTS pg_temp.coming")
        self.run(
            f"CREATE TEMP TABLE coming ({', '.join(f'{quoted(name)} {sql}' for name, sql in columns)},"
            " lead_id bigint, company_id bigint, is_new boolean NOT NULL DEFAULT false,"
            " changed boolean NOT NULL DEFAULT false, refused jsonb) ON COMMIT DROP"
        )

        def cells() -> Iterable[list[Any]]:
            rounds: dict[str, int] = {}
            for row in self.rows:
                values = row.values
                keys = list(self.plan.kind.same(values))
                turn = 1 + max((rounds.get(key, 0) for key in keys), default=0)
                rounds.update(dict.fromkeys(keys, turn))
                line: list[Any] = [row.line, turn, *(values.get(name) for name in plain)]
                line += [self._collected(values, prefix) for prefix in groups.values()]
                line += [value(values) for _, value in more.values()]
                yield line

        self.copy("coming", [name for name, _ in columns], cells())
        self.run("ANALYZE coming")

    def copy(self, table: str, columns: Iterable[str], rows: Iterable[list[Any]]) -> None:
        """COPY rows into a table: None is NULL."""
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        text.seek(0)
        names = ", ".join(quoted(name) for name in columns)
        self.cursor.copy_expert(f"COPY {quoted(table)} ({names}) FROM STDIN (FORMAT csv)", text)

    def _prefix_of(self, name: str) -> Prefix | None:
        if name in self.plan.kind.fields:
            return None
        longest_first = sorted(self.plan.kind.prefixes.values(), key=lambda prefix: -len(prefix.name))
        return next((prefix for prefix in longest_first if name.startswith(prefix.name)), None)

    def _type_of(self, name: str) -> str:
        return self.plan.kind.fields[name].sql

    @staticmethod
    def _collected(values: Values, prefix: Prefix) -> str | None:
        own = {
            name.removeprefix(prefix.name): value
            for name, value in values.items()
            if name.startswith(prefix.name) and "." not in name.removeprefix(prefix.name)
        }
        return json.dumps(own, cls=DjangoJSONEncoder, ensure_ascii=False) if own else None

    def rejected(self) -> dict[int, Reasons]:
        """Rows that the database could not take, by line."""
        refused = self.ask("SELECT line, refused FROM coming WHERE refused IS NOT NULL")
        return {line: json.loads(reasons) for line, reasons in refused}

    def mark(self, leads: str, **parameters: Any) -> None:
        """Have leads looked at anew: `leads` selects (lead_id, due_at, news_at).

        Marks that wait already become one with the new, unless somebody works on them: the batches of a long file do
        not pile up work.
        """
        if self.is_dry:
            return
        marks = {(lead, max(due_at, self.at)): news_at for lead, due_at, news_at in self.ask(leads, **parameters)}
        waiting = self.ask(WAITING, leads=[lead for lead, _due_at in marks])
        for _id, lead, news_at in waiting:
            known = marks.get((lead, self.at))
            marks[lead, self.at] = max(filter(None, (known, news_at)), default=None)
        self.run("DELETE FROM leads_stalelead WHERE id = ANY(%(ids)s)", ids=[mark for mark, *_rest in waiting])
        rows = [[lead, due_at, news_at] for (lead, due_at), news_at in marks.items()]
        self.copy("leads_stalelead", ("lead_id", "due_at", "news_at"), rows)

    def outcome(self) -> tuple[int, int, int]:
        """How many rows were created, updated, unchanged."""
        return self.ask(
            "SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE changed AND NOT is_new),"
            " count(*) FILTER (WHERE NOT changed AND NOT is_new) FROM coming WHERE refused IS NULL"
        )[0]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'
