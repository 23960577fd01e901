"""What one item breaks in a batch stands alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from django.db import OperationalError

from smarketing.database.isolating import MOST_ALONE, is_nobodys_fault, isolate

pytestmark = pytest.mark.django_db


def breaks_on(*broken: int) -> tuple[list[int], Callable[[Sequence[int]], None]]:
    done: list[int] = []

    def work(some: Sequence[int]) -> None:
        if set(some) & set(broken):
            raise ValueError(some)
        done.extend(some)

    return done, work


@pytest.mark.parametrize("broken", [[], [0], [99], [17, 18], [0, 50, 99]])
def test_the_others_are_done_once_and_in_their_order(broken: list[int]):
    done, work = breaks_on(*broken)
    assert isolate(range(100), work) == broken
    assert done == [n for n in range(100) if n not in broken]


def test_nothing_needs_no_work():
    _done, work = breaks_on()
    assert isolate([], work) == []


def test_one_in_thousands_costs_a_few_attempts():
    attempts = []

    def work(some: Sequence[int]) -> None:
        attempts.append(some)
        if 1234 in some:
            raise ValueError

    isolate(range(4096), work)
    assert len(attempts) <= 2 * 12 + 1


def test_where_everything_fails_not_everything_is_tried_alone():
    attempts = []

    def work(some: Sequence[int]) -> None:
        attempts.append(some)
        raise ValueError

    assert sorted(isolate(range(4096), work)) == list(range(4096))
    assert len(attempts) < 4 * MOST_ALONE


def test_an_outage_of_the_database_is_nobody_s_fault():
    def work(some: Sequence[int]) -> None:
        raise OperationalError

    with pytest.raises(OperationalError):
        isolate([1, 2], work)


def test_what_is_too_large_for_the_database_is_the_fault_of_its_row():
    class TooLong(Exception):
        pgcode = "54000"

    problem = OperationalError()
    problem.__cause__ = TooLong()
    assert not is_nobodys_fault(problem)
    assert is_nobodys_fault(OperationalError())
