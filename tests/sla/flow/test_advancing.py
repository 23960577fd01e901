"""From a mark to an offer: every changed lead takes its way through the flow, once, whatever fails."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connections

from funnel.models import Journey, StageRole
from funnel.qualification.qualifying import qualify
from leads.activities.recording import record
from leads.models import Lead, StaleLead
from leads.registering.reevaluation import enqueue_reevaluation
from leads.registering.registration import register
from sla.flow import advancing, machine
from sla.flow.advancing import advance, advance_all, begin_day
from sla.models import BegunDay, Handoff
from sla.tasks import advance as advance_task
from teams.models import Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

DEMO = {"did": "demo_request", "at_least": 1, "within_days": 90}


def agreed(reps: int = 1) -> None:
    """An agreement in force: who asked for a demo is an MQL, and is offered to a rep."""
    team = make.team(Team.Kind.SALES)
    for _ in range(reps):
        make.user(Role.REP, team=team)
    make.agreement(receiving=team, definitions=[make.definition(criteria=DEMO)])


def asks_for_a_demo(n: int, at: datetime = MONDAY_9AM) -> Lead:
    lead, _created = register({"email": f"lead{n}@story.example"}, at=at)
    record(lead, "demo_request", at, at=at)
    return lead


def stage_of(lead: Lead) -> str | None:
    return Journey.objects.get(lead=lead).stage.role


def test_a_new_lead_that_meets_the_definition_is_qualified_and_offered():
    agreed()
    lead = asks_for_a_demo(1)
    assert advance_all(at=MONDAY_9AM) > 0
    assert stage_of(lead) == StageRole.MQL
    assert Handoff.objects.get(lead=lead).offered_at == MONDAY_9AM
    assert not StaleLead.objects.exists()
    assert advance(at=MONDAY_9AM) == 0


def test_an_activity_of_tomorrow_counts_tomorrow():
    agreed()
    lead, _created = register({"email": "soon@story.example"}, at=MONDAY_9AM)
    tomorrow = MONDAY_9AM + timedelta(days=1)
    record(lead, "demo_request", tomorrow, at=MONDAY_9AM)
    advance_all(at=MONDAY_9AM)
    assert stage_of(lead) == StageRole.LEAD
    advance_all(at=tomorrow)
    assert stage_of(lead) == StageRole.MQL


def test_a_standing_lead_without_news_waits_for_some():
    lead = asks_for_a_demo(1, at=MONDAY_9AM - timedelta(days=40))
    advance_all(at=MONDAY_9AM - timedelta(days=40))
    agreed()
    enqueue_reevaluation([lead.pk], at=MONDAY_9AM)
    advance_all(at=MONDAY_9AM)
    assert stage_of(lead) == StageRole.LEAD
    record(lead, "page_view", MONDAY_9AM, at=MONDAY_9AM)
    advance_all(at=MONDAY_9AM)
    assert stage_of(lead) == StageRole.MQL


def test_a_lead_that_breaks_the_flow_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch):
    agreed()
    broken, sound = asks_for_a_demo(1), asks_for_a_demo(2)
    real = qualify

    def fails_for_one(lead_ids: list[int], *, at: datetime) -> list[int]:
        if broken.pk in lead_ids:
            raise RuntimeError("a defect")
        return real(lead_ids, at=at)

    monkeypatch.setattr(advancing, "qualify", fails_for_one)
    advance_all(at=MONDAY_9AM)
    assert stage_of(sound) == StageRole.MQL
    assert list(StaleLead.objects.values_list("lead", flat=True).distinct()) == [broken.pk]

    monkeypatch.undo()
    advance_all(at=MONDAY_9AM + timedelta(minutes=5))
    assert stage_of(broken) == StageRole.MQL


def test_a_day_begins_once_and_lets_time_alone_count():
    agreed()
    asks_for_a_demo(1)
    advance_all(at=MONDAY_9AM)
    assert begin_day(at=MONDAY_9AM) is True
    assert begin_day(at=MONDAY_9AM + timedelta(hours=3)) is False
    assert begin_day(at=MONDAY_9AM + timedelta(days=1)) is True
    assert BegunDay.objects.count() == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_workers_take_sixty_leads_once():
    agreed(reps=3)
    for n in range(60):
        asks_for_a_demo(n)

    def work(_: int) -> None:
        try:
            advance_all(at=MONDAY_9AM, limit=7)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert Handoff.objects.count() == 60
    assert not StaleLead.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_held_machine_does_not_work_and_goes_on_afterwards():
    agreed()
    lead = asks_for_a_demo(1, at=MONDAY_9AM)

    def work() -> None:
        try:
            advance_task()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with machine.held():
            pool.submit(work).result()
            assert not Journey.objects.filter(lead=lead).exists()
        pool.submit(work).result()
    assert Journey.objects.filter(lead=lead).exists()
