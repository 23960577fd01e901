"""The staging table: where the rows of a batch wait, while a few statements find out what they are about.

It is created once a batch, whole: a column for each field of the kind and each group of fields with a prefix, the
columns below, and those that the kind states for what its statements find out. A field that the file does not give is
NULL, as an empty cell is; so statements need not know which fields it gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TABLE = "staging_rows"


@dataclass(frozen=True)
class Column:
    """A column of a staging table: its name, its one type, and what it holds before a statement says otherwise."""

    name: str
    type: str
    default: str = ""

    @property
    def definition(self) -> str:
        return f"{quoted(self.name)} {self.type}" + (f" NOT NULL DEFAULT {self.default}" if self.default else "")


COMMON = (
    # Of the file.
    Column("line", "integer"),
    # Rows about one thing take turns, in the order of the file.
    Column("turn", "integer"),
    Column("lead_id", "bigint"),
    Column("company_id", "bigint"),
    # What became of the row.
    Column("is_new", "boolean", "false"),
    Column("is_changed", "boolean", "false"),
    # Why it cannot be taken.
    Column("refused", "jsonb"),
)


def create_table(table: str, columns: Iterable[Column]) -> str:
    """SQL: a table that goes with the transaction, in place of the one that an earlier batch of it left."""
    definitions = ", ".join(column.definition for column in columns)
    return f"DROP TABLE IF EXISTS pg_temp.{table}; CREATE TEMP TABLE {table} ({definitions}) ON COMMIT DROP"


def quoted(name: str) -> str:
    """A name as an identifier in a statement with parameters."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'
