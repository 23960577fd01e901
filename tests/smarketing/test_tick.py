"""The tick: asks for every task at its interval, whatever the clock on the wall says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

import psutil
import pytest
import redis
import time_machine
from celery import current_app
from django.conf import settings
from django.db import connection

from smarketing import env, tick
from smarketing.database import heartbeats
from smarketing.queue.celery import app
from smarketing.queue.schedule import SCHEDULE
from tests import make
from tests.site import MOST_WORKERS, WORKER, database_url, queue_database

TASK = "sla.tasks.advance"
# A queue that nobody else listens to.
ADDRESS = queue_database(2 * MOST_WORKERS - 1 - WORKER)


class Log:
    """What was done, by a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.done: list[float] = []
        self.broken = False

    def work(self) -> None:
        if self.broken:
            raise ConnectionError("nobody listens\n\tIs anybody there?\n")
        self.done.append(self.now)

    def recover(self) -> None:
        pass

    def pass_time(self, duties: list[tick.Duty], seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += min(tick.do_what_is_due(duties, lambda: self.now), end - self.now)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def queue() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(ADDRESS)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def process(queue: redis.Redis) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the tick over the database of the test and a queue of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        more = {"DATABASE_URL": database_url(connection.settings_dict["NAME"]), "REDIS_URL": ADDRESS}
        command = [sys.executable, "-m", "smarketing.tick", *arguments]
        started.append(subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ | more, stderr=subprocess.PIPE))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.communicate()


def test_every_task_of_the_schedule_is_there():
    app.loader.import_default_modules()
    assert {name for name in SCHEDULE if name not in app.tasks} == set()
    assert {name.split(".")[0] for name in SCHEDULE} >= {"sla", "integrations", "leads"}


def test_a_duty_is_done_at_once_and_then_at_its_interval(log: Log):
    log.pass_time([tick.Duty("task", 5, log.work, log.recover)], 11)
    assert log.done == [1000, 1005, 1010]


def test_what_fails_is_tried_again_soon_and_said_once(log: Log, caplog: pytest.LogCaptureFixture):
    duties = [tick.Duty("task", 60, log.work, log.recover)]
    log.broken = True
    log.pass_time(duties, 10)
    log.broken = False
    log.pass_time(duties, 3)
    assert log.done == [1010]
    assert [record.getMessage() for record in caplog.records] == [
        "task: nobody listens; trying again.",
        "task: done again.",
    ]


def test_one_that_fails_stops_no_other(log: Log):
    other = Log()
    other.broken = True
    log.pass_time([tick.Duty("a", 5, other.work, other.recover), tick.Duty("b", 5, log.work, log.recover)], 11)
    assert log.done == [1000, 1005, 1010]


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400)])
def test_the_clock_on_the_wall_may_jump(jump: timedelta, queue: redis.Redis):
    """By the monotonic clock itself: only the wall's is set."""
    asked = tick.Queue(ADDRESS)
    duties = [tick.Duty(TASK, 0.2, lambda: asked.ask_for(TASK, within=5), asked.close)]
    tick.do_what_is_due(duties)
    before = make.MONDAY_9AM
    with time_machine.travel(before, tick=True) as traveller:
        for _ in range(20):
            tick.time.sleep(tick.do_what_is_due(duties))
            traveller.move_to(before + jump)
    asked.close()
    assert 10 <= queue.llen(tick.QUEUE) <= 22


@pytest.mark.django_db
def test_a_worker_takes_what_it_asks_for(queue: redis.Redis):
    asked = tick.Queue(ADDRESS)
    asked.ask_for(TASK, within=5)
    asked.close()
    with current_app.connection_for_read(env.celery_address(ADDRESS)) as line:
        message = line.SimpleQueue(tick.QUEUE).get(timeout=5)
    assert message.headers["task"] == TASK
    assert message.payload[:2] == [[], {}]
    message.ack()


def test_what_nobody_took_before_it_was_asked_for_again_is_done_by_nobody(queue: redis.Redis):
    asked = tick.Queue(ADDRESS)
    duty = next(duty for duty in tick.duties(tick.Database({}), asked, {TASK: 5.0}) if duty.name == TASK)
    with time_machine.travel(make.MONDAY_9AM, tick=False):
        duty.work()
    asked.close()
    with current_app.connection_for_read(env.celery_address(ADDRESS)) as line:
        message = line.SimpleQueue(tick.QUEUE).get(timeout=5)
    assert message.headers["expires"] == (make.MONDAY_9AM + timedelta(seconds=5)).isoformat()
    message.ack()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_it_is_small_and_says_that_it_lives(process: Callable[..., subprocess.Popen[bytes]], queue: redis.Redis):
    running = process()
    for _ in range(100):
        if queue.llen(tick.QUEUE) >= len(SCHEDULE):
            break
        tick.time.sleep(0.1)
    with connection.cursor() as cursor:
        assert heartbeats.is_alive(cursor, tick.NAME)
    assert queue.llen(tick.QUEUE) == len(SCHEDULE)
    loaded = {os.path.basename(each.path) for each in psutil.Process(running.pid).memory_maps(grouped=True)}
    assert not any("pandas" in name or "numpy" in name for name in loaded)
    assert psutil.Process(running.pid).memory_full_info().pss < 30 * 1024 * 1024
    running.terminate()
    assert running.wait(10) == 0


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    ("age", "code"),
    [("0", 0), ("25 seconds", 0), ("31 seconds", 1), ("-1 hour", 1)],
    ids=["now", "late", "dead", "ahead"],
)
def test_the_check_ends_with_an_error_where_it_gave_no_sign(
    process: Callable[..., subprocess.Popen[bytes]], age: str, code: int
):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO smarketing_heartbeat VALUES ('tick', clock_timestamp() - %s::interval)", [age])
    running = process("--check")
    assert running.wait(30) == code
    said = running.stderr.read().decode()
    assert said == ("smarketing: the tick gave no sign of life within 30 s.\n" if code else "")


def test_it_starts_without_a_database_and_says_so_in_a_line(process: Callable[..., subprocess.Popen[bytes]]):
    command = [sys.executable, "-m", "smarketing.tick", "--check"]
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing", "REDIS_URL": ADDRESS}
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ | nowhere, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("smarketing: the database")
    assert "Traceback" not in done.stderr
