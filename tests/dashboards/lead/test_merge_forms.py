"""Which values a merged lead keeps: asked where two differ, taken where only one says something."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from dashboards.lead.merge_forms import MergeForm, Row
from leads.models import CustomField, Lead
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db


def form(kept: Lead, other: Lead, **chosen: str) -> MergeForm:
    return MergeForm({"email": "kept"} | chosen, kept=kept, other=other)


def pair(kept: dict[str, Any], other: dict[str, Any]) -> tuple[Lead, Lead]:
    """Two leads that differ in their e-mail, and in this."""
    return make.lead(email="kept@example.org", **kept), make.lead(email="other@example.org", **other)


def rows(kept: Lead, other: Lead) -> dict[str, Row]:
    return {row.name: row for row in form(kept, other).rows()}


def test_only_what_differs_is_asked():
    kept, other = pair({"title": "CTO", "country": "JP", "phone": "1"}, {"title": "CEO", "country": "JP", "phone": ""})
    assert list(form(kept, other).fields) == ["email", "title"]


def test_what_only_the_other_says_is_taken_without_asking():
    kept, other = pair({"title": ""}, {"title": "部長", "department": ""})
    merged = form(kept, other)
    assert merged.is_valid()
    assert merged.values() == {"title": "部長"}


@pytest.mark.parametrize(("whose", "values"), [("kept", {}), ("other", {"title": "CEO"})])
def test_what_was_chosen_is_taken_and_what_was_not_stays(whose: str, values: dict[str, str]):
    merged = form(*pair({"title": "CTO"}, {"title": "CEO"}), title=whose)
    assert merged.is_valid()
    assert merged.values() == values


@pytest.mark.parametrize("whose", ["", "both", "KEPT"])
def test_a_choice_is_one_of_the_two(whose: str):
    assert list(form(*pair({"title": "CTO"}, {"title": "CEO"}), title=whose).errors) == ["title"]


def test_a_field_of_one_s_own_is_asked_by_its_name():
    make.custom_field("budget", CustomField.Type.NUMBER, name_en="Budget", name_ja="予算")
    kept, other = pair({"custom": {"budget": 5}}, {"custom": {"budget": 7}})
    with translation.override("ja"):
        assert str(form(kept, other)["custom.budget"].label) == "予算"
    merged = form(kept, other, **{"custom.budget": "other"})
    assert merged.is_valid()
    assert merged.values() == {"custom.budget": 7}


def test_no_and_0_are_values_like_any_other():
    make.custom_field("vip", CustomField.Type.BOOLEAN)
    make.custom_field("seats", CustomField.Type.NUMBER)
    kept, other = pair({"custom": {"vip": False, "seats": 0}}, {"custom": {"vip": True, "seats": 3}})
    assert set(form(kept, other).fields) == {"email", "custom.seats", "custom.vip"}
    row = rows(kept, other)
    assert (row["custom.vip"].mine, row["custom.vip"].theirs) == ("No", "Yes")
    assert (row["custom.seats"].mine, row["custom.seats"].theirs) == ("0", "3")


def test_a_row_stands_for_what_one_of_them_says():
    shown = rows(*pair({"title": "CTO"}, {"department": "製造"}))
    assert {name: (row.mine, row.theirs, row.choice is not None) for name, row in shown.items()} == {
        "email": ("kept@example.org", "other@example.org", True),
        "title": ("CTO", "–", False),
        "department": ("–", "製造", False),
    }


def test_people_and_consent_are_written_as_people_read_them():
    sam = make.user(Role.REP, given_name="Sam", family_name="Sato")
    shown = rows(*pair({"owner": sam, "consent": "given"}, {"consent": "withdrawn"}))
    assert shown["owner"].mine == "Sam Sato"
    assert (shown["consent"].mine, shown["consent"].theirs) == ("Given", "Withdrawn")
    assert shown["consent"].choice is not None


def test_a_value_of_one_s_own_that_only_the_other_has_is_not_lost(mara: User, client: Client):
    make.custom_field("erp")
    kept, other = pair({"custom": {}}, {"custom": {"erp": "Oracle"}})
    client.post(reverse("lead_merge_with", args=[kept.pk, other.pk]), {"email": "kept"})
    kept.refresh_from_db()
    assert kept.custom == {"erp": "Oracle"}


def test_nobody_is_merged_with_themself(mara: User, client: Client):
    lead = make.lead()
    answer = client.post(reverse("lead_merge_with", args=[lead.pk, lead.pk]), {}, follow=True)
    assert "This is one record" in answer.content.decode()
    assert Lead.objects.unmerged().get() == lead


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR])
def test_who_neither_markets_nor_sells_merges_nobody(role: Role):
    kept, other = pair({}, {})
    browser = make.signed_in(make.user(role))
    assert browser.post(reverse("lead_merge_with", args=[kept.pk, other.pk]), {"email": "kept"}).status_code == 403
    assert Lead.objects.unmerged().count() == 2
