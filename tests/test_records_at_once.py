"""Whoever may change a record is asked again under its lock: it may have become another's while they waited."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from funnel.models import Opportunity
from teams.models import Role
from tests.test_records import ALL, NOBODYS, OWN, VERBS, People, Verb, state

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"


def in_another_connection(act: Callable[[], int]) -> int:
    try:
        return act()
    finally:
        connections.close_all()


def wait_until_blocked(asked: Future[int]) -> None:
    """Until it waits for our transaction, or is done without waiting."""
    waits = False
    with connection.cursor() as cursor:
        while not waits and not asked.done():
            time.sleep(0.01)
            cursor.execute(WAITS)
            (waits,) = cursor.fetchone()


def changed_when_it_became_anothers(verb: Verb, role: Role, relation: str, pool: ThreadPoolExecutor) -> int:
    """The status of the answer to who asked to change it just before."""
    people = People.around(role)
    Opportunity.objects.update(external_id="")
    record = verb.make(people.owner(relation))
    with transaction.atomic():
        type(record).objects.filter(pk=record.pk).update(owner=people.stranger)
        after = state(record)
        asked = pool.submit(in_another_connection, lambda: verb.call(record, people.person))
        wait_until_blocked(asked)
    status = asked.result(30)
    assert (status == 403) == (state(record) == after)
    return status


@pytest.mark.parametrize(("role", "relation"), [(Role.REP, OWN), (Role.MARKETER, NOBODYS)])
def test_who_waits_while_a_record_becomes_anothers_changes_nothing(role: Role, relation: str) -> None:
    concerned = [verb for verb in VERBS if relation in verb.may.get(role, ()) and verb.may[role] != ALL]
    with ThreadPoolExecutor(1) as pool:
        answers = [(verb.name, changed_when_it_became_anothers(verb, role, relation, pool)) for verb in concerned]
    assert answers == [(verb.name, 403) for verb in concerned]
    assert len(answers) > 5
