"""The list of leads: found, narrowed, sorted, chosen from, with where each stands and what it is worth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from funnel.models import Journey, Stage
from leads.criteria import condition, sentence
from leads.criteria.forms import CriteriaField, WithCriteria
from leads.models import Activity, Campaign, Lead, PersonaVersion, Segment
from leads.pages.filters import Choice
from leads.pages.filters import LeadFilter as LowerFilter
from leads.registering.registration import change
from leads.registering.searching import search
from scoring.models import Quadrant
from sla.models import Handoff
from sla.routing.capacity import offered_in_week
from smarketing.database.keyset import PAGE_SIZE
from smarketing.pages.navigation import may_open
from smarketing.pages.paging import Sort, chosen_sort, list_page
from teams.http import UserRequest
from teams.models import Role, User

SORTS = (
    Sort(name="newest", label=gettext_lazy("Newest"), by="created_at", descending=True),
    Sort(
        name="name", label=gettext_lazy("Name"), by="search_entry__name_key", key="search_entry__lead_id", nullable=True
    ),
    Sort(
        name="fit",
        label=gettext_lazy("Fit, highest first"),
        by="score__fit",
        key="score__lead_id",
        descending=True,
        nullable=True,
    ),
    Sort(
        name="interest",
        label=gettext_lazy("Interest, highest first"),
        by="score__interest",
        key="score__lead_id",
        descending=True,
        nullable=True,
    ),
    Sort(
        name="moved",
        label=gettext_lazy("Moved last"),
        by="journey__entered_at",
        key="journey__lead_id",
        descending=True,
        nullable=True,
    ),
)

COLUMNS: dict[str, str | Promise] = {
    "company": gettext_lazy("Title, company"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "persona": gettext_lazy("Persona"),
    "quadrant": gettext_lazy("Quadrant"),
    "scores": gettext_lazy("Fit, interest"),
    "stage": gettext_lazy("Stage"),
    "owner": gettext_lazy("Owner"),
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "country": gettext_lazy("Country"),
    "consent": gettext_lazy("Consent"),
    "last": gettext_lazy("Last activity"),
    "created": gettext_lazy("Created"),
}
AT_FIRST = ("company", "quadrant", "scores", "stage", "owner", "last")


def standings() -> list[tuple[str, str]]:
    """Where a lead can stand: the stages, by role where they have one, and the two ends."""
    stages = [(stage.role or str(stage.pk), str(stage)) for stage in Stage.objects.all()]
    return [*stages, *((str(value), str(label)) for value, label in Journey.Ended.choices)]


def sellers(request: HttpRequest | None) -> QuerySet[User]:
    return User.objects.active().with_role(Role.REP, Role.SDR)


class LeadFilter(LowerFilter):
    stage = Choice(label=gettext_lazy("Stage"), choices=standings, method="by_stage")
    quadrant = Choice(label=gettext_lazy("Quadrant"), choices=Quadrant.choices, method="by_quadrant")

    # By whom an offer is to be answered, and to whom one was made this week: what counts for whose turn it is.
    waits_for = filters.ModelChoiceFilter(
        label=gettext_lazy("Waits for an answer of"),
        queryset=sellers,
        empty_label=gettext_lazy("Any"),
        method="by_offer",
    )
    offered_to = filters.ModelChoiceFilter(
        label=gettext_lazy("Offered this week to"), queryset=sellers, widget=forms.HiddenInput(), method="by_week"
    )

    def by_offer(self, queryset: QuerySet[Lead], name: str, value: User) -> QuerySet[Lead]:
        return queryset.filter(Exists(Handoff.objects.open().for_rep(value).filter(lead=OuterRef("pk"))))

    def by_week(self, queryset: QuerySet[Lead], name: str, value: User) -> QuerySet[Lead]:
        return queryset.filter(Exists(offered_in_week(now()).for_rep(value).filter(lead=OuterRef("pk"))))

    def by_stage(self, queryset: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        if value in Journey.Ended.values:
            return queryset.filter(journey__closed_as=value)
        stage = Q(journey__stage_id=int(value)) if value.isdecimal() else Q(journey__stage__role=value)
        return queryset.filter(stage, journey__closed_at=None)

    def by_quadrant(self, queryset: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        by_machine = Q(score__override="", score__machine_quadrant=value)
        return queryset.filter(by_machine | Q(score__override=value))


def with_rows(queryset: QuerySet[Lead], sort: Sort) -> QuerySet[Lead]:
    """All that a row shows, in one query."""
    done = Activity.objects.filter(lead=OuterRef("pk"), occurred_at__lte=now()).order_by("-occurred_at")
    persona = PersonaVersion.objects.filter(persona=OuterRef("persona_match__persona")).order_by("-number")
    rows = (
        queryset.select_related("company", "owner__team", "campaign", "score", "journey__stage")
        .defer("company__custom", "campaign__goal")
        .annotate(
            last_activity_at=Subquery(done.values("occurred_at")[:1]), persona_name=Subquery(persona.values("name")[:1])
        )
    )
    if sort.name == "name":
        rows = rows.select_related("search_entry").defer("search_entry__text", "search_entry__words")
    return rows


class ConditionsForm(WithCriteria, forms.Form):
    criteria = CriteriaField(label=gettext_lazy("Conditions"), required=False)


class Asked:
    """What the address asks for: words, filters, conditions; and how to say so again."""

    def __init__(self, data: QueryDict) -> None:
        self.data = data
        self.words = data.get("q", "").strip()
        self.filter = LeadFilter(data, queryset=Lead.objects.here())
        self.conditions = ConditionsForm(data)
        self.segment = self._segment()
        self.tree = self.segment.criteria if self.segment else self._tree()

    def _segment(self) -> Segment | None:
        number = self.data.get("segment", "")
        return Segment.objects.filter(pk=int(number)).first() if number.isdecimal() else None

    def _tree(self) -> Any:
        return self.conditions.cleaned_data.get("criteria") if self.conditions.is_valid() else None

    @property
    def was_edited(self) -> bool:
        """The conditions came field by field, finished: the address is said anew, with the tree in it."""
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
    def needs_a_look(self) -> bool:
        """Something of it could not be read, or is being worked on: the panel is open."""
        return bool(self.filter.form.errors) or not self.conditions.is_valid()

    @property
    def leads(self) -> QuerySet[Lead]:
        found = search(self.filter.qs, self.words)
        return found.filter(condition(self.tree, at=now())) if self.tree else found

    @property
    def sentence(self) -> str:
        return sentence(self.tree) if self.tree else ""

    @property
    def is_narrow(self) -> bool:
        return bool(self.words or self.tree or self.chips)

    @property
    def chips(self) -> list[dict[str, str]]:
        """The filters that are on, each with the address without it."""
        form = self.filter.form
        typed = form.cleaned_data if form.is_bound and form.errors is not None else {}
        on = [(name, value) for name, value in typed.items() if value not in (None, "")]
        return [{"text": self._said(form, name, value), "url": self.without(name)} for name, value in on]

    def _said(self, form: forms.Form, name: str, value: Any) -> str:
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
        """What a new search keeps while the panel with the filters is closed."""
        rest = [(name, value) for name, values in self.data.lists() for value in values]
        return [{"name": n, "value": v} for n, v in rest if n not in ("q", "sort", "after", "panel", "columns") and v]

    def without(self, *names: str) -> str:
        """The address without these, from its first page on."""
        rest = self.data.copy()
        for name in (*names, "after", "panel"):
            rest.pop(name, None)
        return f"?{rest.urlencode()}"


def columns_of(request: HttpRequest) -> Sequence[str]:
    """The chosen columns: as the address says, else as this person chose last."""
    if "columns" in request.GET:
        chosen = [name for name in COLUMNS if name in request.GET.getlist("columns")]
        request.session["lead_columns"] = chosen
        return chosen
    return [name for name in request.session.get("lead_columns", AT_FIRST) if name in COLUMNS]


class SelectionForm(forms.Form):
    """What is to be changed of the chosen leads. What stays empty stays as it is."""

    owner = forms.ModelChoiceField(
        User.objects.active(), required=False, label=gettext_lazy("Owner"), empty_label=gettext_lazy("as it is")
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.all(), required=False, label=gettext_lazy("Campaign"), empty_label=gettext_lazy("as it is")
    )


@require_GET
def leads(request: UserRequest) -> HttpResponse:
    asked = Asked(request.GET)
    columns = columns_of(request)
    if asked.was_edited:
        return redirect(asked.address)
    sort = chosen_sort(request, SORTS)
    panel = "panel" in request.GET or asked.needs_a_look
    page = list_page(request, with_rows(asked.leads, sort), sort)
    context = {
        "page": page,
        "asked": asked,
        "sort": sort,
        "sorts": SORTS,
        "columns": {name: COLUMNS[name] for name in columns},
        "all_columns": COLUMNS,
        "panel": panel,
        "segment_url": reverse("segment_new") + "?" + urlencode({"criteria": json.dumps(asked.tree)}),
        "may_segment": may_open(request.user, "segment_new"),
        "may_change": may_open(request.user, "lead_selection"),
    }
    return render(
        request, "dashboards/lead/leads.html#panel" if request.htmx and panel else "dashboards/lead/leads.html", context
    )


@require_POST
def lead_selection(request: UserRequest) -> HttpResponse:
    """Change something of the chosen leads: first ask what, then do it."""
    back = QueryDict(request.POST.get("back", "").removeprefix("?")).urlencode()
    back_url = reverse("leads") + (f"?{back}" if back else "")
    numbers = [int(number) for number in request.POST.getlist("lead") if number.isdecimal()][:PAGE_SIZE]
    chosen = list(Lead.objects.here().filter(pk__in=numbers).select_related("company", "owner").order_by("pk"))
    if not chosen:
        messages.warning(request, _("No lead was chosen."))
        return redirect(back_url)
    form = SelectionForm(request.POST if "change" in request.POST else None)
    if form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if value}
        with transaction.atomic():
            changed = sum(bool(change(lead, values, by=request.user, how="page")) for lead in chosen)
        said = ngettext("%(n)d lead was changed.", "%(n)d leads were changed.", changed)
        messages.success(request, said % {"n": changed})
        return redirect(back_url)
    context = {"form": form, "chosen": chosen, "back": back, "back_url": back_url}
    return render(request, "dashboards/lead/lead_selection.html", context, status=422 if form.errors else 200)
