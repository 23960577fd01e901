"""The page of what is not open leads back to what one may read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from teams.models import Role
from teams.permissions import SIGNED_IN, WHO_MAY
from teams.refusal_views import page_above
from tests import make
from tests.test_permissions import VIEWS
from tests.test_records import VERBS, Verb, address, lead

pytestmark = pytest.mark.django_db

PAGES = [verb for verb in VERBS if not verb.name.endswith(":write")]


def way_back(page: Any) -> str:
    found = re.search(r'class="btn btn--primary"\s+href="([^"]+)"', page.content.decode())
    assert (page.status_code, bool(found)) == (403, True)
    assert found
    return found[1]


@pytest.mark.parametrize("verb", PAGES, ids=lambda verb: verb.name)
def test_whoever_may_not_change_a_record_is_led_back_to_it(verb: Verb) -> None:
    rep = make.user(Role.REP)
    record = verb.make(make.user(Role.REP))
    browser = make.signed_in(rep)
    back = way_back(browser.post(reverse(verb.name, args=verb.address(record, rep)), verb.sent(record)))
    of_record = reverse(type(record).__name__.lower(), args=[record.pk])
    assert back == (reverse("leads") if verb.name == "lead_selection" else of_record)
    assert browser.get(back).status_code == 200


def test_the_record_is_named() -> None:
    record = lead(make.user(Role.REP))
    page = make.signed_in(make.user(Role.REP)).get(reverse("lead_edit", args=[record.pk])).content.decode()
    assert f"Back to {record}" in " ".join(page.split())


@pytest.mark.parametrize(
    ("name", "back"),
    [("lead_edit", "/leads/1/"), ("company_new", "/companies/"), ("reason_edit", "/settings/reasons/"), ("inbox", "/")],
)
def test_whose_role_does_not_open_a_page_is_led_to_the_page_above_it(name: str, back: str) -> None:
    person = make.user(Role.ADMINISTRATOR if name != "reason_edit" else Role.REP)
    assert way_back(make.signed_in(person).get(address(name))) == back


def test_the_page_above_is_one_that_everybody_may_look_at() -> None:
    """Not one that only takes a form."""
    browser = make.signed_in(make.user(*Role))
    above = {page_above(address(name)) for name in VIEWS if WHO_MAY[name] is not SIGNED_IN and name[:4] != "api-"}
    assert len(above) > 10
    for url in sorted(filter(None, above)):
        assert browser.get(url).status_code in (200, 404), url


def test_a_stranger_is_led_to_the_first_page() -> None:
    assert way_back(Client().get(reverse("account_email_verification_sent"))) == "/"
