"""The editor of conditions in a real browser, by keyboard alone. The pages are answered by Django's own test client, so
that they see what the test has made."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, Page, Request, Route, expect

from leads.models import Segment
from teams.models import Role
from tests import make
from tests.browser import MISSING, Complaints, chromium, new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
HOST = "localhost"
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml"}


@pytest.fixture(scope="module")
def browser(django_db_setup: None) -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, chromium() as found:
        # The browser is driven by an event loop in this thread; the database is asked between its turns.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        if found is None:
            pytest.skip(MISSING)
        yield found
        # Beside an event loop Django opens a connection of its own.
        connections.close_all()


@pytest.fixture
def page(browser: Browser, db: None) -> Iterator[Page]:
    client = Client(SERVER_NAME="localhost")
    client.force_login(make.user(Role.MARKETER))
    complaints = Complaints(HOST)
    context = new_context(browser)
    complaints.listen(context)
    page = context.new_page()
    page.set_default_timeout(10_000)
    ours = connections["default"]
    ours.inc_thread_sharing()

    def in_a_thread(route: Route) -> None:
        # No event loop runs there; and it is lent this test's connection, with what the test has made.
        def work() -> None:
            connections["default"] = ours
            answered.append(answer(route.request, client))

        answered: list[dict[str, Any]] = []
        thread = Thread(target=work)
        thread.start()
        thread.join()
        route.fulfill(**answered[0])

    page.route("**/*", in_a_thread)
    yield page
    context.close()
    ours.dec_thread_sharing()
    assert complaints.take() == []


def answer(asked: Request, client: Client) -> dict[str, Any]:
    parts = urlsplit(asked.url)
    if parts.path.startswith("/static/"):
        found = Path(str(finders.find(parts.path.removeprefix("/static/"))))
        return {"path": found, "content_type": TYPES.get(found.suffix, "application/octet-stream")}
    told: dict[str, Any] = {
        "HTTP_" + name.upper().replace("-", "_"): value
        for name, value in asked.headers.items()
        if name.startswith("hx-") or name == "accept-language"
    }
    kind = asked.headers.get("content-type", "")
    response: Any = client.generic(
        asked.method, f"{parts.path}?{parts.query}", asked.post_data_buffer or b"", content_type=kind, **told
    )
    while response.status_code in (301, 302):
        response = client.get(response.headers["Location"])
    return {"status": response.status_code, "headers": dict(response.headers), "body": response.content}


def keys(page: Page, *pressed: str) -> None:
    for each in pressed:
        page.keyboard.press(each)


def test_conditions_are_written_by_keyboard_alone(page: Page) -> None:
    make.lead(title="Plant manager", company=make.company(employees=500))
    make.lead(title="Student", company=make.company(employees=20))
    page.goto(f"http://{HOST}/segments/new/")
    page.get_by_label("Name").fill("Large plants")
    page.get_by_role("button", name="Condition").press("Enter")
    expect(page.locator("#id_criteria-r-0-what")).to_be_focused()
    page.keyboard.type("Company: employees")
    expect(page.locator("#id_criteria-r-0-value")).to_be_visible()
    keys(page, "Tab", "Tab")
    expect(page.locator("#id_criteria-r-0-value")).to_be_focused()
    page.keyboard.type("300")
    expect(page.locator("#id_criteria-live")).to_contain_text("1 of 2 leads match now")
    expect(page.locator("#id_criteria-live")).to_contain_text("300 or more")
    # What is being typed is not taken away by the answer.
    expect(page.locator("#id_criteria-r-0-value")).to_be_focused()
    keys(page, "Enter")
    page.get_by_role("button", name="Group").press("Space")
    expect(page.locator("#id_criteria-r-1-0-what")).to_be_focused()
    page.keyboard.type("Title")
    expect(page.locator("#id_criteria-r-1-0-value")).to_be_visible()
    page.locator("#id_criteria-r-1-0-value").fill("student")
    expect(page.locator("#id_criteria-live")).to_contain_text("0 of 2 leads match now")
    page.get_by_role("button", name="Remove this group").press("Enter")
    expect(page.locator("#id_criteria-r-1")).to_have_count(0)
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("#main")).to_be_visible()
    assert Segment.objects.get().criteria == {"all": [{"field": "company.employees", "op": ">=", "value": 300}]}


def test_a_fault_is_said_at_its_condition_while_it_is_typed(page: Page) -> None:
    page.goto(f"http://{HOST}/segments/new/")
    page.get_by_role("button", name="Condition").click()
    page.locator("#id_criteria-r-0-what").select_option("field:company.employees")
    page.locator("#id_criteria-r-0-value").fill("lots")
    expect(page.locator("#id_criteria-r-0-said")).to_contain_text("Write a number.")
    page.locator("#id_criteria-r-0-value").fill("5")
    expect(page.locator("#id_criteria-r-0-said")).not_to_contain_text("Write a number.")
