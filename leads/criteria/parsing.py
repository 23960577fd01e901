"""Checking JSON and turning it into a tree."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from leads.criteria.fields import ALL_OPERATORS, Catalogue, Field, Type, is_of_a_family
from leads.criteria.tree import All, Any_, BadCriteria, Compare, Did, Errors, Node, Not, Tree
from leads.models.activities import ActivityKind

DEEPEST = 10
MOST_NODES = 300
LONGEST_TEXT = 500
LONGEST_LIST = 500
LARGEST_NUMBER = 10**15
MOST_TIMES = 100_000
MOST_DAYS = 36_500


def read(tree: object, *, scope: str = "all", strict: bool = True) -> Node:
    """Read a tree, or raise `BadCriteria` with everything that is wrong with it.

    Not strict is for a tree that was checked when it was saved: an attribute that the administrator has removed since
    then is missing for everybody, a choice may have left its list, and the database is not asked for either.
    """
    reader = _Reader(scope, strict)
    node = reader.node(tree, "", 1)
    if reader.errors:
        raise BadCriteria(reader.errors)
    assert node is not None
    return node


@dataclass
class _Reader:
    scope: str
    strict: bool
    errors: Errors = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(self.scope)
        self._kinds: set[str] | None = None
        self._options: dict[str, set[Any]] = {}

    def wrong(self, path: str, message: str) -> None:
        self.errors.append((path, message))

    def node(self, tree: object, path: str, depth: int, *, in_where: bool = False) -> Node | None:
        self.count += 1
        if self.count == MOST_NODES + 1:
            self.wrong(path, _("That is more than %(n)s conditions.") % {"n": MOST_NODES})
        if self.count > MOST_NODES:
            return None
        if depth > DEEPEST:
            self.wrong(path, _("Groups nest at most %(n)s deep.") % {"n": DEEPEST})
            return None
        if not isinstance(tree, Mapping):
            self.wrong(path, _("A condition is an object such as {“all”: []}."))
            return None
        match [key for key in ("all", "any", "not", "field", "did") if key in tree]:
            case ["all" | "any" as join]:
                return self.group(tree, join, path, depth, in_where)
            case ["not"]:
                self.nothing_else(tree, {"not"}, path)
                child = self.node(tree["not"], path + "/not", depth + 1, in_where=in_where)
                return Not(path, child) if child else None
            case ["field"]:
                return self.property(tree, path) if in_where else self.comparison(tree, path)
            case ["did"] if not in_where:
                return self.did(tree, path, depth)
        self.wrong(path, _("A condition is one of all, any, not, field or did."))
        return None

    def nothing_else(self, tree: Tree, known: set[str], path: str) -> None:
        for key in tree:
            if key not in known:
                self.wrong(path, _("“%(key)s” is not known here.") % {"key": str(key)[:60]})

    def group(self, tree: Tree, join: str, path: str, depth: int, in_where: bool) -> Node | None:
        self.nothing_else(tree, {join}, path)
        parts = tree[join]
        if not isinstance(parts, list):
            self.wrong(path, _("“%(key)s” takes a list of conditions.") % {"key": join})
            return None
        read = [
            self.node(part, f"{path}/{join}/{index}", depth + 1, in_where=in_where) for index, part in enumerate(parts)
        ]
        children = tuple(child for child in read if child)
        return All(path, children) if join == "all" else Any_(path, children)

    def comparison(self, tree: Tree, path: str) -> Compare | None:
        self.nothing_else(tree, {"field", "op", "value"}, path)
        name, op = tree["field"], tree.get("op")
        known = self.catalogue.get(name) if isinstance(name, str) else None
        if known is None and not self.strict and isinstance(name, str) and is_of_a_family(name):
            return Compare(path, vanished(name), "is_empty" if op == "is_empty" else "=", "gone")
        if known is None:
            self.wrong(path, _("There is no attribute “%(name)s”.") % {"name": str(name)[:80]})
            return None
        if not self.catalogue.may_name(known):
            self.wrong(path, _("“%(name)s” cannot be named here: only who a lead is and did.") % {"name": known.label})
            return None
        if not self.operator_fits(op, known.operators, path):
            return None
        return Compare(path, known, str(op), self.value(known, str(op), tree, path))

    def operator_fits(self, op: object, operators: tuple[str, ...], path: str) -> bool:
        if not isinstance(op, str) or op not in ALL_OPERATORS:
            self.wrong(path, _("There is no comparison “%(op)s”.") % {"op": str(op)[:20]})
        elif op not in operators:
            self.wrong(path, _("“%(op)s” does not fit this attribute.") % {"op": op})
        else:
            return True
        return False

    def property(self, tree: Tree, path: str) -> Compare | None:
        """A comparison of what an activity carries: its type is that of the value."""
        self.nothing_else(tree, {"field", "op", "value"}, path)
        name, op = tree["field"], tree.get("op")
        if not isinstance(name, str) or not name or not self.text(name, path):
            self.wrong(path, _("Name the property."))
            return None
        known = Field(name, type_of_property(op, tree.get("value")), name, "")
        if not self.operator_fits(op, known.operators, path):
            return None
        return Compare(path, known, str(op), self.value(known, str(op), tree, path))

    def did(self, tree: Tree, path: str, depth: int) -> Did | None:
        self.nothing_else(tree, {"did", "at_least", "at_most", "within_days", "where"}, path)
        kind = tree["did"]
        if not isinstance(kind, str) or (self.strict and kind not in self.kinds()):
            self.wrong(path, _("There is no activity “%(kind)s”.") % {"kind": str(kind)[:60]})
        if tree.get("at_least") is not None and tree.get("at_most") is not None:
            self.wrong(path, _("Say either “at least” or “at most”."))
        at_least = self.whole(
            tree.get("at_least"), 1, MOST_TIMES, path, _("“At least” takes a whole number from 1 on.")
        )
        at_most = self.whole(tree.get("at_most"), 0, MOST_TIMES, path, _("“At most” takes a whole number from 0 on."))
        days = self.whole(
            tree.get("within_days"),
            1,
            MOST_DAYS,
            path,
            _("Days are a whole number from 1 to %(n)s.") % {"n": MOST_DAYS},
        )
        where = None
        if tree.get("where") is not None:
            where = self.node(tree["where"], path + "/where", depth + 1, in_where=True)
        if at_least is None and at_most is None:
            at_least = 1
        return Did(path, str(kind), at_least, at_most, days, where)

    def kinds(self) -> set[str]:
        if self._kinds is None:
            self._kinds = {kind.key for kind in ActivityKind.objects.known()}
        return self._kinds

    def whole(self, value: object, low: int, high: int, path: str, message: str) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.wrong(path, message)
            return None
        return value

    def value(self, known: Field, op: str, tree: Tree, path: str) -> Any:
        """The value, as Python compares it, once it has the right type."""
        value = tree.get("value")
        if op == "is_empty":
            if value not in (None, True):
                self.wrong(path, _("“Is empty” takes no value; put it into “not” to turn it round."))
            return None
        if op == "between":
            return self.pair(known, value, path)
        if op in ("in", "not_in"):
            return self.several(known, value, path)
        return self.one(known, value, path)

    def pair(self, known: Field, value: object, path: str) -> Any:
        if not isinstance(value, list) or len(value) != 2:
            self.wrong(path, _("“Between” takes two values."))
            return None
        low, high = (self.one(known, each, path) for each in value)
        if low is not None and high is not None and low > high:
            self.wrong(path, _("The first value is above the second."))
        return (low, high)

    def several(self, known: Field, value: object, path: str) -> Any:
        if not isinstance(value, list) or not value:
            self.wrong(path, _("Give at least one value."))
            return None
        if len(value) > LONGEST_LIST:
            self.wrong(path, _("That is more than %(n)s values.") % {"n": LONGEST_LIST})
            return None
        return tuple(self.one(known, each, path) for each in value)

    def one(self, known: Field, value: object, path: str) -> Any:
        match known.type:
            case Type.NUMBER:
                return self.number(value, path)
            case Type.DATE:
                return self.day(value, path)
            case Type.BOOLEAN:
                if not isinstance(value, bool):
                    self.wrong(path, _("Say yes or no."))
                return value
            case Type.REFERENCE:
                return self.option(known, value, path, int)
            case Type.CHOICE:
                return self.option(known, value, path, str)
        if not isinstance(value, str) or not value:
            self.wrong(path, _("Write a text."))
            return None
        return value if self.text(value, path) else None

    def number(self, value: object, path: str) -> Any:
        # JSON has whole numbers that no float can hold: only a float is asked whether it is finite.
        is_endless = isinstance(value, float) and not math.isfinite(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or is_endless:
            self.wrong(path, _("Write a number."))
            return None
        if abs(value) > LARGEST_NUMBER:
            self.wrong(path, _("That number is too large."))
            return None
        return value

    def day(self, value: object, path: str) -> date | None:
        # Python also reads 20260228 and 2026-W09-6; a browser's field for a day shows neither.
        with suppress(ValueError):
            if isinstance(value, str) and (day := date.fromisoformat(value)).isoformat() == value:
                return day
        self.wrong(path, _("Write a day as YYYY-MM-DD."))
        return None

    def text(self, value: str, path: str) -> bool:
        # PostgreSQL's text takes neither NUL nor half of a surrogate pair.
        if "\0" in value or any(unicodedata.category(letter) == "Cs" for letter in value):
            self.wrong(path, _("This text has a character that cannot be kept."))
        elif len(value) > LONGEST_TEXT:
            self.wrong(path, _("That text is longer than %(n)s characters.") % {"n": LONGEST_TEXT})
        else:
            return True
        return False

    def option(self, known: Field, value: object, path: str, kind: type[int] | type[str]) -> Any:
        if isinstance(value, bool) or not isinstance(value, kind):
            self.wrong(path, _("Choose from the list."))
            return None
        if not self.strict:
            return value
        if known.name not in self._options:
            self._options[known.name] = {choice for choice, _words in known.options()}
        if value not in self._options[known.name]:
            self.wrong(path, _("“%(value)s” is not in the list.") % {"value": str(value)[:80]})
        return value


def vanished(name: str) -> Field:
    """An attribute that is no longer kept: missing for everybody."""
    return Field(name, Type.TEXT, name, "NULL::text", as_of="NULL::text")


def type_of_property(op: object, value: object) -> Type:
    """What an activity's property is compared as. A text against < or > is a day."""
    sample = value[0] if isinstance(value, list) and value else value
    if isinstance(sample, bool):
        return Type.BOOLEAN
    if isinstance(sample, int | float):
        return Type.NUMBER
    return Type.DATE if op in ("<", "<=", ">", ">=", "between") else Type.TEXT
