"""One format for all lines of our own processes: the moment, the level, who says it, and what."""

import logging
from typing import Any

from gunicorn.glogging import Logger

from smarketing.database.outages import is_outage

# For `logging`, by its two styles.
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class GunicornLogger(Logger):  # type: ignore[misc]
    """What gunicorn says of itself, as all others say it."""

    error_fmt = FORMAT
    datefmt: Any = None


class OutagesInALine(logging.Filter):
    """Of an outage of the database the way through the code tells nothing. While one lasts each task fails whenever it
    is asked for: with its traceback that fills what is left of a disk."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and is_outage(record.exc_info[1]):
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
