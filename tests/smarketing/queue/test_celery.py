"""What a worker took and has not done, when its connection ends."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty
from typing import Any

import pytest

from smarketing.queue.celery import app

QUEUE = "tests-of-giving-back"


@pytest.fixture
def connection() -> Iterator[Any]:
    with app.connection_for_write() as connection:
        connection.SimpleQueue(QUEUE).clear()
        yield connection


def take_one(connection: Any) -> Any:
    """Put something into the queue and take it, as a worker that does not come to do it."""
    queue = connection.SimpleQueue(QUEUE)
    queue.put("work")
    assert queue.get(timeout=5).payload == "work"
    return queue


def test_it_is_given_back(connection: Any) -> None:
    take_one(connection).channel.close()
    with app.connection_for_write() as another:
        assert another.SimpleQueue(QUEUE).get(timeout=5).payload == "work"


def test_of_a_server_that_died_the_worker_goes_on_without(connection: Any) -> None:
    queue = take_one(connection)
    connection.transport.client = None
    queue.channel.close()
    with app.connection_for_write() as another, pytest.raises(Empty):
        another.SimpleQueue(QUEUE).get(block=False)
