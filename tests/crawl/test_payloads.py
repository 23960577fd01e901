"""Payloads in every text column, and in every parameter: a page shows them, and none becomes more than text."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator
from io import StringIO
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from history import audit
from leads.models import Import
from teams.models import User
from tests import make
from tests.crawl.addresses import ANOTHERS, MINE, ROUTES, TEAMS, Route
from tests.crawl.payloads import LONG, SHORT, Reading, fill
from tests.shots import MAIN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]

# Of each view so many addresses are looked at.
EACH = 3
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture
def browser(everybody: User) -> Client:
    """Somebody who may open everything in a company that is full of payloads."""
    assert fill() == []
    return make.signed_in(User.objects.get(pk=everybody.pk))


def read(browser: Client, address: str) -> Reading:
    answer = browser.get(address)
    assert answer.status_code < 500, address
    is_page = answer.get("Content-Type", "").startswith("text/html")
    reading = Reading(answer.content.decode() if is_page else "")
    assert reading.faults == [], address
    return reading


def addresses(person: User, names: tuple[str, ...]) -> Iterator[tuple[Route, str]]:
    for route in ROUTES:
        if route.name not in names:
            continue
        if route.things is None:
            yield route, route.address({})
            continue
        for relation in (MINE, TEAMS, ANOTHERS):
            if named := route.things.of(person, relation):
                yield route, route.address(named)


def test_nothing_that_is_stored_runs_on_the_main_pages(browser: Client, everybody: User) -> None:
    seen = set()
    for n, (route, address) in enumerate(addresses(everybody, MAIN)):
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = ("en", "ja")[n % 2]
        read(browser, address)
        seen.add(route.name)
    assert seen == {route.name for route in ROUTES} & set(MAIN)


def test_nothing_that_is_asked_runs_on_the_main_pages(browser: Client, everybody: User) -> None:
    looked_at = set()
    for route, address in addresses(everybody, MAIN):
        if route.name not in looked_at:
            for n, name in enumerate(sorted(read(browser, address).fields)):
                read(browser, f"{address}?{urlencode({name: (SHORT + LONG)[n % len(SHORT + LONG)]})}")
        looked_at.add(route.name)


def test_what_is_downloaded_holds_no_formula(browser: Client, everybody: User) -> None:
    job = Import.objects.create(kind="leads", file_name=f"{SHORT[0]}.csv", by=everybody, headers=list(SHORT))
    job.rejected_rows.create(line=1, cells=list(SHORT), reasons=[{"column": SHORT[5], "reason": LONG[0]}])
    for text in SHORT:
        audit.write(audit.Kind.WRONG_PASSWORD, name=text, about=text)
    for address in (reverse("import_rejected", args=[job.pk]), reverse("audit_export")):
        answer = browser.get(address)
        assert answer.status_code == 200
        text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
        cells = [cell for row in csv.reader(StringIO(text)) for cell in row]
        assert any("pwn" in cell for cell in cells), address
        assert [cell for cell in cells if cell.startswith(FORMULA)] == []


@pytest.mark.proof
def test_nothing_that_is_stored_runs_on_any_page(browser: Client, everybody: User) -> None:
    """All pages that links lead to, as a person finds them, and all addresses that name something."""
    waiting = deque(
        [reverse("home"), *(address for _r, address in addresses(everybody, tuple(r.name for r in ROUTES)))]
    )
    seen: set[str] = set()
    times: Counter[str] = Counter()
    while waiting:
        address = waiting.popleft()
        try:
            name = str(resolve(urlsplit(address).path).url_name)
        except Resolver404:
            continue
        # Health says that nobody serves a test.
        if address in seen or times[name] >= EACH or name in ("account_logout", "healthz"):
            continue
        seen.add(address)
        times[name] += 1
        waiting += [link for link in read(browser, address).links if link.startswith("/")]
    assert len(times) > 100
    print(f"{len(seen)} pages of {len(times)} views")
