"""Pages of the kinds of activity."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from leads.activities.forms import ActivityKindForm
from leads.models import ActivityKind
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return make.signed_in(make.user(Role.ADMINISTRATOR))


def told(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize("key", ["", "call", "plant visit", "見学", "x" * 41])
def test_a_key_is_a_plain_word_of_its_own(key: str) -> None:
    assert list(ActivityKindForm({"name_en": "Plant visit", "key": key}).errors) == ["key"]


def test_a_kind_needs_its_english_name_and_may_have_a_japanese_one() -> None:
    assert list(ActivityKindForm({"name_ja": "見学", "key": "plant_visit"}).errors) == ["name_en"]
    assert ActivityKindForm({"name_en": "Plant visit", "key": "plant_visit"}).is_valid()


def test_a_new_kind_is_ours_and_in_use(browser: Client) -> None:
    answer = browser.post(reverse("activity_kind_new"), {"name_en": "Plant visit", "name_ja": "見学", "key": "visit"})
    visit = ActivityKind.objects.get(key="visit")
    assert answer["Location"] == reverse("activity_kinds")
    assert (visit.is_built_in, visit.retired_at, visit.name_ja) == (False, None, "見学")


def test_retiring_says_so_and_takes_nothing_that_was_done(browser: Client) -> None:
    visit = ActivityKind.objects.create(key="visit", name_en="Plant visit")
    make.activity(make.lead(), "visit", make.NOON)
    address = reverse("activity_kind_retirement", args=[visit.pk])
    browser.post(address)
    assert told(browser.post(address)) == ["“Plant visit” is retired.", "“Plant visit” is in use again."]
    assert visit.activities.count() == 1


def test_a_kind_is_retired_by_a_button_alone(browser: Client) -> None:
    visit = ActivityKind.objects.create(key="visit", name_en="Plant visit")
    assert browser.get(reverse("activity_kind_retirement", args=[visit.pk])).status_code == 405


def test_the_list_names_kinds_in_the_reader_s_language(browser: Client) -> None:
    call = ActivityKind.objects.get(key="call")
    for language, name in (("en", call.name_en), ("ja", call.name_ja)):
        assert f">{name}</a>" in browser.get(reverse("activity_kinds"), headers={"accept-language": language}).text


def test_what_was_typed_stays_where_something_is_wrong(browser: Client) -> None:
    answer = browser.post(reverse("activity_kind_new"), {"name_en": "Plant visit", "key": "call"})
    assert answer.status_code == 422
    assert 'value="Plant visit"' in answer.text


@pytest.mark.parametrize("many", [1, 10])
def test_the_list_costs_the_same_for_one_and_for_many(
    browser: Client, many: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(many):
        ActivityKind.objects.create(key=f"kind{number}", name_en=f"Kind {number}")
    browser.get(reverse("activity_kinds"))
    with django_assert_max_num_queries(6):
        browser.get(reverse("activity_kinds"))


@pytest.mark.parametrize("role", [Role.MARKETER, Role.REP, Role.MANAGER])
def test_nobody_else_keeps_kinds(role: Role) -> None:
    answer = make.signed_in(make.user(role)).post(reverse("activity_kind_new"), {"name_en": "x", "key": "x"})
    assert answer.status_code == 403
