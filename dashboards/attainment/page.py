"""What both sides promised and what it came to, in words, each number with the address of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dashboards.numbers.asking import behind_url
from dashboards.numbers.sparkline import Point, Sparkline, plotted
from dashboards.templatetags.numbers import days_of
from metrics.pace import Pace
from metrics.period import Period
from metrics.projection import count_in_the_end, rate_in_the_end
from metrics.question import Part
from metrics.rate import Rate
from metrics.registry import Unit
from sla.agreement.document.clauses import describe_clause, describe_target, metric_label, metric_of
from sla.attainment.computing import compute
from sla.attainment.judging import pace_of, question_of, row_of
from sla.attainment.periods import PERIOD_OF, first_period
from sla.calendars.hours import OpeningHours
from sla.models import Agreement, Attainment, Calendar, Clause, Party
from smarketing.pages import wording
from teams.models import Organization, Team, User

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
SHOWN = 12
LONG_AGO = timedelta(days=SHOWN * 100)


def said(period: Period, every: str) -> str:
    """ "9 – 15 November 2026", "November 2026", "Quarter 4, 2026"."""
    if every == Clause.Every.MONTH:
        return wording.day(period.start, "month")
    if every == Clause.Every.QUARTER:
        return _("Quarter %(n)s, %(year)s") % {"n": (period.start.month + 2) // 3, "year": period.start.year}
    return days_of(period)


@dataclass(frozen=True)
class Attained:
    """One clause in one period, as it was computed last."""

    clause: Clause
    row: Attainment
    hours: OpeningHours
    currency: str

    @cached_property
    def measured(self) -> Metric | None:
        return metric_of(self.clause)

    @cached_property
    def period(self) -> Period:
        return PERIOD_OF[Clause.Every(self.clause.every)](self.row.starts_on)

    @property
    def period_text(self) -> str:
        return said(self.period, self.clause.every)

    @property
    def unit(self) -> Unit:
        return self.measured.unit if self.measured else Unit.COUNT

    @property
    def is_over(self) -> bool:
        return self.row.computed_at >= self.period.ends_at

    # The number

    def say(self, value: float | Decimal | None) -> str:
        if self.unit == Unit.RATE:
            return wording.percent(value)
        if self.unit == Unit.DURATION:
            return wording.duration(value)
        if self.unit == Unit.MONEY:
            return wording.money(value, self.currency)
        return wording.number(value)

    @property
    def value_text(self) -> str:
        return self.say(self.row.value)

    @property
    def promised_text(self) -> str:
        """ "at least 60", "at most 10%"."""
        return describe_target(self.clause)

    @cached_property
    def rate(self) -> Rate | None:
        if self.row.denominator is None or self.row.numerator is None:
            return None
        return Rate(int(self.row.numerator), int(self.row.denominator))

    @property
    def url(self) -> str:
        return self._behind("numerator", self.row.numerator)

    @property
    def of_url(self) -> str:
        return self._behind("denominator", self.row.denominator)

    def _behind(self, part: Part, was: Decimal | None) -> str:
        if self.measured is None or was is None:
            return ""
        question = question_of(self.clause, self.period, self.row.computed_at)
        return behind_url(self.clause.metric, question, part=part, was=int(was))

    @property
    def revised_from(self) -> str:
        """What it was when the period was first decided, where a late fact has changed it since."""
        decided = self.row.decided_at is not None and self.row.decided_value is not None
        return self.say(self.row.decided_value) if decided and self.row.decided_value != self.row.value else ""

    # How it stands

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
        return pace_of(self.clause, self.period, row_of(self.row), self.hours, self.row.computed_at)

    @property
    def has_interval(self) -> bool:
        return self.rate is not None and self.rate.interval is not None

    @property
    def target(self) -> float:
        return float(self.clause.target)

    @property
    def axis(self) -> tuple[float, float]:
        """The part of a rate's axis on which value, interval and target lie, to whole tenths."""
        ends = [self.target, *((self.rate.interval if self.rate else None) or ())]
        low, high = min(ends), max(ends)
        return max(0.0, int(low * 10 - 0.5) / 10), min(1.0, -int(-high * 10 - 1) / 10)

    @property
    def scale(self) -> Decimal:
        return max(self.pace.target, self.pace.value) if self.pace else Decimal(1)

    @property
    def mark(self) -> Decimal | None:
        """Where the bar should reach by now; at the end of the period, and for what is so much at most, the target."""
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
        ahead, due = wording.rounded(pace.ahead, self._digits), wording.rounded(pace.due, self._digits)
        words = {"n": self._say_exactly(abs(ahead)), "pace": self._say_exactly(due)}
        if not ahead:
            return _("on pace (%(pace)s)") % words
        return (_("%(n)s ahead of pace (%(pace)s)") if ahead > 0 else _("%(n)s behind pace (%(pace)s)")) % words

    @property
    def _digits(self) -> int:
        return 0 if self.unit == Unit.MONEY else 1

    def _say_exactly(self, value: Decimal) -> str:
        if self.unit == Unit.MONEY:
            return wording.money(value, self.currency)
        return wording.number(value, 0 if value == value.to_integral_value() else 1)

    @property
    def projected(self) -> str:
        """Where it plausibly ends, with its 95 % interval: "at this pace 45 in the end (38–53)"."""
        pace = self.pace
        if pace is None or self.is_over or self.row.state == State.MATURING:
            return ""
        if self.rate:
            interval = rate_in_the_end(self.rate.numerator, self.rate.denominator)
            return _("plausibly %(interval)s") % {"interval": wording.from_to(*interval)} if interval else ""
        if not pace.adds_up or pace.projection is None:
            return ""
        words = {"n": self.say(wording.rounded(pace.projection, 0))}
        ends = count_in_the_end(int(pace.value), pace.passed, pace.open_days) if self.unit == Unit.COUNT else None
        if ends is None:
            return _("at this pace %(n)s in the end") % words
        words |= {"low": wording.number(ends[0]), "high": wording.number(ends[1])}
        return _("at this pace %(n)s in the end (%(low)s–%(high)s)") % words

    @property
    def point(self) -> Point:
        title = f"{self.period_text}: {self.value_text}, {self.state}"
        return Point(self.row.value, self.target, self.tone, title)


@dataclass(frozen=True)
class Line:
    """One clause as the page shows it: the period asked for, and those before it."""

    clause: Clause
    now: Attained | None
    history: list[Attained]
    # A clause that is new and whose first whole period has not begun.
    begins: Period | None = None

    @property
    def words(self) -> SafeString:
        return describe_clause(self.clause)

    @property
    def name(self) -> str:
        return metric_label(self.clause)

    @property
    def url(self) -> str:
        return reverse("attainment_clause", args=[self.clause.key])

    @property
    def plot(self) -> Sparkline | None:
        return plotted([one.point for one in self.history])


@dataclass(frozen=True)
class Side:
    """One team and what it promised."""

    team: Team
    head: User | None
    lines: list[Line]


class AttainmentPage:
    """The promises that cover one day, each in its own period around it."""

    def __init__(self, on: date, at: datetime, every: str = "") -> None:
        self.on, self.at, self.every = on, at, every

    @cached_property
    def hours(self) -> OpeningHours:
        return Calendar.default().hours(at=self.at)

    @cached_property
    def currency(self) -> str:
        return Organization.ours().currency

    @cached_property
    def periods(self) -> dict[str, Period]:
        kinds = [kind for kind in PERIOD_OF if self.every in ("", kind)]
        return {str(kind): PERIOD_OF[kind](self.on) for kind in kinds}

    @cached_property
    def _signed(self) -> list[Clause]:
        """The clauses of all versions that may judge one of the periods, or hold now."""
        ends = max(self.at, *(period.starts_at for period in self.periods.values()))
        starts = min(self.at, *(period.starts_at for period in self.periods.values()))
        clauses = Clause.objects.filter(every__in=self.periods, agreement__in_force_from__lte=ends)
        lasting = Q(agreement__replaced_at=None) | Q(agreement__replaced_at__gt=starts)
        return list(clauses.filter(lasting).select_related("agreement", "team", "owner").order_by("position", "pk"))

    @cached_property
    def clauses(self) -> list[Clause]:
        """Those whose version is in force at the start of their period."""
        return [c for c in self._signed if holds(c.agreement, self.periods[c.every].starts_at)]

    @cached_property
    def coming(self) -> list[tuple[Clause, Period]]:
        """Promises of the version in force whose first whole period has not begun, since they are new."""
        shown = {(clause.key, clause.every) for clause in self.clauses}
        current = [c for c in self._signed if holds(c.agreement, self.at) and (c.key, c.every) not in shown]
        begin = [(clause, first_period(clause)) for clause in current]
        return [(clause, period) for clause, period in begin if period and period.starts_at > self.at]

    @cached_property
    def attained(self) -> dict[tuple[UUID, str], list[Attained]]:
        """By clause key and kind of period, up to the period asked for."""
        if not self.clauses:
            return {}
        missing = [clause for clause in self.clauses if not self._kept(clause)]
        if missing:
            compute(at=self.at, clauses=missing)
        found: dict[tuple[UUID, str], list[Attained]] = {}
        for row in self._rows(self.clauses):
            period = self.periods[row.clause.every]
            if row.starts_on <= period.start:
                one = Attained(row.clause, row, self.hours, self.currency)
                found.setdefault((row.clause.key, row.clause.every), []).append(one)
        return found

    @cached_property
    def _known(self) -> set[tuple[int, date]]:
        rows = Attainment.objects.filter(clause__in=[clause.pk for clause in self.clauses])
        return set(rows.values_list("clause", "starts_on"))

    def _kept(self, clause: Clause) -> bool:
        period = self.periods[clause.every]
        return period.starts_at > self.at or (clause.pk, period.start) in self._known

    def _rows(self, clauses: Iterable[Clause]) -> list[Attainment]:
        keys = [clause.key for clause in clauses]
        rows = Attainment.objects.filter(
            clause__key__in=keys, clause__every__in=self.periods, starts_on__gte=self.on - LONG_AGO
        )
        return list(rows.select_related("clause").order_by("starts_on"))

    @cached_property
    def lines(self) -> list[Line]:
        new = [Line(clause, None, [], begins=period) for clause, period in self.coming]
        return [self._line(clause) for clause in self.clauses] + new

    def _line(self, clause: Clause) -> Line:
        history = self.attained.get((clause.key, clause.every), [])[-SHOWN:]
        now = history[-1] if history and history[-1].row.starts_on == self.periods[clause.every].start else None
        return Line(clause, now, history)

    @cached_property
    def sides(self) -> list[tuple[str, list[Side]]]:
        """Marketing's teams, then those that sell."""
        agreements = {line.clause.agreement_id for line in self.lines}
        parties = Party.objects.filter(agreement__in=agreements).select_related("head").order_by("agreement__number")
        heads = {party.team_id: party.head for party in parties}
        teams: dict[int, Side] = {}
        for line in self.lines:
            team = line.clause.team
            teams.setdefault(team.pk, Side(team, heads.get(team.pk), [])).lines.append(line)
        return [(party, [one for one in teams.values() if one.team.party == party]) for party in ("marketing", "sales")]

    @property
    def worrying(self) -> list[Line]:
        return [line for line in self.lines if line.now and line.now.is_worrying]

    @property
    def judged(self) -> list[Line]:
        """Those that can be said anything of."""
        return [line for line in self.lines if line.now and line.now.row.state != State.NO_DATA]

    @property
    def computed_at(self) -> datetime | None:
        return min((line.now.row.computed_at for line in self.lines if line.now), default=None)


def holds(agreement: Agreement, at: datetime) -> bool:
    begins, ends = agreement.in_force_from, agreement.replaced_at
    return begins is not None and begins <= at and (ends is None or at < ends)
