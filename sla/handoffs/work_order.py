"""The worklist of one rep as the database orders, counts and pages it: only what a page shows becomes rows here.

The rule is that of `worklist`, the day on which a touch is due that of `cadence`, by when each open day ends
(`days_around`), each by the hours with which its clock started, else by those of the page. Pauses of what was touched
since are few: their days are measured one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When

from sla.calendars.hours import OpeningHours
from sla.handoffs.cadence import days_around
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Pause
from sla.handoffs.worklist import BEHIND, Due, clock_hours_key, hours_of_keys, make_work_items, pauses_of
from smarketing.database.keyset import Cursor, Order
from smarketing.database.together import fetch_together

BY_PLACE = Order("place")
# The key of the hours of the page.
PAGE = ""
# A policy may ask for touches in so many open days: what was accepted before is late in any case.
LONGEST = 366
COLUMNS = (
    "pk",
    "rep",
    "clock_hours",
    "first_due_at",
    "is_paused",
    "answered_at",
    "made",
    "reached",
    "policy__touches",
    "policy__touch_days",
)

# As `WorkItem.due` and `WorkItem.order`: in digits only, which every language of the database sorts alike.
PLACED = f"""
WITH given (rep, asked_at) AS (
    VALUES (%s, %s::timestamptz)
), hours (clock_hours, today, tomorrow, days, ends) AS (
    VALUES {{hours}}
), measured (id, measured_on) AS (
    SELECT * FROM unnest(%s::bigint[], %s::date[])
), placed AS (
    SELECT id, rep_id = rep AS is_own, CASE
        WHEN first_due_at < asked_at THEN {Due.TOUCH_OVERDUE:d}
        WHEN is_paused THEN {Due.PAUSED:d}
        WHEN first_due_at < tomorrow THEN {Due.TOUCH_TODAY:d}
        WHEN first_due_at IS NOT NULL THEN {Due.LATER:d}
        WHEN due_on < today THEN {Due.OVERDUE:d}
        WHEN due_on = today THEN {Due.TODAY:d}
        WHEN due_on IS NOT NULL THEN {Due.LATER:d}
        WHEN reached THEN {Due.REACHED:d}
        ELSE {Due.DONE:d}
    END || coalesce(
        to_char(first_due_at AT TIME ZONE 'UTC', '1YYYYMMDDHH24MISSUS'), to_char(due_on, '2YYYYMMDD'), '3'
    ) AS place
    FROM ({{worked}}) worked (
        id, rep_id, clock_hours, first_due_at, is_paused, answered_at, made, reached, touches, touch_days
    )
    CROSS JOIN given
    JOIN hours USING (clock_hours)
    LEFT JOIN measured USING (id)
    CROSS JOIN LATERAL (VALUES (CASE WHEN first_due_at IS NULL AND NOT reached AND made < touches THEN coalesce(
        measured_on,
        -- The touch is due on the open day of that number; the first is the one that ends next.
        days[width_bucket(answered_at, ends) + ((made + 1) * touch_days + touches - 1) / touches]
    ) END)) due (due_on)
), counted AS (
    SELECT id, is_own, place, count(*) OVER (PARTITION BY is_own) AS count FROM placed
)
"""
SELECTED = """
(SELECT * FROM counted WHERE is_own AND {beyond} ORDER BY place {way}, id {way} LIMIT %s)
UNION ALL
(SELECT * FROM counted WHERE NOT is_own ORDER BY place, id LIMIT %s)
"""


class Place(NamedTuple):
    """One hand-off of a worklist, whether it is the rep's own, and how many there are of its kind."""

    pk: int
    is_own: bool
    place: str
    of_kind: int


def place_work(
    worked: QuerySet[Handoff],
    rep: int,
    hours: OpeningHours,
    *,
    at: datetime,
    size: int,
    cursor: Cursor | None = None,
) -> list[Place]:
    """Of rows of `being_worked()`, the rep's own behind the cursor, in its direction, and the first of all others: up
    to `size` of each, and one more. All by these hours."""
    way, beyond = ("DESC", "<") if cursor and cursor.backward else ("ASC", ">")
    selected = SELECTED.format(way=way, beyond=f"(place, id) {beyond} (%s, %s)" if cursor else "true")
    placed, params = _placed(worked, rep, hours, at)
    behind = [cursor.value, cursor.key] if cursor else []
    with connection.cursor() as database:
        database.execute(placed + selected, [*params, *behind, size + 1, size + 1])
        return [Place(*values) for values in database.fetchall()]


def _placed(worked: QuerySet[Handoff], rep: int, hours: OpeningHours, at: datetime) -> tuple[str, list[Any]]:
    described = _with_columns(worked, at)
    measured, by_key = _read_first(described, hours, at)
    sql, params = described.order_by().values_list(*COLUMNS).query.sql_with_params()
    rows = [_row(key, own, at) for key, own in ({PAGE: hours} | by_key).items()]
    given = [rep, at, *chain.from_iterable(rows), list(measured), list(measured.values())]
    values = ", ".join(["(%s, %s::date, %s::timestamptz, %s::date[], %s::timestamptz[])"] * len(rows))
    return PLACED.format(worked=sql, hours=values), [*given, *params]


def _with_columns(worked: QuerySet[Handoff], at: datetime) -> QuerySet[Any]:
    """What decides the place of each: one narrow row, which stays in the database."""
    running = Q(touch_stopped_at=None)
    now = Pause.objects.filter(
        timer__kind="first_touch", timer__handoff=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at
    )
    return worked.annotate(
        first_due_at=Case(When(running, then=F("touch_due_at"))),
        is_paused=Case(When(running, then=Exists(now)), default=False),
        clock_hours=clock_hours_key(Value(PAGE, TextField())),
    )


def _read_first(
    worked: QuerySet[Any], hours: OpeningHours, at: datetime
) -> tuple[dict[int, date], dict[str, OpeningHours]]:
    """The days on which the next touch is due of what was paused before it was touched, and the hours of all clocks, by
    their keys."""
    paused = Pause.objects.filter(timer__kind="first_touch", timer__handoff=OuterRef("pk"))
    found = worked.filter(BEHIND, Exists(paused))
    keys = worked.filter(touch_hours__isnull=False).order_by().values_list("clock_hours", flat=True).distinct()
    rows, pauses, started_with = fetch_together(found, pauses_of(found.values("pk")), keys)
    items = make_work_items(rows, pauses, defaultdict(lambda: hours), at=at)
    due_on = {item.handoff.pk: item.progress.due_on for item in items if item.progress.due_on}
    return due_on, hours_of_keys(started_with)


def _row(key: str, hours: OpeningHours, at: datetime) -> tuple[Any, ...]:
    today = at.astimezone(hours.tz).date()
    tomorrow = datetime.combine(today + timedelta(days=1), time(), hours.tz)
    return key, today, tomorrow, *_as_arrays(hours, today)


@lru_cache(maxsize=128)
def _as_arrays(hours: OpeningHours, today: date) -> tuple[str, str]:
    """The open days around one, and when each ends, as the database writes arrays."""
    days, ends = days_around(hours, today, LONGEST + 1)
    return _array(day.isoformat() for day in days), _array(end.isoformat() for end in ends)


def _array(values: Iterable[str]) -> str:
    return "{" + ",".join(values) + "}"
