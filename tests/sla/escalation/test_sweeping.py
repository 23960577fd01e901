from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from history.models import Outbox
from sla.escalation import sweeping
from sla.escalation.sweeping import sweep_timers
from sla.models import Handoff, Step, Timer
from sla.notices import OFFERED
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

LATE = MONDAY_9AM + timedelta(hours=6)


def test_what_is_overdue_is_breached_from_when_it_fell_due_and_once():
    timer = make.handoff().timers.get()
    assert sweep_timers(at=LATE) == {"breached": 1, "escalated": 2}
    assert sweep_timers(at=LATE) == {"breached": 0, "escalated": 0}
    timer.refresh_from_db()
    assert timer.breached_at == timer.due_at
    assert Outbox.objects.filter(kind="timer.breached").count() == 1


def test_at_the_deadline_it_is_not_late_yet():
    timer = make.handoff().timers.get()
    assert sweep_timers(at=timer.due_at)["breached"] == 0
    assert sweep_timers(at=timer.due_at + timedelta(microseconds=1))["breached"] == 1


def test_the_rep_is_reminded_once_and_the_head_is_told_of_the_breach():
    head = make.user(Role.MANAGER)
    make.agreement(receiving=make.team(Team.Kind.SALES, head=head))
    handoff = make.handoff()
    soon = handoff.timers.get().escalations.get(action=Step.Action.REMIND).due_at
    assert sweep_timers(at=soon) == {"breached": 0, "escalated": 1}
    sweep_timers(at=soon)
    sweep_timers(at=LATE)
    told = Notice.objects.exclude(kind=OFFERED.key).values_list("user", "kind").order_by("pk")
    assert list(told) == [(handoff.rep_id, "reminder"), (handoff.rep_id, "breach"), (head.pk, "breach")]


def test_a_sweep_without_work_asks_four_statements():
    make.handoff()
    with CaptureQueriesContext(connection) as asked:
        sweep_timers(at=MONDAY_9AM)
    assert len([query for query in asked if "SAVEPOINT" not in query["sql"]]) <= 4


def test_an_answer_after_the_sweep_stays_late():
    handoff = make.handoff()
    sweep_timers(at=LATE)
    handoff.accept(by=handoff.rep, at=LATE)
    timer = handoff.timers.get()
    assert (timer.breached_at, timer.kept_at, timer.stopped_at) == (timer.due_at, None, LATE)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_eight_who_answer_the_same_forty_are_forty_winners():
    make.agreement()
    rep = make.user(Role.REP)
    handoffs = [make.handoff(to=rep).pk for _ in range(40)]

    def answer(_: int) -> int:
        won = 0
        try:
            for handoff in Handoff.objects.filter(pk__in=handoffs).select_related("hop", "rep", "lead"):
                try:
                    handoff.accept(by=rep, at=LATE)
                except Handoff.Answered:
                    continue
                won += 1
        finally:
            connections.close_all()
        return won

    def sweep() -> None:
        try:
            sweep_timers(at=LATE)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(9) as pool:
        sweeping = pool.submit(sweep)
        won = sum(pool.map(answer, range(8)))
        sweeping.result()

    assert won == 40
    assert Timer.objects.filter(breached_at__isnull=False, kept_at=None).count() == 40


@pytest.mark.parametrize("name", ["notify_breaches", "notify_steps"])
def test_a_timer_that_breaks_its_batch_does_not_hold_up_the_others(name: str, monkeypatch: pytest.MonkeyPatch):
    make.agreement()
    admin = make.user(Role.ADMINISTRATOR)
    handoffs = [make.handoff() for _ in range(3)]
    broken = handoffs[1].timers.get()
    ids = {broken.pk} if name == "notify_breaches" else set(broken.escalations.values_list("pk", flat=True))
    real = getattr(sweeping, name)

    def fails_for_one(some: list[int], *, at: datetime) -> None:
        if ids & set(some):
            raise RuntimeError("a defect")
        real(some, at=at)

    monkeypatch.setattr(sweeping, name, fails_for_one)
    sweep_timers(at=LATE)
    told = Notice.objects.filter(user__in=[handoff.rep for handoff in handoffs], kind="breach")
    assert set(told.values_list("user", flat=True)) >= {handoffs[0].rep_id, handoffs[2].rep_id}
    assert Notice.objects.get(kind="lead_failed").user == admin
    monkeypatch.undo()
    sweep_timers(at=LATE)
    assert not broken.escalations.filter(done_at=None).exists()
