"""The leads behind a number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from dashboards.numbers.opened import describe_question, leads_behind, parse_number, part_tabs, values_behind
from dashboards.numbers.question_urls import count_of_part
from leads.models import Lead
from metrics.answers import format_answer
from metrics.question import BadQuestion, NotShown
from metrics.rate import Row
from metrics.registry import Unit, UnknownMetric
from smarketing.company import day_of
from smarketing.database.counting import count_up_to
from smarketing.database.keyset import PAGE_SIZE, Cursor, Order, fetch_page
from smarketing.pages.paging import ListPage
from smarketing.requests.whole_numbers import parse_whole_number
from teams.http import UserRequest
from teams.models import Organization
from teams.permissions import people_shown_to

LATEST = Order("moment", key="key", descending=True)
# How the column of what each row comes to is headed.
VALUE_HEADINGS = {Unit.MONEY: gettext_lazy("Amount"), Unit.DURATION: gettext_lazy("Open time")}


@require_GET
def behind(request: UserRequest, name: str) -> HttpResponse:
    try:
        opened = parse_number(name, request.GET.dict(), people_shown_to(request.user))
        leads, heading = leads_behind(opened)
    except UnknownMetric:
        raise Http404
    except NotShown as error:
        raise PermissionDenied(str(error))
    except BadQuestion as error:
        context = {"problem": error, "nav_here": "metrics"}
        return render(request, "dashboards/numbers/behind_refused.html", context, status=400)
    row = opened.row
    page = page_of_leads(request, leads)
    values = values_behind(opened, [lead.pk for lead in page.rows])
    for lead in page.rows:
        lead.value = values.get(lead.pk, "")  # type: ignore[attr-defined]
    cases = count_of_part(row, opened.part)
    context = {
        "asked": opened,
        "row": row,
        "value": value_text(opened.metric.unit, row),
        "tabs": part_tabs(opened, row),
        "words": describe_question(opened),
        "page": page,
        "heading": heading,
        "value_heading": VALUE_HEADINGS.get(opened.metric.unit, ""),
        "cases": cases,
        "is_fewer": page.count is not None and page.count < min(cases, 1000),
        "was": previous_count(request.GET.get("was", ""), cases),
        "nav_here": "weekly",
    }
    return render(request, "dashboards/numbers/behind.html", context)


def value_text(unit: Unit, row: Row) -> str:
    """The value as the page of the metric has it: an amount with the company's currency."""
    return format_answer(unit, row, Organization.ours().currency if unit == Unit.MONEY else "")


def page_of_leads(request: UserRequest, moments: QuerySet[Any, Any]) -> ListPage[Lead]:
    """The page that the address asks for of `last_moments`: its leads, each with its `moment`, or the day alone where
    nothing else is known."""
    cursor = Cursor.parse(request.GET.get("after", ""))
    page = fetch_page(moments, LATEST, cursor, size=PAGE_SIZE)
    if cursor is not None and not page.rows:
        page = fetch_page(moments, LATEST, size=PAGE_SIZE)
    found = Lead.objects.select_related("company", "journey__stage").in_bulk([row.key for row in page.rows])
    leads: list[Any] = []
    for row in page.rows:
        # One that was erased a moment ago is not there.
        if lead := found.get(row.key):
            leads.append(lead)
            leads[-1].moment = row.day if row.day and row.day == day_of(row.moment) else row.moment
    return ListPage.of(replace(page, rows=leads), *count_up_to(moments), request)


def previous_count(was: str, cases: int) -> int | None:
    """The number that the linking page showed, if it has changed since."""
    number = parse_whole_number(was)
    return None if number == cases else number
