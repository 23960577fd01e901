"""Token buckets in the queue server."""

from __future__ import annotations

from uuid import uuid4

import pytest
import time_machine
from django.core.cache import caches
from pytest_django import Settings

from smarketing.api.buckets import Allowance, Taken, take

SLOWLY = Allowance(3, 3600)


def test_so_many_pass_at_once_and_no_more() -> None:
    name = uuid4().hex
    taken = [take(name, SLOWLY) for _time in range(5)]
    assert [each and each.passes for each in taken] == [True, True, True, False, False]
    assert [each and int(each.left) for each in taken] == [2, 1, 0, 0, 0]
    last = taken[-1]
    assert last
    assert 1190 <= last.next_in <= 1200
    assert 3590 <= last.full_in <= 3600


def test_each_has_a_bucket_of_its_own() -> None:
    names = [uuid4().hex, uuid4().hex]
    for _time in range(3):
        take(names[0], SLOWLY)
    passed = [(taken := take(name, SLOWLY)) and taken.passes for name in names]
    assert passed == [False, True]


def test_a_bucket_fills_by_the_server_s_clock() -> None:
    name = uuid4().hex
    quickly = Allowance(1, 1)
    assert take(name, quickly)
    with time_machine.travel("2020-01-01"):
        taken = take(name, quickly)
    assert taken
    assert (taken.passes, taken.next_in) == (False, 1)
    client = caches["default"]._cache.get_client(None, write=True)
    client.hset(f"bucket:{name}", "at", float(client.hget(f"bucket:{name}", "at")) - 5)
    again = take(name, quickly)
    assert again
    assert (again.passes, again.left) == (True, 0)
    assert 0 < client.ttl(f"bucket:{name}") <= 2


def test_without_the_server_nobody_is_held_back(settings: Settings) -> None:
    nowhere = {"LOCATION": "redis://127.0.0.1:1/0", "OPTIONS": {"socket_connect_timeout": 0.2}}
    settings.CACHES = {"default": settings.CACHES["default"] | nowhere}
    assert take("a", SLOWLY) is None


@pytest.mark.parametrize(("left", "full_in", "next_in"), [(0.0, 60, 1), (0.5, 60, 1), (600.0, 0, 1), (599.0, 1, 1)])
def test_waiting_is_told_in_whole_seconds(left: float, full_in: int, next_in: int) -> None:
    taken = Taken(Allowance(600, 60), passes=True, left=left)
    assert (taken.full_in, taken.next_in) == (full_in, next_in)
