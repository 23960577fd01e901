"""One week in numbers, for both teams: computed together, as of one moment, and kept as plain JSON.

Only numbers and keys are kept. Words, names and links are made when the page is read, in the reader's language.
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
AVERAGED = 4
IN_TIME_WEEKS = 12
Numbers = dict[str, Any]


def compute(week: Period, at: datetime) -> Numbers:
    """Count the week as of `at`; the weeks before it stand beside it, for comparison."""
    question = Question(week, at=at)
    sources = cut(question, "source")
    stages = [stage(question, role, sources) for role in ROLES]
    return {
        "contracts": value("contracts", question).numerator,
        "stages": stages,
        "handoffs": handoffs(question),
        "source": sources,
        "persona": cut(question, "persona"),
        "goals": [goal(one, question) for one in goals_of(week, at)],
        "attention": attention.found(question, stages),
    }


def weeks_before(question: Question, weeks: int = AVERAGED) -> Question:
    """The same question about the weeks just before, none of them cut short."""
    start = question.period.start
    return replace(question, period=Period(start - timedelta(weeks=weeks), start, question.period.zone))


def rows(name: str, question: Question, **more: Any) -> list[Row]:
    return metric(name).rows(replace(question, **more))


def value(name: str, question: Question, **more: Any) -> Row:
    return metric(name).value(replace(question, **more))


def stage(question: Question, role: str, sources: dict[str, dict[str, int]]) -> Numbers:
    """How many entered in the week (each from one source, so the sources add up to it), and in the weeks before."""
    before = rows("entered", weeks_before(question), to_role=role, by="week")
    return {
        "role": role,
        "entered": sum(columns.get(role, 0) for columns in sources.values()),
        "before": [row.numerator for row in before],
    }


def handoffs(question: Question) -> Numbers:
    before = weeks_before(question)
    twelve = replace(weeks_before(question, IN_TIME_WEEKS - 1), by="week")
    in_time = pair(value("answered_in_time", question))
    return {
        "offered": value("offered", question).numerator,
        "acceptance": pair(value("acceptance", question)),
        "in_time": in_time,
        "in_time_before": pair(value("answered_in_time", before)),
        "in_time_weeks": [[row.key, *pair(row)] for row in rows("answered_in_time", twelve)]
        + [[question.period.key, *in_time]],
        "median": duration(value("time_to_answer", question)),
        "median_before": duration(value("time_to_answer", before)),
        "unanswered": value("unanswered", question, view=View.STOCK).numerator,
        "reasons": counts("rejected", question, "reason"),
        "verdicts": counts("verdicts", question, "verdict"),
    }


def pair(row: Row) -> list[int]:
    return [row.numerator, row.denominator or 0]


def duration(row: Row) -> list[Any]:
    """Seconds, and of how many."""
    return [row.value, row.numerator]


def counts(name: str, question: Question, by: str, **more: Any) -> dict[str, int]:
    return {row.key: row.numerator for row in rows(name, question, by=by, **more)}


def cut(question: Question, by: str) -> dict[str, dict[str, int]]:
    """How many of each source, or persona, entered each stage, and were rejected."""
    found: dict[str, dict[str, int]] = {}
    columns = {role: counts("entered", question, by, to_role=role) for role in ROLES}
    for name, column in {**columns, "rejected": counts("rejected", question, by)}.items():
        for key, n in column.items():
            found.setdefault(key, {})[name] = n
    return found


# The goal


def today_of(week: Period, at: datetime) -> date:
    """The day that pace is counted up to: today, or for a week that is over, the day after it."""
    return min(at.astimezone(week.zone).date(), week.end)


def goals_of(week: Period, at: datetime) -> list[Goal]:
    """The goals that the week is part of, those of the longest period first."""
    day = min(today_of(week, at), week.end - timedelta(days=1))
    goals = Goal.objects.filter(starts_on__lte=day, ends_on__gt=day)
    return sorted(goals, key=lambda goal: (goal.starts_on - goal.ends_on, goal.starts_on, goal.measure))


def goal(one: Goal, question: Question) -> Numbers:
    week, at = question.period, question.at
    hours = Calendar.default().hours(at=at)
    today = today_of(week, at)
    period = Period(one.starts_on, one.ends_on, week.zone)
    # Nothing after the week's end, also when the week is looked at later.
    so_far = replace(
        question, period=Period(one.starts_on, max(min(week.end, one.ends_on), one.starts_on + DAY), week.zone)
    )
    weekly = rows(one.measure, so_far, by="week")
    return {
        "goal": one.pk,
        "measure": one.measure,
        "start": one.starts_on.isoformat(),
        "end": one.ends_on.isoformat(),
        "target": str(one.target),
        "value": str(sum((Decimal(row.value or 0) for row in weekly), Decimal(0))),
        "cases": sum(row.numerator for row in weekly),
        "flagged": sum(row.flagged for row in weekly),
        "this_week": str(Decimal(value(one.measure, question).value or 0)),
        "until": so_far.period.end.isoformat(),
        "open_days": hours.open_days(one.starts_on, one.ends_on),
        "passed": hours.open_days(one.starts_on, max(one.starts_on, min(today, one.ends_on))),
        "days": list(reached(period, weekly, hours, today)),
    }


DAY = timedelta(days=1)


def reached(period: Period, weekly: list[Row], hours: OpeningHours, today: date) -> Iterator[list[Any]]:
    """For the start of the period and the end of each of its weeks: the day, the open days before it, and how much
    was reached by then (nothing is known of days to come)."""
    values = {row.key: Decimal(row.value or 0) for row in weekly}
    total = Decimal(0)
    yield [period.start.isoformat(), 0, "0"]
    for week in period.split("week"):
        known = week.start < today or week.key in values and week.start <= today
        total += values.get(week.key, Decimal(0))
        end = min(week.end, today) if known else week.end
        yield [end.isoformat(), hours.open_days(period.start, end), str(total) if known else None]


# How long it holds


def good_until(week: Period, at: datetime) -> datetime | None:
    """From when on time alone would change the numbers: a clock runs out, a fact dated ahead happens, a day begins.

    None for a week that is over: only what comes in late can change it.
    """
    if at >= week.ends_at:
        return None
    tomorrow = at.astimezone(week.zone).date() + DAY
    due_at = first(Timer.objects.filter(kind=Timer.Kind.ANSWER, stopped_at=None, due_at__gte=at), "due_at")
    moments = [
        datetime.combine(tomorrow, time(), week.zone),
        # Exactly on the deadline it is in time.
        due_at and due_at + MICROSECOND,
        first(Transition.objects.filter(at__gt=at), "at"),
        first(Opportunity.objects.filter(won_at__gt=at), "won_at"),
    ]
    return min(moment for moment in moments if moment)


def first(queryset: Any, name: str) -> datetime | None:
    found: datetime | None = queryset.order_by(name).values_list(name, flat=True).first()
    return found
