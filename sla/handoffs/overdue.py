"""Which rep is late with what: answers, first touches, and touches of the cadence.

The database finds, counts and pages them, as a company may have thousands; only what is shown becomes rows here. Its
rule is that of `cadence`, by when each open day ends (`day_ends`), and by the hours with which the clock of the first
touch started, else by those of the rep. Pauses are few: what was paused is measured one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, TextField, When
from django.db.models.functions import Cast, Coalesce

from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar, all_hours
from sla.handoffs.cadence import day_ends
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Pause
from sla.handoffs.worklist import BEHIND, WorkItem, being_worked, clock_hours_key, hours_of_keys, work_items
from smarketing.database.keyset import PAGE_SIZE, Cursor, Order, Page
from teams.models import User

REPS, ROWS_PER_REP = 20, 10
BY_RANK, BY_PLACE = Order("rank"), Order("place")
# A policy may ask for touches in so many open days: what was accepted before is late in any case.
LONGEST = 366

# In the order in which they are shown: answers, first touches, touches of the cadence, each the oldest first.
LATE = """
WITH hours (clock_hours, ends) AS (VALUES {hours}), late AS (
    SELECT id, rep_id, NULL::bigint AS calendar_id, true AS is_answer, 0 AS part, due_at AS since
    FROM ({unanswered}) unanswered (id, rep_id, due_at)
    UNION ALL
    SELECT id, rep_id, calendar_id, false, CASE WHEN first_due_at IS NULL THEN 2 ELSE 1 END, since
    FROM ({worked}) worked (
        id, rep_id, calendar_id, clock_hours, first_due_at, answered_at, made, touches, touch_days
    )
    LEFT JOIN hours USING (clock_hours)
    -- The touch is due on the open day of that number; the first is the one that ends next.
    CROSS JOIN LATERAL (VALUES (coalesce(
        first_due_at, ends[width_bucket(answered_at, ends) + ((made + 1) * touch_days + touches - 1) / touches]
    ))) due (since)
    WHERE since IS NOT NULL AND id <> ALL (%s)
), counted AS (
    SELECT *, part || to_char(since AT TIME ZONE 'UTC', ' YYYY-MM-DD HH24:MI:SS.US') AS place,
        count(*) FILTER (WHERE is_answer) OVER (PARTITION BY rep_id) AS unanswered,
        count(*) FILTER (WHERE NOT is_answer) OVER (PARTITION BY rep_id) AS untouched,
        count(*) OVER () AS total
    FROM late
)
"""
COLUMNS = "id, rep_id, calendar_id, is_answer, place, unanswered, untouched, total"
# Who is late with most comes first: of each rep on the page, and of the next, the first rows of both kinds.
OF_ALL = """
SELECT {columns} FROM (
    SELECT *, row_number() OVER (PARTITION BY rep_id, is_answer ORDER BY place, id) AS nth,
        dense_rank() OVER (ORDER BY -(unanswered + untouched) {way}, rep_id {way}) AS nth_rep
    FROM counted WHERE {beyond}
) numbered WHERE nth <= %s AND nth_rep <= %s ORDER BY nth_rep, place, id
"""
OF_REP = "SELECT {columns} FROM counted WHERE {beyond} ORDER BY place {way}, id {way} LIMIT %s"


class LateRow(NamedTuple):
    """A hand-off that its rep is late with, and how many there are."""

    pk: int
    rep_id: int
    calendar_id: int | None
    is_answer: bool
    place: str
    unanswered: int
    untouched: int
    total: int

    @property
    def of_rep(self) -> int:
        return self.unanswered + self.untouched


@dataclass(frozen=True)
class LateRep:
    """A rep on a page of reps."""

    pk: int
    rank: int


@dataclass(frozen=True)
class OverdueByRep:
    """What one rep is late with: offers without an answer, and accepted leads without a touch, the oldest first. Some
    of them, and how many there are."""

    rep: User
    unanswered: list[Handoff]
    untouched: list[WorkItem]
    unanswered_count: int
    untouched_count: int

    @property
    def more(self) -> int:
        return self.unanswered_count + self.untouched_count - len(self.unanswered) - len(self.untouched)


@dataclass(frozen=True)
class Overdue:
    """A page of them, by rep, and how many there are in all."""

    groups: list[OverdueByRep]
    count: int
    page: Page[Any]


def overdue_by_rep(*, at: datetime, cursor: Cursor | None = None) -> Overdue:
    """Some reps, whoever is late with most first, each with the first of what they are late with."""
    late = _Late(Handoff.objects.all(), at)
    cursor = cursor if cursor and type(cursor.value) is int else None
    rows = late.rows(OF_ALL, "-(unanswered + untouched), rep_id", cursor, ROWS_PER_REP, REPS + 1)
    if cursor and not rows:
        return overdue_by_rep(at=at)
    reps: list[Any] = list(dict.fromkeys(LateRep(row.rep_id, -row.of_rep) for row in rows))
    page = Page.cut(reps, BY_RANK, cursor, size=REPS)
    return late.show(rows, [rep.pk for rep in page.rows], page)


def overdue_of(rep: User, *, at: datetime, cursor: Cursor | None = None) -> Overdue:
    """A page of what one rep is late with."""
    late = _Late(Handoff.objects.for_rep(rep), at)
    cursor = cursor if cursor and isinstance(cursor.value, str) else None
    rows: list[Any] = late.rows(OF_REP, "place, id", cursor, PAGE_SIZE + 1)
    if cursor and not rows:
        return overdue_of(rep, at=at)
    page = Page.cut(rows, BY_PLACE, cursor, size=PAGE_SIZE)
    return late.show(page.rows, [rep.pk] if rows else [], page)


class _Late:
    """What is late of some hand-offs at one moment."""

    def __init__(self, handoffs: QuerySet[Handoff], at: datetime) -> None:
        self.handoffs, self.at = handoffs, at
        self.hours = all_hours(at=at)

    def rows(self, select: str, key: str, cursor: Cursor | None, *limits: int) -> list[LateRow]:
        """The first rows behind the cursor, in its direction."""
        way, beyond = ("DESC", "<") if cursor and cursor.backward else ("ASC", ">")
        late, params = self._late()
        selected = select.format(columns=COLUMNS, way=way, beyond=f"({key}) {beyond} (%s, %s)" if cursor else "true")
        with connection.cursor() as database:
            database.execute(late + selected, [*params, *([cursor.value, cursor.key] if cursor else ()), *limits])
            return [LateRow(*values) for values in database.fetchall()]

    def show(self, rows: Sequence[LateRow], reps: Sequence[int], page: Page[Any]) -> Overdue:
        """Those of the rows that are of these reps, with all that a page shows of them."""
        rows = [row for row in rows if row.rep_id in reps]
        of_rep = {row.rep_id: row for row in rows}
        people = {user.pk: user for user in User.objects.select_related("team").filter(pk__in=reps)}
        unanswered = list(self._unanswered([row.pk for row in rows if row.is_answer]))
        untouched = self._untouched([row for row in rows if not row.is_answer])
        groups = [
            OverdueByRep(
                people[rep],
                [handoff for handoff in unanswered if handoff.rep_id == rep],
                [item for item in untouched if item.handoff.rep_id == rep],
                of_rep[rep].unanswered,
                of_rep[rep].untouched,
            )
            for rep in reps
        ]
        return Overdue(groups, rows[0].total if rows else 0, page)

    def _unanswered(self, keys: Sequence[int]) -> QuerySet[Handoff]:
        return Handoff.objects.filter(pk__in=keys).with_clock().select_related("lead__company")

    def _untouched(self, rows: Sequence[LateRow]) -> list[WorkItem]:
        found = being_worked(Handoff.objects.filter(pk__in=[row.pk for row in rows])).select_related("lead__company")
        return work_items(found, {row.rep_id: self.hours[row.calendar_id or 0] for row in rows}, at=self.at)

    def _late(self) -> tuple[str, list[Any]]:
        """SQL of all that is late, by the names of `LATE`."""
        due = FilteredRelation("timers", condition=Q(timers__kind="answer"))
        answers = self.handoffs.filter(answer="", lead__merged_into=None).alias(clock=due)
        unanswered = answers.filter(clock__due_at__lt=self.at).values_list("pk", "rep", "clock__due_at")
        names = (
            "pk",
            "rep",
            "calendar_id",
            "clock_hours",
            "first_due_at",
            "answered_at",
            "made",
            "policy__touches",
            "policy__touch_days",
        )
        worked = self._worked().filter(Q(touch_stopped_at=None, touch_due_at__lt=self.at) | BEHIND)
        (first, first_params), (second, second_params) = (
            queryset.order_by().query.sql_with_params() for queryset in (unanswered, worked.values_list(*names))
        )
        by_key = self._hours_by_key()
        hours = ", ".join(["(%s, %s::timestamptz[])"] * len(by_key))
        ends = [part for key, hours_of in by_key.items() for part in (key, self._ends(hours_of))]
        return (
            LATE.format(hours=hours, unanswered=first, worked=second),
            [*ends, *first_params, *second_params, self._kept_by_pauses()],
        )

    def _worked(self) -> QuerySet[Any]:
        """What is worked, with the deadline of a first touch that is still to come, the calendar of its rep, and a key
        of the hours by which it runs: that calendar, or the year and the hours with which its clock started."""
        company = Subquery(Calendar.objects.filter(is_default=True).values("pk"))
        return being_worked(self.handoffs).annotate(
            first_due_at=Case(When(touch_stopped_at=None, then=F("touch_due_at"))),
            calendar_id=Coalesce("rep__calendar_use__calendar", "rep__team__calendar_use__calendar", company),
            clock_hours=clock_hours_key(Cast("calendar_id", TextField())),
        )

    def _hours_by_key(self) -> dict[str, OpeningHours]:
        """The hours of all that may be behind with its cadence, by the key of each row."""
        touched = self._worked().filter(touch_stopped_at__isnull=False, touch_hours__isnull=False).order_by()
        started_with = touched.values_list("clock_hours", flat=True).distinct()
        return {str(pk): hours for pk, hours in self.hours.items()} | hours_of_keys(started_with)

    def _kept_by_pauses(self) -> list[int]:
        """What would be late without the pauses of its first touch, and is not."""
        paused = Pause.objects.filter(timer__kind="first_touch", timer__handoff=OuterRef("pk"))
        rows = list(self._worked().filter(BEHIND, Exists(paused)))
        items = work_items(rows, {row.rep_id: self.hours[row.calendar_id] for row in rows}, at=self.at)
        return [item.handoff.pk for item in items if not item.is_late]

    def _ends(self, hours: OpeningHours) -> list[datetime]:
        return list(day_ends(hours, self.at.astimezone(hours.tz).date(), LONGEST))
