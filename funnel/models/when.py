"""When something happened of which we may know only the day."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple


class When(NamedTuple):
    """The moment of a fact, as verbs and rows of the ledgers take it."""

    at: datetime
    # The company day, where only that is known.
    day: date | None = None
