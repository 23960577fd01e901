"""A goal with its value, pace and projection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from dashboards.goals.models import Goal
from dashboards.numbers.question_urls import behind_url
from metrics.pace import Pace
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric
from sla.calendars.hours import OpeningHours
from smarketing.pages import wording


@dataclass(frozen=True)
class Standing:
    """A target of contracts or revenue, and the value so far."""

    measure: str
    period: Period
    pace: Pace
    currency: str

    @property
    def label(self) -> str:
        return str(Goal.Measure(self.measure).label)

    @property
    def is_money(self) -> bool:
        return self.measure == Goal.Measure.REVENUE

    def format_value(self, amount: Decimal | None) -> str:
        if amount is None:
            return wording.NOTHING
        if self.is_money:
            return wording.money(amount, self.currency)
        return wording.number(amount, 0 if amount == amount.to_integral_value() else 1)

    @property
    def value_text(self) -> str:
        return self.format_value(self.pace.value)

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
        words = {"n": self.format_value(abs(self._rounded(ahead))), "pace": self.format_value(self._rounded(due))}
        if not self._rounded(ahead):
            return _("on pace (%(pace)s)") % words
        return (_("%(n)s ahead of pace (%(pace)s)") if ahead > 0 else _("%(n)s behind pace (%(pace)s)")) % words

    def _rounded(self, amount: Decimal) -> Decimal:
        return wording.rounded(amount, 0 if self.is_money else 1)

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


def goal_line(goal: Goal, hours: OpeningHours, currency: str, zone: ZoneInfo, at: datetime) -> GoalLine:
    period = Period(goal.starts_on, goal.ends_on, zone)
    question = Question(period, at=at)
    row = metric(goal.measure).value(question)
    today = min(max(at.astimezone(zone).date(), period.start), period.end)
    passed = hours.open_days(period.start, today)
    pace = Pace(goal.target, Decimal(row.value or 0), hours.open_days(period.start, period.end), passed)
    return GoalLine(goal.measure, period, pace, currency, goal, behind_url(goal.measure, question, was=row.numerator))
