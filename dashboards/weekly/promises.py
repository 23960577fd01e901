"""What became of the agreement in a week: kept with its numbers, and shown from them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from dashboards.attainment.attained import Attained
from dashboards.attainment.page import AttainmentPage
from metrics.period import Period
from sla.attainment.judging import judge, values_by_period
from sla.models import Attainment, Clause

Stored = list[dict[str, Any]]
DAY = timedelta(days=1)


def compute_promises(week: Period, at: datetime) -> Stored:
    """Each clause in its period around the last day of the week, as seen at that moment."""
    page = AttainmentPage(week.end - DAY, at)
    return [_judged(clause, page.periods[clause.every], page, at) for clause in page.clauses]


def _judged(clause: Clause, period: Period, page: AttainmentPage, at: datetime) -> dict[str, Any]:
    row = values_by_period(clause, [period], at, as_seen=True).get(period.key)
    judged = judge(clause, period, row, page.hours, at, None)
    counts = {name: None if (n := getattr(judged, name)) is None else str(n) for name in ("numerator", "denominator")}
    return {
        "clause": clause.pk,
        "starts_on": period.start.isoformat(),
        "ends_on": period.end.isoformat(),
        "value": judged.value,
        "state": judged.state,
        **counts,
    }


class KeptPromises(AttainmentPage):
    """The attainments that were kept with a week, as seen at its end."""

    def __init__(self, on: date, at: datetime, stored: Stored) -> None:
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
        stored = self._kept[clause.pk]
        return Attainment(
            clause=clause,
            starts_on=date.fromisoformat(stored["starts_on"]),
            ends_on=date.fromisoformat(stored["ends_on"]),
            numerator=_decimal(stored["numerator"]),
            denominator=_decimal(stored["denominator"]),
            value=stored["value"],
            state=stored["state"],
            computed_at=self.at,
        )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
