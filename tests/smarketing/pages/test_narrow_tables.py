"""Tables of words on a phone, in a real browser: each column has a line of its own, and nothing is scrolled sideways.

The pages are fetched before, by Django's test client, so that the browser asks no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connections
from django.utils.timezone import now
from playwright.sync_api import Browser

from funnel.models import Reason
from leads.models import Segment
from sla.models import Handoff
from teams.models import Role
from tests import make
from tests.browser import MISSING, PHONE, chromium, new_context
from tests.smarketing.pages.test_long_words import HOST, serve

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
NAME = "株式会社相模セラミックス・エレクトロニクス自動車部品製造販売"
SCROLLED = """[...document.querySelectorAll(".scroll-x")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => [each.scrollWidth, each.clientWidth])"""


@pytest.fixture(scope="module")
def browser(django_db_setup: None) -> Iterator[Browser]:
    with chromium() as found:
        if found is None:
            pytest.skip(MISSING)
        yield found
        # Beside an event loop Django opens a connection of its own.
        connections.close_all()


@pytest.fixture(params=["en", "ja"])
def pages(request: pytest.FixtureRequest) -> dict[str, str]:
    gina = make.user(
        Role.MANAGER, Role.MARKETER, language=request.param, given_name="Georgina", family_name="Featherstonehaugh"
    )
    make.agreement()
    company = make.company(name=NAME)
    offer = make.handoff(to=make.user(Role.REP), at=now() - timedelta(hours=2))
    type(offer.lead).objects.filter(pk=offer.lead_id).update(company=company, given_name="彩", family_name="中村")
    reason = Reason.objects.filter(kind=Reason.Kind.REJECTED, needs_text=False).latest("pk")
    Handoff.objects.get(pk=offer.pk).reject(by=offer.rep, reason=reason, note="Budget is decided in April; ask again.")
    make.opportunity(
        make.lead(company=company, given_name="Maximilian", family_name="Featherstonehaugh"),
        won_at=now() - timedelta(hours=1),
        amount=98_760_000,
        currency="JPY",
    )
    Segment.objects.create(name="Large companies never called", criteria={"all": []}, created_by=gina)
    start, end = now().date() - timedelta(days=2), now().date() + timedelta(days=2)
    addresses = [
        "/rejections/",
        f"/behind/revenue/?start={start}&end={end}",
        "/segments/",
        "/settings/stages/",
        "/settings/deal-stages/",
        "/agreement/history/",
        "/goals/",
    ]
    client = make.signed_in(gina)
    return {address: client.get(address).content.decode() for address in addresses}


def test_no_table_of_words_is_scrolled_sideways(
    browser: Browser, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    context = new_context(browser, size=PHONE)
    page = context.new_page()
    page.route("**/*", lambda route: serve(route, pages))
    scrolled = {}
    for address, html in pages.items():
        assert 'class="scroll-x"' in html or address == "/goals/", address
        page.goto(HOST + address)
        if found := page.evaluate(SCROLLED):
            scrolled[address] = found
    context.close()
    assert scrolled == {}
