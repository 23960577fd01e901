"""Wake the queue: after a commit, ask for a task. The work itself is marked in the database.

Losing a wake-up loses no work (a sweep finds it), so asking never waits long and never fails.
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
from smarketing.saying import Trouble

TIMEOUT = 0.2
COALESCE_SECONDS = 0.05
away = Trouble()
log = logging.getLogger(__name__)


def wake(task: str) -> None:
    """Ask for this task (by name) once the current transaction is committed; at once when there is none.

    A transaction asks once for a task, however often `wake` is called.
    """
    connection = transaction.get_connection()
    here = set(connection.savepoint_ids)
    waiting = ((sids, call) for sids, call, _robust in connection.run_on_commit if isinstance(call, partial))
    if not any(call.func == QueueConnection.wake and call.args == (task,) and sids <= here for sids, call in waiting):
        transaction.on_commit(partial(QueueConnection.wake, task), robust=True)


def fail_fast_options(seconds: float) -> dict[str, float]:
    """Transport options of a connection that gives up soon and does not try again."""
    retry = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds, **retry}


class QueueConnection:
    """This process's connection to the queue."""

    _line: Connection | None = None
    _owner = 0
    _one_at_a_time = Lock()

    @classmethod
    def wake(cls, task: str) -> None:
        """The first call asks for the task at once. Those in the next 50 ms are one, which asks for it 50 ms from then:
        the task that runs meanwhile may not see what they saw."""
        try:
            with cls._one_at_a_time:
                channel: Any = cls._connected().default_channel
                for key, later in ((f"wake:{task}", None), (f"wake:{task}:again", COALESCE_SECONDS)):
                    if channel.client.set(key, 1, nx=True, px=int(COALESCE_SECONDS * 1000)):
                        producer = app.amqp.Producer(channel, auto_declare=False)
                        app.send_task(task, producer=producer, countdown=later, retry=False, ignore_result=True)
                        break
        except Exception as problem:  # Whatever the transport raises: the sweep will find the work.
            cls.close()
            if away.goes_on():
                log.warning("The queue could not be woken for %s: %s", task, problem)
        else:
            if away.is_over():
                log.warning("The queue can be woken again.")

    @classmethod
    def close(cls) -> None:
        line: Any = cls._line
        cls._line = None
        if line is not None:
            with suppress(Exception):
                line.close()

    @classmethod
    def _connected(cls) -> Connection:
        if cls._line is None or cls._owner != os.getpid():
            cls._line, cls._owner = app.connection_for_write(transport_options=fail_fast_options(TIMEOUT)), os.getpid()
        return cls._line
