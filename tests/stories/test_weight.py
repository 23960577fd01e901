"""What a first visit of each main page costs: requests, and bytes as they come, from the product as it runs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Request

from tests.browser import Complaints, new_context, person
from tests.site import DOMAIN, PASSWORD, Site

pytestmark = pytest.mark.browser
MOST_REQUESTS = 12
# Bytes of each kind, compressed; scripts without the one for figures.
BUDGETS = {"document": 60_000, "stylesheet": 60_000, "script": 40_000}
PLOTLY = "/plotly"
A_LEAD = re.compile(r"/leads/\d+/")


@dataclass
class Visit:
    """What a browser that kept nothing asked for, until nothing more came."""

    address: str
    requests: int = 0
    sizes: Counter[str] = field(default_factory=Counter)
    plain: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    plotly: bool = False
    figures: int = 0

    def add(self, request: Request) -> None:
        path, answer = urlsplit(request.url).path, request.response()
        self.requests += 1
        if answer is None or answer.status != 200:
            self.failed.append(path)
        elif path.startswith(f"/static{PLOTLY}"):
            self.plotly = True
        elif request.resource_type in BUDGETS:
            self.sizes[request.resource_type] += request.sizes()["responseBodySize"]
            if answer.headers.get("content-encoding") != "gzip":
                self.plain.append(path)

    @property
    def within(self) -> bool:
        return self.requests <= MOST_REQUESTS and all(self.sizes[kind] <= most for kind, most in BUDGETS.items())


@pytest.fixture(scope="module")
def visits(browser: Browser, site: Site) -> list[Visit]:
    found = []
    with person(browser, site.url, f"manager@{DOMAIN}", PASSWORD) as gina:
        state = gina.context.storage_state()
        links = gina.go("/leads/").locator("main a").evaluate_all("links => links.map(link => link.pathname)")
    lead = next(path for path in links if A_LEAD.fullmatch(path))
    for address in ("/", "/inbox/", "/leads/", lead, "/weekly/", "/agreement/", "/metrics/", "/funnel/"):
        found.append(visit(browser, site.url, address, storage_state=state))
    return found


def visit(browser: Browser, url: str, address: str, **context: Any) -> Visit:
    seen = Visit(address)
    opened = new_context(browser, **context)
    complaints = Complaints(urlsplit(url).netloc)
    complaints.listen(opened)
    page = opened.new_page()
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(url + address, wait_until="networkidle")
    # What is fetched as it comes near is part of the visit.
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    for request in asked:
        seen.add(request)
    seen.figures = page.locator("[data-figure]").count()
    opened.close()
    seen.failed += complaints.take()
    return seen


def test_a_first_visit_makes_few_requests_and_none_fails(visits: list[Visit]) -> None:
    assert [(seen.address, seen.requests, seen.failed) for seen in visits if seen.failed or not seen.requests] == []
    assert {seen.address: seen.requests for seen in visits if seen.requests > MOST_REQUESTS} == {}


def test_what_comes_is_compressed_and_within_its_budget(visits: list[Visit]) -> None:
    assert {seen.address: seen.plain for seen in visits if seen.plain} == {}
    assert {seen.address: dict(seen.sizes) for seen in visits if not seen.within} == {}


def test_the_script_for_figures_comes_where_there_is_one_alone(visits: list[Visit]) -> None:
    assert [seen.address for seen in visits if seen.plotly != bool(seen.figures)] == []
    assert any(seen.plotly for seen in visits)
    assert not all(seen.plotly for seen in visits)
