"""One format for all lines of our own processes: the moment, the level, who says it, and what."""

import logging
from typing import Any

from gunicorn.glogging import Logger
from redis import exceptions as redis

from smarketing.database.outages import is_outage
from smarketing.saying import Trouble

# For `logging`, by its two styles.
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class GunicornLogger(Logger):  # type: ignore[misc]
    """What gunicorn says of itself, as all others say it."""

    error_fmt = FORMAT
    datefmt: Any = None


# What Celery's worker says of its connection, at each try; and once it has one, which it says to nobody who asks for
# warnings alone.
CONSUMER, CONNECTION = "celery.worker.consumer.consumer", "celery.worker.consumer.connection"
NOT_CONNECTED = ("consumer: Cannot connect to ", "consumer: Connection to broker lost.")
# Whose faults in talking to the queue are its outage; elsewhere a task failed by it.
QUEUE = ("celery.worker", "kombu")


class OutagesInALine(logging.Filter):
    """Of an outage of the database or of the queue the way through the code tells nothing. While one lasts each task
    fails whenever it is asked for: with its traceback that fills what is left of a disk. The worker tries the queue
    every few seconds: it is said once that it is away, and once that it is back."""

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.queue_is_away = Trouble()

    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        if record.name == CONNECTION and record.levelno == logging.INFO:
            return self._is_back(record)
        if record.name == CONSUMER and record.getMessage().startswith(NOT_CONNECTED):
            why = [each for each in record.args or () if isinstance(each, Exception)]
            return self._is_away(record, why[0] if why else None)
        if record.name.startswith(QUEUE) and (is_queue_outage(problem) or isinstance(problem, ConnectionError)):
            return self._is_away(record, problem)
        if is_outage(problem) or is_queue_outage(problem):
            _in_a_line(record)
        return True

    def _is_away(self, record: logging.LogRecord, problem: BaseException | None) -> bool:
        record.msg, record.args = "The queue is away (%s); it is tried until it is back.", (problem,)
        _in_a_line(record)
        return self.queue_is_away.goes_on()

    def _is_back(self, record: logging.LogRecord) -> bool:
        if not self.queue_is_away.is_over():
            return logging.getLogger().isEnabledFor(record.levelno)
        record.msg, record.args = "The queue is back.", ()
        _in_a_line(record)
        return True


def is_queue_outage(problem: BaseException | None) -> bool:
    """Whether the queue's server is away, or does not answer."""
    if problem is not None and type(problem).__module__ == "kombu.exceptions":  # What kombu makes of it.
        problem = problem.__cause__
    return isinstance(problem, redis.ConnectionError | redis.TimeoutError)


def _in_a_line(record: logging.LogRecord) -> None:
    record.exc_info = record.exc_text = None
    record.levelno, record.levelname = logging.WARNING, "WARNING"
