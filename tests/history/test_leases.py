"""A lease has one holder, who loses it by being silent: dead, cut off, or stopped for a while."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models.functions import Now

from history import leases
from history.leases import Lost, Taken, acquire, hold, is_held, release, renew
from history.models import Change, Lease

T = TypeVar("T")


def silent_for(name: str, **time: float) -> None:
    Lease.objects.filter(name=name).update(heartbeat_at=Now() - timedelta(**time))


def elsewhere(act: Callable[[], T]) -> T:
    """What somebody else gets who does it now, with a connection of their own."""

    def with_own_connection() -> T:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(with_own_connection).result(30)


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds
        time.sleep(0.02)


# The verbs


@pytest.mark.django_db
class TestVerbs:
    def test_one_holder_at_a_time(self):
        assert acquire("morning", "a")
        assert not acquire("morning", "b")
        assert acquire("evening", "b")
        assert is_held("morning")

    def test_it_is_free_again_when_it_is_released(self):
        acquire("morning", "a")
        release("morning", "a")
        assert not is_held("morning")
        assert acquire("morning", "b")

    def test_only_the_holder_releases_and_renews(self):
        acquire("morning", "a")
        release("morning", "b")
        assert not renew("morning", "b")
        assert renew("morning", "a")
        assert Lease.objects.get().holder == "a"

    def test_a_heartbeat_moves_the_heartbeat_alone(self):
        acquire("morning", "a")
        silent_for("morning", seconds=30)
        before = Lease.objects.get()
        renew("morning", "a")
        after = Lease.objects.get()
        assert after.heartbeat_at > before.heartbeat_at
        assert after.acquired_at == before.acquired_at

    # Before 0: dated ahead, by the clock of before it was set back.
    @pytest.mark.parametrize(
        ("seconds", "taken_over"),
        [(0, False), (59, False), (61, True), (3600, True), (-59, False), (-61, True), (-3600, True)],
    )
    def test_a_silent_holder_loses_it_after_a_minute(self, seconds: int, taken_over: bool):
        acquire("morning", "a")
        silent_for("morning", seconds=seconds)
        assert acquire("morning", "b") is taken_over
        assert renew("morning", "a") is not taken_over
        assert str(Lease.objects.get()) == f"morning: {'b' if taken_over else 'a'}"

    @pytest.mark.parametrize(("seconds", "held"), [(59, True), (61, False)])
    def test_whoever_asks_takes_it_from_a_silent_holder(self, seconds: int, held: bool):
        acquire("machine", "a")
        silent_for("machine", seconds=seconds)
        assert is_held("machine") is held
        assert renew("machine", "a") is held

    def test_a_holder_who_was_slow_goes_on_where_nobody_asked(self):
        acquire("morning", "a")
        silent_for("morning", hours=1)
        assert renew("morning", "a")
        assert not acquire("morning", "b")

    def test_asking_for_what_nobody_holds_is_one_query(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert not is_held("machine")


# Held for a while


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestHolding:
    def test_it_is_held_meanwhile_and_released_afterwards(self):
        with hold("morning") as lease:
            assert is_held("morning")
            assert lease.holder.split()[1] == str(os.getpid())
            with pytest.raises(Taken), hold("morning"):
                pass
        assert not is_held("morning")

    def test_it_is_released_when_the_work_fails(self):
        with pytest.raises(LookupError), hold("morning"):
            raise LookupError
        assert not is_held("morning")

    def test_a_lost_connection_does_not_keep_it_from_being_released(self):
        with pytest.raises(OperationalError), hold("morning"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        connection.close()
        assert not is_held("morning")

    def test_its_heart_beats_while_it_is_held(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(leases, "TIMEOUT", timedelta(seconds=0.4))
        with hold("morning"):
            time.sleep(1)
            assert not elsewhere(lambda: acquire("morning", "b"))
            first = Lease.objects.get().heartbeat_at
            until(lambda: Lease.objects.get().heartbeat_at > first)

    def test_a_heartbeat_that_fails_is_tried_again(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(leases, "TIMEOUT", timedelta(seconds=0.4))
        beats = iter([OperationalError("gone"), OperationalError("gone")])
        real = renew

        def unreliable(name: str, holder: str) -> bool:
            if problem := next(beats, None):
                raise problem
            return real(name, holder)

        monkeypatch.setattr(leases, "renew", unreliable)
        with hold("morning"):
            first = Lease.objects.get().heartbeat_at
            until(lambda: Lease.objects.get().heartbeat_at > first)

    def test_who_waits_gets_it_when_it_is_released(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(leases, "POLL_SECONDS", 0.02)
        order: list[str] = []

        def second() -> None:
            with hold("morning", waits=True):
                order.append("second")

        with ThreadPoolExecutor(1) as pool:
            with hold("morning"):
                waiting = pool.submit(second)
                time.sleep(0.2)
                order.append("first")
            waiting.result(30)
        assert order == ["first", "second"]

    def test_of_many_who_come_at_once_one_gets_it(self):
        start, tried = Barrier(8), Barrier(8)

        def come(_: int) -> bool:
            start.wait(30)
            try:
                with hold("morning"):
                    tried.wait(30)
                    return True
            except Taken:
                tried.wait(30)
                return False

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(come, range(8))) == 1
        assert not Lease.objects.exists()

    def test_many_who_wait_are_at_it_one_after_the_other(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(leases, "POLL_SECONDS", 0.01)
        at_it: list[int] = []

        def work(number: int) -> None:
            with hold("morning", waits=True):
                at_it.append(number)
                time.sleep(0.02)
                assert at_it[-1] == number

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
        assert sorted(at_it) == list(range(6))


# Its steps


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestSteps:
    def test_a_step_is_a_transaction(self):
        with hold("morning") as lease:
            with lease.step():
                write("one")
                transaction.set_rollback(True)
            with lease.step():
                write("two")
        assert written() == ["two"]

    def test_who_lost_it_writes_nothing_any_more(self):
        with hold("morning") as lease:
            with lease.step():
                write("before")
            silent_for("morning", seconds=61)
            assert elsewhere(lambda: acquire("morning", "b"))
            with pytest.raises(Lost), lease.step():
                write("after")
        assert written() == ["before"]
        assert Lease.objects.get().holder == "b"

    def test_nobody_takes_over_in_the_middle_of_a_step(self):
        with hold("morning") as lease:
            with lease.step():
                elsewhere(lambda: silent_for("morning", seconds=61))
                assert not elsewhere(lambda: acquire("morning", "b"))
                assert elsewhere(lambda: is_held("morning"))
            assert elsewhere(lambda: acquire("morning", "b"))

    def test_its_heart_beats_in_the_middle_of_a_step(self):
        with hold("morning") as lease, lease.step():
            assert elsewhere(lambda: renew("morning", lease.holder))


def write(how: str) -> None:
    Change.objects.create(subject="lease", subject_id=1, field="step", how=how)


def written() -> list[str]:
    return list(Change.objects.order_by("pk").values_list("how", flat=True))


# In a transaction of somebody else's


@pytest.mark.django_db
class TestInATransaction:
    def test_it_lives_and_dies_with_the_transaction(self):
        with transaction.atomic():
            with hold("morning") as lease, lease.step():
                assert is_held("morning")
                assert not elsewhere(lambda: Lease.objects.exists())
            assert not is_held("morning")
        with pytest.raises(Taken), hold("morning"), hold("morning"):
            pass

    def test_what_breaks_the_transaction_is_what_is_told(self):
        with pytest.raises(Exception, match="division by zero"), transaction.atomic(), hold("morning"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        assert not is_held("morning")


# Killed, and stopped


@contextmanager
def process(work: Callable[[], None]) -> Iterator[int]:
    """Somebody else's process, killed in the end."""
    connections.close_all()
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def steps_for_ever(between: Callable[[int], object] = lambda nth: None) -> None:
    with hold("morning") as lease:
        for nth in count(1):
            with lease.step():
                write(lease.holder)
            between(nth)


def stop_after_the_third(nth: int) -> None:
    if nth == 3:
        os.kill(os.getpid(), signal.SIGSTOP)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestOtherProcesses:
    def test_a_killed_holder_keeps_it_until_the_time_is_up(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(leases, "TIMEOUT", timedelta(seconds=2))
        with process(steps_for_ever) as holder:
            until(lambda: len(written()) > 3)
            os.kill(holder, signal.SIGKILL)
            killed = time.monotonic()
            assert not acquire("morning", "next")
            until(lambda: acquire("morning", "next"))
            # The last heartbeat was at most half a second before.
            assert time.monotonic() - killed > 1

    def test_who_waits_takes_over_from_a_killed_holder(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(leases, "TIMEOUT", timedelta(seconds=1))
        with process(steps_for_ever) as holder:
            until(lambda: bool(written()))
            os.kill(holder, signal.SIGKILL)
            with hold("morning", waits=True) as lease, lease.step():
                write("next")
        assert written()[-1] == "next"

    def test_a_holder_who_was_stopped_for_too_long_writes_nothing_when_it_goes_on(
        self, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(leases, "TIMEOUT", timedelta(seconds=1))
        with process(partial(steps_for_ever, stop_after_the_third)) as holder:
            until(lambda: acquire("morning", "next") if len(written()) == 3 else False)
            os.kill(holder, signal.SIGCONT)
            until(lambda: has_ended(holder))
            assert len(written()) == 3
        assert Lease.objects.get().holder == "next"
