"""The page component for conditions, as a form field. docs/criteria.md shows how a page uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils.translation import gettext as _

from leads.criteria import check
from leads.criteria.editing.buttons import press, pressed
from leads.criteria.editing.parts import ROOT, Group, group_of
from leads.criteria.editing.posting import posted
from leads.criteria.editing.writing import written
from leads.criteria.editor import Editor, every_leaf
from leads.criteria.parsing import DEEPEST, MOST_NODES
from leads.criteria.tree import BadCriteria, Tree


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
    return text if is_deep(tree) or is_large(tree) else tree


def is_large(tree: Any) -> bool:
    """Whether it has more conditions and groups than a tree may have, each of which would be drawn."""
    count, level = 0, [tree]
    while level and count <= MOST_NODES:
        each = level.pop()
        if isinstance(each, dict):
            count += 1
            level += each.values()
        elif isinstance(each, list):
            level += [below for below in each if isinstance(below, dict | list)]
    return count > MOST_NODES


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


def is_large_json(text: str) -> bool:
    try:
        return is_large(json.loads(text))
    except (ValueError, RecursionError):
        return False


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
        if isinstance(value, str) and is_large_json(value):
            raise ValidationError(_("That is more than %(n)s conditions.") % {"n": MOST_NODES}, code="invalid")
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
