"""The fields of a file: what a column may become."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from leads.importing.files.cells import Reader

Words = str | Promise
# What one row says, by field. Only what it gives.
Values = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A column that a file may bring."""

    name: str
    label: Words
    read: Reader
    # The type of its column in the staging table; empty where other columns hold what it says.
    sql: str = "text"
    group: Words = ""
    # The fields that it fills in (a full name both parts): it has no place of its own.
    into: tuple[str, ...] = ()
    # Fields that it may fill in beside its own: an amount with a sign its currency.
    beside: tuple[str, ...] = ()
    is_moment: bool = False
    # Who it is, whether they may be written to, and the moments of stages and deals: a row that cannot be read there is
    # refused. What else cannot be read is left empty, and said.
    is_vital: bool = False
    # A value that no later row about the same thing takes back.
    final: str = ""
    # Words that headers say for it, beside its name and its label.
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prefix:
    """Fields whose names the file brings: custom.NAME, properties.NAME. They wait together as one JSON object."""

    name: str
    label: Words
    group: Words = ""
    # The column of the staging table that holds them.
    column: str = ""


def fields_by_name(fields: Iterable[Field]) -> dict[str, Field]:
    return {field.name: field for field in fields}
