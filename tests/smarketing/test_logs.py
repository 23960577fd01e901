"""What the log says of an outage: that it is one, and not how far the code had come."""

from __future__ import annotations

import logging
import sys
from logging import LogRecord
from typing import Any

import pytest
import redis
from celery.worker.consumer import connection, consumer
from django.conf import settings
from django.db import DataError, Error, InterfaceError, OperationalError
from kombu.exceptions import OperationalError as OperationalErrorOfKombu

from smarketing.logs import CONNECTION, CONSUMER, NOT_CONNECTED, OutagesInALine


def said_of(problem: Exception) -> LogRecord:
    try:
        raise problem
    except Exception:
        record = LogRecord("celery", logging.ERROR, "x.py", 1, "Task %s failed", ("advance",), sys.exc_info())
    assert OutagesInALine().filter(record)
    return record


@pytest.mark.parametrize("problem", [OperationalError("Connection refused"), InterfaceError("already closed")])
def test_an_outage_is_a_line(problem: Error) -> None:
    record = said_of(problem)
    assert logging.Formatter("%(levelname)s %(message)s").format(record) == "WARNING Task advance failed"


@pytest.mark.parametrize("problem", [ValueError("eggs"), DataError("too long")])
def test_a_fault_of_the_code_says_where(problem: Exception) -> None:
    record = said_of(problem)
    assert record.levelname == "ERROR"
    assert "Traceback" in logging.Formatter().format(record)


def test_all_that_is_said_passes_it() -> None:
    handlers: Any = settings.LOGGING["handlers"]
    assert handlers.keys() == {"console"}
    assert "outages" in handlers["console"]["filters"]


# The queue

REFUSED = ConnectionError("Error 111 connecting to localhost:6379. Connection refused.")


def celery_says(log: OutagesInALine, text: str, *args: Any, name: str = "consumer", level: int = logging.ERROR) -> str:
    """What of it is in the log."""
    record = LogRecord(f"celery.worker.consumer.{name}", level, "x.py", 1, text, args, None)
    return logging.Formatter("%(levelname)s %(message)s").format(record) if log.filter(record) else ""


def cannot_connect(log: OutagesInALine) -> str:
    step = "Trying again in 2.00 seconds... (1/100)"
    return celery_says(log, consumer.CONNECTION_ERROR, "redis://localhost:6379//", REFUSED, step)


def connected(log: OutagesInALine) -> str:
    text, address = "Connected to %s", "redis://localhost:6379//"
    return celery_says(log, text, address, name="connection", level=logging.INFO)


def test_the_queue_s_outage_is_one_line_and_its_end_another() -> None:
    log = OutagesInALine()
    assert connected(log) == ""
    lost = celery_says(log, "%s (%r)", consumer.CONNECTION_RETRY, REFUSED, level=logging.WARNING)
    assert lost == f"WARNING The queue is away ({REFUSED}); it is tried until it is back."
    assert [cannot_connect(log) for _ in range(3)] == ["", "", ""]
    assert connected(log) == "WARNING The queue is back."
    assert connected(log) == ""
    # The next one is another one.
    assert cannot_connect(log) == lost
    assert connected(log) == "WARNING The queue is back."


def test_a_traceback_of_the_worker_s_connection_is_the_same_outage() -> None:
    log = OutagesInALine()
    assert cannot_connect(log)
    for problem in (redis.ConnectionError("away"), redis.TimeoutError("slow"), BrokenPipeError()):
        record = LogRecord("celery.worker.pidbox", logging.ERROR, "x.py", 1, "Lost", (), (type(problem), problem, None))
        assert not log.filter(record)
    assert connected(log)


def test_a_task_that_fails_by_the_queue_s_outage_is_a_line() -> None:
    try:
        raise OperationalErrorOfKombu("away") from redis.ConnectionError("away")
    except OperationalErrorOfKombu as problem:
        record = said_of(problem)
    assert logging.Formatter("%(levelname)s %(message)s").format(record) == "WARNING Task advance failed"


def test_another_s_broken_connection_says_where() -> None:
    assert "Traceback" in logging.Formatter().format(said_of(BrokenPipeError("mail")))


def test_whoever_asks_for_all_is_told_of_connections(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert connected(OutagesInALine()) == "INFO Connected to redis://localhost:6379//"


def test_the_worker_says_that_it_is_connected_also_where_only_warnings_are_logged() -> None:
    loggers: Any = settings.LOGGING["loggers"]
    assert loggers[connection.logger.name]["level"] == "INFO"
    assert (consumer.logger.name, connection.logger.name) == (CONSUMER, CONNECTION)
    for text in (consumer.CONNECTION_ERROR, consumer.CONNECTION_RETRY):
        assert text.startswith(NOT_CONNECTED)
