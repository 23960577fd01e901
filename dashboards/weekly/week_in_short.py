"""The week so far in four key figures, for the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dashboards.numbers.question_urls import behind_url
from metrics.period import Period
from metrics.rate import Row
from metrics.registry import Question, metric
from smarketing.company import company_zone
from smarketing.database.together import Asked


@dataclass(frozen=True)
class Figure:
    """One number with its name and its question."""

    label: str
    name: str
    question: Question
    row: Row

    @property
    def url(self) -> str:
        """The page of the leads behind it."""
        return behind_url(self.name, self.question, was=self.row.numerator)


def this_week(at: datetime) -> Period:
    zone = company_zone()
    return Period.week_of(at.astimezone(zone), zone)


def key_figures(at: datetime) -> list[Figure]:
    return asked_key_figures(at).fetch()


def asked_key_figures(at: datetime) -> Asked[list[Figure]]:
    """The figures, to be asked with what else a page shows."""
    week = this_week(at)
    figures: tuple[tuple[str, str, str], ...] = (
        (_("Became MQL"), "entered", "mql"),
        (_("Accepted by sales"), "acceptance", ""),
        (_("Answered in time"), "answered_in_time", ""),
        (_("Contracts"), "contracts", ""),
    )
    questions = [(label, name, Question(week, at=at, to_role=role)) for label, name, role in figures]
    asked = Asked.all_of([metric(name).asked_value(question) for _label, name, question in questions])

    def figures_of(*found: list[Any]) -> list[Figure]:
        return [Figure(*question, row) for question, row in zip(questions, asked.make(*found), strict=True)]

    return Asked(asked.querysets, figures_of)
