"""The leads behind a number."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboards.numbers.opened import describe_question, leads_behind, parse_number, part_tabs
from dashboards.numbers.question_urls import count_of_part
from metrics.answers import format_answer
from metrics.question import BadQuestion, NotShown
from metrics.registry import UnknownMetric
from smarketing.database.keyset import Order
from smarketing.pages.paging import list_page
from smarketing.whole_numbers import parse_whole_number
from teams.http import UserRequest
from teams.permissions import people_shown_to

LATEST = Order("moment", descending=True)


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
    page = list_page(request, leads, LATEST)
    cases = count_of_part(row, opened.part)
    context = {
        "asked": opened,
        "row": row,
        "value": format_answer(opened.metric.unit, row),
        "tabs": part_tabs(opened, row),
        "words": describe_question(opened),
        "page": page,
        "heading": heading,
        "cases": cases,
        "is_fewer": page.count is not None and page.count < min(cases, 1000),
        "was": previous_count(request.GET.get("was", ""), cases),
        "nav_here": "weekly",
    }
    return render(request, "dashboards/numbers/behind.html", context)


def previous_count(was: str, cases: int) -> int | None:
    """The number that the linking page showed, if it has changed since."""
    number = parse_whole_number(was)
    return None if number == cases else number
