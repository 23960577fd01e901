"""Preparing: two that start at once do so one after the other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from history import leases
from history.management.commands import prepare
from history.management.commands.prepare import PREPARING, one_at_a_time
from history.models import Lease
from smarketing.database.locks import Lock

pytestmark = pytest.mark.django_db


def holds_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND (classid::bigint << 32) + objid::bigint = %s",
            [int(Lock.PREPARING)],
        )
        return bool(cursor.fetchone()[0])


def test_the_second_waits_for_the_first():
    order: list[str] = []
    begun, done = Event(), Event()

    def first() -> None:
        with one_at_a_time():
            begun.set()
            done.wait(30)
            order.append("first")

    def second() -> None:
        with one_at_a_time():
            order.append("second")

    with ThreadPoolExecutor(2) as pool:
        preparing = pool.submit(first)
        assert begun.wait(30)
        waiting = pool.submit(second)
        time.sleep(0.3)
        assert order == []
        done.set()
        preparing.result(30)
        waiting.result(30)
    assert order == ["first", "second"]


def test_it_is_held_by_a_connection_of_its_own_that_is_closed_afterwards():
    with one_at_a_time():
        assert holds_lock()
        assert connections[PREPARING].in_atomic_block
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    assert not holds_lock()
    assert PREPARING not in [each.alias for each in connections.all(initialized_only=True)]


def test_it_ends_when_preparing_fails():
    with pytest.raises(LookupError), one_at_a_time():
        raise LookupError
    assert not holds_lock()


def test_it_ends_with_its_connection():
    with pytest.raises(Exception, match="terminat|closed"), one_at_a_time():
        with connections[PREPARING].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert not holds_lock()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_silent_holder_is_taken_over_and_a_live_one_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leases, "TIMEOUT", timedelta(seconds=2))
    holders: list[str] = []
    monkeypatch.setattr(prepare, "compile_translations", lambda: None)
    monkeypatch.setattr(prepare, "collect_what_changed", lambda: holders.append(Lease.objects.get().holder))
    Lease.objects.create(name=prepare.LEASE, holder="killed")
    begun, said = time.monotonic(), StringIO()
    call_command("prepare", stderr=said, verbosity=0)
    assert time.monotonic() - begun > 1
    assert "waiting for it" in said.getvalue()
    (holder,) = holders
    assert holder != "killed"
    assert not Lease.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_was_taken_over_while_it_worked_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prepare, "compile_translations", lambda: Lease.objects.update(holder="another") and None)
    monkeypatch.setattr(prepare, "migrate", lambda verbosity: pytest.fail("It went on."))
    with pytest.raises(CommandError, match="took over"):
        call_command("prepare", verbosity=0)
    assert Lease.objects.get().holder == "another"
    Lease.objects.all().delete()
