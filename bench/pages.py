"""Pages: the inbox of a rep with five hundred open hand-offs, beside the least that a page of fifty rows costs.

The floor is a view that renders a table of fifty rows from three indexed queries for somebody who is signed in: the
user of the session, the rows, and how many there are. Both are asked for through the same client, in this process.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.test.utils import override_settings
from django.urls import path

from bench.pairs import Benchmark
from bench.timers import A_REP, a_rep, prepare
from sla.models import Handoff

PAGES = 20
ROWS = 50
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


def benchmark(*, leads: int) -> Benchmark:
    prepare(leads)
    what = f"Show the inbox of a rep with {A_REP} open hand-offs, {PAGES} times"
    return Benchmark("page", what, _product, _floor, aim=1.5, unit="pages")


def _product(run: int) -> int:
    return _ask("/inbox/")


def _floor(run: int) -> int:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=MIDDLEWARE):
        return _ask("/floor/")


def _ask(address: str) -> int:
    client = _signed_in()
    for _ in range(PAGES):
        answer = client.get(address)
        if answer.status_code != 200:
            raise AssertionError(f"{address} answered {answer.status_code}.")
    return PAGES


def _signed_in() -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.get(pk=a_rep().pk))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client
