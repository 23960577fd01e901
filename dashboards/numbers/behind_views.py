"""The leads behind a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from dashboards.numbers.asking import behind_url, part_of, read
from funnel.models import Opportunity, Stage, Transition
from leads.models import Lead
from metrics.management.commands.metric import said
from metrics.question import ALL, BadQuestion, Part, Question, View, dimension
from metrics.rate import Row
from metrics.registry import Metric, UnknownMetric, metric
from sla.models import Handoff
from smarketing.database.keyset import Order
from smarketing.pages.paging import list_page
from teams.http import UserRequest

PARTS: tuple[Part, ...] = ("numerator", "denominator", "flagged")
# When what was counted happened, and how a column of such moments is headed.
MOMENTS: dict[type, tuple[str, str | Promise]] = {
    Transition: ("at", gettext_lazy("Entered")),
    Handoff: ("offered_at", gettext_lazy("Offered")),
    Opportunity: ("won_at", gettext_lazy("Won")),
}
LATEST = Order("moment", descending=True)


@dataclass(frozen=True)
class Asked:
    """One number: the question that it answers, and which part of the answer is opened."""

    metric: Metric
    question: Question
    key: str
    part: Part

    @property
    def row(self) -> Row:
        return self.metric.value(self.metric.accept(self.question).narrowed(self.key))

    def url(self, part: Part) -> str:
        return behind_url(self.metric.name, self.question, self.key, part)


@require_GET
def behind(request: UserRequest, name: str) -> HttpResponse:
    try:
        asked = read_number(name, request.GET.dict())
        leads, heading = leads_behind(asked)
    except UnknownMetric:
        raise Http404
    except BadQuestion as problem:
        context = {"problem": problem, "nav_here": "metrics"}
        return render(request, "dashboards/numbers/behind_refused.html", context, status=400)
    row = asked.row
    page = list_page(request, leads, LATEST)
    cases = part_of(row, asked.part)
    context = {
        "asked": asked,
        "row": row,
        "value": said(asked.metric.unit, row),
        "tabs": tabs(asked, row),
        "words": in_words(asked),
        "page": page,
        "heading": heading,
        "cases": cases,
        "is_fewer": page.count is not None and page.count < min(cases, 1000),
        "was": changed_from(request.GET.get("was", ""), cases),
        "nav_here": "weekly",
    }
    return render(request, "dashboards/numbers/behind.html", context)


def read_number(name: str, words: dict[str, str]) -> Asked:
    """Read what is asked for, or raise `UnknownMetric` or `BadQuestion`."""
    known = metric(name)
    part = next((part for part in PARTS if part == words.get("part", "numerator")), None)
    if part is None:
        raise BadQuestion("part", _("A number has a numerator, a denominator and what is flagged."))
    return Asked(known, known.accept(read(words)), words.get("key", ALL), part)


def leads_behind(asked: Asked) -> tuple[QuerySet[Lead], str | Promise]:
    """Return the leads, each with its `moment`, and what that moment is."""
    pks = asked.metric.behind(asked.question, asked.key, asked.part)
    name, heading = MOMENTS.get(pks.model, ("created_at", gettext_lazy("Created")))
    same = {"pk": OuterRef("pk")} if pks.model is Lead else {"lead": OuterRef("pk")}
    latest: QuerySet[Any] = pks.filter(**same).order_by(f"-{name}").values(name)[:1]
    leads = Lead.objects.filter(pk__in=pks).annotate(moment=Subquery(latest, output_field=DateTimeField()))
    return leads.select_related("company", "journey__stage"), heading


def tabs(asked: Asked, row: Row) -> list[dict[str, Any]]:
    """The parts of a rate, to switch between; a count has only one, unless something is flagged."""
    found: list[tuple[Part, str]] = []
    if row.denominator is not None or row.flagged:
        found.append(("numerator", _("Counted")))
    if row.denominator is not None:
        found.append(("denominator", _("Out of")))
    if row.flagged:
        found.append(("flagged", _("Flagged")))
    return [
        {"label": label, "n": part_of(row, part), "url": asked.url(part), "is_here": part == asked.part}
        for part, label in found
    ]


def in_words(asked: Asked) -> list[tuple[str, str]]:
    """The question, word by word."""
    question = asked.question
    stages = {stage.role: str(stage) for stage in Stage.objects.filter(role__isnull=False)}
    found: list[tuple[str, str]] = []
    if len(asked.metric.views) > 1:
        found.append((_("View"), str(View(question.view).label)))
    if question.from_role:
        found.append((_("Stages"), f"{stages[question.from_role]} → {stages[question.to_role]}"))
    elif question.to_role:
        found.append((_("Stage"), stages[question.to_role]))
    if question.window_days is not None:
        found.append((_("Within"), _("%(n)s days") % {"n": question.window_days}))
    narrowed = {**question.filters, **({question.by: asked.key} if asked.key != ALL else {})}
    found += [(str(dimension(name).label), dimension(name).say(key)) for name, key in narrowed.items()]
    return found


def changed_from(was: str, cases: int) -> int | None:
    """What the page that linked here showed, where that is no longer so."""
    return int(was) if was.isascii() and was.isdigit() and len(was) < 12 and int(was) != cases else None
