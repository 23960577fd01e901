"""How far back the answer of a tree reaches: for which of the leads a value that we were told later stood in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leads.criteria.asking import EVERYONE, frame, stand_in_columns
from leads.criteria.compiling import stood_in
from leads.criteria.fields import Frame, Sql
from leads.criteria.parsing import read
from leads.criteria.reading import words_of
from leads.criteria.tree import Compare, Tree, leaves
from leads.models.leads import Lead
from smarketing.pages import wording


@dataclass(frozen=True)
class StandIn:
    """A condition for which, of so many leads, a value that we were told later stood in for some."""

    path: str
    words: str
    noun: str
    leads: int
    of: int
    # Nobody keeps what it was.
    is_never_known: bool

    @property
    def sentence(self) -> str:
        words = {"attribute": self.noun, "share": wording.share(self.leads, self.of)}
        if self.is_never_known:
            return _("Of all leads, %(attribute)s is that of today: what it was is not kept.") % words
        return _("Of %(share)s of these leads, %(attribute)s is as we were first told it, after that day.") % words


def stand_ins(tree: Tree, as_of: datetime, among: QuerySet[Lead] | None = None) -> list[StandIn]:
    """The conditions that, asked as of that moment, use a value that we were told later, each with the share of the
    leads that it used it of: of those `among` which there were then, or of all. One query, and those for words."""
    node = read(tree, strict=False)
    there = [leaf for leaf in leaves(node) if isinstance(leaf, Compare)]
    total, *tallies = _tallied(tree, as_of, among)
    counted = dict(zip((leaf.path for leaf in leaves(node)), tallies, strict=True))
    words = words_of(node) if any(tallies) or not total else {}
    found = []
    for leaf in there:
        never = leaf.field.as_of is None and leaf.field.stands_in is None
        if counted[leaf.path] or never:
            noun = str(leaf.field.noun or leaf.field.label)
            found.append(StandIn(leaf.path, words.get(leaf.path, noun), noun, counted[leaf.path], total, never))
    return found


def _tallied(tree: Tree, as_of: datetime, among: QuerySet[Lead] | None) -> tuple[int, ...]:
    node = read(tree, strict=False)
    selected, params = stand_in_columns(node, frame(None, as_of))
    names = [f"n{number}" for number, _leaf in enumerate(leaves(node))]
    tallies = "".join(f", count(*) FILTER (WHERE {name})" for name in names)
    which, given = EVERYONE + " AND leads_lead.created_at <= %s", [as_of]
    if among is not None:
        chosen, more = among.order_by().values("pk").query.sql_with_params()
        which, given = f"{which} AND leads_lead.id IN ({chosen})", [*given, *more]
    leaf = f"SELECT {selected or '1'} FROM {which} OFFSET 0"
    sql = f"SELECT count(*){tallies} FROM ({leaf}) leaf ({', '.join(names) or 'n'})"
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, *given])
        return tuple(cursor.fetchone())


def stand_in_sql(tree: Tree, looked: Frame) -> Sql:
    """Whether for one lead a value that we were told later stands in anywhere in the tree, as SQL."""
    parts = [stood_in(leaf, looked) for leaf in leaves(read(tree, strict=False))]
    return f"({' OR '.join(sql for sql, _ in parts) or 'FALSE'})", [param for _, given in parts for param in given]


def todays_values(tree: Tree, as_of: datetime) -> list[str]:
    """The paths of the conditions that, asked as of that moment, use a value that we were told later."""
    return [each.path for each in stand_ins(tree, as_of)]
