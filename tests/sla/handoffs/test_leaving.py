"""An accepted lead leaves while the clock of its first touch runs: nobody is to be called any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine

from funnel.models import Journey, Opportunity, Reason, Stage, StageRole
from leads.models import Lead
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric
from sla.escalation.sweeping import sweep_timers
from sla.flow.advancing import advance_all
from sla.models import Handoff, Timer
from sla.routing.offering import end_moved
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]

HOUR = timedelta(hours=1)
ELEVEN = TEN + HOUR


@pytest.fixture
def worked() -> Handoff:
    """Accepted at ten, to be touched by noon."""
    make.agreement(policy={"touch_within": 2 * HOUR}, touch_steps=[(80, "remind"), (100, "tell")])
    handoff = make.handoff(to=make.user(Role.REP))
    handoff.accept(by=handoff.rep, at=TEN)
    return handoff


def left_unanswered(*, at: datetime) -> Timer:
    """The clock of an offer due at one, whose lead went on at eleven, of which we were told at that moment."""
    handoff = make.handoff()
    customer = Stage.objects.role(StageRole.CUSTOMER)
    with time_machine.travel(at, tick=False):
        journey_of(handoff).move_to(customer, because="Bought", at=ELEVEN)
    return handoff.timers.get()


def test_an_offer_whose_lead_left_in_time_is_not_late_however_late_it_is_found():
    offered = left_unanswered(at=ELEVEN)
    assert offered.due_at < TEN + 9 * HOUR
    assert end_moved(at=TEN + 9 * HOUR) == 1
    offered.refresh_from_db()
    assert (offered.stopped_at, offered.breached_at, offered.kept_at) == (ELEVEN, None, None)
    assert Handoff.objects.get().answered_at == ELEVEN
    assert sweep_timers(at=TEN + 10 * HOUR) == {"breached": 0, "escalated": 0}


def test_an_offer_that_fell_due_before_we_were_told_that_its_lead_left_is_late():
    told = TEN + 8 * HOUR
    offered = left_unanswered(at=told)
    assert end_moved(at=TEN + 9 * HOUR) == 1
    offered.refresh_from_db()
    assert (offered.stopped_at, offered.breached_at) == (told, offered.due_at)


def test_it_left_with_its_first_step_whatever_came_after():
    offered = left_unanswered(at=ELEVEN)
    handoff, late = Handoff.objects.get(), TEN + 8 * HOUR
    with time_machine.travel(late, tick=False):
        journey_of(handoff).close(Journey.Ended.LOST, because="", at=late)
    Lead.objects.filter(pk=handoff.lead_id).update(merged_into=make.lead(), merged_at=late)
    assert end_moved(at=TEN + 9 * HOUR) == 1
    offered.refresh_from_db()
    assert (offered.stopped_at, offered.breached_at) == (ELEVEN, None)


@pytest.mark.parametrize("hours", [1, 8])
def test_an_offer_whose_lead_was_merged_ends_then(hours: int):
    handoff, merged_at = make.handoff(), TEN + hours * HOUR
    Lead.objects.filter(pk=handoff.lead_id).update(merged_into=make.lead(), merged_at=merged_at)
    assert end_moved(at=TEN + 9 * HOUR) == 1
    timer = handoff.timers.get()
    assert (timer.stopped_at, timer.breached_at) == (merged_at, timer.due_at if hours == 8 else None)


def clock(handoff: Handoff) -> Timer:
    return handoff.timers.get(kind=Timer.Kind.FIRST_TOUCH)


def journey_of(handoff: Handoff) -> Journey:
    return Journey.objects.get(pk=handoff.lead_id)


def reason(kind: str) -> Reason:
    return Reason.objects.offered(kind).filter(needs_text=False)[0]


def move_to(handoff: Handoff, role: str) -> None:
    journey_of(handoff).move_to(Stage.objects.role(role), because="I know them", at=ELEVEN)


def disqualify(handoff: Handoff) -> None:
    journey_of(handoff).disqualify(reason("disqualified"), at=ELEVEN)


def recycle(handoff: Handoff) -> None:
    journey_of(handoff).recycle(reason("recycled"), at=ELEVEN)


def move_back(handoff: Handoff) -> None:
    move_to(handoff, "mql")


def move_back_to_nurture(handoff: Handoff) -> None:
    move_to(handoff, "lead")


def lose(handoff: Handoff) -> None:
    Opportunity.open(handoff.lead, opened_at=TEN + HOUR / 2).lose(at=ELEVEN)


LEAVE = [disqualify, recycle, move_back, move_back_to_nurture, lose]


@pytest.mark.parametrize("leave", LEAVE)
def test_its_clock_ends_when_the_lead_leaves(worked: Handoff, leave: Callable[[Handoff], None]):
    leave(worked)
    # Looked at long after it would have fallen due.
    advance_all(at=TEN + 4 * HOUR)
    sweep_timers(at=TEN + 4 * HOUR)
    timer = clock(worked)
    assert (timer.stopped_at, timer.kept_at, timer.breached_at, timer.open_time) == (ELEVEN, None, None, HOUR)
    assert not timer.escalations.filter(done_at=None).exists()
    due = metric("first_touch_in_time").value(Question(Period.week_of(MONDAY_9AM), at=TEN + 5 * HOUR))
    assert due.denominator == 0


@pytest.mark.parametrize("leave", LEAVE)
def test_nobody_touches_it_any_more(worked: Handoff, leave: Callable[[Handoff], None]):
    leave(worked)
    for _before_and_after_the_flow in range(2):
        with pytest.raises(Handoff.Over):
            worked.touch("call", by=worked.rep, at=ELEVEN + HOUR / 2)
        advance_all(at=ELEVEN + HOUR / 2)
    assert Handoff.objects.open().filter(lead=worked.lead).count() == (leave is move_back)


@pytest.mark.parametrize("leave", LEAVE)
def test_what_had_fallen_due_before_stays_breached_and_ends_too(worked: Handoff, leave: Callable[[Handoff], None]):
    due = TEN + HOUR / 2
    Timer.objects.filter(kind=Timer.Kind.FIRST_TOUCH).update(due_at=due)
    sweep_timers(at=TEN + 0.7 * HOUR)
    leave(worked)
    advance_all(at=TEN + 4 * HOUR)
    assert (clock(worked).stopped_at, clock(worked).breached_at) == (ELEVEN, due)


@pytest.mark.parametrize("role", ["sql", "opportunity"])
def test_of_a_lead_that_goes_on_the_first_touch_is_still_awaited(worked: Handoff, role: str):
    move_to(worked, role)
    advance_all(at=ELEVEN)
    assert clock(worked).stopped_at is None
    # A call that its rep writes down on the page of the lead is that touch.
    answer = make.signed_in(worked.rep).post(
        f"/leads/{worked.lead_id}/activities/",
        {"activity-kind": "call", "activity-occurred_at": "2026-11-16T11:00", "activity-note": "They know us"},
    )
    assert answer.status_code == 302
    assert worked.touches.count() == 1
    assert clock(worked).stopped_at is not None


def test_of_all_leads_those_that_left_are_found(worked: Handoff):
    disqualify(worked)
    assert end_moved(at=TEN + 4 * HOUR) == 1
    assert end_moved(at=TEN + 4 * HOUR) == 0
    assert clock(worked).stopped_at == ELEVEN


def test_a_lead_that_was_accepted_again_is_touched_by_the_second_rep_alone(worked: Handoff):
    move_back(worked)
    advance_all(at=ELEVEN)
    again = Handoff.objects.open().get(lead=worked.lead)
    again.accept(by=again.rep, at=ELEVEN + HOUR)
    assert journey_of(worked).stage.role == StageRole.SAL
    with pytest.raises(Handoff.Over):
        worked.touch("call", by=worked.rep, at=ELEVEN + 2 * HOUR)
    again.touch("call", by=again.rep, at=ELEVEN + 2 * HOUR)
    assert [clock(each).kept_at is not None for each in (worked, again)] == [False, True]
