"""The editor of conditions in a real browser, by keyboard alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from leads.models import Segment
from teams.models import Role
from tests import make
from tests.browser import MISSING, chromium
from tests.in_process import HOST, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


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
    with page_of(browser, client) as page:
        yield page


def keys(page: Page, *pressed: str) -> None:
    for each in pressed:
        page.keyboard.press(each)


@contextmanager
def clock_stopped(page: Page) -> Iterator[None]:
    """No timer of the page goes off but those that the test lets. The browser's own, after which it takes letters for
    a new word, goes on: a second, which no letter takes that waits for nothing."""
    page.clock.pause_at(page.evaluate("Date.now() / 1000") + 60)
    yield
    page.clock.resume()


def test_conditions_are_written_by_keyboard_alone(page: Page) -> None:
    make.lead(title="Plant manager", company=make.company(employees=500))
    make.lead(title="Student", company=make.company(employees=20))
    page.clock.install()
    page.goto(f"http://{HOST}/segments/new/")
    page.get_by_label("Name").fill("Large plants")
    page.get_by_role("button", name="Condition").press("Enter")
    expect(page.locator("#id_criteria-r-0-what")).to_be_focused()
    with clock_stopped(page):
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
    with clock_stopped(page):
        page.keyboard.type("Title")
    expect(page.locator("#id_criteria-r-1-0-value")).to_be_visible()
    page.locator("#id_criteria-r-1-0-value").fill("student")
    expect(page.locator("#id_criteria-live")).to_contain_text("0 of 2 leads match now")
    page.get_by_role("button", name="Remove this group").press("Enter")
    expect(page.locator("#id_criteria-r-1")).to_have_count(0)
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("#main")).to_be_visible()
    assert Segment.objects.get().criteria == {"all": [{"field": "company.employees", "op": ">=", "value": 300}]}


def test_letters_typed_slowly_are_one_word(page: Page) -> None:
    page.clock.install()
    page.goto(f"http://{HOST}/segments/new/")
    page.get_by_role("button", name="Condition").press("Enter")
    expect(page.locator("#id_criteria-r-0-what")).to_be_focused()
    with clock_stopped(page):
        for letter in "Company: employees":
            page.keyboard.type(letter)
            page.clock.run_for(600)
    expect(page.locator("#id_criteria-r-0-value")).to_be_visible()
    expect(page.locator("#id_criteria-r-0-what")).to_have_value("field:company.employees")


def test_a_fault_is_said_at_its_condition_while_it_is_typed(page: Page) -> None:
    page.goto(f"http://{HOST}/segments/new/")
    page.get_by_role("button", name="Condition").click()
    page.locator("#id_criteria-r-0-what").select_option("field:company.employees")
    page.locator("#id_criteria-r-0-value").fill("lots")
    expect(page.locator("#id_criteria-r-0-said")).to_contain_text("Write a number.")
    page.locator("#id_criteria-r-0-value").fill("5")
    expect(page.locator("#id_criteria-r-0-said")).not_to_contain_text("Write a number.")


def test_a_button_pressed_while_the_form_is_made_anew_is_not_lost(page: Page) -> None:
    page.goto(f"http://{HOST}/segments/new/")
    page.get_by_role("button", name="Condition").click()
    expect(page.locator("#id_criteria-r-0-what")).to_be_visible()
    press = """document.querySelector('button[value="add:r"]').click()"""
    page.evaluate(f"document.addEventListener('htmx:beforeSend', () => setTimeout(() => {press}), {{once: true}})")
    page.locator("#id_criteria-r-0-what").select_option("field:company.employees")
    expect(page.locator("#id_criteria-r-1-what")).to_be_visible()
    expect(page.locator("#id_criteria-r-0-what")).to_have_value("field:company.employees")
