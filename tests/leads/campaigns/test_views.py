"""Pages of campaigns."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.campaigns.forms import CampaignForm
from leads.models import Campaign
from teams.models import Role, User
from tests import make

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def campaign(name: str = "Spring", **fields: Any) -> Campaign:
    return Campaign.objects.create(name=name, **fields)


@pytest.mark.parametrize(
    ("starts", "ends", "wrong"),
    [
        ("2026-05-01", "2026-05-01", []),
        ("2026-05-01", "2026-04-30", ["ends_on"]),
        ("", "2026-04-30", []),
        ("2026-05-01", "", []),
        ("2026-02-30", "2026-04-30", ["starts_on"]),
    ],
)
def test_a_campaign_ends_no_sooner_than_it_starts(starts: str, ends: str, wrong: list[str]) -> None:
    assert list(CampaignForm({"name": "Spring", "starts_on": starts, "ends_on": ends}).errors) == wrong


def test_a_name_is_given_once_and_a_campaign_keeps_its_own() -> None:
    spring = campaign()
    assert "name" in CampaignForm({"name": "Spring"}).errors
    assert CampaignForm({"name": "Spring"}, instance=spring).is_valid()


def test_the_latest_start_comes_first_and_one_without_a_start_last(mara: User, client: Client) -> None:
    campaign("Open"), campaign("Old", starts_on=date(2025, 1, 1)), campaign("New", starts_on=date(2026, 1, 1))
    rows = client.get(reverse("campaigns"), {"sort": "latest"}).context["page"].rows
    assert [row.name for row in rows] == ["New", "Old", "Open"]


def test_by_themselves_campaigns_are_sorted_by_name(mara: User, client: Client) -> None:
    campaign("Summer"), campaign("Autumn")
    assert [row.name for row in client.get(reverse("campaigns")).context["page"].rows] == ["Autumn", "Summer"]


def test_leads_are_counted_without_the_merged(mara: User, client: Client) -> None:
    spring, kept = campaign(), make.lead()
    make.lead(campaign=spring), make.lead(campaign=spring, merged_into=kept, merged_at=NOW)
    (row,) = client.get(reverse("campaigns")).context["page"].rows
    assert row.lead_count == 1
    assert client.get(reverse("campaign", args=[spring.pk])).context["lead_count"] == 1


def test_the_ten_newest_leads_are_shown(mara: User, client: Client) -> None:
    spring = campaign()
    made = [make.lead(campaign=spring, created_at=NOW - timedelta(days=day)) for day in range(11)]
    context = client.get(reverse("campaign", args=[spring.pk])).context
    assert context["leads"] == made[:10]
    assert context["lead_count"] == 11


@pytest.mark.parametrize("many", [1, 10])
def test_the_list_costs_the_same_for_one_and_for_many(
    mara: User, client: Client, many: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(many):
        make.lead(campaign=campaign(f"Campaign {number}"))
    client.get(reverse("campaigns"))
    with django_assert_max_num_queries(6):
        client.get(reverse("campaigns"))


def test_what_was_typed_stays_where_something_is_wrong(mara: User, client: Client) -> None:
    spring = campaign()
    answer = client.post(reverse("campaign_edit", args=[spring.pk]), {"name": "", "goal": "Two hundred leads"})
    assert answer.status_code == 422
    assert "Two hundred leads" in answer.content.decode()
    spring.refresh_from_db()
    assert spring.name == "Spring"


def test_sales_reads_campaigns_and_writes_none() -> None:
    spring, browser = campaign(), make.signed_in(make.user(Role.REP))
    assert browser.get(reverse("campaign", args=[spring.pk])).status_code == 200
    assert reverse("campaign_edit", args=[spring.pk]) not in browser.get(reverse("campaign", args=[spring.pk])).text
    assert browser.post(reverse("campaign_edit", args=[spring.pk]), {"name": "x"}).status_code == 403


def test_an_empty_list_tells_each_what_to_do(mara: User, client: Client) -> None:
    assert reverse("campaign_new") in client.get(reverse("campaigns")).content.decode()
    page = make.signed_in(make.user(Role.REP)).get(reverse("campaigns")).content.decode()
    assert "No campaigns yet" in page
    assert reverse("campaign_new") not in page


def test_a_campaign_that_is_not_there_is_not_there(mara: User, client: Client) -> None:
    for name in ("campaign", "campaign_edit"):
        assert client.get(reverse(name, args=[12345])).status_code == 404
