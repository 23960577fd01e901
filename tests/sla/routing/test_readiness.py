"""A lead waits with marketing until what the next team needs is filled in."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from leads.models import CustomField
from leads.registering.registration import change
from sla.flow.advancing import advance_all
from sla.models import Handoff, Hop
from sla.notices import NOT_READY
from sla.routing.offering import offer, unoffered_leads, unoffered_transitions
from sla.routing.readiness import format_fields, missing_fields, not_ready
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db


def needs(*fields: str) -> Hop:
    """The hop of an agreement that asks for these; marketing has a head, and sales somebody."""
    team = make.team(Team.Kind.SALES)
    make.user(Role.REP, team=team)
    agreed = make.agreement(receiving=team, ready_fields=list(fields))
    hop = agreed.hops.get()
    Team.objects.filter(pk=hop.offering_team_id).update(head=make.user(Role.MANAGER))
    return hop


def test_what_is_not_filled_in_holds_a_lead_up_and_says_what():
    hop = needs("phone", "company.employees", "country")
    lead, ready = make.mql(country="JP"), make.mql(country="JP", phone="1", company=make.company(employees=1))
    assert offer(at=MONDAY_9AM) == 1
    assert Handoff.objects.get().lead == ready
    (held,) = unoffered_leads(at=MONDAY_9AM)
    assert (held.transition.lead, held.hop, held.is_ready) == (lead, hop, False)
    assert [field.name for field in held.missing_fields] == ["phone", "company.employees"]
    assert not_ready(unoffered_transitions(held.hop), hop, at=MONDAY_9AM).get().lead == lead


def test_the_head_of_the_offering_team_and_the_owner_are_told_once_each_in_their_language():
    hop = needs("phone", "country")
    owner = make.user(Role.MARKETER, language="ja")
    make.mql(owner=owner)
    for hours in range(3):
        offer(at=MONDAY_9AM + timedelta(hours=hours))
    head = Team.objects.get(pk=hop.offering_team_id).head_id
    told = {notice.user_id: notice for notice in Notice.objects.of(NOT_READY)}
    assert set(told) == {owner.pk, head}
    assert "Phone, Country" in told[head or 0].text
    with override("ja"):
        assert "電話番号、国" in told[owner.pk].text


def test_a_field_of_the_administrator_s_is_named_in_the_reader_s_language():
    make.custom_field("budget", "number", name_ja="予算")
    make.custom_field("floor", subject="company", name_ja="階")
    hop = needs("custom.budget", "company.custom.floor")
    make.mql()
    offer(at=MONDAY_9AM)
    notice = Notice.objects.of(NOT_READY).get(user=hop.offering_team.head)
    # They are named so even when they are no more.
    CustomField.objects.all().delete()
    assert "Budget, Company: Floor" in notice.text
    with override("ja"):
        assert "予算、会社：階" in notice.text


def test_once_it_is_filled_in_it_is_offered_by_itself():
    needs("phone")
    lead = make.mql()
    advance_all(at=MONDAY_9AM)
    assert offer(at=MONDAY_9AM) == 0
    later = MONDAY_9AM + timedelta(hours=2)
    change(lead, {"phone": "03-1234-5678"}, at=later)
    advance_all(at=later)
    assert Handoff.objects.get(lead=lead).offered_at == later
    assert unoffered_leads(at=later) == []


def test_a_field_that_was_removed_since_asks_for_nothing():
    make.custom_field("budget", "number")
    hop = needs("custom.budget")
    lead = make.mql()
    assert list(missing_fields(hop, [lead.pk])) == [lead.pk]
    assert format_fields(missing_fields(hop, [lead.pk])[lead.pk]) == "Budget"
    CustomField.objects.all().delete()
    assert offer(at=MONDAY_9AM) == 1


def test_what_is_held_up_takes_the_same_queries_for_one_lead_and_for_ten():
    needs("phone")
    queries = []
    for leads in (1, 9):
        for _ in range(leads):
            make.mql()
        with CaptureQueriesContext(connection) as captured:
            unoffered_leads(at=MONDAY_9AM)
        queries.append(len(captured))
    assert queries[0] == queries[1]
