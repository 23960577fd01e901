"""An activity in one line."""

from typing import Any

import pytest
from django.utils import translation

from leads.activities.activity_text import ICONS, OTHER_ICON, describe_activity, icon_of, people_who_logged
from leads.models import Activity, ActivityKind
from teams.models import Role
from tests import make


def activity(kind: str = "call", **properties: Any) -> Activity:
    return Activity(kind=ActivityKind(key=kind), properties=properties)


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({}, ""),
        ({"note": "Wants a demo"}, "Wants a demo"),
        ({"path": "/pricing", "title": "Pricing"}, "Pricing"),
        ({"note": "", "url": "/a"}, "/a"),
        ({"seconds": 5}, ""),
        ({"by": "Sam"}, "logged by Sam"),
        ({"note": "Called back", "by": "Sam"}, "Called back · logged by Sam"),
        ({"subject": 5}, "5"),
    ],
)
def test_the_property_that_says_most_and_who_logged_it(properties: dict[str, Any], text: str) -> None:
    assert describe_activity(activity(**properties), {}) == text


def test_who_logged_it_is_said_in_the_reader_s_language() -> None:
    with translation.override("ja"):
        assert describe_activity(activity(by="Sam"), {}) != "logged by Sam"


@pytest.mark.django_db
def test_whoever_logged_it_is_named_in_the_reader_s_order_whatever_the_writer_s_was() -> None:
    make.user(Role.REP, given_name="Sam", family_name="Fujii")
    logged = [activity(by="Sam Fujii"), activity(by="Fujii Sam"), activity(by="Somebody Else"), activity(by=7)]
    people = people_who_logged(logged)
    for language, words, name in (("en", "logged by ", "Sam Fujii"), ("ja", "記録：", "Fujii Sam")):
        with translation.override(language):
            texts = [describe_activity(each, people) for each in logged]
        assert [text.removeprefix(words) for text in texts] == [name, name, "Somebody Else", "7"]


def test_a_kind_of_one_s_own_has_an_icon_too() -> None:
    assert icon_of(activity("demo_request")) == ICONS["demo_request"]
    assert icon_of(activity("plant_visit")) == OTHER_ICON


@pytest.mark.django_db
def test_every_built_in_kind_has_an_icon_of_its_own() -> None:
    assert set(ActivityKind.objects.filter(is_built_in=True).values_list("key", flat=True)) <= set(ICONS)
