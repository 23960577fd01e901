"""The goals that the week is part of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from dashboards.goals.lines import Standing
from dashboards.goals.models import Goal
from dashboards.numbers import charts
from dashboards.numbers.question_urls import behind_url
from dashboards.weekly.computing import common_days
from dashboards.weekly.linked_numbers import LinkedNumbers, Number
from metrics.pace import Pace
from metrics.period import Period
from smarketing.pages import wording


@dataclass(frozen=True)
class WeeklyGoal(Standing):
    """One goal that the week is part of."""

    value: Number
    this_week: Decimal
    week_url: str
    flagged: Number

    @property
    def week_text(self) -> str:
        return self.format_value(self.this_week)


class GoalNumbers(LinkedNumbers):
    """The goals of one week, with their pace."""

    @cached_property
    def goals(self) -> list[WeeklyGoal]:
        return [self._goal(stored) for stored in self.numbers["goals"]]

    def _goal(self, stored: dict[str, Any]) -> WeeklyGoal:
        start, until, end = (date.fromisoformat(stored[name]) for name in ("start", "until", "end"))
        measure = stored["measure"]
        kind = stored.get("kind", "")
        so_far, only = Period(start, until, self.week.zone), {"kind": kind} if kind else {}
        whole_week = replace(self.question, period=common_days(self.week, start, end), filters=only)
        return WeeklyGoal(
            measure,
            Period(start, end, self.week.zone),
            Pace(Decimal(stored["target"]), Decimal(stored["value"]), stored["open_days"], stored["passed"]),
            self.organization.currency,
            self.count(measure, stored["cases"], period=so_far, filters=only),
            Decimal(stored["this_week"]),
            behind_url(measure, whole_week),
            self.count(measure, stored["flagged"], part="flagged", period=so_far, filters=only),
            kind=kind,
        )

    @cached_property
    def _contracts_goal(self) -> dict[str, Any] | None:
        return next((goal for goal in self.numbers["goals"] if goal["measure"] == Goal.Measure.CONTRACTS), None)

    @cached_property
    def goal_chart(self) -> dict[str, Any] | None:
        return charts.goal(self._contracts_goal, self.contracts_label) if self._contracts_goal else None

    @property
    def contracts_label(self) -> str:
        assert self._contracts_goal is not None
        return _("%(n)s won") % {"n": wording.number(Decimal(self._contracts_goal["value"]))}

    @cached_property
    def goal_days(self) -> list[dict[str, Any]]:
        """The chart of the goal as a table: the end of each week, the pace by then, and the value reached."""
        if not self._contracts_goal:
            return []
        target, open_days = Decimal(self._contracts_goal["target"]), self._contracts_goal["open_days"]
        return [
            {
                "day": date.fromisoformat(day),
                "pace": wording.rounded(target * passed / open_days, 1) if open_days else None,
                "reached": Decimal(value) if value is not None else None,
            }
            for day, passed, value in self._contracts_goal["days"]
        ]
