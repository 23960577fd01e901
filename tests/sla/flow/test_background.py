"""Whoever pauses background work works alone: steps under way finish first, and tasks leave the rest for afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connections, transaction
from django.db.models.functions import Now

from history import leases
from history.models import Lease
from integrations.tasks import deliver
from leads.models import PendingReevaluation
from sla import tasks
from sla.flow import advancing, background
from sla.models import BegunDay, Handoff
from sla.reviews import reviewing
from teams.models import Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


class Others:
    """Other workers, each with a connection of their own."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool

    def do(self, work: Callable[[], object]) -> Future[object]:
        def with_own_connection() -> object:
            try:
                return work()
            finally:
                connections.close_all()

        return self.pool.submit(with_own_connection)


@pytest.fixture
def others() -> Iterator[Others]:
    with ThreadPoolExecutor(4) as pool:
        yield Others(pool)


def test_pausing_waits_for_the_step_that_is_under_way(others: Others):
    order: list[str] = []
    begun, done = Event(), Event()

    def work() -> None:
        with background.running() as step, step():
            begun.set()
            done.wait(30)
            order.append("worked")

    def pause() -> None:
        with background.paused():
            order.append("paused")

    working = others.do(work)
    assert begun.wait(30)
    pausing = others.do(pause)
    time.sleep(0.3)
    assert order == []
    done.set()
    working.result(30)
    pausing.result(30)
    assert order == ["worked", "paused"]


def test_a_worker_stops_after_the_step_in_which_it_is_paused(others: Others):
    steps: list[int] = []
    paused, done = Event(), Event()

    def pause() -> None:
        with background.paused():
            paused.set()
            done.wait(30)

    with background.running() as step:
        with step():
            steps.append(1)
        pausing = others.do(pause)
        assert paused.wait(30)
        with step():
            steps.append(2)
    assert steps == [1]
    done.set()
    pausing.result(30)
    with background.running() as step, step():
        steps.append(3)
    assert steps == [1, 3]


def test_workers_do_not_keep_each_other_from_working(others: Others):
    def work() -> bool:
        with background.running() as step, step():
            return True
        return False

    with background.running() as step, step():
        assert others.do(work).result(30) is True


def test_other_problems_of_a_worker_are_told():
    with pytest.raises(LookupError), background.running() as step, step():
        raise LookupError


@pytest.mark.parametrize(
    "task",
    [
        tasks.advance,
        tasks.offer_waiting,
        tasks.sweep_timers,
        tasks.watch_proposal,
        tasks.begin_day,
        tasks.compute_attainment,
        tasks.fill_past,
        deliver,
    ],
)
def test_no_task_writes_anything_while_it_is_paused(task: Callable[[], None], others: Others):
    lead = make.mql()
    make.agreement(receiving=make.team(Team.Kind.SALES))
    PendingReevaluation.objects.create(lead=lead, due_at=MONDAY_9AM)
    with background.paused() as step:
        others.do(task).result(30)
        with step():
            assert PendingReevaluation.objects.exists()
            assert not BegunDay.objects.exists()
            assert not Handoff.objects.exists()


def test_after_a_killed_holder_work_goes_on_in_a_minute():
    assert leases.acquire(background.LEASE, "somebody who was killed")
    worked = []
    with background.running() as step, step():
        worked.append("too soon")
    Lease.objects.update(heartbeat_at=Now() - timedelta(seconds=61))
    with background.running() as step, step():
        worked.append("in time")
    assert worked == ["in time"]
    assert not Lease.objects.exists()


def test_whoever_paused_it_and_lost_the_lease_goes_on_no_more(others: Others):
    with background.paused() as step:
        Lease.objects.update(heartbeat_at=Now() - timedelta(seconds=61))
        others.do(tasks.advance).result(30)
        with pytest.raises(leases.Lost), step():
            pass


# The nightly pass


def test_the_nightly_pass_has_one_worker(others: Others, monkeypatch: pytest.MonkeyPatch):
    begun, done = Event(), Event()

    def slowly(*, at: object) -> None:
        begun.set()
        done.wait(30)

    monkeypatch.setattr(reviewing, "begin_day", slowly)
    first = others.do(lambda: advancing.begin_day(at=MONDAY_9AM))
    assert begun.wait(30)
    assert advancing.begin_day(at=MONDAY_9AM) is False
    done.set()
    assert first.result(30) is True
    assert BegunDay.objects.count() == 1


def test_a_nightly_pass_that_failed_is_done_again(monkeypatch: pytest.MonkeyPatch):
    def fail(*, at: object) -> None:
        raise LookupError

    with monkeypatch.context() as patched:
        patched.setattr(reviewing, "begin_day", fail)
        with pytest.raises(LookupError):
            advancing.begin_day(at=MONDAY_9AM)
    assert not BegunDay.objects.exists()
    assert advancing.begin_day(at=MONDAY_9AM) is True


def test_a_worker_that_lost_the_nightly_pass_writes_nothing_more(others: Others, monkeypatch: pytest.MonkeyPatch):
    make.lead()
    make.lead()
    passed: list[list[int]] = []
    monkeypatch.setattr(advancing, "DAY_BATCH", 1)
    monkeypatch.setattr(advancing, "run_flow", lambda lead_ids, at, news=None: passed.append(lead_ids))

    def take_over() -> None:
        Lease.objects.update(heartbeat_at=Now() - timedelta(seconds=61))
        assert leases.acquire(advancing.LEASE, "next")

    def step() -> transaction.Atomic:
        if passed:
            others.do(take_over).result(30)
        return transaction.atomic()

    with pytest.raises(leases.Lost):
        advancing.begin_day(at=MONDAY_9AM, step=step)
    assert len(passed) == 1
    assert not BegunDay.objects.exists()
