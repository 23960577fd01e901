"""The numbers of a stored report, each linked to the leads behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from dashboards.numbers.question_urls import behind_url
from dashboards.weekly.models import KeptWeek, WeeklyReport
from funnel.models import Stage
from metrics.period import Period
from metrics.question import ALL, Part, Question, View
from metrics.rate import Rate
from teams.models import Organization


@dataclass(frozen=True)
class Number:
    """A count with the URL of its leads."""

    n: int
    url: str


@dataclass(frozen=True)
class Share:
    """A rate with the URLs of both its counts."""

    rate: Rate
    url: str
    of_url: str


class LinkedNumbers:
    """The stored numbers of one week, linked to their leads as of the moment they were computed."""

    def __init__(self, report: WeeklyReport | KeptWeek, week: Period) -> None:
        self.report = report
        self.week = week
        self.numbers: dict[str, Any] = report.numbers
        self.question = Question(week, at=report.computed_at, as_seen=self.is_kept)
        self.organization = Organization.ours()

    @property
    def is_kept(self) -> bool:
        """Whether the week is shown as it was seen at its end."""
        return isinstance(self.report, KeptWeek)

    @property
    def is_over(self) -> bool:
        return self.is_kept or self.report.computed_at >= self.week.ends_at

    def count(self, name: str, n: int, key: str = ALL, part: Part = "numerator", **more: Any) -> Number:
        return Number(n, behind_url(name, replace(self.question, **more), key, part, was=n))

    def share(self, name: str, fraction: list[int], key: str = ALL, **more: Any) -> Share:
        n, of = fraction
        numerator = self.count(name, n, key, **more)
        return Share(Rate(n, of), numerator.url, self.count(name, of, key, "denominator", **more).url)

    def conversion(self, from_role: str, to_role: str, fraction: list[int], key: str = ALL, by: str = "") -> Share:
        stages = {"from_role": from_role, "to_role": to_role}
        return self.share("conversion", fraction, key, view=View.PERIOD.value, by=by, **stages)

    def points(self, now: list[int], before: list[int]) -> float | None:
        """The difference of two rates, each [numerator, denominator]; None while the week runs or over nothing."""
        a, b = Rate(*now).value, Rate(*before).value
        return a - b if self.is_over and a is not None and b is not None else None

    @cached_property
    def stage_of(self) -> dict[str, Stage]:
        return {stage.role: stage for stage in Stage.objects.known() if stage.role}
