"""Edits as people read them: which thing, what of it, from what to what, and by which way."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Field
from django.urls import NoReverseMatch, reverse
from django.utils.dateparse import parse_duration
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from history.edits import Kind, kind_of, naming_columns, table_of
from history.models import Edit
from smarketing.pages import wording

HOW = {
    "page": gettext_lazy("by hand"),
    "api": gettext_lazy("by the API"),
    "import": gettext_lazy("by an import"),
    "command": gettext_lazy("by a command"),
    "demo": gettext_lazy("by the demo"),
    "database": gettext_lazy("in the database itself"),
    "": gettext_lazy("by the machine"),
}
# In the columns by which a row is known, this many keys lead from one row to the next: the agreed definition to its
# definition, that to its stage.
DEPTH = 3
# A row: the label of its model, and its key.
Key = tuple[str, int]
# What names the rows: the columns by which people know them, or words.
Names = Mapping[Key, Mapping[str, Any] | str]


@dataclass(frozen=True)
class Value:
    """One column that took another value."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Line:
    """One edit, in words. Without an address its thing has no page, or is gone."""

    edit: Edit
    kind: str
    name: str
    url: str
    values: Sequence[Value]
    how: str

    @property
    def what(self) -> str:
        return str(Edit.What(self.edit.what).label)


def lines(edits: Sequence[Edit]) -> list[Line]:
    """Edits in words, for one page, in as many statements for one as for fifty."""
    names = names_of(edits)
    gone = deleted_since(edits)
    return [_line(edit, names, is_gone=(edit.kind, edit.row_id) in gone) for edit in edits]


def _line(edit: Edit, names: Names, *, is_gone: bool) -> Line:
    kind = kind_of(edit.kind)
    if kind is None:
        return Line(edit, edit.kind, f"#{edit.row_id}", "", [], _describe_way(edit.how))
    key = (edit.kind, edit.row_id)
    return Line(
        edit,
        str(kind.label),
        describe_row(key, edit.about or names.get(key), names),
        "" if is_gone else _address(kind, edit),
        _values(kind, edit.changes, names),
        _describe_way(edit.how),
    )


def _describe_way(how: str) -> str:
    way, _space, number = how.partition(" ")
    words = str(HOW.get(way, how))
    return f"{words} ({number})" if number and way in HOW else words


def _address(kind: Kind, edit: Edit) -> str:
    if not kind.link:
        return ""
    taken = edit.row_id if kind.link_by == "id" else edit.about.get(kind.link_by)
    try:
        return reverse(kind.link, args=[taken] if kind.link_by else [])
    except NoReverseMatch:
        return ""


def deleted_since(edits: Sequence[Edit]) -> set[Key]:
    """Those of their rows that are no more."""
    ids = {edit.row_id for edit in edits}
    kinds = {edit.kind for edit in edits}
    gone = Edit.objects.filter(what=Edit.What.DELETED, kind__in=kinds, row_id__in=ids)
    return set(gone.values_list("kind", "row_id"))


# Names


def names_of(edits: Iterable[Edit]) -> Names:
    """What names the rows that edits mention, as they are now: one statement a step from row to row."""
    names: dict[Key, Mapping[str, Any] | str] = {}
    wanted = {key for edit in edits for key in _keys_in(edit)}
    for _step in range(DEPTH):
        wanted = {key for key in wanted if key not in names}
        if not wanted:
            break
        found = _look_up(wanted)
        names |= found
        wanted = {key for (label, _pk), about in found.items() for key in _keys(label, about)}
    return names


def _keys_in(edit: Edit) -> Iterable[Key]:
    kind = kind_of(edit.kind)
    if kind is None:
        return
    if kind.names:
        yield edit.kind, edit.row_id
    yield from _keys(edit.kind, edit.about)
    for position in (0, 1):
        yield from _keys(edit.kind, {column: pair[position] for column, pair in edit.changes.items() if len(pair) == 2})


def _keys(label: str, about: Mapping[str, Any] | str) -> Iterable[Key]:
    """The rows that these columns of a table point to."""
    kind = kind_of(label)
    if kind is None or isinstance(about, str):
        return
    for column, value in about.items():
        target = _target(kind.fields.get(column))
        if target and isinstance(value, int):
            yield target, value


def _target(known: Field[Any, Any] | None) -> str:
    """The label of the table that a key points to; nothing for what is no key."""
    related = known.related_model if isinstance(known, models.ForeignKey) else None
    return related._meta.label_lower if isinstance(related, type) else ""


def _look_up(wanted: Iterable[Key]) -> dict[Key, Mapping[str, Any] | str]:
    ids: dict[str, set[int]] = defaultdict(set)
    for label, pk in wanted:
        ids[label].add(pk)
    found: dict[Key, Mapping[str, Any] | str] = {}
    selects: list[str] = []
    params: list[Any] = []
    for label in sorted(ids):
        kind = kind_of(label)
        if kind and kind.names:
            found |= {(label, pk): name for pk, name in kind.names(ids[label]).items()}
        elif columns := naming_columns(label):
            table, key = table_of(label)
            selects.append(f'SELECT %s, "{key}", edit_about(to_jsonb(t), %s) FROM "{table}" t WHERE "{key}" = ANY(%s)')
            params += [label, columns, sorted(ids[label])]
    if selects:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(selects), params)
            found |= {(label, pk): json.loads(about) for label, pk, about in cursor.fetchall()}
    return found


def describe_row(key: Key, about: Mapping[str, Any] | str | None, names: Names) -> str:
    """The name of a row, in the language of the page."""
    label, pk = key
    if isinstance(about, str):
        return about
    if not about:
        return f"#{pk}"
    if "family_name" in about:
        person = wording.full_name(about.get("given_name") or "", about["family_name"] or "")
        return person or about.get("email") or f"#{pk}"
    if wording.japanese() and about.get("name_ja"):
        return str(about["name_ja"])
    kind = kind_of(label)
    columns = [column for column in naming_columns(label) if column != "name_ja" and about.get(column) is not None]
    parts = [_text(kind, column, about[column], names) if kind else str(about[column]) for column in columns]
    return " · ".join(part for part in parts if part and part != wording.NOTHING) or f"#{pk}"


# Values


def _values(kind: Kind, changes: Mapping[str, Sequence[Any]], names: Names) -> list[Value]:
    """In the order of the table; what is gone from it at the end."""
    order = [*kind.fields, *(column for column in changes if column not in kind.fields)]
    return [_value(kind, column, changes[column], names) for column in order if column in changes]


def _value(kind: Kind, column: str, pair: Sequence[Any], names: Names) -> Value:
    label = kind.label_of(column)
    if len(pair) != 2:
        return Value(label, "", _("(not shown)"))
    old, new = (_text(kind, column, value, names) for value in pair)
    return Value(label, old, new)


def _text(kind: Kind, column: str, value: Any, names: Names) -> str:
    """A value of a column as people write it."""
    known = kind.fields.get(column)
    if value in (None, "", [], {}):
        return wording.NOTHING
    if known is None:
        return _plain(value)
    if known.name in kind.words:
        return kind.words[known.name](value)
    if target := _target(known):
        return describe_row((target, value), names.get((target, value)), names)
    choices = dict(known.flatchoices or getattr(getattr(known, "base_field", None), "flatchoices", []))
    if isinstance(known, ArrayField):
        return _(", ").join(str(choices.get(each, each)) for each in value)
    if isinstance(value, str | int) and value in choices:
        return str(choices[value])
    return _by_type(known, value)


def _by_type(known: Field[Any, Any], value: Any) -> str:
    if isinstance(known, models.BooleanField):
        return _("Yes") if value else _("No")
    if isinstance(known, models.DateTimeField):
        return wording.moment_in_full(datetime.fromisoformat(value))
    if isinstance(known, models.DateField):
        return wording.day(known.to_python(value))
    if isinstance(known, models.TimeField):
        return str(value)[:5]
    if isinstance(known, models.DurationField):
        return wording.duration(parse_duration(value))
    if isinstance(known, models.DecimalField):
        exact = Decimal(str(value)).normalize()
        return wording.number(exact, max(0, -int(exact.as_tuple().exponent)))
    return _plain(value)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
