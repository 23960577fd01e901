"""A program that the supervisor keeps running."""

from __future__ import annotations

import os
import sys
import time

import psutil

from smarketing.supervisor.children import Child, session_of


def end_and_wait(child: Child) -> int:
    """Let it end by itself; return the seconds until it is started again."""
    child.start()
    assert child.process is not None
    child.process.wait()
    child.look_after()
    return round(child.start_again_at - time.monotonic())


def test_what_ends_soon_after_its_start_is_started_again_ever_later() -> None:
    child = Child("It", [sys.executable, "-c", ""], dict(os.environ))
    assert [end_and_wait(child) for _time in range(7)] == [1, 3, 7, 15, 30, 30, 30]


def test_what_ran_for_more_than_a_minute_is_started_again_at_once() -> None:
    child = Child("It", [sys.executable, "-c", ""], dict(os.environ), failures=5)
    child.start()
    child.started_at -= 61
    assert child.process is not None
    child.process.wait()
    child.look_after()
    assert child.start_again_at <= time.monotonic()
    child.look_after()
    assert child.process is not None
    child.process.wait()


def test_a_number_that_belongs_to_another_program_by_now_is_left_alone() -> None:
    child = Child("It", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ))
    child.start()
    assert child.process is not None
    born = psutil.Process(child.process.pid).create_time()
    try:
        assert [each.pid for each in session_of(child.process.pid, born)] == [child.process.pid]
        assert session_of(child.process.pid, born - 60) == []
        assert session_of(child.process.pid, born + 60) == []
    finally:
        child.ask_to_stop()
        child.stop(time.monotonic() + 10)
