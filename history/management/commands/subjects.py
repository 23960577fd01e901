from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand

from history.subjects import Column, Record, records

INTRODUCTION = """\
# What is kept about people

Each table with each of its columns, as the apps declare them in their `subjects.py`: whose it is, what merging two
leads does with the row, whether an export gives the column, and what erasing the person does with it. Merging goes by
these lines; exporting and erasing a person are to follow them. This page is what `python manage.py subjects` prints.
"""
TABLE = """
| columns | about | exported | erasing | because |
|---|---|---|---|---|
"""
NOBODY = """
## About nobody

| table | columns | because |
|---|---|---|
"""


class Command(BaseCommand):
    help = "Print what is kept about people, as docs/subjects.md holds it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        sections = [section(record) for record in records() if is_personal(record)]
        rows = [row for record in records() if not is_personal(record) for row in rows_about_nobody(record)]
        self.stdout.write(INTRODUCTION + "".join(sections) + NOBODY + "\n".join(rows))


def is_personal(record: Record) -> bool:
    return any(column.person for column in record.by_name.values())


def section(record: Record) -> str:
    """One table, in sentences and column by column."""
    sentences = [
        *([f"About {record.person.value}, reached by {quoted(record.paths)}."] if record.person else []),
        *(f"Merging by `{key}`: {merging.value}." for key, merging in record.merging.items()),
        *([f"Exported as `{record.export}`."] if record.export else []),
        *(["Erasing deletes the rows."] if record.deleted else []),
        *([f"`history.models.Change` keeps what changed under `{record.history}`."] if record.history else []),
    ]
    intro = f"\n{' '.join(sentences)}\n" if sentences else ""
    return f"\n## {record.name}\n{intro}{TABLE}" + "".join(f"{row}\n" for row in rows_of(record))


def rows_of(record: Record) -> list[str]:
    return [
        f"| {names} | {one.person.value if one.person else 'nobody'} | {'yes' if one.exported else 'no'}"
        f" | {record.erasing(one).value} | {one.because} |"
        for names, one in together(record)
    ]


def rows_about_nobody(record: Record) -> list[str]:
    return [f"| {record.name} | {names} | {one.because} |" for names, one in together(record)]


def together(record: Record) -> Iterable[tuple[str, Column]]:
    """The columns that a line names together, with one of them for what they share."""
    for _shared, group in groupby(
        record.by_name.values(), lambda column: (column.person, column.exported, column.erasing, column.because)
    ):
        columns = list(group)
        yield quoted(column.name for column in columns), columns[0]


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
