"""A goal with its value, pace and projection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from dashboards.goals.models import Goal
from dashboards.numbers.question_urls import behind_url
from funnel.models import Opportunity
from metrics.pace import Pace
from metrics.period import Period
from metrics.question import Question
from metrics.rate import Row
from metrics.registry import metric
from sla.calendars.hours import OpeningHours
from smarketing.database.together import Asked
from smarketing.pages import wording


@dataclass(frozen=True)
class Standing:
    """A target of contracts or revenue, and the value so far."""

    measure: str
    period: Period
    pace: Pace
    currency: str
    kind: str = field(default="", kw_only=True)

    @property
    def label(self) -> str:
        what = str(Goal.Measure(self.measure).label)
        if not self.kind:
            return what
        return _("%(what)s (%(kind)s)") % {"what": what, "kind": Opportunity.Kind(self.kind).label}

    @property
    def is_money(self) -> bool:
        return self.measure == Goal.Measure.REVENUE

    def format_value(self, amount: Decimal | None, *, digits: int = 1, at_least: Sequence[Decimal] = ()) -> str:
        if amount is None:
            return wording.NOTHING
        if self.is_money:
            return wording.money(amount, self.currency, at_least=at_least)
        return wording.number(amount, 0 if amount == amount.to_integral_value() else digits, at_least=at_least)

    @property
    def value_text(self) -> str:
        """Never like the target where it misses that."""
        return self.format_value(self.pace.value, at_least=[self.pace.target])

    @property
    def target_text(self) -> str:
        return self.format_value(self.pace.target)

    @property
    def is_over(self) -> bool:
        return self.pace.passed >= self.pace.open_days

    @property
    def tone(self) -> str:
        if self.is_over:
            return "kept" if self.pace.value >= self.pace.target else "breached"
        return self.pace.tone

    @property
    def state(self) -> str:
        if self.is_over:
            return _("Reached") if self.pace.value >= self.pace.target else _("Not reached")
        return {"kept": _("On track"), "risk": _("At risk"), "breached": _("Behind"), "neutral": _("No data yet")}[
            self.tone
        ]

    @property
    def against_pace(self) -> str:
        """ "1.5 behind pace (24.5)" """
        ahead, due = self.pace.ahead, self.pace.due
        if ahead is None or not due:
            return _("no open day has passed yet")
        # What is behind is never said to be on pace, however little it is behind.
        shown, digits = wording.rounded_beside(ahead, 0 if self.is_money else 1, at_least=[0])
        words = {
            "n": self.format_value(abs(shown), digits=digits),
            "pace": self.format_value(wording.rounded(due, 0 if self.is_money else 1)),
        }
        if not shown:
            return _("on pace (%(pace)s)") % words
        return (_("%(n)s ahead of pace (%(pace)s)") if ahead > 0 else _("%(n)s behind pace (%(pace)s)")) % words

    @property
    def projected(self) -> str:
        projection = self.pace.projection
        if projection is None or self.is_over:
            return ""
        return _("at this pace %(n)s in the end") % {"n": self.format_value(wording.rounded(projection, 0))}

    @property
    def scale(self) -> Decimal:
        """The value at the full length of the bar."""
        return max(self.pace.target, self.pace.value) or Decimal(1)


@dataclass(frozen=True)
class GoalLine(Standing):
    """A goal in the list of goals."""

    goal: Goal
    url: str


def goal_lines(
    goals: Sequence[Goal], hours: OpeningHours, currency: str, zone: ZoneInfo, at: datetime
) -> list[GoalLine]:
    """The goals with what they came to, asked by one statement."""
    periods = [Period(goal.starts_on, goal.ends_on, zone) for goal in goals]
    questions = [Question(period, filters=goal.filters, at=at) for goal, period in zip(goals, periods, strict=True)]
    asked = [metric(goal.measure).asked_value(question) for goal, question in zip(goals, questions, strict=True)]
    rows = Asked.all_of(asked).fetch()
    return [
        _goal_line(goal, question, row, hours, currency)
        for goal, question, row in zip(goals, questions, rows, strict=True)
    ]


def _goal_line(goal: Goal, question: Question, row: Row, hours: OpeningHours, currency: str) -> GoalLine:
    period, zone, at = question.period, question.period.zone, question.at
    today = min(max(at.astimezone(zone).date(), period.start), period.end)
    passed = hours.open_days(period.start, today)
    pace = Pace(goal.target, Decimal(row.value or 0), hours.open_days(period.start, period.end), passed)
    url = behind_url(goal.measure, question, was=row.numerator)
    return GoalLine(goal.measure, period, pace, currency, goal, url, kind=goal.kind)
