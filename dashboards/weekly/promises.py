"""What became of the agreement in a week: kept with its numbers, and shown from them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from dashboards.attainment.attained import Attained
from dashboards.attainment.page import AttainmentPage
from dashboards.attainment.stored import Stored, from_stored, to_store
from metrics.period import Period
from sla.attainment.judging import judge, values_by_period
from sla.models import Attainment, Clause

DAY = timedelta(days=1)


def compute_promises(week: Period, at: datetime) -> list[Stored]:
    """Each clause in its period around the last day of the week, as seen at that moment."""
    page = AttainmentPage(week.end - DAY, at)
    return [_judged(clause, page.periods[clause.every], page, at) for clause in page.clauses]


def _judged(clause: Clause, period: Period, page: AttainmentPage, at: datetime) -> Stored:
    row = values_by_period(clause, [period], at, as_seen=True).get(period.key)
    return to_store(judge(clause, period, row, page.hours, at, None))


class KeptPromises(AttainmentPage):
    """The attainments that were kept with a week, as seen at its end."""

    def __init__(self, on: date, at: datetime, stored: list[Stored]) -> None:
        super().__init__(on, at)
        self._kept = {each["clause"]: each for each in stored}

    @cached_property
    def clauses(self) -> list[Clause]:
        clauses = Clause.objects.filter(pk__in=self._kept).select_related("agreement", "team", "owner")
        return list(clauses.order_by("position", "pk"))

    @cached_property
    def coming(self) -> list[tuple[Clause, Period]]:
        return []

    @cached_property
    def attained(self) -> dict[tuple[UUID, str], list[Attained]]:
        return {
            (clause.key, clause.every): [Attained(clause, self._row(clause), self.hours, self.currency, as_seen=True)]
            for clause in self.clauses
        }

    def _row(self, clause: Clause) -> Attainment:
        return from_stored(self._kept[clause.pk], clause, at=self.at)
