"""The log of sign-ins and of access, for administrators: searched on a page, taken out as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from history import audit as log
from history.models import AuditEntry
from smarketing.company import company_zone
from smarketing.database.keyset import Order
from smarketing.pages.paging import list_page
from teams.csv_files import csv_answer
from teams.http import UserRequest
from teams.logs.audit_forms import AuditFilter

LATEST_FIRST = Order("at", descending=True)


@require_GET
def audit(request: UserRequest) -> HttpResponse:
    form = AuditFilter(request.GET)
    page = list_page(request, form.entries(), LATEST_FIRST)
    query = request.GET.copy()
    query.pop("after", None)
    return render(request, "teams/audit.html", {"form": form, "page": page, "query": query.urlencode()})


@require_GET
def audit_export(request: UserRequest) -> StreamingHttpResponse:
    """What the page lists, all of it, as CSV. That it was taken out is an entry, too."""
    entries = AuditFilter(request.GET).entries()
    log.write(log.Kind.EXPORTED, by=request.user, about=request.get_full_path())
    heads = [
        _("When"),
        pgettext("log", "What happened"),
        pgettext("log", "Who"),
        _("E-mail or token"),
        _("About"),
        _("Address"),
        _("Browser"),
    ]
    kinds = {kind.value: str(kind.label) for kind in AuditEntry.Kind}
    return csv_answer("access", heads, _rows(entries, kinds))


def _rows(entries: QuerySet[AuditEntry], kinds: dict[str, str]) -> Iterator[Sequence[str]]:
    zone = company_zone()
    for entry in entries.order_by("-at", "-pk").iterator(2_000):
        at = entry.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        who = entry.by.email if entry.by else ""
        yield at, kinds[entry.kind], who, entry.name, entry.about, entry.address or "", entry.browser
