"""Words of any length, as they come from outside, in a real browser: no page is wider than its window for them.

The pages are fetched before, by Django's test client, so that the browser asks no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.db import connections
from django.utils.timezone import now
from playwright.sync_api import Browser, Page, Route

from sla.models import Handoff
from teams.models import Role
from tests import make
from tests.browser import DESKTOP, MISSING, PHONE, chromium, new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
HOST = "http://localhost"
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
# The innermost elements that reach out of the window, for whoever looks for the cause.
WIDE = """[...document.querySelectorAll("main *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth && !each.closest(".scroll-x, .journey-card"))
  .filter((each) => !each.firstElementChild)
  .map((each) => [each.closest("[aria-labelledby]")?.outerHTML.slice(0, 80), each.localName, each.className])"""
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml"}


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
    """The pages that show a lead to the rep whom it was offered to, by address."""
    sam = make.user(Role.REP, language=request.param)
    offer = make.handoff(to=sam, at=now())
    lead = offer.lead
    company = make.company(name=WORD * 2)
    type(lead).objects.filter(pk=lead.pk).update(
        family_name=WORD, given_name=WORD, title=WORD, company=company, email=f"{WORD[:60]}@{WORD[:60]}.example"
    )
    make.activity(lead, "content_download", properties={"title": WORD * 4})
    client = make.signed_in(sam)
    addresses = [f"/leads/{lead.pk}/", f"/companies/{company.pk}/", "/inbox/", f"/inbox/{offer.pk}/"]
    pages = {address: client.get(address).content.decode() for address in addresses}
    Handoff.objects.get(pk=offer.pk).accept(by=sam, at=now())
    return pages | {f"/inbox/{offer.pk}/?accepted": client.get(f"/inbox/{offer.pk}/").content.decode()}


def test_no_word_widens_a_page(browser: Browser, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    wide = []
    for size in (DESKTOP, PHONE):
        context = new_context(browser, size=size)
        page = context.new_page()
        page.route("**/*", lambda route: serve(route, pages))
        for address, html in pages.items():
            assert WORD in html, address
            page.goto(HOST + address)
            if (width := width_of(page)) > size[0]:
                wide.append((address, size, width, page.evaluate(WIDE)))
        context.close()
    assert wide == []


def serve(route: Route, pages: dict[str, str]) -> None:
    parts = urlsplit(route.request.url)
    address = parts.path + (f"?{parts.query}" if parts.query else "")
    if address in pages:
        route.fulfill(body=pages[address], content_type="text/html; charset=utf-8")
    elif parts.path.startswith("/static/"):
        path = Path(str(finders.find(parts.path.removeprefix("/static/"))))
        route.fulfill(path=path, content_type=TYPES.get(path.suffix, "application/octet-stream"))
    else:
        route.fulfill(status=404)


def width_of(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width
