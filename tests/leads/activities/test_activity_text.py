"""An activity in one line."""

from typing import Any

import pytest
from django.utils import translation

from leads.activities.activity_text import ICONS, OTHER_ICON, describe_activity, icon_of
from leads.models import Activity, ActivityKind


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
    assert describe_activity(activity(**properties)) == text


def test_who_logged_it_is_said_in_the_reader_s_language() -> None:
    with translation.override("ja"):
        assert describe_activity(activity(by="Sam")) != "logged by Sam"


def test_a_kind_of_one_s_own_has_an_icon_too() -> None:
    assert icon_of(activity("demo_request")) == ICONS["demo_request"]
    assert icon_of(activity("plant_visit")) == OTHER_ICON


@pytest.mark.django_db
def test_every_built_in_kind_has_an_icon_of_its_own() -> None:
    assert set(ActivityKind.objects.filter(is_built_in=True).values_list("key", flat=True)) <= set(ICONS)
