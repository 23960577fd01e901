"""Locks are held by transactions, waited for or not, and end with them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import sleep

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from smarketing.database.locks import SCORES, Lock, acquire_named, acquire_ranges
from tests.others import Others

pytestmark = pytest.mark.django_db


@pytest.fixture
def others() -> Iterator[Others]:
    with ThreadPoolExecutor(4) as pool:
        yield Others(pool)


def test_the_numbers_are_all_different():
    numbers = [*Lock, SCORES]
    assert len(set(map(int, numbers))) == len(numbers) == len(Lock.__members__) + 1


@pytest.mark.parametrize("act", [Lock.OFFERING.acquire, Lock.OFFERING.try_acquire, lambda: acquire_named("one")])
def test_it_is_taken_in_a_transaction_or_not_at_all(act: Callable[[], object], others: Others):
    with pytest.raises(RuntimeError, match="transaction"):
        others.pool.submit(act).result(10)


def test_one_who_comes_second_waits_until_the_first_transaction_ends(others: Others):
    let_go = others.hold(Lock.OFFERING.acquire)
    second = others.do(Lock.OFFERING.acquire)
    sleep(0.2)
    assert not second.done()
    let_go()
    assert second.result(10) is None


def test_who_only_tries_is_told(others: Others):
    let_go = others.hold(Lock.OFFERING.acquire)
    assert others.do(Lock.OFFERING.try_acquire).result(10) is False
    let_go()
    assert others.do(Lock.OFFERING.try_acquire).result(10) is True


def test_those_who_share_do_not_wait_for_each_other_but_for_who_takes_it_whole(others: Others):
    let_go = others.hold(lambda: Lock.COMPANIES.acquire(shared=True))
    assert others.do(lambda: Lock.COMPANIES.try_acquire(shared=True)).result(10) is True
    assert others.do(Lock.COMPANIES.try_acquire).result(10) is False
    let_go()
    let_go = others.hold(Lock.COMPANIES.acquire)
    assert others.do(lambda: Lock.COMPANIES.try_acquire(shared=True)).result(10) is False
    let_go()


def test_two_locks_have_nothing_to_do_with_each_other(others: Others):
    let_go = others.hold(Lock.OFFERING.acquire)
    assert others.do(Lock.ATTAINMENT.try_acquire).result(10) is True
    let_go()


def test_a_lock_ends_with_a_transaction_that_fails(others: Others):
    def fail() -> None:
        Lock.OFFERING.acquire()
        raise LookupError

    with pytest.raises(LookupError):
        others.do(fail).result(10)
    assert others.do(Lock.OFFERING.try_acquire).result(10) is True


def test_a_lock_ends_with_a_connection_that_is_gone(others: Others):
    def vanish() -> None:
        Lock.OFFERING.acquire()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    assert others.do(vanish).exception(10) is not None
    others.do(Lock.OFFERING.acquire).result(10)


def test_each_name_is_a_lock_of_its_own(others: Others):
    let_go = others.hold(lambda: acquire_named("company acme"))
    others.do(lambda: acquire_named("company other")).result(10)
    waiting = others.do(lambda: acquire_named("company acme"))
    sleep(0.2)
    assert not waiting.done()
    let_go()
    waiting.result(10)


def test_ranges_are_held_one_by_one_and_shared_or_whole(others: Others):
    let_go = others.hold(lambda: acquire_ranges([3, 1, 1], shared=True))
    others.do(lambda: acquire_ranges([1, 2, 3], shared=True)).result(10)
    others.do(lambda: acquire_ranges([2])).result(10)
    waiting = others.do(lambda: acquire_ranges([3]))
    sleep(0.2)
    assert not waiting.done()
    let_go()
    waiting.result(10)


def test_several_ranges_are_taken_by_one_statement(django_assert_num_queries: DjangoAssertNumQueries):
    with transaction.atomic(), connection.cursor() as cursor:
        with django_assert_num_queries(1):
            acquire_ranges([9, 2, 5])
        cursor.execute("SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1")
        assert [number for (number,) in cursor.fetchall()] == [2, 5, 9]


def test_many_who_take_overlapping_ranges_all_get_through(others: Others):
    """Each takes them in order: nobody waits in a circle."""
    tries = [others.do(partial(acquire_ranges, [n % 3, (n * 5) % 7, (n * 3) % 4])) for n in range(40)]
    for each in tries:
        each.result(30)
