"""What happened, for programs outside: each event by its name, and the only way to write one down.

Each app declares the events of its own nouns in its `events.py`: a name `noun.verb`, the members of the payload, and
one sentence that says what happened:

    class HandoffAnswered(TypedDict):
        handoff: int
        lead: int
        rep: int

    HANDOFF_ACCEPTED = register(Event("handoff.accepted", HandoffAnswered, _("A rep accepted a hand-off.")))

The verb that makes it happen emits it, in its own transaction:

    HANDOFF_ACCEPTED.emit({"handoff": 7, "lead": 3, "rep": 2}, at=at)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now

from history import subjects
from history.models import Outbox
from smarketing.database.payloads import check_members, jsonb_sql, members_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PayloadT = TypeVar("PayloadT", bound=Mapping[str, Any])
NAME = re.compile(r"[a-z_]+\.[a-z_]+")
# How long a row stays, whether somebody took it or not.
KEPT_FOR = timedelta(days=30)
# Rows deleted by one statement: long transactions keep others from tidying up.
BATCH = 10_000

subjects.register(
    subjects.not_personal_table(
        Outbox, "id kind payload at told_at", because="Ids, amounts and moments, deleted after a month."
    )
)


@dataclass(frozen=True)
class Event(Generic[PayloadT]):
    """One kind of thing that happens. `payload` is a `TypedDict`; each row has all of its members."""

    name: str
    payload: type[PayloadT]
    sentence: StrOrPromise

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"An event is named noun.verb, not {self.name}.")

    @property
    def members(self) -> dict[str, Any]:
        """The types of the payload's members, by name."""
        return members_of(self.payload)

    def emit(self, payload: PayloadT, *, at: datetime | None = None) -> None:
        """Write in the caller's transaction that it happened."""
        self._check(payload)
        Outbox.objects.create(kind=self.name, payload=payload, at=at or now())

    def emit_many(self, payloads: Iterable[PayloadT], *, at: datetime | None = None) -> None:
        """Write in the caller's transaction, by one statement, that it happened many times at one moment."""
        at = at or now()
        rows = [Outbox(kind=self.name, payload=payload, at=at) for payload in payloads]
        for row in rows:
            self._check(row.payload)
        Outbox.objects.bulk_create(rows)

    def insert_sql(self, members: Mapping[str, str], *, at: str, rows: str) -> str:
        """The statement that writes one event for each of `rows`, what follows FROM. `members` and `at` are SQL
        expressions over them. Raises `BadPayload`."""
        self._check(members)
        return (
            f"INSERT INTO {Outbox._meta.db_table} (kind, payload, at)"
            f" SELECT '{self.name}', {jsonb_sql(members)}, {at} FROM {rows}"
        )

    def _check(self, payload: Mapping[str, Any]) -> None:
        check_members(self.name, self.payload, payload)


_events: dict[str, Event[Any]] = {}


def register(new: Event[PayloadT]) -> Event[PayloadT]:
    """Make it known. Each event is declared once."""
    known = _events.setdefault(new.name, new)
    if known != new:
        raise ValueError(f"The event {new.name} is declared twice.")
    return new


def events() -> list[Event[Any]]:
    return sorted(_events.values(), key=lambda event: event.name)


def mark_told(*, at: datetime) -> int:
    """Mark everything that nobody has taken as told: it concerns nobody outside. Return how many."""
    return Outbox.objects.filter(told_at=None).update(told_at=at)


def delete_expired(*, at: datetime | None = None) -> int:
    """Delete what is older than `KEPT_FOR`, told or not, and return how many. Safe to run twice, and at once."""
    expired = Outbox.objects.filter(at__lt=(at or now()) - KEPT_FOR)
    deleted = 0
    while many := _delete_batch(expired):
        deleted += many
    return deleted


def _delete_batch(expired: QuerySet[Outbox]) -> int:
    with transaction.atomic():
        # Read first: a subquery with a limit may find other rows each time that the database asks it.
        batch = list(expired.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        return Outbox.objects.filter(pk__in=batch).delete()[0]
