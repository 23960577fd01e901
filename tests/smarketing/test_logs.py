"""What the log says of an outage: that it is one, and not how far the code had come."""

from __future__ import annotations

import logging
import sys
from logging import LogRecord
from typing import Any

import pytest
from django.conf import settings
from django.db import DataError, Error, InterfaceError, OperationalError

from smarketing.logs import OutagesInALine


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
