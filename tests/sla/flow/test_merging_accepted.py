"""Two records become one while a hand-off of either was accepted: at most one is worked afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from funnel.journeys.standing import misplaced_leads
from funnel.models import Journey, Reason, Stage, StageRole
from leads.models import Lead
from sla.escalation.sweeping import sweep_timers
from sla.flow.advancing import advance_all
from sla.flow.merging import merge
from sla.handoffs.worklist import being_worked
from sla.models import Handoff, Timer, Touch
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]

HOUR = timedelta(hours=1)
ELEVEN = TEN + HOUR
MERGED = TEN + 3 * HOUR
AFTER = MERGED + HOUR
# What became of a record that was closed at eleven; its hand-off had two hours to be touched, if it was accepted.
CLOSED = ["offered", "accepted", "touched", "breached", "given up", "rejected", "withdrawn"]
OPEN = ["new", "known to sales", "offered", "accepted", "touched"]


@pytest.fixture(autouse=True)
def agreed() -> None:
    make.agreement(policy={"touch_within": 2 * HOUR}, touch_steps=[(100, "tell")])


def reason(kind: str) -> Reason:
    return Reason.objects.offered(kind).filter(needs_text=False, disqualifies=False)[0]


def record_in(state: str) -> Lead:
    if state == "new":
        return make.lead(StageRole.LEAD, created_at=TEN)
    if state == "known to sales":
        return make.lead(StageRole.SAL, created_at=TEN)
    handoff = make.handoff()
    rep = handoff.rep
    if state == "rejected":
        handoff.reject(by=rep, reason=reason("rejected"), verdict="no", at=TEN)
    elif state == "withdrawn":
        handoff.withdraw(at=TEN)
    elif state != "offered":
        handoff.accept(by=rep, at=TEN)
    if state == "given up":
        handoff.give_up(by=rep, reason=reason("recycled"), note="No", at=TEN + HOUR / 2)
    elif state == "touched":
        handoff.touch("call", by=rep, at=TEN + HOUR / 2)
    elif state == "breached":
        Timer.objects.filter(handoff=handoff, kind="first_touch").update(due_at=TEN + HOUR / 2)
        sweep_timers(at=TEN + 0.7 * HOUR)
    return handoff.lead


def closed(state: str) -> Lead:
    lead = record_in(state)
    Journey.objects.get(pk=lead.pk).close(Journey.Ended.LOST, because="No budget", at=ELEVEN)
    return lead


def taken_up(lead: Lead) -> list[Handoff]:
    """What waits for an answer, or is worked."""
    of_lead = Handoff.objects.filter(lead=lead)
    return [*of_lead.open(), *being_worked(of_lead)]


@pytest.mark.parametrize("closed_is_kept", [True, False])
@pytest.mark.parametrize("open_is", OPEN)
@pytest.mark.parametrize("closed_is", CLOSED)
def test_what_was_closed_is_worked_no_more_in_the_open_lead_that_it_became(
    closed_is: str, open_is: str, closed_is_kept: bool
) -> None:
    goes_on, gone = record_in(open_is), closed(closed_is)
    mine, over = taken_up(goes_on), list(Handoff.objects.filter(lead=gone))
    kept, other = (gone, goes_on) if closed_is_kept else (goes_on, gone)
    merge(kept, other, by=make.user(Role.MANAGER), at=MERGED)
    for at in (MERGED, AFTER):
        assert taken_up(kept) == mine
        for handoff in over:
            stale = Handoff.objects.get(pk=handoff.pk)
            with pytest.raises(Handoff.Over):
                stale.touch(Touch.Kind.CALL, by=stale.rep, at=at)
        assert not Timer.objects.filter(handoff__in=over, stopped_at=None).exists()
        advance_all(at=at)
        sweep_timers(at=at)
    assert misplaced_leads() == []
    if closed_is == "accepted":
        # It ended as it was closed, an hour before it would have fallen due.
        clock = Timer.objects.get(handoff__in=over, kind="first_touch")
        assert (clock.stopped_at, clock.kept_at, clock.breached_at) == (ELEVEN, None, None)


@pytest.mark.parametrize("first_is_kept", [True, False])
def test_of_two_that_were_accepted_the_one_of_the_journey_that_goes_on_is_worked(first_is_kept: bool) -> None:
    first, second = make.handoff(), make.handoff(at=MONDAY_9AM)
    first.accept(by=first.rep, at=TEN + HOUR / 2)
    second.accept(by=second.rep, at=TEN)
    # The later entry goes on, whichever was offered first.
    kept, other = (first.lead, second.lead) if first_is_kept else (second.lead, first.lead)
    merge(kept, other, by=make.user(Role.MANAGER), at=ELEVEN)
    assert taken_up(kept) == [first]
    clock = second.timers.get(kind="first_touch")
    assert (clock.stopped_at, clock.kept_at, clock.breached_at) == (ELEVEN, None, None)
    assert first.timers.get(kind="first_touch").stopped_at is None
    assert Handoff.objects.get(pk=second.pk).merged_away_at == ELEVEN
    assert list(Handoff.objects.standing().filter(lead=kept)) == [first]


@pytest.mark.parametrize("worked_is_kept", [True, False])
def test_where_nobody_works_the_journey_that_goes_on_who_called_goes_on_calling(worked_is_kept: bool) -> None:
    worked, later = record_in("accepted"), make.lead(StageRole.SAL, created_at=TEN + HOUR / 2)
    handoff = Handoff.objects.get(lead=worked)
    kept, other = (worked, later) if worked_is_kept else (later, worked)
    merge(kept, other, by=make.user(Role.MANAGER), at=ELEVEN)
    assert taken_up(kept) == [handoff]
    handoff.refresh_from_db()
    handoff.touch("call", by=handoff.rep, at=ELEVEN)
    assert handoff.timers.get(kind="first_touch").kept_at == ELEVEN


def test_of_two_that_were_closed_none_is_worked_until_the_one_that_goes_on_is_opened_again() -> None:
    first, second = closed("accepted"), record_in("accepted")
    Journey.objects.get(pk=second.pk).close(Journey.Ended.LOST, because="No budget", at=ELEVEN + HOUR)
    first_handoff, second_handoff = (Handoff.objects.get(lead=lead) for lead in (first, second))
    merge(first, second, by=make.user(Role.MANAGER), at=MERGED)
    assert taken_up(first) == []
    goes_on = Journey.objects.get(pk=first.pk)
    goes_on.reopen(because="They called", at=AFTER)
    assert goes_on.stage == Stage.objects.role(StageRole.SAL)
    (worked,) = taken_up(first)
    ended = first_handoff if worked == second_handoff else second_handoff
    assert Handoff.objects.get(pk=ended.pk).merged_away_at == MERGED
