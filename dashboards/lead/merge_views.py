"""Making two records of one person one: find the other, compare, choose, confirm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from leads.models import CustomField, Lead
from leads.registering.registration import Conflict
from leads.registering.searching import search
from sla.flow.merging import CannotMerge, merge
from smarketing.pages import wording
from teams.http import UserRequest

CHOOSABLE = (
    "family_name", "given_name", "family_name_reading", "given_name_reading", "email", "phone", "company", "title",
    "department", "seniority", "buying_role", "country", "region", "source", "campaign", "consent", "owner",
)  # fmt: skip
FOUND = 10


def known(pk: int) -> Lead:
    leads = Lead.objects.here().select_related("company", "owner", "campaign", "journey__stage", "score")
    return get_object_or_404(leads, pk=pk)


@dataclass(frozen=True)
class Row:
    """One attribute of both: what each says, and the choice where they differ."""

    name: str
    label: str
    mine: str
    theirs: str
    choice: forms.BoundField | None


class ChoiceForm(forms.Form):
    """Whose value is kept, for each attribute in which the two differ."""

    def __init__(self, *args: Any, kept: Lead, other: Lead, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept, self.other = kept, other
        self.custom = {field.key: field for field in CustomField.objects.filter(subject=CustomField.Subject.LEAD)}
        for name in [*CHOOSABLE, *(f"custom.{key}" for key in self.custom)]:
            mine, theirs = self.value(kept, name), self.value(other, name)
            if mine not in (None, "") and theirs not in (None, "") and mine != theirs:
                self.fields[name] = forms.ChoiceField(
                    choices=[("kept", self.said(kept, name)), ("other", self.said(other, name))],
                    widget=forms.RadioSelect,
                    initial="kept",
                    label=self.label_of(name),
                )

    def value(self, lead: Lead, name: str) -> Any:
        return lead.custom.get(name.removeprefix("custom.")) if name.startswith("custom.") else getattr(lead, name)

    def label_of(self, name: str) -> str:
        if name.startswith("custom."):
            return str(self.custom[name.removeprefix("custom.")])
        return str(Lead._meta.get_field(name).verbose_name)  # type: ignore[union-attr]

    def said(self, lead: Lead, name: str) -> str:
        value = self.value(lead, name)
        if name == "consent":
            return str(lead.get_consent_display())
        if name == "owner":
            return wording.person_name(value)
        if value in (None, ""):
            return wording.NOTHING
        if value is True or value is False:
            return _("Yes") if value else _("No")
        return str(value)

    def rows(self) -> list[Row]:
        """All attributes that one of them has, in the order of the page."""
        names = [*CHOOSABLE, *(f"custom.{key}" for key in self.custom)]
        return [
            Row(
                name,
                self.label_of(name),
                self.said(self.kept, name),
                self.said(self.other, name),
                self[name] if name in self.fields else None,
            )
            for name in names
            if self.value(self.kept, name) not in (None, "") or self.value(self.other, name) not in (None, "")
        ]

    def values(self) -> dict[str, Any]:
        """What the kept record takes from the other: what was chosen, and what only the other has."""
        taken = {name for name, whose in self.cleaned_data.items() if whose == "other"}
        only_there = {
            name
            for name in CHOOSABLE
            if self.value(self.kept, name) in (None, "") and self.value(self.other, name) not in (None, "")
        }
        return {name: self.value(self.other, name) for name in taken | only_there}


@require_GET
def lead_merge(request: UserRequest, pk: int) -> HttpResponse:
    """Choose the other record of the same person."""
    lead = known(pk)
    words = request.GET.get("q", "").strip()
    others = Lead.objects.here().exclude(pk=pk).select_related("company", "journey__stage")
    found = list(search(others, words)[:FOUND]) if words else alike(lead, others)
    return render(request, "dashboards/lead/lead_merge.html", {"lead": lead, "words": words, "found": found})


def alike(lead: Lead, others: QuerySet[Lead]) -> list[Lead]:
    """Who may be the same person: the same name, in either order and script."""
    if not (lead.family_name and lead.given_name):
        return []
    return list(search(others, f"{lead.family_name} {lead.given_name}")[:FOUND])


@require_http_methods(["GET", "POST"])
def lead_merge_with(request: UserRequest, pk: int, other: int) -> HttpResponse:
    """Compare both, choose whose values are kept, confirm."""
    kept, gone = known(pk), known(other)
    form = ChoiceForm(request.POST if request.method == "POST" else None, kept=kept, other=gone)
    if form.is_valid():
        try:
            merge(kept, gone, form.values(), by=request.user)
        except CannotMerge:
            messages.warning(request, _("One of the two was merged a moment ago. Nothing was changed."))
            return redirect("lead", pk)
        except (Conflict, ValidationError) as wrong:
            form.add_error(None, str(wrong) if isinstance(wrong, Conflict) else wrong.messages[0])
        else:
            messages.success(request, _("The two records are one now."))
            return redirect("lead", pk)
    context = {"lead": kept, "other": gone, "form": form, "rows": form.rows(), "counts": counts_of(kept, gone)}
    return render(request, "dashboards/lead/lead_merge_with.html", context, status=422 if form.errors else 200)


def counts_of(kept: Lead, other: Lead) -> list[tuple[str, int, int]]:
    """What each brings along."""
    return [
        (_("Activities"), kept.activities.count(), other.activities.count()),
        (_("Stage changes"), kept.transitions.count(), other.transitions.count()),
        (_("Opportunities"), kept.opportunities.count(), other.opportunities.count()),
        (_("Hand-offs"), kept.handoffs.count(), other.handoffs.count()),
    ]
