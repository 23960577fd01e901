"""Imports beside others, and imports whose worker is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, connections

from history import leases
from history.models import Lease
from leads.importing.engine import jobs, running
from leads.importing.engine.jobs import run_unfinished
from leads.models import Activity, Company, Identity, Import, Lead
from leads.registering.registration import register
from tests import make
from tests.leads.importing.importing import job, source_of

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NOW = make.MONDAY_9AM


def in_threads(*works: Any) -> None:
    start = Barrier(len(works))

    def each(work: Any) -> None:
        try:
            start.wait()
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(each, works))


def test_files_and_people_that_bring_the_same_leads_at_once_make_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 10)
    text = "mail,id,firm\n" + "".join(f"m{n}@x.example,{n},Firm {n % 3}\n" for n in range(1, 41))
    mapping = {"mail": "email", "id": "external_id", "firm": "company.name"}
    both = [job("leads", text, mapping, system=f"s{number}") for number in range(2)]

    def by_file(made: Import) -> Any:
        return lambda: running.import_file(made, source_of(text), at=NOW)

    def by_hand() -> None:
        for n in reversed(range(1, 41)):
            register({"email": f"M{n}@x.example", "company.name": f"Firm {n % 3}"}, at=NOW)

    in_threads(by_file(both[0]), by_file(both[1]), by_hand)
    assert Lead.objects.count() == 40
    assert Company.objects.count() == 3
    assert Identity.objects.count() == 80
    for made in both:
        made.refresh_from_db()
        assert (made.status, made.rejected, made.created + made.updated + made.unchanged) == ("done", 0, 40)


def test_a_database_that_goes_away_interrupts_an_import_and_fails_it_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 5)
    made = job("leads", "mail\n" + "".join(f"m{n}@x.example\n" for n in range(20)), {"mail": "email"})
    whole, batches = running.Run._batch, iter(range(100))

    def until_it_goes(self: Any, some: Any) -> None:
        if next(batches) == 2:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        whole(self, some)

    monkeypatch.setattr(running.Run, "_batch", until_it_goes)
    with pytest.raises((OperationalError, InterfaceError)):
        run_unfinished()
    connection.close()
    made.refresh_from_db()
    assert (made.status, made.created) == (Import.Status.RUNNING, 10)
    assert run_unfinished() == 1
    made.refresh_from_db()
    assert (made.status, made.created, made.unchanged) == (Import.Status.DONE, 20, 0)


def test_a_killed_worker_loses_nothing_and_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 20)
    monkeypatch.setattr(leases, "TIMEOUT", timedelta(seconds=1))
    for n in range(5):
        register({"email": f"m{n}@x.example"}, at=NOW)
    text = "mail,what,when\n" + "".join(f"m{n % 5}@x.example,call,2026-11-0{1 + n % 2}\n" for n in range(1000))
    mapping = {"mail": "lead.email", "what": "kind", "when": "occurred_at"}
    made = job("activities", text, mapping)
    Import.objects.filter(pk=made.pk).update(status=Import.Status.QUEUED)
    connections.close_all()
    worker = os.fork()
    if not worker:
        try:
            run_unfinished()
        finally:
            os._exit(0)
    begun = time.monotonic()
    while Import.objects.get(pk=made.pk).line == 0:
        assert time.monotonic() - begun < 30
        time.sleep(0.005)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    interrupted = Import.objects.get(pk=made.pk)
    assert interrupted.status == Import.Status.RUNNING
    assert 0 < interrupted.created < 1000
    # Nobody takes over from a worker who may be alive; one who is silent for too long has lost it.
    while not run_unfinished():
        assert time.monotonic() - begun < 60
        time.sleep(0.05)
    made.refresh_from_db()
    assert (made.status, made.created, made.unchanged, made.rejected) == ("done", 1000, 0, 0)
    assert Activity.objects.count() == 1000


def test_a_worker_who_lost_its_turn_imports_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 5)
    made = job("leads", "mail\n" + "".join(f"m{n}@x.example\n" for n in range(20)), {"mail": "email"})
    whole, batches = running.Run._batch, iter(range(100))

    def until_it_is_late(self: Any, some: Any) -> None:
        if next(batches) == 2:
            Lease.objects.update(holder="somebody else")
        whole(self, some)

    monkeypatch.setattr(running.Run, "_batch", until_it_is_late)
    with pytest.raises(leases.Lost):
        run_unfinished()
    made.refresh_from_db()
    assert (made.status, made.created, Lead.objects.count()) == (Import.Status.RUNNING, 10, 10)


def test_an_import_that_somebody_works_on_is_left_to_them() -> None:
    made = job("leads", "mail\na@x.example\n", {"mail": "email"})
    assert leases.acquire(f"import {made.pk}", "somebody else")
    assert run_unfinished() == 0
    leases.release(f"import {made.pk}", "somebody else")
    assert run_unfinished() == 1


def test_an_import_that_was_finished_while_it_waited_for_its_turn_is_not_begun_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job("leads", "mail\na@x.example\n", {"mail": "email"})

    @contextmanager
    def late(made: Import) -> Iterator[leases.Held]:
        Import.objects.filter(pk=made.pk).update(status=Import.Status.DONE)
        with running.turn_of(made) as turn:
            yield turn

    monkeypatch.setattr(jobs, "turn_of", late)
    assert run_unfinished() == 1
    assert not Lead.objects.exists()


def test_two_imports_of_one_system_take_turns_and_of_two_systems_do_not() -> None:
    here, there = (job("leads", "mail\na@x.example\n", {"mail": "email"}, system=name) for name in ("crm", "web"))
    with running.turn_of(here):
        with running.turn_of(there):
            assert leases.is_held("imports of crm")
            assert leases.is_held("imports of web")
        done: list[int] = []
        waiting = Thread(target=in_threads, args=[lambda: done.append(run_unfinished())])
        waiting.start()
        time.sleep(0.3)
        assert not done
        assert Import.objects.filter(status=Import.Status.RUNNING).count() == 2
    waiting.join()
    assert done == [2]
    assert Import.objects.filter(status=Import.Status.DONE).count() == 2
