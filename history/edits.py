"""What people edit, and how the page of changes calls it. Each app declares every table of its own, in its `edits.py`:

    register(Kind(Campaign, _("Campaign"), link="campaign"))
    never_edited(Activity, because="Written once, and never edited.")

What is registered stands under the triggers of `history.edited`. A test finds the table that nobody declared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils.functional import Promise
from django.utils.text import capfirst

from history.edited import columns_of, trigger_of

Words = Callable[[Any], str]


@dataclass(frozen=True, eq=False)
class Kind:
    """One table of what people edit.

    `link`     the name of the page on which a row is seen, and
    `link_by`  what its address takes: the key of the row, one of the columns by which the row is known, or nothing.
    `labels`   of the columns that have no name in both languages.
    `words`    of the columns whose values are not read as they are.
    `names`    of rows that none of their own columns names.
    """

    model: type[Model]
    label: str | Promise
    link: str = ""
    link_by: str = "id"
    labels: Mapping[str, str | Promise] = field(default_factory=dict)
    words: Mapping[str, Words] = field(default_factory=dict)
    names: Callable[[Collection[int]], Mapping[int, str]] | None = None

    @property
    def key(self) -> str:
        """As `history.Edit.kind` has it."""
        return self.model._meta.label_lower

    @property
    def named(self) -> list[str]:
        """The columns by which people know a row, in their order."""
        trigger = trigger_of(self.model)
        return columns_of(self.model, *trigger.named.split()) if trigger else []

    @cached_property
    def fields(self) -> dict[str, Field[Any, Any]]:
        """By the name of the column."""
        return {str(each.column): each for each in self.model._meta.concrete_fields}

    def label_of(self, column: str) -> str:
        """What a column is called; a column that is gone by its own name."""
        known = self.fields.get(column)
        return capfirst(str(self.labels.get(known.name, known.verbose_name))) if known else column


_kinds: dict[str, Kind] = {}
_never: dict[type[Model], str] = {}
# How rows are named that are not edited here, but named by what is.
_named: dict[str, list[str]] = {}


def register(*new: Kind) -> None:
    """Make them known. Each table is declared once."""
    for kind in new:
        if kind.key in _kinds or kind.model in _never:
            raise ValueError(f"{kind.key} is declared twice.")
        _kinds[kind.key] = kind


def never_edited(*models: type[Model], because: str, named: str = "") -> None:
    """Tables that no person edits, or that have a history of their own; `named`: the columns that name a row."""
    for model in models:
        if model in _never or model._meta.label_lower in _kinds:
            raise ValueError(f"{model._meta.label} is declared twice.")
        _never[model] = because
        if named:
            _named[model._meta.label_lower] = named.split()


def kinds() -> list[Kind]:
    return list(_kinds.values())


def kind_of(key: str) -> Kind | None:
    """None: of a table that is gone."""
    return _kinds.get(key)


def reasons() -> Mapping[type[Model], str]:
    """Why the other tables need no such history."""
    return _never


def naming_columns(key: str) -> list[str]:
    """The columns that name a row of a table."""
    kind = _kinds.get(key)
    return kind.named if kind else _named.get(key, [])


def table_of(key: str) -> tuple[str, str]:
    """The table and the column of its key."""
    model = apps.get_model(key)
    return model._meta.db_table, columns_of(model, "pk")[0]
