"""The list of leads: what it finds, how it is sorted, what it costs."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dashboards.lead.list_views import COLUMNS
from history.models import Change
from leads.models import Campaign, Lead, Persona, PersonaMatch, Segment
from leads.registering.searching import refresh
from scoring.models import Quadrant
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db


def shown(client: Client, **asked: Any) -> list[str]:
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
    persona = Persona.objects.create()
    persona.versions.create(name="Plant head")
    PersonaMatch.objects.create(lead=lead, persona=persona, machine=persona)
    refresh([lead.pk])
    return lead


@pytest.mark.parametrize("asked", [{}, {"sort": "name"}, {"sort": "fit"}, {"q": "fam"}], ids=str)
def test_ten_leads_cost_as_many_queries_as_one(mara, client, django_assert_max_num_queries, asked) -> None:
    rich_lead(1)
    client.get(reverse("leads"), {"columns": list(COLUMNS)})
    with django_assert_max_num_queries(8) as one:
        assert len(shown(client, **asked)) == 1
    for number in range(2, 11):
        rich_lead(number)
    with django_assert_max_num_queries(8) as ten:
        assert len(shown(client, **asked)) == 10
    assert len(ten) == len(one)


def test_a_merged_lead_is_not_listed(mara, client) -> None:
    kept = make.lead(email="kept@example.org")
    make.lead(merged_into=kept, merged_at=make.MONDAY_9AM)
    assert shown(client) == ["kept@example.org"]


def test_it_is_sorted_by_what_is_asked_and_who_has_no_value_comes_last(mara, client) -> None:
    for email, fit, reading in (("low", 10, "ワタナベ"), ("high", 90, "アオキ"), ("none", None, "")):
        lead = make.lead(email=email, family_name="x", family_name_reading=reading)
        refresh([lead.pk])
        if fit is not None:
            make.score(lead, fit=fit, interest=100 - fit)
    assert shown(client, sort="fit") == ["high", "low", "none"]
    assert shown(client, sort="interest") == ["low", "high", "none"]
    assert shown(client, sort="name") == ["none", "high", "low"]
    assert shown(client) == ["none", "high", "low"]
    assert shown(client, sort="no such order") == ["none", "high", "low"]


def test_it_is_narrowed_by_each_filter(mara, client) -> None:
    sam, spring = make.user(Role.REP), Campaign.objects.create(name="Spring")
    lead = make.lead(
        stage="mql",
        email="a@gmail.com",
        owner=sam,
        campaign=spring,
        source="Fair",
        country="日本",
        consent="given",
        is_free_mail=True,
        created_at=make.MONDAY_9AM,
    )
    make.score(lead, machine_quadrant=Quadrant.HOT)
    other = make.lead(stage="sql", email="b@example.org", created_at=make.MONDAY_9AM - timedelta(days=2))
    make.score(other, machine_quadrant=Quadrant.HOT, override=Quadrant.DROP, override_reason="no budget")
    for name, value in {
        "stage": "mql",
        "quadrant": "hot",
        "owner": sam.pk,
        "campaign": spring.pk,
        "source": "Fair",
        "country": "日本",
        "consent": "given",
        "free_mail": "true",
        "created_from": "2026-11-16",
    }.items():
        assert shown(client, **{name: value}) == ["a@gmail.com"], name
    for name, value in {
        "stage": "sql",
        "quadrant": "drop",
        "owner": "none",
        "campaign": "none",
        "consent": "none",
        "free_mail": "false",
        "created_to": "2026-11-15",
    }.items():
        assert shown(client, **{name: value}) == ["b@example.org"], name
    assert shown(client, stage="lost") == []
    assert len(shown(client, persona="none")) == 2


def test_it_shows_what_waits_for_whose_answer_and_what_they_were_offered_this_week(mara, client) -> None:
    waits, answered = make.handoff(at=make.MONDAY_9AM), make.handoff(at=make.MONDAY_9AM)
    answered.accept(by=answered.rep, at=make.MONDAY_9AM)
    with time_machine.travel(make.MONDAY_9AM + timedelta(days=4), tick=False):
        client.force_login(mara)
        assert shown(client, waits_for=waits.rep.pk) == [waits.lead.email]
        assert shown(client, waits_for=answered.rep.pk) == []
        assert shown(client, offered_to=answered.rep.pk) == [answered.lead.email]
    with time_machine.travel(make.MONDAY_9AM + timedelta(days=7), tick=False):
        client.force_login(mara)
        assert shown(client, offered_to=answered.rep.pk) == []


def test_an_invalid_filter_is_reported_and_opens_the_panel(mara, client) -> None:
    make.lead()
    response = client.get(reverse("leads"), {"owner": "nobody", "created_from": "soon"})
    assert set(response.context["asked"].filter.form.errors) == {"owner", "created_from"}
    assert response.context["panel"]


def test_what_is_on_can_be_taken_away_again(mara, client) -> None:
    make.lead(source="Fair")
    response = client.get(reverse("leads"), {"source": "Fair", "q": "x", "after": "y"})
    (chip,) = response.context["asked"].chips
    assert (chip["text"], chip["url"]) == ("Source: Fair", "?q=x")


TREE = {"field": "title", "op": "=", "value": "CTO"}


def test_conditions_narrow_the_list_and_can_be_saved_as_a_segment(mara, client) -> None:
    make.lead(email="cto@example.org", title="CTO"), make.lead(title="CEO")
    text = json.dumps({"all": [TREE]})
    assert shown(client, criteria=text) == ["cto@example.org"]
    response = client.get(reverse("leads"), {"criteria": text})
    page = client.get(response.context["segment_url"])
    assert page.status_code == 200
    segment = Segment.objects.create(name="Heads", criteria={"all": [TREE]}, created_by=mara)
    assert shown(client, segment=segment.pk) == ["cto@example.org"]


def test_conditions_built_on_the_page_are_put_into_the_address(mara, client) -> None:
    make.lead(email="cto@example.org", title="CTO"), make.lead(title="CEO")
    form = client.get(reverse("leads"), {"panel": 1}).context["asked"].conditions
    assert "criteria.r.join" in str(form)
    put_together = {
        "panel": "1",
        "q": "",
        "sort": "name",
        "columns": ["email"],
        "criteria.scope": "all",
        "criteria.r.join": "all",
        "criteria.r-0.what": "field:title",
        "criteria.r-0.op": "=",
        "criteria.r-0.value": "CTO",
    }
    response = client.get(reverse("leads"), put_together)
    assert response["Location"].startswith("/leads/?sort=name&criteria=")
    page = client.get(response["Location"])
    assert [lead.email for lead in page.context["page"].rows] == ["cto@example.org"]
    assert list(page.context["columns"]) == ["email"]


def test_invalid_conditions_are_reported(mara, client) -> None:
    response = client.get(reverse("leads"), {"criteria": '{"field": "no such", "op": "=", "value": 1}'})
    assert response.status_code == 200
    assert response.context["asked"].conditions.errors
    assert response.context["panel"]


def test_the_chosen_columns_are_remembered(mara, client) -> None:
    make.lead(phone="0123")
    assert "0123" not in client.get(reverse("leads")).content.decode()
    client.get(reverse("leads"), {"columns": ["phone", "no such"]})
    assert "0123" in client.get(reverse("leads")).content.decode()


def test_chosen_leads_get_an_owner_and_history_says_who_did_it(mara, client) -> None:
    sam, first, second = make.user(Role.REP), make.lead(), make.lead()
    asked = client.post(reverse("lead_selection"), {"lead": [first.pk, second.pk], "back": "q=x"})
    assert list(asked.context["chosen"]) == [first, second]
    done = client.post(
        reverse("lead_selection"), {"lead": [first.pk, second.pk], "back": "q=x", "change": "1", "owner": sam.pk}
    )
    assert done["Location"] == "/leads/?q=x"
    assert set(Lead.objects.filter(owner=sam)) == {first, second}
    assert Change.objects.filter(field="owner", new=sam.pk, by=mara).count() == 2


def test_choosing_no_lead_shows_a_message(mara, client) -> None:
    response = client.post(reverse("lead_selection"), {"back": "https://elsewhere.example/"}, follow=True)
    assert "No lead was chosen." in response.content.decode()


def test_the_filters_come_as_a_fragment(mara, client) -> None:
    response = client.get(reverse("leads"), {"panel": 1}, headers={"hx-request": "true", "hx-target": "panel"})
    text = response.content.decode()
    assert 'id="panel"' in text
    assert "<html" not in text


@pytest.mark.parametrize("number", ["１", "1" * 30, "1" * 5000])
def test_an_id_that_no_row_can_have_is_passed_over(mara, client, number: str) -> None:
    response = client.post(reverse("lead_selection"), {"lead": [number]}, follow=True)
    assert "No lead was chosen." in response.content.decode()
    assert client.get(reverse("leads"), {"segment": number}).status_code == 200
