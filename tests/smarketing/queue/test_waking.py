import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from smarketing.env import celery_address
from smarketing.queue import waking
from smarketing.queue.celery import app
from smarketing.queue.waking import COALESCE_SECONDS, QueueConnection, wake
from smarketing.saying import Trouble
from tests.site import queue_url

TASK = "tests.nothing"


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """A queue that no worker listens to."""
    QueueConnection.close()
    monkeypatch.setattr(app.conf, "broker_write_url", celery_address(queue_url()))
    with redis.Redis.from_url(queue_url()) as here:
        here.flushdb()
        yield here
        here.flushdb()
    QueueConnection.close()


def asked_for(queue: redis.Redis) -> list[str]:
    return [headers["task"] for headers in asked(queue)]


def asked(queue: redis.Redis) -> list[dict[str, Any]]:
    return [json.loads(message)["headers"] for message in queue.lrange("celery", 0, -1)]


@pytest.mark.django_db
def test_a_bell_is_heard_after_the_commit_and_not_before(
    queue: redis.Redis, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as committed, transaction.atomic():
        wake(TASK)
    assert asked_for(queue) == []
    for callback in committed:
        callback()
    assert asked_for(queue) == [TASK]


def test_the_first_call_is_heard_at_once_and_those_of_the_next_moment_are_one_after_it(queue: redis.Redis) -> None:
    for _ in range(5):
        QueueConnection.wake(TASK)
    later, at_once = asked(queue)
    assert (at_once["eta"], later["task"]) == (None, TASK)
    assert later["eta"] is not None
    time.sleep(COALESCE_SECONDS * 2)
    QueueConnection.wake(TASK)
    assert asked(queue)[0]["eta"] is None
    assert asked_for(queue) == [TASK] * 3


def test_calls_for_different_tasks_are_different(queue: redis.Redis) -> None:
    QueueConnection.wake(TASK)
    QueueConnection.wake("tests.something")
    assert sorted(asked_for(queue)) == [TASK, "tests.something"]


def test_a_call_that_nobody_hears_is_soon_over_and_only_logged(
    queue: redis.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(waking, "away", Trouble())
    nowhere = f"unix://:x@{Path(settings.VAR_DIR) / 'nowhere.sock'}?db=0"
    monkeypatch.setattr(app.conf, "broker_write_url", celery_address(nowhere))
    began = time.monotonic()
    QueueConnection.wake(TASK)
    assert time.monotonic() - began < 1
    assert "could not be woken" in caplog.text
    # One line an outage, and one when it is over.
    QueueConnection.wake(TASK)
    monkeypatch.setattr(app.conf, "broker_write_url", celery_address(queue_url()))
    QueueConnection.wake(TASK)
    QueueConnection.wake(TASK)
    assert [record.getMessage() for record in caplog.records[1:]] == ["The queue can be woken again."]
