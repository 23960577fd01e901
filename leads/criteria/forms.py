"""The page component for conditions, as a form field. docs/criteria.md shows how a page uses it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from leads.criteria import Catalogue, TooMany, check, counts, sentence
from leads.criteria.editing import (
    PROPERTY_OPERATORS,
    ROOT,
    Group,
    Leaf,
    Part,
    as_list,
    finished,
    group_of,
    operator,
    posted,
    press,
    pressed,
    written,
)
from leads.criteria.fields import Choice, Field, Type, Words
from leads.criteria.links import leads_who_meet
from leads.criteria.tree import DEEPEST, BadCriteria, Tree
from leads.models.activities import ActivityKind

LANGUAGES = ("en", "ja")
FEW = 12
# Nobody waits longer for a count while typing.
PATIENCE = timedelta(seconds=4)

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
class Shown:
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
        self._kinds = list(ActivityKind.objects.all())

    def _count(self) -> tuple[int | None, int | None]:
        """Count each part; its pointer is that in the tree as far as it is finished."""
        try:
            found = counts(self.meanwhile, at=now(), patience=PATIENCE)
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
        """What the preview must be told."""
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
        said = []
        for code in LANGUAGES:
            try:
                text = sentence(self.meanwhile, language=code, html=True, verdict=self.verdicts.get(code, ""))
            except BadCriteria:
                continue
            said.append({"code": code, "text": text})
        return sorted(said, key=lambda each: each["code"] != self.language)

    def leads_url(self, part: Part) -> str:
        """The list of the leads that match this part."""
        return leads_who_meet(part.tree)

    @property
    def joins(self) -> Iterable[Choice]:
        return JOINS

    def groups_of_choices(self, leaf: Leaf) -> list[tuple[str, list[tuple[str, str]]]]:
        """What a condition can be about: the select's groups of options."""
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
            (_("The lead"), as_options(about)),
            (_("Its company"), as_options(of_company)),
            (_("Where it stands"), as_options(standing)),
            (_("What it did"), kinds),
        ]
        groups = [group for group in groups if group[1]]
        known = {value for _label, options in groups for value, _words in options}
        if leaf.what and leaf.what not in known:
            groups.append((_("No longer there"), [(leaf.what, leaf.name)]))
        return groups

    def shown(self, leaf: Leaf) -> Shown:
        known = None if leaf.kind == "property" else self.catalogue.get(leaf.name)
        op = operator(leaf, known)
        allowed = known.operators if known else ()
        if leaf.kind == "property":
            from_property = Field(leaf.name, Type.TEXT, leaf.name, "")
            return Shown(leaf, None, in_words(from_property, PROPERTY_OPERATORS), op, plain_input(op))
        is_changed = self.baseline is not None and json.dumps(leaf.tree, sort_keys=True) not in self._known_before
        if known is None:
            return Shown(leaf, None, [], op, "text", is_changed=is_changed)
        shown = Shown(leaf, known, in_words(known, allowed), op, plain_input(op), is_changed=is_changed)
        self._offer(shown, known)
        return shown

    def _offer(self, shown: Shown, known: Field) -> None:
        """Give the value an input that knows what it can be."""
        several = shown.op in ("in", "not_in")
        if shown.input == "none":
            return
        if known.type is Type.BOOLEAN:
            shown.input, shown.options = "select", [("true", _("yes")), ("false", _("no"))]
        elif known.type in (Type.CHOICE, Type.REFERENCE):
            shown.options = [(str(value), words) for value, words in known.options()]
            there = {value for value, _words in shown.options}
            shown.options += [(value, value) for value in shown.leaf.values if value and value not in there]
            shown.input = ("chips" if len(shown.options) <= FEW else "many") if several else "select"
        elif known.type is Type.TEXT and known.suggestions and not several:
            shown.suggestions = list(known.suggestions())


def as_options(fields: Iterable[Field]) -> list[tuple[str, str]]:
    return [(f"field:{each.name}", str(each.label)) for each in fields]


def plain_input(op: str) -> str:
    return {"is_empty": "none", "between": "pair", "in": "list", "not_in": "list"}.get(op, "text")


def in_words(known: Field, operators: Iterable[str]) -> list[Choice]:
    own: Mapping[str, Words] = {Type.NUMBER: OF_NUMBERS, Type.DATE: OF_DAYS}.get(known.type, {})
    return [(op, own.get(op, COMPARISONS[op])) for op in operators]


def every_leaf(tree: Any) -> Iterable[Any]:
    """The leaves of a tree of JSON, as the form writes them."""
    if tree is None:
        return []
    root = group_of(tree)
    written(root)
    return [part.tree for part in root.every() if isinstance(part, Leaf)]


class CriteriaWidget(forms.Widget):
    template_name = "leads/criteria/criteria.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.scope = "all"
        self.verdicts: dict[str, str] = {}
        self.baseline: Any = None
        self.root: Group | None = None
        self.complains = False
        self.focus = ""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        if f"{name}.{ROOT}.join" not in data:
            # A tree of JSON may be posted as it is: by a script, or by a link that carries one.
            return from_json(data.get(name))
        self.root = posted(data, name)
        if button := pressed(data, name):
            self.focus = press(self.root, button)
        return written(self.root, self.scope)[0]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}.{ROOT}.join" not in data and name not in data

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        root = self.root or group_of(value)
        context["editor"] = Editor(
            root,
            name,
            scope=self.scope,
            verdicts=self.verdicts,
            baseline=self.baseline,
            complain=self.complains,
            focus=self.focus,
        )
        return context


def from_json(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        tree = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return text
    return text if is_deep(tree) else tree


def is_deep(tree: Any, limit: int = 4 * DEEPEST) -> bool:
    """Whether it nests deeper than any tree that could be said. Asked before anything walks down it."""
    level = [tree]
    for _step in range(limit):
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


class CriteriaField(forms.Field):
    """Conditions, as a tree of JSON that was checked.

    `scope`     "fit" and "persona" leave out what fit rules and personas may not name.
    `verdicts`  what the sentence says of a lead that matches: {"en": "is an MQL", "ja": "MQLになります"}.
    `baseline`  a tree to compare with: what is not in it is marked as different.

    With the mixin `WithCriteria` a form can be worked on without JavaScript. Without any condition the value is None,
    unless the field is required: then it is refused.
    """

    widget = CriteriaWidget

    def __init__(
        self, *, scope: str = "all", verdicts: Mapping[str, str] | None = None, baseline: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.editor.scope = self.scope = scope
        self.editor.verdicts = dict(verdicts or {})
        self.editor.baseline = baseline

    @property
    def editor(self) -> CriteriaWidget:
        assert isinstance(self.widget, CriteriaWidget)
        return self.widget

    def compare_with(self, baseline: Any) -> None:
        """Mark what differs from another tree; to be called in the form's __init__."""
        self.editor.baseline = baseline

    def clean(self, value: Any) -> Tree | None:
        self.editor.complains = True
        tree = value if value is not None else {"all": []}
        if self.required and isinstance(tree, Mapping) and not list(every_leaf(tree)):
            raise ValidationError(_("Add at least one condition."), code="required")
        if tree == {"all": []}:
            return None
        if self.editor.root is None:
            self.check_as_it_is(tree)
        elif written(self.editor.root, self.scope)[1]:
            raise ValidationError(_("Some conditions are not finished: they are marked."), code="invalid")
        return tree

    def check_as_it_is(self, tree: Any) -> None:
        """A tree that was posted as JSON is judged as it is: the form would put right what it cannot show."""
        try:
            check(tree, scope=self.scope)
        except BadCriteria as bad:
            raise ValidationError([f"{path or '/'}: {message}" for path, message in bad.errors], code="invalid")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial != data)


class WithCriteria(forms.BaseForm):
    """A form in which conditions are added and removed by buttons: while somebody does so it is neither valid nor
    wrong, and the view shows it again as for any form that is not valid."""

    @property
    def is_being_edited(self) -> bool:
        names = [self.add_prefix(name) for name, each in self.fields.items() if isinstance(each, CriteriaField)]
        return self.is_bound and any(pressed(self.data, name) for name in names)

    def full_clean(self) -> None:
        if self.is_being_edited:
            self._errors = ErrorDict()
            self.cleaned_data: dict[str, Any] = {}
        else:
            super().full_clean()

    def is_valid(self) -> bool:
        return not self.is_being_edited and super().is_valid()
