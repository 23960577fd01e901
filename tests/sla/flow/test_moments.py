"""Each batch of background work takes its own moment: nothing is dated by when the queue began."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from leads.models import PendingReevaluation
from sla.escalation import sweeping
from sla.escalation.sweeping import sweep_timers
from sla.flow import advancing
from sla.flow.advancing import advance_all, begin_day
from sla.models import BegunDay, Escalation, Handoff
from sla.routing import offering, reassigning
from sla.routing.offering import offer
from sla.routing.reassigning import reassign_from_deactivated
from teams.models import Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

LONG = timedelta(minutes=10)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY_9AM, tick=False) as traveller:
        yield traveller


@pytest.fixture
def slowly(clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], list[datetime]]:
    """Let what a module calls by this name take ten minutes before it begins; return the moments it is told."""

    def slow_down(module: Any, name: str) -> list[datetime]:
        real, moments = getattr(module, name), []

        def slow(*args: Any, at: datetime, **more: Any) -> Any:
            moments.append(at)
            clock.shift(LONG)
            return real(*args, at=at, **more)

        monkeypatch.setattr(module, name, slow)
        return moments

    return slow_down


def nth_moments(count: int) -> list[datetime]:
    return [MONDAY_9AM + n * LONG for n in range(count)]


def agreed(reps: int = 1) -> Team:
    team = make.team(Team.Kind.SALES)
    for _ in range(reps):
        make.user(Role.REP, team=team)
    make.agreement(receiving=team, definitions=[make.definition(criteria={"all": []})])
    return team


def test_timers_of_a_long_queue_start_when_their_offer_is_made(slowly: Any):
    agreed()
    PendingReevaluation.objects.all().delete()
    for _ in range(3):
        lead = make.lead(created_at=MONDAY_9AM - timedelta(days=1))
        PendingReevaluation.objects.create(lead=lead, due_at=MONDAY_9AM, news_at=MONDAY_9AM)
    moments = slowly(advancing, "run_flow")
    advance_all(limit=1)
    assert moments == nth_moments(3)
    offered = Handoff.objects.order_by("pk").values_list("offered_at", flat=True)
    assert list(offered) == [moment + LONG for moment in moments]


def test_the_ranges_of_the_morning_follow_each_other(slowly: Any, monkeypatch: pytest.MonkeyPatch):
    agreed()
    for _ in range(3):
        make.lead(created_at=MONDAY_9AM - timedelta(days=1))
    monkeypatch.setattr(advancing, "DAY_BATCH", 1)
    moments = slowly(advancing, "run_flow")
    assert begin_day()
    assert moments == nth_moments(3)
    assert BegunDay.objects.get().finished_at == MONDAY_9AM + 3 * LONG


def test_offering_who_waits_takes_a_moment_a_batch(slowly: Any, monkeypatch: pytest.MonkeyPatch):
    agreed()
    for _ in range(3):
        make.mql(at=MONDAY_9AM - timedelta(hours=1))
    monkeypatch.setattr(offering, "BATCH", 1)
    assert slowly(offering, "_offer_batch") is not None
    assert offer() == 3
    assert list(Handoff.objects.order_by("pk").values_list("offered_at", flat=True)) == nth_moments(3)


def test_each_batch_of_a_sweep_finds_what_fell_due_meanwhile(slowly: Any, monkeypatch: pytest.MonkeyPatch):
    agreed()
    due = [MONDAY_9AM - timedelta(minutes=1), MONDAY_9AM + timedelta(minutes=5), MONDAY_9AM + timedelta(minutes=15)]
    for moment in due:
        handoff = make.handoff(at=MONDAY_9AM - timedelta(hours=1))
        handoff.timers.update(due_at=moment)
        Escalation.objects.filter(timer__handoff=handoff).delete()
    monkeypatch.setattr(sweeping, "BREACH_BATCH", 1)
    moments = slowly(sweeping, "notify_breaches")
    assert sweep_timers()["breached"] == 3
    assert moments[:3] == nth_moments(3)


def test_steps_are_done_when_their_batch_runs(slowly: Any, monkeypatch: pytest.MonkeyPatch):
    agreed()
    for _ in range(2):
        make.handoff(at=MONDAY_9AM - timedelta(hours=1))
    Escalation.objects.exclude(action="remind").delete()
    Escalation.objects.update(due_at=MONDAY_9AM - timedelta(minutes=1))
    monkeypatch.setattr(sweeping, "NOTIFY_BATCH", 1)
    slowly(sweeping, "notify_steps")
    assert sweep_timers()["escalated"] == 2
    assert list(Escalation.objects.order_by("done_at").values_list("done_at", flat=True)) == nth_moments(2)


def test_what_is_reassigned_is_offered_at_its_own_moment(slowly: Any):
    agreed(reps=2)
    gone = make.user(Role.REP)
    first, second = (make.handoff(to=gone, at=MONDAY_9AM - timedelta(hours=1)) for _ in range(2))
    gone.is_active = False
    gone.save()
    slowly(reassigning, "next_rep")
    assert reassign_from_deactivated() == 2
    again = Handoff.objects.filter(replaces__in=[first, second]).order_by("pk").values_list("offered_at", flat=True)
    assert list(again) == nth_moments(2)
