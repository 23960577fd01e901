"""The week so far, in four numbers. The weekly page has them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from dashboards.numbers.asking import behind_url
from metrics.period import Period
from metrics.rate import Row
from metrics.registry import Question, metric
from smarketing.company import company_zone


@dataclass(frozen=True)
class Figure:
    """One number with its name, and the question whose answer it is."""

    label: str
    name: str
    question: Question
    row: Row

    @property
    def url(self) -> str:
        """The leads behind it."""
        return behind_url(self.name, self.question, was=self.row.numerator)


def this_week(at: datetime) -> Period:
    zone = company_zone()
    return Period.week_of(at.astimezone(zone), zone)


def week_in_short(at: datetime) -> list[Figure]:
    week = this_week(at)
    asked: tuple[tuple[str, str, str], ...] = (
        (_("Became MQL"), "entered", "mql"),
        (_("Accepted by sales"), "acceptance", ""),
        (_("Answered in time"), "answered_in_time", ""),
        (_("Contracts"), "contracts", ""),
    )
    return [figure(label, name, Question(week, at=at, to_role=more)) for label, name, more in asked]


def figure(label: str, name: str, question: Question) -> Figure:
    return Figure(label, name, question, next(iter(metric(name).rows(question))))
