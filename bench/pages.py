"""Pages: the inbox of a rep with five hundred open hand-offs, the weekly page and the list of leads, beside the least
that a page of fifty rows costs.

The floor is a view that renders a table of fifty rows from three indexed queries for somebody who is signed in: the
user of the session, the rows, and how many there are. Both are asked for through the same client, in this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.test.utils import override_settings
from django.urls import path

from bench.database import vacuum
from bench.generation import UNTIL
from bench.pairs import Benchmark
from bench.report import say
from bench.scores import publish_rules
from bench.timers import A_REP, HEAD, a_rep, prepare
from dashboards.lead.list_views import SORTS
from leads.models import Lead
from leads.registering import searching
from metrics.period import Period
from scoring.models import Score
from scoring.rescoring import rescore
from sla.models import Handoff
from smarketing.database.keyset import fetch_page
from teams.models import User

PAGES = 20
ROWS = 50
# Of a list, from the first one on.
FAR = 100
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TABLE = """<!doctype html><title>Inbox</title><h1>{{ user.email }}: {{ count }}</h1><table>
{% for row in rows %}<tr><td><a href="/inbox/{{ row.pk }}/">{{ row.lead.family_name }} {{ row.lead.given_name }}</a>
</td><td>{{ row.lead.title }}</td><td>{{ row.lead.email }}</td><td>{{ row.due_at|date:"c" }}</td>
<td>{{ row.offered_at|date:"c" }}</td></tr>{% endfor %}</table>"""


def floor_page(request: HttpRequest) -> HttpResponse:
    waiting = Handoff.objects.open().filter(rep=request.user.pk)
    rows = waiting.with_clock().select_related("lead")[:ROWS]
    context = {"user": request.user, "rows": rows, "count": waiting.count()}
    return HttpResponse(_template().render(context))


@cache
def _template() -> Any:
    return engines["django"].from_string(TABLE)


urlpatterns = [path("floor/", floor_page)]


def benchmarks(name: str, *, leads: int) -> Iterator[Benchmark]:
    """One of `page`, `weekly`, `lists`; a list is asked for in several ways."""
    prepare(leads)
    if name == "page":
        yield _page(name, f"Show the inbox of a rep with {A_REP} open hand-offs", "/inbox/")
    elif name == "weekly":
        week = Period.week_of((UNTIL - timedelta(days=9)).date())
        yield _page(name, f"Show the week of {week.start} of {leads:,} leads", f"/weekly/{week.start}/")
    else:
        _fill_rows()
        far, number = _far_page()
        for kind, what, address in (
            ("first", "page 1", "/leads/"),
            ("far", f"page {number}", f"/leads/{far}"),
            ("filter", "those of a source and a country", "/leads/?source=Webinar&country=JP"),
            ("search", "those that two words find", "/leads/?q=haruka+takahashi"),
        ):
            yield _page(f"{name}-{kind}", f"List {leads:,} leads: {what}", address)
        ways = partial(_product, f"/leads/{far}"), partial(_product, "/leads/")
        what = f"List {leads:,} leads: page {number} beside page 1, {PAGES} times"
        yield Benchmark(f"{name}-depth", what, *ways, aim=1.2, unit="pages")


def _page(name: str, what: str, address: str) -> Benchmark:
    """The product's page of that address, as a rep sees the inbox and a manager everything else."""
    ways = partial(_product, address), _floor
    return Benchmark(name, f"{what}, {PAGES} times", *ways, aim=1.5, unit="pages")


def _fill_rows() -> None:
    """What the rows of the list show, and by what they are found; generated leads have neither."""
    publish_rules()
    if not Score.objects.exists():
        rescore(at=UNTIL)
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM leads_searchentry)")
        if cursor.fetchone() == (True,):
            return
    say("Making the leads searchable.")
    searching.refresh()
    vacuum("leads_searchentry", "scoring_score", analyze=True)


def _far_page() -> tuple[str, int]:
    """The query of page 100, or of the last where there are fewer; and its number."""
    cursor, number = None, 1
    while number < FAR and (after := fetch_page(Lead.objects.unmerged(), SORTS[0], cursor).next):
        cursor, number = after, number + 1
    return f"?after={cursor}" if cursor else "", number


def _product(address: str, run: int) -> int:
    return _ask(address, a_rep() if address == "/inbox/" else _manager())


def _floor(run: int) -> int:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=MIDDLEWARE):
        return _ask("/floor/", a_rep())


def _manager() -> User:
    return User.objects.get(email=HEAD)


def _ask(address: str, person: User) -> int:
    client = _signed_in(person)
    for _ in range(PAGES):
        answer = client.get(address)
        if answer.status_code != 200:
            raise AssertionError(f"{address} answered {answer.status_code}.")
    return PAGES


def _signed_in(person: User) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.get(pk=person.pk))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client
