"""One week in numbers, computed as of one moment and stored as JSON.

Only numbers and keys are stored. Words, names and links are added when the page is rendered, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from dashboards.goals.models import Goal
from dashboards.weekly import attention
from funnel.models import Opportunity, StageRole, Transition
from metrics.period import Period
from metrics.question import MICROSECOND, Question, View
from metrics.rate import Row
from metrics.registry import metric
from sla.calendars.hours import OpeningHours
from sla.models import Calendar, Timer

ROLES = tuple(StageRole.values)
AVERAGED_WEEKS = 4
IN_TIME_WEEKS = 12
Numbers = dict[str, Any]
DAY = timedelta(days=1)


def compute_week(week: Period, at: datetime, *, as_seen: bool = False) -> Numbers:
    """The numbers of the week as of `at`, or as seen then, with those of the weeks before for comparison."""
    question = Question(week, at=at, as_seen=as_seen)
    sources = stages_by(question, "source")
    stages = [stage_numbers(question, role, sources) for role in ROLES]
    return {
        "contracts": value("contracts", question).numerator,
        "stages": stages,
        "handoffs": handoff_numbers(question),
        "deals": {
            "contracts": counts_by("contracts", question, "won_reason"),
            "lost": counts_by("lost", question, "lost_reason"),
        },
        "source": sources,
        "persona": stages_by(question, "persona"),
        "goals": [goal_numbers(goal, question) for goal in goals_around(week)],
        "attention": attention.find_notes(question, stages),
    }


def weeks_before(question: Question, weeks: int = AVERAGED_WEEKS) -> Question:
    """The same question about the weeks just before, none of them cut short."""
    start = question.period.start
    return replace(question, period=Period(start - timedelta(weeks=weeks), start, question.period.zone))


def rows(name: str, question: Question, **more: Any) -> list[Row]:
    return metric(name).rows(replace(question, **more))


def value(name: str, question: Question, **more: Any) -> Row:
    return metric(name).value(replace(question, **more))


def stage_numbers(question: Question, role: str, sources: dict[str, dict[str, int]]) -> Numbers:
    """How many leads entered a stage in the week (the sum over sources, as each has one), and in the weeks before."""
    before = rows("entered", weeks_before(question), to_role=role, by="week")
    return {
        "role": role,
        "entered": sum(columns.get(role, 0) for columns in sources.values()),
        "before": [row.numerator for row in before],
    }


def handoff_numbers(question: Question) -> Numbers:
    before = weeks_before(question)
    recent_weeks = replace(weeks_before(question, IN_TIME_WEEKS - 1), by="week")
    in_time = fraction(value("answered_in_time", question))
    return {
        "offered": value("offered", question).numerator,
        "acceptance": fraction(value("acceptance", question)),
        "in_time": in_time,
        "in_time_before": fraction(value("answered_in_time", before)),
        "in_time_weeks": [[row.key, *fraction(row)] for row in rows("answered_in_time", recent_weeks)]
        + [[question.period.key, *in_time]],
        "median": duration(value("time_to_answer", question)),
        "median_before": duration(value("time_to_answer", before)),
        "unanswered": value("unanswered", question, view=View.STOCK).numerator,
        "reasons": counts_by("rejected", question, "reason"),
        "verdicts": counts_by("verdicts", question, "verdict"),
    }


def fraction(row: Row) -> list[int]:
    """[numerator, denominator]."""
    return [row.numerator, row.denominator or 0]


def duration(row: Row) -> list[Any]:
    """[median in seconds, number of cases]."""
    return [row.value, row.numerator]


def counts_by(name: str, question: Question, by: str, **more: Any) -> dict[str, int]:
    return {row.key: row.numerator for row in rows(name, question, by=by, **more)}


def stages_by(question: Question, by: str) -> dict[str, dict[str, int]]:
    """By source or persona: how many leads entered each stage, and how many were rejected."""
    table: dict[str, dict[str, int]] = {}
    columns = {role: counts_by("entered", question, by, to_role=role) for role in ROLES}
    for name, column in {**columns, "rejected": counts_by("rejected", question, by)}.items():
        for key, n in column.items():
            table.setdefault(key, {})[name] = n
    return table


def pace_day(week: Period, at: datetime) -> date:
    """The day up to which the pace counts open days: today, or the end of a week that is over."""
    return min(at.astimezone(week.zone).date(), week.end)


def goals_around(week: Period) -> list[Goal]:
    """The goals whose period shares a day with the week, longest period first: of a week that straddles two, both."""
    goals = Goal.objects.filter(starts_on__lt=week.end, ends_on__gt=week.start)
    return sorted(goals, key=lambda goal: (goal.starts_on - goal.ends_on, goal.starts_on, goal.measure, goal.kind))


def common_days(week: Period, start: date, end: date) -> Period:
    """The days of the week that lie in a goal's period: what it reached in the week is a part of all it reached."""
    return Period(max(week.start, start), min(week.end, end), week.zone)


def goal_numbers(goal: Goal, question: Question) -> Numbers:
    question = replace(question, filters=goal.filters)
    week, at = question.period, question.at
    hours = Calendar.default().hours(at=at)
    today = pace_day(week, at)
    period = Period(goal.starts_on, goal.ends_on, week.zone)
    # Nothing after the end of the week, even if it is computed later.
    so_far = replace(
        question, period=Period(goal.starts_on, max(min(week.end, goal.ends_on), goal.starts_on + DAY), week.zone)
    )
    weekly = rows(goal.measure, so_far, by="week")
    return {
        "goal": goal.pk,
        "measure": goal.measure,
        "kind": goal.kind,
        "start": goal.starts_on.isoformat(),
        "end": goal.ends_on.isoformat(),
        "target": str(goal.target),
        "value": str(sum((Decimal(row.value or 0) for row in weekly), Decimal(0))),
        "cases": sum(row.numerator for row in weekly),
        "flagged": sum(row.flagged for row in weekly),
        "this_week": str(
            Decimal(value(goal.measure, question, period=common_days(week, goal.starts_on, goal.ends_on)).value or 0)
        ),
        "until": so_far.period.end.isoformat(),
        "open_days": hours.open_days(goal.starts_on, goal.ends_on),
        "passed": hours.open_days(goal.starts_on, max(goal.starts_on, min(today, goal.ends_on))),
        "days": list(progress(period, weekly, hours, today)),
    }


def progress(period: Period, weekly: list[Row], hours: OpeningHours, today: date) -> Iterator[list[Any]]:
    """[day, open days before it, value reached] for the start of the period and the end of each week; the value of a
    future day is None."""
    values = {row.key: Decimal(row.value or 0) for row in weekly}
    total = Decimal(0)
    yield [period.start.isoformat(), 0, "0"]
    for week in period.split("week"):
        is_known = week.start < today or week.key in values and week.start <= today
        total += values.get(week.key, Decimal(0))
        end = min(week.end, today) if is_known else week.end
        yield [end.isoformat(), hours.open_days(period.start, end), str(total) if is_known else None]


def fresh_until(week: Period, at: datetime) -> datetime | None:
    """When time alone would change the numbers: a timer runs out, a fact dated ahead happens, a day begins.

    None for a week that is over, which only late facts can change.
    """
    if at >= week.ends_at:
        return None
    tomorrow = at.astimezone(week.zone).date() + DAY
    due_at = first_moment(Timer.objects.filter(kind=Timer.Kind.ANSWER, stopped_at=None, due_at__gte=at), "due_at")
    moments = [
        datetime.combine(tomorrow, time(), week.zone),
        # An answer exactly on the deadline is in time.
        due_at and due_at + MICROSECOND,
        first_moment(Transition.objects.filter(at__gt=at), "at"),
        first_moment(Opportunity.objects.filter(won_at__gt=at), "won_at"),
    ]
    return min(moment for moment in moments if moment)


def first_moment(queryset: Any, name: str) -> datetime | None:
    moment: datetime | None = queryset.order_by(name).values_list(name, flat=True).first()
    return moment
