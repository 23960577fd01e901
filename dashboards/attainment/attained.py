"""One clause in one period, as the pages show it: value, links, state, pace and projection."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from dashboards.numbers.question_urls import behind_url
from dashboards.numbers.sparkline import Point
from dashboards.templatetags.numbers import days_of
from metrics.answers import format_value
from metrics.pace import Pace
from metrics.period import Period
from metrics.projection import final_count_interval, final_rate_interval
from metrics.question import Part
from metrics.rate import Rate
from metrics.registry import Unit
from sla.agreement.document.clauses import describe_target, metric_of
from sla.attainment.judging import clause_pace, clause_question, exact_value, stored_row
from sla.attainment.periods import PERIOD_OF
from sla.calendars.hours import OpeningHours
from sla.models import Attainment, Clause
from smarketing.pages import wording

if TYPE_CHECKING:
    from metrics.registry import Metric

State = Attainment.State
TONES = {
    State.MET: "kept",
    State.ON_TRACK: "kept",
    State.AT_RISK: "risk",
    State.BEHIND: "breached",
    State.MISSED: "breached",
}
WORRYING = (State.AT_RISK, State.BEHIND, State.MISSED)


def period_label(period: Period, every: str) -> str:
    """ "9 – 15 November 2026", "November 2026", "Quarter 4, 2026"."""
    if every == Clause.Every.MONTH:
        return wording.day(period.start, "month")
    if every == Clause.Every.QUARTER:
        return _("Quarter %(n)s, %(year)s") % {"n": (period.start.month + 2) // 3, "year": period.start.year}
    return days_of(period)


@dataclass(frozen=True)
class Attained:
    """One clause in one period, as it was last computed."""

    clause: Clause
    row: Attainment
    hours: OpeningHours
    currency: str
    # Of what we had been told by then, and not as of then.
    as_seen: bool = False

    @cached_property
    def measured(self) -> Metric | None:
        return metric_of(self.clause)

    @cached_property
    def period(self) -> Period:
        return PERIOD_OF[Clause.Every(self.clause.every)](self.row.starts_on)

    @property
    def period_text(self) -> str:
        return period_label(self.period, self.clause.every)

    @property
    def unit(self) -> Unit:
        return self.measured.unit if self.measured else Unit.COUNT

    @property
    def is_over(self) -> bool:
        return self.row.computed_at >= self.period.ends_at

    def format_value(self, value: float | Decimal | None) -> str:
        """Never like the target where it misses that."""
        if self.clause.comparator == Clause.Comparator.AT_MOST:
            return format_value(self.unit, value, self.currency, at_most=[self.clause.target])
        return format_value(self.unit, value, self.currency, at_least=[self.clause.target])

    @property
    def value_text(self) -> str:
        if (
            self.unit == Unit.RATE
            and self.rate
            and not wording.is_percentage(self.rate.numerator, self.rate.denominator)
        ):
            return wording.share(self.rate.numerator, self.rate.denominator)
        return self.format_value(exact_value(stored_row(self.row)))

    @property
    def target_text(self) -> str:
        """ "at least 60", "at most 10%"."""
        return describe_target(self.clause)

    @cached_property
    def rate(self) -> Rate | None:
        if self.row.denominator is None or self.row.numerator is None:
            return None
        return Rate(int(self.row.numerator), int(self.row.denominator))

    @property
    def url(self) -> str:
        return self._rows_url("numerator", self.row.numerator)

    @property
    def of_url(self) -> str:
        return self._rows_url("denominator", self.row.denominator)

    def _rows_url(self, part: Part, was: Decimal | None) -> str:
        """The page of the leads behind a number; "" where there are none."""
        if self.measured is None or was is None:
            return ""
        question = clause_question(self.clause, self.period, self.row.computed_at, as_seen=self.as_seen)
        return behind_url(self.clause.metric, question, part=part, was=int(was))

    @property
    def revised_from(self) -> str:
        """The value when the period was first decided, if a late fact has changed it since."""
        decided = self.row.decided_at is not None and self.row.decided_value is not None
        return self.format_value(self.row.decided_value) if decided and self.row.decided_value != self.row.value else ""

    @property
    def state(self) -> str:
        return str(State(self.row.state).label)

    @property
    def tone(self) -> str:
        return TONES.get(State(self.row.state), "neutral")

    @property
    def is_worrying(self) -> bool:
        return self.row.state in WORRYING

    @cached_property
    def pace(self) -> Pace | None:
        if self.measured is None:
            return None
        return clause_pace(self.clause, self.period, stored_row(self.row), self.hours, self.row.computed_at)

    @property
    def has_interval(self) -> bool:
        return self.rate is not None and self.rate.interval is not None

    @property
    def target(self) -> float:
        return float(self.clause.target)

    @property
    def axis(self) -> tuple[float, float]:
        """The range of a rate's chart, in whole tenths, that holds its interval and target."""
        marks = [self.target, *((self.rate.interval if self.rate else None) or ())]
        low, high = min(marks), max(marks)
        return max(0.0, int(low * 10 - 0.5) / 10), min(1.0, -int(-high * 10 - 1) / 10)

    @property
    def scale(self) -> Decimal:
        return max(self.pace.target, self.pace.value) if self.pace else Decimal(1)

    @property
    def mark(self) -> Decimal | None:
        """Where the bar should be by now; the target once the period is over, and where the target is a maximum."""
        if self.pace is None:
            return None
        return self.clause.target if self.is_over else self.pace.due

    @property
    def against_pace(self) -> str:
        """ "3 behind pace (12)": for what adds up day by day, while it runs."""
        pace = self.pace
        if pace is None or self.is_over or pace.at_most or not pace.adds_up:
            return ""
        if not pace.due or pace.ahead is None:
            return _("no open day has passed yet")
        # What is behind is never said to be on pace, however little it is behind.
        ahead, digits = wording.rounded_beside(pace.ahead, self._digits, at_least=[0])
        words = {
            "n": self._format_exactly(abs(ahead), digits),
            "pace": self._format_exactly(wording.rounded(pace.due, self._digits), self._digits),
        }
        if not ahead:
            return _("on pace (%(pace)s)") % words
        return (_("%(n)s ahead of pace (%(pace)s)") if ahead > 0 else _("%(n)s behind pace (%(pace)s)")) % words

    @property
    def _digits(self) -> int:
        return 0 if self.unit == Unit.MONEY else 1

    def _format_exactly(self, value: Decimal, digits: int) -> str:
        if self.unit == Unit.MONEY:
            return wording.money(value, self.currency)
        return wording.number(value, 0 if value == value.to_integral_value() else digits)

    @property
    def projected(self) -> str:
        """Where it probably ends, with a 95 % interval: "at this pace 45 in the end (38–53)"."""
        pace = self.pace
        if pace is None or self.is_over or self.row.state == State.MATURING:
            return ""
        if self.rate:
            return self._projected_rate(self.rate)
        if not pace.adds_up or pace.projection is None:
            return ""
        words = {"n": format_value(self.unit, wording.rounded(pace.projection, 0), self.currency)}
        ends = final_count_interval(int(pace.value), pace.passed, pace.open_days) if self.unit == Unit.COUNT else None
        if ends is None:
            return _("at this pace %(n)s in the end") % words
        words |= {"low": wording.number(ends[0]), "high": wording.number(ends[1])}
        return _("at this pace %(n)s in the end (%(low)s–%(high)s)") % words

    def _projected_rate(self, rate: Rate) -> str:
        interval = final_rate_interval(rate.numerator, rate.denominator)
        return _("plausibly %(interval)s") % {"interval": wording.from_to(*interval)} if interval else ""

    @property
    def point(self) -> Point:
        title = f"{self.period_text}: {self.value_text}, {self.state}"
        return Point(self.row.value, self.target, self.tone, title)
