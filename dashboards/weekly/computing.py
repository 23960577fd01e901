"""One week in numbers, computed as of one moment and stored as JSON.

Only numbers and keys are stored. Words, names and links are added when the page is rendered, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from smarketing.database.together import Asked

ROLES = tuple(StageRole.values)
AVERAGED_WEEKS = 4
IN_TIME_WEEKS = 12
Numbers = dict[str, Any]
DAY = timedelta(days=1)


def compute_week(week: Period, at: datetime, *, as_seen: bool = False) -> Numbers:
    """The numbers of the week as of `at`, or as seen then, with those of the weeks before for comparison."""
    question = Question(week, at=at, as_seen=as_seen)
    sources = stages_by(question, "source")
    stages = stage_numbers(question, sources)
    return {
        **deal_numbers(question),
        "stages": stages,
        "handoffs": handoff_numbers(question),
        "source": sources,
        "persona": stages_by(question, "persona"),
        "goals": goal_numbers(goals_around(week), question),
        "attention": attention.find_notes(question, stages),
    }


def weeks_before(question: Question, weeks: int = AVERAGED_WEEKS) -> Question:
    """The same question about the weeks just before, none of them cut short."""
    start = question.period.start
    return replace(question, period=Period(start - timedelta(weeks=weeks), start, question.period.zone))


def ask(*asked: Asked[Any]) -> list[Any]:
    """The answers to several questions about the same rows, by one statement."""
    return Asked.all_of(asked).fetch()


def rows(name: str, question: Question, **more: Any) -> Asked[list[Row]]:
    return metric(name).asked(replace(question, **more))


def value(name: str, question: Question, **more: Any) -> Asked[Row]:
    return metric(name).asked_value(replace(question, **more))


def deal_numbers(question: Question) -> Numbers:
    contracts, won, lost = ask(
        value("contracts", question),
        rows("contracts", question, by="won_reason"),
        rows("lost", question, by="lost_reason"),
    )
    return {"contracts": contracts.numerator, "deals": {"contracts": counts_by_key(won), "lost": counts_by_key(lost)}}


def stage_numbers(question: Question, sources: dict[str, dict[str, int]]) -> list[Numbers]:
    """How many leads entered each stage in the week (the sum over sources, as each has one), and in the weeks
    before."""
    weeks = weeks_before(question)
    before = ask(*(rows("entered", weeks, to_role=role, by="week") for role in ROLES))
    return [
        {
            "role": role,
            "entered": sum(columns.get(role, 0) for columns in sources.values()),
            "before": [row.numerator for row in rows_before],
        }
        for role, rows_before in zip(ROLES, before, strict=True)
    ]


def handoff_numbers(question: Question) -> Numbers:
    before = weeks_before(question)
    recent_weeks = replace(weeks_before(question, IN_TIME_WEEKS - 1), by="week")
    answered = ask(
        value("offered", question),
        value("acceptance", question),
        value("answered_in_time", question),
        value("answered_in_time", before),
        rows("answered_in_time", recent_weeks),
        value("time_to_answer", question),
        value("time_to_answer", before),
        value("unanswered", question, view=View.STOCK),
        rows("rejected", question, by="reason"),
        rows("verdicts", question, by="verdict"),
    )
    offered, acceptance, in_time, in_time_before, in_weeks, median, median_before, unanswered, *counts = answered
    reasons, verdicts = map(counts_by_key, counts)
    return {
        "offered": offered.numerator,
        "acceptance": fraction(acceptance),
        "in_time": fraction(in_time),
        "in_time_before": fraction(in_time_before),
        "in_time_weeks": [[row.key, *fraction(row)] for row in in_weeks] + [[question.period.key, *fraction(in_time)]],
        "median": duration(median),
        "median_before": duration(median_before),
        "unanswered": unanswered.numerator,
        "reasons": reasons,
        "verdicts": verdicts,
    }


def fraction(row: Row) -> list[int]:
    """[numerator, denominator]."""
    return [row.numerator, row.denominator or 0]


def duration(row: Row) -> list[Any]:
    """[median in seconds, number of cases]."""
    return [row.value, row.numerator]


def counts_by_key(found: Iterable[Row]) -> dict[str, int]:
    return {row.key: row.numerator for row in found}


def stages_by(question: Question, by: str) -> dict[str, dict[str, int]]:
    """By source or persona: how many leads entered each stage, and how many were rejected."""
    table: dict[str, dict[str, int]] = {}
    entered = [rows("entered", question, by=by, to_role=role) for role in ROLES]
    columns = ask(*entered, rows("rejected", question, by=by))
    for name, column in zip((*ROLES, "rejected"), columns, strict=True):
        for key, n in counts_by_key(column).items():
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


def goal_numbers(goals: Sequence[Goal], question: Question) -> list[Numbers]:
    hours = Calendar.default().hours(at=question.at)
    asked = [each for goal in goals for each in goal_questions(goal, question)]
    answers = iter(ask(*asked))
    return [
        numbers_of_goal(goal, question, hours, weekly, this_week)
        for goal, weekly, this_week in zip(goals, answers, answers, strict=True)
    ]


def goal_questions(goal: Goal, question: Question) -> tuple[Asked[list[Row]], Asked[Row]]:
    """What a goal reached in each week so far, and in the days of this one that are its own."""
    question = replace(question, filters=goal.filters)
    so_far = Period(goal.starts_on, counted_to(goal, question.period), question.period.zone)
    own_days = common_days(question.period, goal.starts_on, goal.ends_on)
    return rows(goal.measure, question, period=so_far, by="week"), value(goal.measure, question, period=own_days)


def counted_to(goal: Goal, week: Period) -> date:
    """The end of the days that count: nothing after the end of the week, even if it is computed later."""
    return max(min(week.end, goal.ends_on), goal.starts_on + DAY)


def numbers_of_goal(goal: Goal, question: Question, hours: OpeningHours, weekly: list[Row], this_week: Row) -> Numbers:
    week = question.period
    today = pace_day(week, question.at)
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
        "this_week": str(Decimal(this_week.value or 0)),
        "until": counted_to(goal, week).isoformat(),
        "open_days": hours.open_days(goal.starts_on, goal.ends_on),
        "passed": hours.open_days(goal.starts_on, max(goal.starts_on, min(today, goal.ends_on))),
        "days": list(progress(Period(goal.starts_on, goal.ends_on, week.zone), weekly, hours, today)),
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
