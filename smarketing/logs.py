"""One format for all lines of our own processes: the moment, the level, who says it, and what."""

from typing import Any

from gunicorn.glogging import Logger

# For `logging`, by its two styles.
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class GunicornLogger(Logger):  # type: ignore[misc]
    """What gunicorn says of itself, as all others say it."""

    error_fmt = FORMAT
    datefmt: Any = None
