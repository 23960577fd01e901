"""Conditions while somebody works on them: what was typed, what is wrong with it, whom it matches, how it reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from leads.criteria import Catalogue, TooMany, counts, sentence
from leads.criteria.editing.parts import PROPERTY_OPERATORS, Group, Leaf, Part, group_of
from leads.criteria.editing.posting import as_list
from leads.criteria.editing.writing import finished, operator, written
from leads.criteria.fields import Choice, Field, Type, Words
from leads.criteria.links import leads_who_meet
from leads.criteria.tree import BadCriteria
from leads.models.activities import ActivityKind

LANGUAGES = ("en", "ja")
FEW = 12
# Nobody waits longer for a count while typing.
COUNT_TIMEOUT = timedelta(seconds=4)

COMPARISONS: dict[str, Words] = {
    "=": gettext_lazy("is"),
    "!=": gettext_lazy("is other than"),
    "in": gettext_lazy("is one of"),
    "not_in": gettext_lazy("is other than these"),
    "contains": gettext_lazy("contains"),
    "starts_with": gettext_lazy("begins with"),
    "is_empty": gettext_lazy("is empty"),
    "between": gettext_lazy("is between"),
    ">=": "≥",
    "<=": "≤",
    ">": ">",
    "<": "<",
}
OF_NUMBERS: dict[str, Words] = {"=": "=", "!=": "≠"}
OF_DAYS: dict[str, Words] = {
    ">=": gettext_lazy("is on or after"),
    "<=": gettext_lazy("is on or before"),
    ">": gettext_lazy("is after"),
    "<": gettext_lazy("is before"),
}
JOINS = (("all", gettext_lazy("all of")), ("any", gettext_lazy("any of")), ("none", gettext_lazy("none of")))


@dataclass
class ConditionInput:
    """What the template needs of one condition."""

    leaf: Leaf
    known: Field | None
    operators: list[Choice]
    op: str
    input: str  # "none", "text", "number", "date", "pair", "list", "select", "chips" or "many".
    options: list[Choice] = field(default_factory=list)
    suggestions: Sequence[str] = ()
    is_changed: bool = False

    @property
    def first(self) -> str:
        return self.leaf.values[0] if self.leaf.values else ""

    @property
    def second(self) -> str:
        return self.leaf.values[1] if len(self.leaf.values) > 1 else ""

    @property
    def listed(self) -> str:
        return as_list(self.leaf.values)

    @property
    def input_type(self) -> str:
        return "date" if self.known and self.known.type is Type.DATE else "text"

    @property
    def is_number(self) -> bool:
        return bool(self.known and self.known.type is Type.NUMBER)


class Editor:
    """Conditions on a page: what was typed, what is wrong with it, how many leads it matches, and how it reads."""

    def __init__(
        self,
        root: Group,
        name: str,
        *,
        scope: str = "all",
        verdicts: Mapping[str, str] | None = None,
        baseline: Any = None,
        complain: bool = False,
        focus: str = "",
    ) -> None:
        self.root, self.name, self.scope = root, name, scope
        self.verdicts = dict(verdicts or {})
        self.baseline = baseline
        self.focus = focus
        self.catalogue = Catalogue(scope)
        self.tree, self.errors = written(root, scope)
        self.meanwhile = finished(root, scope) if self.errors else self.tree
        self.takes_too_long = False
        self.total, self.matching = self._count()
        if not complain:
            self._forget_what_is_blank()
        self._known_before = {json.dumps(leaf, sort_keys=True) for leaf in every_leaf(baseline)}
        self._kinds = ActivityKind.objects.known()

    def _count(self) -> tuple[int | None, int | None]:
        """Count each part; its pointer is that in the tree as far as it is finished."""
        try:
            found = counts(self.meanwhile, at=now(), patience=COUNT_TIMEOUT)
        except BadCriteria:
            return None, None
        except TooMany:
            self.takes_too_long = True
            return None, None
        for part in (self.root, *self.root.every()):
            if part.tree is not None:
                part.count = found.get(part.pointer)
        return found["*"], found[""]

    def _forget_what_is_blank(self) -> None:
        for part in self.root.every():
            if isinstance(part, Leaf) and part.is_blank:
                part.errors.clear()

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def language(self) -> str:
        return "ja" if (get_language() or "en").startswith("ja") else "en"

    @property
    def count_ids(self) -> str:
        """Where an answer puts the counts while somebody types."""
        every: list[Part] = [self.root, *self.root.every()]
        return ",".join(f"#{self.id}-{part.path}-said" for part in every)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The hidden form fields that the preview needs, by name."""
        pairs = [("scope", self.scope), *((f"verdict_{code}", text) for code, text in self.verdicts.items())]
        if self.baseline is not None:
            pairs.append(("baseline", json.dumps(self.baseline)))
        return [(f"{self.name}.{key}", value) for key, value in pairs]

    @property
    def preview_url(self) -> str:
        return reverse("criteria_preview")

    @property
    def preview_values(self) -> str:
        return json.dumps({"criteria": self.name})

    def sentences(self) -> list[dict[str, Any]]:
        """The sentence, in the page's language first."""
        sentences = []
        for code in LANGUAGES:
            try:
                text = sentence(self.meanwhile, language=code, html=True, verdict=self.verdicts.get(code, ""))
            except BadCriteria:
                continue
            sentences.append({"code": code, "text": text})
        return sorted(sentences, key=lambda each: each["code"] != self.language)

    def leads_url(self, part: Part) -> str:
        """The list of the leads that match this part."""
        return leads_who_meet(part.tree)

    @property
    def joins(self) -> Iterable[Choice]:
        return JOINS

    def groups_of_choices(self, leaf: Leaf) -> list[tuple[str, list[tuple[str, str]]]]:
        """The groups of options of the select of what a condition is about."""
        fields = self.catalogue.all()
        of_company = [each for each in fields if each.name.startswith("company.")]
        standing = [each for each in fields if not each.in_fit]
        about = [each for each in fields if each not in of_company and each not in standing]
        kinds = [
            (f"did:{kind.key}", str(kind))
            for kind in self._kinds
            if kind.retired_at is None or leaf.what == f"did:{kind.key}"
        ]
        groups = [
            (_("The lead"), field_options(about)),
            (_("Its company"), field_options(of_company)),
            (_("Where it stands"), field_options(standing)),
            (_("What it did"), kinds),
        ]
        groups = [group for group in groups if group[1]]
        known = {value for _label, options in groups for value, _words in options}
        if leaf.what and leaf.what not in known:
            groups.append((_("No longer there"), [(leaf.what, leaf.name)]))
        return groups

    def condition_input(self, leaf: Leaf) -> ConditionInput:
        """The form inputs of a condition: its operators, and an input that fits its field."""
        known = None if leaf.kind == "property" else self.catalogue.get(leaf.name)
        op = operator(leaf, known)
        allowed = known.operators if known else ()
        if leaf.kind == "property":
            from_property = Field(leaf.name, Type.TEXT, leaf.name, "")
            return ConditionInput(leaf, None, operator_choices(from_property, PROPERTY_OPERATORS), op, plain_input(op))
        is_changed = self.baseline is not None and json.dumps(leaf.tree, sort_keys=True) not in self._known_before
        if known is None:
            return ConditionInput(leaf, None, [], op, "text", is_changed=is_changed)
        condition = ConditionInput(
            leaf, known, operator_choices(known, allowed), op, plain_input(op), is_changed=is_changed
        )
        self._choose_input(condition, known)
        return condition

    def _choose_input(self, condition: ConditionInput, known: Field) -> None:
        """Choose the input for the value by the type of the field: options if they are known, suggestions for text."""
        several = condition.op in ("in", "not_in")
        if condition.input == "none":
            return
        if known.type is Type.BOOLEAN:
            condition.input, condition.options = "select", [("true", _("yes")), ("false", _("no"))]
        elif known.type in (Type.CHOICE, Type.REFERENCE):
            condition.options = [(str(value), words) for value, words in known.options()]
            there = {value for value, _words in condition.options}
            condition.options += [(value, value) for value in condition.leaf.values if value and value not in there]
            condition.input = ("chips" if len(condition.options) <= FEW else "many") if several else "select"
        elif known.type is Type.TEXT and known.suggestions and not several:
            condition.suggestions = list(known.suggestions())


def field_options(fields: Iterable[Field]) -> list[tuple[str, str]]:
    return [(f"field:{each.name}", str(each.label)) for each in fields]


def plain_input(op: str) -> str:
    return {"is_empty": "none", "between": "pair", "in": "list", "not_in": "list"}.get(op, "text")


def operator_choices(known: Field, operators: Iterable[str]) -> list[Choice]:
    own: Mapping[str, Words] = {Type.NUMBER: OF_NUMBERS, Type.DATE: OF_DAYS}.get(known.type, {})
    return [(op, own.get(op, COMPARISONS[op])) for op in operators]


def every_leaf(tree: Any) -> Iterable[Any]:
    """The leaves of a tree of JSON, as the form writes them."""
    if tree is None:
        return []
    root = group_of(tree)
    written(root)
    return [part.tree for part in root.every() if isinstance(part, Leaf)]
