"""What people changed, for administrators: searched on a page, taken out as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, override, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from history import audit as log
from history.edit_words import Line, lines
from history.models import Edit
from smarketing.company import company_zone
from smarketing.database.keyset import Order
from smarketing.pages.paging import list_page
from teams.csv_files import csv_answer
from teams.http import UserRequest
from teams.logs.edit_forms import EditFilter
from teams.models import Organization

LATEST_FIRST = Order("at", descending=True)
BATCH = 2_000


@require_GET
def changes(request: UserRequest) -> HttpResponse:
    form = EditFilter(request.GET)
    page = list_page(request, form.edits(), LATEST_FIRST)
    query = request.GET.copy()
    query.pop("after", None)
    about = {"form": form, "page": page, "lines": lines(page.rows), "query": query.urlencode()}
    return render(request, "teams/changes.html", about | {"demo_built_at": Organization.ours().demo_built_at})


@require_GET
def changes_export(request: UserRequest) -> StreamingHttpResponse:
    """What the page lists, all of it, as CSV. That it was taken out is in the log of access."""
    edits = EditFilter(request.GET).edits()
    log.write(log.Kind.EXPORTED, by=request.user, about=request.get_full_path())
    heads = [
        _("When"),
        pgettext("log", "Who"),
        _("How"),
        pgettext("log", "What happened"),
        _("Kind"),
        _("Name"),
        _("Changes"),
    ]
    return csv_answer("changes", heads, _rows(edits, get_language() or "en"))


def _rows(edits: QuerySet[Edit], language: str) -> Iterator[Sequence[str]]:
    """The language is that of the request, which is over when the rows are written."""
    left = edits.order_by("-at", "-pk").iterator(BATCH)
    while some := list(islice(left, BATCH)):
        with override(language):
            rows = [_cells(line) for line in lines(some)]
        yield from rows


def _cells(line: Line) -> Sequence[str]:
    edit = line.edit
    at = edit.at.astimezone(company_zone()).strftime("%Y-%m-%d %H:%M:%S")
    values = "\n".join(f"{value.label}: {value.old} → {value.new}" for value in line.values)
    return at, edit.by.email if edit.by else "", line.how, line.what, line.kind, line.name, values
