"""Bells: after a commit, tell the queue that there is work. The work itself is marked in the database.

Losing a bell loses no work (a sweep finds it), so ringing never waits long and never fails.
"""

import logging
import os
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any

from django.db import transaction
from kombu.connection import Connection

from smarketing.queue.celery import app

PATIENCE = 0.2
TOGETHER = 0.05
log = logging.getLogger(__name__)


def ring(task: str) -> None:
    """Ask for this task (by name) once the current transaction is committed; at once when there is none.

    A transaction rings once for a task, however often it is asked to.
    """
    connection = transaction.get_connection()
    here = set(connection.savepoint_ids)
    waiting = ((sids, call) for sids, call, _robust in connection.run_on_commit if isinstance(call, partial))
    if not any(call.func == Bell.ring and call.args == (task,) and sids <= here for sids, call in waiting):
        transaction.on_commit(partial(Bell.ring, task), robust=True)


def impatient(seconds: float) -> dict[str, float]:
    """Transport options of a connection that gives up soon and does not try again."""
    retry = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds, **retry}


class Bell:
    """This process's line to the queue."""

    _line: Connection | None = None
    _owner = 0
    _one_at_a_time = Lock()

    @classmethod
    def ring(cls, task: str) -> None:
        """Bells within 50 ms are one: the first asks for the task 50 ms from now, when it sees what the others saw."""
        try:
            with cls._one_at_a_time:
                channel: Any = cls._connected().default_channel
                if channel.client.set(f"bell:{task}", 1, nx=True, px=int(TOGETHER * 1000)):
                    producer = app.amqp.Producer(channel, auto_declare=False)
                    app.send_task(task, producer=producer, countdown=TOGETHER, retry=False, ignore_result=True)
        except Exception as problem:  # Whatever the transport raises: the sweep will find the work.
            cls.hang_up()
            log.warning("The bell for %s was not heard: %s", task, problem)

    @classmethod
    def hang_up(cls) -> None:
        line: Any = cls._line
        cls._line = None
        if line is not None:
            with suppress(Exception):
                line.close()

    @classmethod
    def _connected(cls) -> Connection:
        if cls._line is None or cls._owner != os.getpid():
            cls._line, cls._owner = app.connection_for_write(transport_options=impatient(PATIENCE)), os.getpid()
        return cls._line
