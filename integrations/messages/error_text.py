"""Why a message did not go out, and what that says of the next try."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext, gettext_noop

# What the system says of a connection that failed, most often: known here, so that it is read in the reader's language.
OF_THE_SYSTEM = (
    gettext_noop("Connection refused"),
    gettext_noop("Connection reset by peer"),
    gettext_noop("Connection timed out"),
    gettext_noop("Name or service not known"),
    gettext_noop("Network is unreachable"),
    gettext_noop("No route to host"),
    gettext_noop("Temporary failure in name resolution"),
    gettext_noop("timed out"),
)


class Failed(Exception):
    """A message was not taken. The reason is one line, for the administrator: what a server said, or a text of ours,
    to be translated when it is read.

    `for_good`: the address takes nothing any more, trying again is of no use. `of_all`: nobody could be reached by
    this way just now (the server is down), so that the rest of the run need not try. `wait`: how long we were asked
    to wait at least.
    """

    def __init__(
        self, reason: str, *, for_good: bool = False, of_all: bool = False, wait: timedelta | None = None
    ) -> None:
        super().__init__(one_line(reason))
        self.for_good, self.of_all, self.wait = for_good, of_all, wait


def describe_os_error(problem: OSError) -> str:
    """Return what the system says of a call that failed, without its number."""
    return problem.strerror or str(problem) or type(problem).__name__


def describe_error(reason: str) -> str:
    """A reason in the language that is active, where the text is ours; what a server said stays as it said it."""
    return gettext(reason)


def one_line(text: str) -> str:
    return " ".join(text.split())[:300]
