"""What is kept about people: for each table whose it is, and what merging, exporting and erasing do with it.

Each app declares its tables in its `subjects.py`, column by column:

    register(
        Record(
            Activity,
            person=Person.LEAD,
            paths=["lead"],
            merging={"lead": Merging.MOVED},
            export="activities",
            columns=[
                not_personal("id", because=NUMBER),
                personal("lead kind occurred_at", kept="Numbers count it."),
                personal("properties"),
            ],
        )
    )

    register(not_personal_table(Stage, "id name_en", because="The company's own list."))

No line covers a column that it does not name: a test finds the column, or the key to a lead, that nobody declared.
`move_rows` merges by these lines. Erasing and exporting a person are to follow them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from django.db.models import Model


class Person(Enum):
    """Whom something is about."""

    LEAD = "a lead"
    MEMBER = "a member of the company"
    # Text and files in which anybody may be named: they are found by searching for the values of the person.
    ANYBODY = "anybody"


class Merging(Enum):
    """What merging two leads does with a row that refers to the one that goes."""

    MOVED = "moved to the lead that is kept"
    KEPT = "left with the record that was merged"
    COMBINED = "made one row of both, or computed anew"
    DROPPED = "deleted"


class Erasing(Enum):
    """What erasing a person does with what a column holds."""

    DELETED = "deleted with its row"
    EMPTIED = "emptied"
    # The database wants a value there, or something must be recognised again without saying what it was.
    ANONYMISED = "replaced by what names nobody"
    REDACTED = "freed of what names the person"
    KEPT = "kept"


@dataclass(frozen=True)
class Column:
    """One column.

    `person`    whom it is about; None: nobody.
    `exported`  whether the person gets it, under its own name.
    `because`   why it is about nobody, or is not exported, or is kept when the person is erased.
    """

    name: str
    person: Person | None
    exported: bool
    erasing: Erasing
    because: str


Columns = Sequence[Column]

# Reasons that hold in several apps.
NUMBER = "A number of ours."
WORK = "Work belongs to the company."


# The functions that follow take the names of columns in one text, with spaces between.


def personal(
    names: str, *, kept: str = "", hidden: str = "", anonymised: str = "", whose: Person = Person.LEAD
) -> Columns:
    """Columns about the lead, or about `whose`: exported unless `hidden` for a reason, emptied by erasing unless `kept`
    or `anonymised` for a reason."""
    erasing = Erasing.KEPT if kept else Erasing.ANONYMISED if anonymised else Erasing.EMPTIED
    because = " ".join(filter(None, (hidden, kept, anonymised)))
    return [Column(name, whose, not hidden, erasing, because) for name in names.split()]


def of_member(names: str, *, kept: str = "", hidden: str = "", anonymised: str = "") -> Columns:
    """Columns about a member of the company."""
    return personal(names, kept=kept, hidden=hidden, anonymised=anonymised, whose=Person.MEMBER)


def done_by(names: str) -> Columns:
    """Keys to the member who did something, or answers for it."""
    return of_member(
        names,
        hidden=WORK,
        kept="The name is read from the member, who is a former member once erased.",
    )


def mentions(names: str, *, because: str, exported: bool = False) -> Columns:
    """Columns that anybody may be named in."""
    return [Column(name, Person.ANYBODY, exported, Erasing.REDACTED, because) for name in names.split()]


def not_personal(names: str, *, because: str) -> Columns:
    """Columns about nobody."""
    return [Column(name, None, False, Erasing.KEPT, because) for name in names.split()]


@dataclass(frozen=True, eq=False)
class Record:
    """What one table keeps.

    `person`   whom a row is about, and
    `paths`    the lookups from the row to that person. Without a person, a row is about nobody as a whole.
    `merging`  what merging leads does with the row, for each of its keys to a lead. What belongs to such a row, as a
               timer to a hand-off, goes where that goes.
    `export`   the list of the export in which the person finds the rows.
    `deleted`  whether erasing the person deletes the rows; otherwise each column says what becomes of it.
    `history`  the subject under which `history.Change` keeps what the columns were before: a change is treated as the
               column that changed.
    """

    model: type[Model]
    columns: Iterable[Columns]
    person: Person | None = None
    paths: Sequence[str] = ()
    merging: Mapping[str, Merging] = field(default_factory=dict)
    export: str = ""
    deleted: bool = False
    history: str = ""

    def __post_init__(self) -> None:
        names = [column.name for group in self.columns for column in group]
        if len(names) != len(set(names)):
            raise ValueError(f"{self.name} declares a column twice.")
        if bool(self.paths) != (self.person is not None):
            raise ValueError(f"{self.name} is about a person by at least one path, or about nobody by none.")
        if self.deleted and self.person is None:
            raise ValueError(f"Erasing a person deletes no rows of {self.name}, which are about nobody.")

    @property
    def name(self) -> str:
        return self.model._meta.label

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Its columns."""
        return {column.name: column for group in self.columns for column in group}

    def erasing(self, column: Column) -> Erasing:
        """What erasing the person of the row does with a column. What it mentions of others is only redacted."""
        return Erasing.DELETED if self.deleted else column.erasing


def not_personal_table(model: type[Model], columns: str, *, because: str) -> Record:
    """A table about nobody, with the columns it has: a new one is declared like any other."""
    return Record(model, [not_personal(columns, because=because)])


_records: dict[type[Model], Record] = {}


def register(new: Record) -> None:
    """Make it known. Each table is declared once."""
    if _records.setdefault(new.model, new) is not new:
        raise ValueError(f"What {new.name} keeps is declared twice.")


def records() -> list[Record]:
    return sorted(_records.values(), key=lambda record: record.name)


def move_rows(app_label: str, *, of_lead: int, to_lead: int) -> None:
    """Let all rows of an app that a merge moves refer to another lead."""
    for record in records():
        if record.model._meta.app_label == app_label:
            for key, merging in record.merging.items():
                if merging is Merging.MOVED:
                    record.model._base_manager.filter(**{key: of_lead}).update(**{key: to_lead})
