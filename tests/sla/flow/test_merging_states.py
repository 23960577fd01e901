"""Two records of one person are merged in whatever state their hand-offs and deals are: RULES, Journeys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from funnel.journeys.standing import misplaced_leads
from funnel.models import Journey, Opportunity, Reason, StageRole
from funnel.opportunities.ledger import disagreeing_deals
from leads.models import Lead
from sla.escalation.sweeping import sweep_timers
from sla.flow.advancing import advance_all
from sla.flow.merging import merge
from sla.models import Handoff, Timer
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
HOUR = timedelta(hours=1)
SENT_BACK = {"rejected", "given up"}


def reason(kind: str) -> Reason:
    return Reason.objects.offered(kind).filter(needs_text=False, disqualifies=False)[0]


def record_in(state: str) -> Lead:
    """A record of that state by the afternoon."""
    if state == "new":
        return make.lead(StageRole.LEAD, created_at=TEN)
    if state in ("customer", "lost"):
        lead = make.lead(StageRole.SQL, created_at=MONDAY_9AM)
        deal = Opportunity.open(lead, opened_at=MONDAY_9AM)
        (deal.win if state == "customer" else deal.lose)(at=TEN)
        return lead
    handoff = make.handoff()
    if state == "rejected":
        handoff.reject(by=handoff.rep, reason=reason("rejected"), verdict="no", at=TEN)
    elif state in ("accepted", "given up"):
        handoff.accept(by=handoff.rep, at=TEN)
        if state == "given up":
            handoff.give_up(by=handoff.rep, reason=reason("recycled"), note="No", at=TEN + HOUR)
    elif state == "breached":
        sweep_timers(at=MONDAY_9AM + 6 * HOUR)
    return handoff.lead


def stands_at(lead: Lead) -> str | None:
    journey = Journey.objects.get(pk=lead.pk)
    return None if journey.closed_at else journey.stage.role


@pytest.mark.parametrize(
    ("kept_is", "other_is", "stage"),
    [
        ("offered", "offered", "mql"),
        ("offered", "accepted", "sal"),
        ("breached", "accepted", "sal"),
        ("accepted", "breached", "sal"),
        ("accepted", "rejected", "sal"),
        ("rejected", "offered", "mql"),
        ("rejected", "new", "lead"),
        ("new", "rejected", "lead"),
        ("new", "given up", "lead"),
        ("given up", "rejected", "lead"),
        ("rejected", "breached", "mql"),
        ("accepted", "customer", "customer"),
        ("customer", "offered", "customer"),
        ("customer", "rejected", "customer"),
        ("customer", "lost", "customer"),
        ("lost", "customer", "customer"),
        ("lost", "rejected", "lead"),
        ("lost", "accepted", "sal"),
    ],
)
def test_the_merged_lead_stands_where_the_farther_open_journey_does_and_does_not_bounce(
    kept_is: str, other_is: str, stage: str
) -> None:
    made = make.definition(cool_off_days=30)
    make.agreement(policy={"touch_within": 2 * HOUR}, definitions=[made])
    kept, other = record_in(kept_is), record_in(other_is)
    merge(kept, other, by=make.user(Role.MANAGER), at=MONDAY_9AM + 7 * HOUR)
    assert stands_at(kept) == stage
    assert (misplaced_leads(), disagreeing_deals()) == ([], [])
    waiting = Handoff.objects.filter(lead=kept, answer="")
    assert waiting.count() == (stage == "mql")
    assert all(handoff.timers.filter(kind="answer", stopped_at=None).exists() for handoff in waiting)
    advance_all(at=MONDAY_9AM + 8 * HOUR)
    # Whoever was sent back stays there; an hour later nothing has happened.
    assert stands_at(kept) == stage
    for timer in Timer.objects.filter(stopped_at=None, kind="answer"):
        assert timer.handoff.answer == ""
    assert misplaced_leads() == []
