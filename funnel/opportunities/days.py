"""Facts known only to the day stay on it when the company's zone changes.

What lay at the start of its day in the zone of before, and what would lie on another day now, is laid anew: at the
start of its day. The order of a ledger stays as it is. No fact goes before the one it follows, past the next one whose
moment is known, or past the moment at which we were told of it: by then it had happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from funnel.journeys.standing import stand_at_last_step
from funnel.models.journeys import Transition
from funnel.models.opportunity_steps import OpportunityStep
from history.models import Change
from smarketing.company import company_zone

A_MOMENT = timedelta(microseconds=1)
BEFORE_ALL, AFTER_ALL = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
LAST_ID = 2**63
# It lies on another day now, or lay at the start of its own.
IS_MISLAID = """(s.day <> (s.at AT TIME ZONE %(zone)s)::date OR s.day = (s.at AT TIME ZONE %(was)s)::date
    AND s.day <> ((s.at - interval '1 microsecond') AT TIME ZONE %(was)s)::date)"""
MISLAID = f"""
SELECT s.lead_id FROM funnel_transition s WHERE {IS_MISLAID}
UNION
SELECT o.lead_id FROM funnel_opportunitystep s JOIN funnel_opportunity o ON o.id = s.opportunity_id WHERE {IS_MISLAID}
ORDER BY lead_id
"""
# In the order in which verbs lock them.
LOCKS = (
    "SELECT FROM leads_lead WHERE id = ANY (%(leads)s) ORDER BY id FOR NO KEY UPDATE",
    "SELECT FROM funnel_journey WHERE lead_id = ANY (%(leads)s) ORDER BY lead_id FOR NO KEY UPDATE",
    "SELECT FROM funnel_opportunity WHERE lead_id = ANY (%(leads)s) ORDER BY id FOR NO KEY UPDATE",
)
ROWS = """
SELECT {ledger}, id, at, day, recorded_at FROM {table} WHERE {ledger} = ANY (%(ledgers)s) ORDER BY {ledger}, at, id
"""
MOVE = """
UPDATE {table} row SET at = laid.at FROM unnest(%(ids)s::bigint[], %(ats)s::timestamptz[]) laid (id, at)
WHERE row.id = laid.id
"""
# The columns of a deal are the last rows of its ledger.
FOLLOW = """
UPDATE funnel_opportunity o SET
    opened_at = CASE WHEN o.opened_at IS NOT NULL THEN opened.at END,
    won_at = CASE WHEN o.won_at IS NOT NULL THEN outcome.at END,
    lost_at = CASE WHEN o.lost_at IS NOT NULL THEN outcome.at END
FROM funnel_opportunitystep opened, (
    SELECT DISTINCT ON (opportunity_id) opportunity_id, at FROM funnel_opportunitystep
    WHERE opportunity_id = ANY (%(deals)s) AND what IN ('opened', 'won', 'lost', 'reopened')
    ORDER BY opportunity_id, at DESC, id DESC
) outcome
WHERE o.id = outcome.opportunity_id AND opened.opportunity_id = o.id AND opened.what = 'opened'
"""


class Row(NamedTuple):
    """A row of a ledger, which is in the order of (at, id)."""

    ledger: int
    id: int
    at: datetime
    day: date | None
    recorded_at: datetime


def mislaid_leads(was: ZoneInfo) -> list[int]:
    """The leads of which a fact known only to the day lies on another day in the company's zone, or lay at the start of
    its day in the zone of before."""
    with connection.cursor() as cursor:
        cursor.execute(MISLAID, {"zone": str(company_zone()), "was": str(was)})
        return [lead for (lead,) in cursor.fetchall()]


def lay_on_their_days(leads: Sequence[int], was: ZoneInfo, *, at: datetime) -> None:
    """Lay the facts of these leads on their days, after another zone; each correction is a row of history. Safe to run
    twice; call inside a transaction."""
    with connection.cursor() as cursor:
        for lock in LOCKS:
            cursor.execute(lock, {"leads": list(leads)})
        if moved := _lay(Transition._meta.db_table, "transition", "lead_id", leads, was, at=at):
            stand_at_last_step(moved)
        cursor.execute("SELECT id FROM funnel_opportunity WHERE lead_id = ANY (%(leads)s)", {"leads": list(leads)})
        deals = [deal for (deal,) in cursor.fetchall()]
        if moved := _lay(OpportunityStep._meta.db_table, OpportunityStep.SUBJECT, "opportunity_id", deals, was, at=at):
            cursor.execute(FOLLOW, {"deals": moved})


def _lay(table: str, subject: str, ledger: str, ledgers: Sequence[int], was: ZoneInfo, *, at: datetime) -> list[int]:
    """Lay the rows of these ledgers of a table; return the ledgers of which one moved."""
    zone = company_zone()
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(table=table, ledger=ledger), {"ledgers": list(ledgers)})
        by_ledger = groupby(map(Row._make, cursor.fetchall()), key=lambda row: row.ledger)
        moves = [
            (row, laid)
            for _ledger, rows in by_ledger
            for row, laid in laid_anew(list(rows), was, zone)
            if laid != row.at
        ]
        Change.objects.bulk_create(
            Change(subject=subject, subject_id=row.id, field="at", old=row.at, new=laid, at=at, how=f"zone {zone}")
            for row, laid in moves
        )
        ids, ats = [row.id for row, _laid in moves], [laid for _row, laid in moves]
        cursor.execute(MOVE.format(table=table), {"ids": ids, "ats": ats})
    return sorted({row.ledger for row, _laid in moves})


def laid_anew(rows: Sequence[Row], was: ZoneInfo, zone: ZoneInfo) -> Iterable[tuple[Row, datetime]]:
    """Each row of a ledger, in its order, with where it lies after a change of the zone."""
    ends = _ends(rows)
    places: list[tuple[datetime, int]] = [(BEFORE_ALL, 0)]
    for row, end in zip(rows, ends, strict=True):
        at = row.at if row.day is None or _stays(row, was, zone) else start_in(row.day, zone)
        places.append(_between(places[-1], (at, row.id), end))
    if places != sorted(places):
        return [(row, row.at) for row in rows]  # no moment is left between two others
    return [(row, laid) for row, (laid, _id) in zip(rows, places[1:], strict=True)]


def _ends(rows: Sequence[Row]) -> list[tuple[datetime, int]]:
    """Of each row, the place that it may not pass."""
    ends = [(AFTER_ALL, LAST_ID)]
    for row in reversed(rows):
        own = (row.at, row.id) if row.day is None else (row.recorded_at, LAST_ID)
        ends.append(min(ends[-1], own))
    return ends[:0:-1]


def _stays(row: Row, was: ZoneInfo, zone: ZoneInfo) -> bool:
    """Whether it lies on its day there, and lay not at the day's start."""
    assert row.day
    return row.at.astimezone(zone).date() == row.day and row.at != start_in(row.day, was)


def _between(
    last: tuple[datetime, int], place: tuple[datetime, int], end: tuple[datetime, int]
) -> tuple[datetime, int]:
    """The place itself, or the nearest one behind the last and before the end: equal moments are in order of id."""
    at, row = place
    if (at, row) < last:
        at = last[0] if row > last[1] else last[0] + A_MOMENT
    if (at, row) > end:
        at = end[0] if row < end[1] else end[0] - A_MOMENT
    return at, row


@lru_cache(maxsize=4096)
def start_in(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day, also where the clocks skip or repeat its midnight."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
