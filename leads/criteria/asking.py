"""What a tree of conditions answers: which leads, how many for each part, and for one lead which part holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.timezone import now
from psycopg2.errors import QueryCanceled

from leads.criteria.compiling import Holds, compiled, holds, stood_in
from leads.criteria.fields import Frame, Sql
from leads.criteria.parsing import read
from leads.criteria.reading import words_of
from leads.criteria.tree import All, Any_, Compare, Did, Node, Not, Tree, leaves, nodes

MILLISECOND = timedelta(milliseconds=1)


def frame(at: datetime | None, as_of: datetime | None) -> Frame:
    return Frame(as_of, past=True) if as_of else Frame(at or now())


def condition(tree: Tree, *, at: datetime | None = None, as_of: datetime | None = None, lead: str = "") -> Holds:
    """One SQL condition: `Lead.objects.unmerged().filter(condition(tree, at=at))`.

    `at`     the moment it is asked for, now when left out: activities up to it, attributes as they are today. This is
             how the machine evaluates.
    `as_of`  instead: any moment of the past. Activities up to it, attributes as they were then (`stand_ins` says
             for which conditions, and of how many leads, that is not known).
    `lead`   the way to the lead from another model: `Journey.objects.filter(condition(tree, at=at, lead="lead"))`.

    Also good in annotate() (TRUE or FALSE) and `When`. Instead of exclude() use `{"not": tree}`. Costs no query of its
    own but one for custom fields when the tree names one.
    """
    return holds(read(tree, strict=False), frame(at, as_of), lead)


def condition_sql(
    tree: Tree,
    *,
    at: datetime | None = None,
    as_of: datetime | None = None,
    lead: str = "leads_lead",
    company: str = "leads_company",
    windows_from: datetime | None = None,
) -> Sql:
    """The same as text and parameters, to stand inside a larger statement that has both rows at hand:

        FROM leads_lead LEFT JOIN leads_company ON leads_company.id = leads_lead.company_id

    `CASE WHEN {sql} THEN …` is right as it is; where TRUE or FALSE is needed write `({sql} IS TRUE)`. Windows are
    `(windows_from − days, at]`: scores, which belong to a day, count back from its start.
    """
    looked = frame(at, as_of)
    return compiled(read(tree, strict=False), Frame(looked.at, looked.past, lead, company, windows_from))


ALL_LEADS = "leads_lead LEFT JOIN leads_company ON leads_company.id = leads_lead.company_id"
EVERYONE = f"{ALL_LEADS} WHERE leads_lead.merged_into_id IS NULL"


def columns(node: Node, looked: Frame) -> tuple[dict[str, str], Sql]:
    """A column for each leaf, "n3 for the leaf at this path", and the SQL that selects them."""
    names: dict[str, str] = {}
    parts: list[str] = []
    params: list[object] = []
    for number, leaf in enumerate(leaves(node)):
        sql, given = compiled(leaf, looked)
        names[leaf.path] = f"n{number}"
        parts.append(f"({sql} IS TRUE) AS n{number}")
        params += given
    return names, (", ".join(parts), params)


def stand_in_columns(node: Node, looked: Frame) -> Sql:
    """The SQL that selects for each leaf whether a value that we were told later stands in."""
    parts = [stood_in(leaf, looked) for leaf in leaves(node)]
    return ", ".join(f"({sql} IS TRUE)" for sql, _ in parts), [param for _, given in parts for param in given]


def combined(node: Node, names: Mapping[str, str]) -> str:
    """A node in terms of its leaves' columns."""
    match node:
        case All() | Any_():
            word, empty = (" AND ", "TRUE") if isinstance(node, All) else (" OR ", "FALSE")
            return "(" + word.join(combined(child, names) for child in node.children) + ")" if node.children else empty
        case Not():
            return f"(NOT {combined(node.child, names)})"
        case Compare() | Did():
            return names[node.path]


class TooMany(Exception):
    """Counting takes longer than somebody who types would wait."""


def counts(tree: Tree, *, at: datetime | None = None, patience: timedelta | None = None) -> dict[str, int]:
    """How many leads match the whole (path "") and each part of it, by its path, in one query. The key "*" is how many
    there are. Raises `BadCriteria`, and with `patience` `TooMany` when it takes longer."""
    node = read(tree, strict=False)
    names, (selected, params) = columns(node, frame(at, None))
    there = list(nodes(node))
    tallies = ", ".join(f"count(*) FILTER (WHERE {combined(each, names)})" for each in there)
    # OFFSET 0 keeps each leaf evaluated once a lead, however often it is counted.
    sql = f"SELECT count(*), {tallies} FROM (SELECT {selected or '1'} FROM {EVERYONE} OFFSET 0) leaf"
    total, *found = asked_in_time(sql, params, patience)
    return {"*": total} | {each.path: number for each, number in zip(there, found, strict=True)}


def asked_in_time(sql: str, params: list[Any], patience: timedelta | None) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        if patience is None:
            cursor.execute(sql, params)
            return tuple(cursor.fetchone())
        try:
            with transaction.atomic():
                wait(cursor, patience // MILLISECOND)
                cursor.execute(sql, params)
                found = tuple(cursor.fetchone())
                wait(cursor, 0)
                return found
        except OperationalError as late:
            if isinstance(late.__cause__, QueryCanceled):
                raise TooMany
            raise


def wait(cursor: Any, milliseconds: int) -> None:
    """How long a statement of this transaction may take; 0: as long as it likes."""
    cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])


class Effect(StrEnum):
    """What one condition does to the answer of the whole tree. Under "unless" it helps that it does not hold; of
    several of which one is enough, those that fail hinder nothing once one holds."""

    HELPS = "helps"
    HINDERS = "hinders"
    NEITHER = "neither"

    @property
    def tone(self) -> str:
        """The colour and the mark of it on a page."""
        return {Effect.HELPS: "kept", Effect.HINDERS: "breached", Effect.NEITHER: "neutral"}[self]


@dataclass(frozen=True)
class Explained:
    """One node of a tree, asked of one lead."""

    path: str
    join: str  # "all", "any", "none", "not", or "" for a leaf.
    words: str
    holds: bool
    from_today: bool  # What it was then is not known: a value that we were told later was used.
    children: tuple[Explained, ...] = ()

    def leaves(self) -> list[Explained]:
        return [leaf for leaf, _effect in self.effects()]

    def effects(self, *, wanted: bool = True, settled: bool = False) -> list[tuple[Explained, Effect]]:
        """The leaves, each with its effect. `wanted`: whether this node should hold; `settled`: a node above it is as
        it should be, whatever this one is."""
        is_met = self.holds == wanted
        if not self.join:
            return [(self, Effect.HELPS if is_met else Effect.NEITHER if settled else Effect.HINDERS)]
        below = wanted if self.join != "none" else not wanted
        return [leaf for each in self.children for leaf in each.effects(wanted=below, settled=settled or is_met)]


def explain(
    tree: Tree,
    lead_id: int,
    at: datetime | None = None,
    *,
    as_of: datetime | None = None,
    windows_from: datetime | None = None,
) -> Explained:
    """Which parts of the tree hold for one lead and which do not, in words of the language in use; one query, and one
    or two more for words. Without such a lead nothing holds."""
    node = read(tree, strict=False)
    looked = replace(frame(at, as_of), windows_from=windows_from)
    names, (selected, params) = columns(node, looked)
    stand_ins, given = stand_in_columns(node, looked) if as_of else ("", [])
    sql = f"SELECT {', '.join(filter(None, (selected, stand_ins))) or '1'} FROM {ALL_LEADS} WHERE leads_lead.id = %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, *given, lead_id])
        row = cursor.fetchone() or [False] * 2 * len(names)
    found = dict(zip(names, row, strict=False))
    from_today = {path for path, is_today in zip(names, row[len(names) :], strict=False) if as_of and is_today}
    return explained(node, found, from_today, words_of(node))


def explained(node: Node, found: dict[str, bool], from_today: set[str], words: Mapping[str, str]) -> Explained:
    def inside(*children: Node) -> tuple[Explained, ...]:
        return tuple(explained(child, found, from_today, words) for child in children)

    match node:
        case All():
            below = inside(*node.children)
            return Explained(node.path, "all", "", all(each.holds for each in below), False, below)
        case Any_():
            below = inside(*node.children)
            return Explained(node.path, "any", "", any(each.holds for each in below), False, below)
        case Not(child=Any_() as child):
            below = inside(*child.children)
            return Explained(node.path, "none", "", not any(each.holds for each in below), False, below)
        case Not():
            below = inside(node.child)
            return Explained(node.path, "none", "", not below[0].holds, False, below)
        case Compare() | Did():
            return Explained(node.path, "", words[node.path], bool(found[node.path]), node.path in from_today)
