"""The list of leads: what it finds, how it is sorted, what it costs."""

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Campaign, Lead
from leads.searching import refresh
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client: Client):
    mara = make.user(Role.MARKETER)
    client.force_login(mara)
    return mara


def shown(client: Client, **asked) -> list[str]:
    response = client.get(reverse("leads"), asked)
    assert response.status_code == 200
    return [lead.email for lead in response.context["page"].rows]


def rich_lead(number: int) -> Lead:
    campaign, _ = Campaign.objects.get_or_create(name="Spring")
    lead = make.lead(
        stage="mql",
        family_name=f"Family{number}",
        company=make.company(),
        owner=make.user(Role.REP),
        campaign=campaign,
    )
    make.score(lead)
    make.activity(lead, "call")
    refresh([lead.pk])
    return lead


def test_ten_leads_cost_as_many_queries_as_one(mara, client, django_assert_max_num_queries) -> None:
    everything = list_columns()
    rich_lead(1)
    with django_assert_max_num_queries(8) as one:
        client.get(reverse("leads"), everything)
    for number in range(2, 11):
        rich_lead(number)
    client.get(reverse("leads"), everything)
    with django_assert_max_num_queries(8) as ten:
        client.get(reverse("leads"), {"sort": "name"})
    assert len(ten) == len(one)


def list_columns() -> dict[str, list[str]]:
    from dashboards.lead_list import COLUMNS  # noqa: PLC0415

    return {"columns": list(COLUMNS)}
