"""Behind a pooler in transaction mode each transaction may get another connection of the server: nothing that goes on
over several of them leans on what an earlier one left in its session.

No pooler comes as a Python package. `pooled` does to Django's connection what one does: each transaction, and each
statement outside of one, runs on the next of three connections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils.timezone import now

from leads.importing.pages.views import rejected_lines
from leads.models import Activity, Lead
from sla.flow import advancing, background
from sla.models import BegunDay
from tests.leads.importing.importing import bring, counts

# What a session may hold that its next user would find.
LEFT = """
SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
       (SELECT count(*) FROM pg_cursors WHERE is_holdable),
       (SELECT count(*) FROM pg_prepared_statements),
       (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'),
       (SELECT coalesce(array_agg(name::text), '{}') FROM pg_settings WHERE source = 'session')
"""
NOTHING: tuple[object, ...] = (0, 0, 0, 0, [])


class Pooler:
    def __init__(self) -> None:
        options = connection.get_connection_params()
        self.servers = [connection.get_new_connection(options) for _ in range(3)]
        for server in self.servers:
            server.autocommit = True
        self.turns = cycle(self.servers)
        self.used: set[int] = set()

    def take(self) -> Any:
        connection.connection = next(self.turns)
        self.used.add(id(connection.connection))
        return connection.connection

    def each_statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not connection.in_atomic_block:
            context["cursor"].cursor = self.take().cursor()
        return execute(sql, params, many, context)

    def left(self) -> list[tuple[Any, ...]]:
        found = []
        for server in self.servers:
            with server.cursor() as cursor:
                cursor.execute(LEFT)
                found.append(cursor.fetchone())
        return found


@pytest.fixture
def pooled(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pooler]:
    connection.ensure_connection()
    own = connection.connection
    pooler = Pooler()
    begin = connection.set_autocommit

    def set_autocommit(autocommit: bool, *args: Any, **more: Any) -> None:
        if not autocommit:
            pooler.take()
        begin(autocommit, *args, **more)

    monkeypatch.setattr(connection, "set_autocommit", set_autocommit)
    with connection.execute_wrapper(pooler.each_statement):
        yield pooler
    connection.connection = own
    for server in pooler.servers:
        server.close()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_import_the_flow_the_morning_and_prepare_leave_nothing_in_a_session(
    pooled: Pooler, monkeypatch: pytest.MonkeyPatch
):
    rows = "".join(f"lead{number}@example.com,Ann,Berg\n" for number in range(20))
    job, counted = bring("leads", f"email,given_name,family_name\n{rows}no address,Ann,Berg\n", at=now())
    assert counted == counts(created=20, rejected=1)
    assert "no address" in "".join(rejected_lines(job))
    text = "email,kind,occurred_at\n" + "".join(f"lead{n}@example.com,page_view,2026-01-05\n" for n in range(20))
    bring("activities", text, at=now())
    assert Activity.objects.count() == 20

    with background.running() as step:
        assert advancing.advance_all(step=step) == 20
        assert advancing.begin_day(step=step)
    assert BegunDay.objects.count() == 1

    with background.paused() as step, step():
        assert Lead.objects.count() == 20
    monkeypatch.setattr("history.management.commands.prepare.collect_what_changed", lambda: None)
    call_command("prepare", verbosity=0)

    assert len(pooled.used) == 3
    assert pooled.left() == [NOTHING] * 3


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_left_in_a_session_is_found(pooled: Pooler):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7)")
        cursor.execute("SET synchronous_commit = 'local'")
        cursor.execute("CREATE TEMP TABLE eggs (id integer)")
    assert [row == NOTHING for row in pooled.left()] == [False, False, False]
    for server in pooled.servers:
        with server.cursor() as cursor:
            cursor.execute("DISCARD ALL")
