"""Why a message did not go out, and what that says of the next try."""

from __future__ import annotations

from datetime import timedelta


class Failed(Exception):
    """A message was not taken. The reason is one line, for the administrator.

    `for_good`: the address takes nothing any more, trying again is of no use. `of_all`: nobody could be reached by
    this way just now (the server is down), so that the rest of the run need not try. `wait`: how long we were asked
    to wait at least.
    """

    def __init__(
        self, reason: str, *, for_good: bool = False, of_all: bool = False, wait: timedelta | None = None
    ) -> None:
        super().__init__(one_line(reason))
        self.for_good, self.of_all, self.wait = for_good, of_all, wait


def said(problem: OSError) -> str:
    """Return what the system says of a call that failed, without its number."""
    return problem.strerror or str(problem) or type(problem).__name__


def one_line(text: str) -> str:
    return " ".join(text.split())[:300]
