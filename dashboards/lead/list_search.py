"""What the list of leads is asked for: search words, filters and conditions."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.lead.list_filters import LeadFilter
from leads.criteria import condition, sentence
from leads.criteria.forms import CriteriaField, WithCriteria
from leads.models import Lead, LeadQuerySet, Segment
from leads.registering.searching import search
from smarketing.requests.whole_numbers import parse_whole_number


class ConditionsForm(WithCriteria, forms.Form):
    criteria = CriteriaField(label=gettext_lazy("Conditions"), required=False)


class LeadSearch:
    """A search of the list, parsed from its query; it links to itself with parts left out."""

    def __init__(self, data: QueryDict) -> None:
        self.data = data
        self.words = data.get("q", "").strip()
        self.filter = LeadFilter(data, queryset=Lead.objects.unmerged())
        self.conditions = ConditionsForm(data)
        self.segment = self._segment()
        self.tree = self.segment.criteria if self.segment else self._tree()

    def _segment(self) -> Segment | None:
        pk = parse_whole_number(self.data.get("segment", ""))
        return None if pk is None else Segment.objects.filter(pk=pk).first()

    def _tree(self) -> Any:
        return self.conditions.cleaned_data.get("criteria") if self.conditions.is_valid() else None

    @property
    def needs_redirect(self) -> bool:
        """Whether the conditions came as form fields: the page redirects to an address with them as a tree."""
        return any(name.startswith("criteria.") for name in self.data) and self.conditions.is_valid()

    @property
    def address(self) -> str:
        query = self.data.copy()
        for name in [name for name in query if name.startswith("criteria") or name in ("panel", "after", "columns")]:
            del query[name]
        for name in [name for name, values in query.lists() if not any(values)]:
            del query[name]
        if self.tree:
            query["criteria"] = json.dumps(self.tree, ensure_ascii=False)
        return f"{reverse('leads')}?{query.urlencode()}"

    @property
    def opens_panel(self) -> bool:
        """Whether the filter panel is shown: an input is invalid or being edited."""
        return bool(self.filter.form.errors) or not self.conditions.is_valid()

    @property
    def leads(self) -> LeadQuerySet:
        leads: LeadQuerySet = search(self.filter.qs, self.words)
        return leads.filter(condition(self.tree, at=now())) if self.tree else leads

    @property
    def sentence(self) -> str:
        return sentence(self.tree) if self.tree else ""

    @property
    def is_narrow(self) -> bool:
        return bool(self.words or self.tree or self.chips)

    @property
    def chips(self) -> list[dict[str, str]]:
        """The active filters, each with the URL without it."""
        form = self.filter.form
        cleaned = form.cleaned_data if form.is_bound and form.errors is not None else {}
        active = [(name, value) for name, value in cleaned.items() if value not in (None, "")]
        return [{"text": self._describe_filter(form, name, value), "url": self.without(name)} for name, value in active]

    def _describe_filter(self, form: forms.Form, name: str, value: Any) -> str:
        field = form.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            value = _("None") if value == field.null_value else value  # type: ignore[attr-defined]
        elif isinstance(field, forms.ChoiceField):
            choices: Any = field.choices
            value = dict(choices).get(value, value)
        return f"{field.label}: {value}"

    @property
    def without_segment(self) -> str:
        return self.without("segment")

    @property
    def without_criteria(self) -> str:
        return self.without("criteria")

    @property
    def kept(self) -> list[dict[str, str]]:
        """The parameters that a new search keeps while the filter panel is closed."""
        pairs = [(name, value) for name, values in self.data.lists() for value in values]
        return [{"name": n, "value": v} for n, v in pairs if n not in ("q", "sort", "after", "panel", "columns") and v]

    def without(self, *names: str) -> str:
        """The URL without these parameters, from its first page on."""
        query = self.data.copy()
        for name in (*names, "after", "panel"):
            query.pop(name, None)
        return f"?{query.urlencode()}"
