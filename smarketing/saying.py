"""What the supervisor and the embedded servers say: bare at a terminal, as a line of the log elsewhere.

And how often what lasts is said.
"""

import math
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO


def say(line: str, stream: TextIO | None = None) -> None:
    stream = stream or sys.stdout
    print(line if stream.isatty() else dated(line), file=stream, flush=True)


def dated(line: str) -> str:
    """As `LOGGING` of the settings writes it."""
    moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S,%f}"[:-3]
    return f"{moment} INFO smarketing: {line}"


class Trouble:
    """Something that lasts, such as a server that is away: said when it begins, again after so many seconds, and when
    it is over. Each process counts for itself."""

    def __init__(self, again_after: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        self.again_after, self.clock = again_after, clock
        self._said_at: float | None = None

    def goes_on(self) -> bool:
        """It is there; whether to say so."""
        now = self.clock()
        if self._said_at is not None and now - self._said_at < self.again_after:
            return False
        self._said_at = now
        return True

    def is_over(self) -> bool:
        """It is not there; whether to say so."""
        was_said, self._said_at = self._said_at is not None, None
        return was_said
