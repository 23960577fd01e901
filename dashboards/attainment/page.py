"""The page of attainment: the clauses of both sides, each with its value, state and history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString

from dashboards.attainment.attained import Attained
from dashboards.numbers.sparkline import Sparkline, draw_sparkline
from metrics.period import Period
from sla.agreement.document.clauses import describe_clause, metric_label
from sla.attainment.computing import compute_missing
from sla.attainment.periods import PERIOD_OF, first_period
from sla.calendars.hours import OpeningHours
from sla.models import Attainment, Calendar, Clause, Party
from teams.models import Organization, Team, User

if TYPE_CHECKING:
    pass

HISTORY_LENGTH = 12
HISTORY_SPAN = timedelta(days=HISTORY_LENGTH * 100)


@dataclass(frozen=True)
class Line:
    """One clause: the period of the page, and the periods before it."""

    clause: Clause
    now: Attained | None
    history: list[Attained]
    # The first whole period of a new clause, if that is still to come.
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
        return draw_sparkline([attained.point for attained in self.history])


@dataclass(frozen=True)
class Side:
    """One team and its clauses."""

    team: Team
    head: User | None
    lines: list[Line]


class AttainmentPage:
    """All clauses, each in its week, month or quarter around the day `on`, as of `at`."""

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
    def _signed_clauses(self) -> list[Clause]:
        """The clauses of every version in force at some moment between the starts of the periods and now."""
        ends = max(self.at, *(period.starts_at for period in self.periods.values()))
        starts = min(self.at, *(period.starts_at for period in self.periods.values()))
        clauses = Clause.objects.filter(every__in=self.periods, agreement__in_force_from__lte=ends)
        lasting = Q(agreement__replaced_at=None) | Q(agreement__replaced_at__gt=starts)
        return list(clauses.filter(lasting).select_related("agreement", "team", "owner").order_by("position", "pk"))

    @cached_property
    def clauses(self) -> list[Clause]:
        """The clauses whose version was in force at the start of their period."""
        return [c for c in self._signed_clauses if c.agreement.holds(self.periods[c.every].starts_at)]

    @cached_property
    def coming(self) -> list[tuple[Clause, Period]]:
        """New clauses of the version in force, with their first whole period, which is still to come."""
        shown = {(clause.key, clause.every) for clause in self.clauses}
        current = [c for c in self._signed_clauses if c.agreement.holds(self.at)]
        new = [clause for clause in current if (clause.key, clause.every) not in shown]
        first_periods = [(clause, first_period(clause)) for clause in new]
        return [(clause, period) for clause, period in first_periods if period and period.starts_at > self.at]

    @cached_property
    def attained(self) -> dict[tuple[UUID, str], list[Attained]]:
        """The attainments of each clause, oldest first, up to the page's period; by clause key and kind of period."""
        if not self.clauses:
            return {}
        rows = self._rows()
        if self._missing(rows):
            compute_missing(lambda: self._missing(self._rows()), at=self.at)
            rows = self._rows()
        attained: dict[tuple[UUID, str], list[Attained]] = {}
        for row in rows:
            period = self.periods[row.clause.every]
            if row.starts_on <= period.start:
                key = (row.clause.key, row.clause.every)
                attained.setdefault(key, []).append(Attained(row.clause, row, self.hours, self.currency))
        return attained

    def _missing(self, rows: list[Attainment]) -> list[Clause]:
        """The clauses whose period has begun and is in none of these rows."""
        stored = {(row.clause_id, row.starts_on) for row in rows}
        begun = {clause: self.periods[clause.every] for clause in self.clauses}
        return [c for c, period in begun.items() if period.starts_at <= self.at and (c.pk, period.start) not in stored]

    def _rows(self) -> list[Attainment]:
        keys = [clause.key for clause in self.clauses]
        rows = Attainment.objects.filter(
            clause__key__in=keys, clause__every__in=self.periods, starts_on__gte=self.on - HISTORY_SPAN
        )
        return list(rows.select_related("clause").order_by("starts_on"))

    @cached_property
    def lines(self) -> list[Line]:
        new = [Line(clause, None, [], begins=period) for clause, period in self.coming]
        return [self._line(clause) for clause in self.clauses] + new

    def _line(self, clause: Clause) -> Line:
        history = self.attained.get((clause.key, clause.every), [])[-HISTORY_LENGTH:]
        now = history[-1] if history and history[-1].row.starts_on == self.periods[clause.every].start else None
        return Line(clause, now, history)

    @cached_property
    def sides(self) -> list[tuple[str, list[Side]]]:
        """Marketing's teams, then those that sell."""
        agreements = {line.clause.agreement_id for line in self.lines}
        parties = Party.objects.filter(agreement__in=agreements).order_by("agreement__number")
        people = parties.select_related("team__head", "head", "signature__by")
        heads = {party.team_id: party.promiser for party in people}
        sides: dict[int, Side] = {}
        for line in self.lines:
            team = line.clause.team
            sides.setdefault(team.pk, Side(team, heads.get(team.pk), [])).lines.append(line)
        return [
            (party, [side for side in sides.values() if side.team.party == party]) for party in ("marketing", "sales")
        ]

    @property
    def worrying(self) -> list[Line]:
        return [line for line in self.lines if line.now and line.now.is_worrying]

    @property
    def judged(self) -> list[Line]:
        """The lines with data."""
        return [line for line in self.lines if line.now and line.now.row.state != Attainment.State.NO_DATA]

    @property
    def computed_at(self) -> datetime | None:
        return min((line.now.row.computed_at for line in self.lines if line.now), default=None)
