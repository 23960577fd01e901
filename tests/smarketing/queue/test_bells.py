import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from smarketing.env import celery_address
from smarketing.queue.bells import TOGETHER, Bell, ring
from smarketing.queue.celery import app
from tests.site import queue_url

TASK = "tests.nothing"


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """A queue that no worker listens to."""
    Bell.hang_up()
    monkeypatch.setattr(app.conf, "broker_write_url", celery_address(queue_url()))
    with redis.Redis.from_url(queue_url()) as here:
        here.flushdb()
        yield here
        here.flushdb()
    Bell.hang_up()


def rung(queue: redis.Redis) -> list[str]:
    return [json.loads(message)["headers"]["task"] for message in queue.lrange("celery", 0, -1)]


@pytest.mark.django_db
def test_a_bell_is_heard_after_the_commit_and_not_before(
    queue: redis.Redis, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as committed, transaction.atomic():
        ring(TASK)
    assert rung(queue) == []
    for callback in committed:
        callback()
    assert rung(queue) == [TASK]


def test_bells_within_a_moment_are_one(queue: redis.Redis) -> None:
    for _ in range(5):
        Bell.ring(TASK)
    assert rung(queue) == [TASK]
    time.sleep(TOGETHER * 2)
    Bell.ring(TASK)
    assert rung(queue) == [TASK, TASK]


def test_different_bells_are_different(queue: redis.Redis) -> None:
    Bell.ring(TASK)
    Bell.ring("tests.something")
    assert sorted(rung(queue)) == [TASK, "tests.something"]


def test_a_bell_that_nobody_hears_is_soon_over_and_only_logged(
    queue: redis.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = f"unix://:x@{Path(settings.VAR_DIR) / 'nowhere.sock'}?db=0"
    monkeypatch.setattr(app.conf, "broker_write_url", celery_address(nowhere))
    began = time.monotonic()
    Bell.ring(TASK)
    assert time.monotonic() - began < 1
    assert "was not heard" in caplog.text
