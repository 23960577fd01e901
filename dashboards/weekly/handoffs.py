"""The hand-offs of the week: answers, their times, reasons and verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboards.numbers import charts
from dashboards.weekly.linked_numbers import LinkedNumbers, Number
from funnel.models import Reason
from metrics.question import View
from metrics.rate import Rate
from sla.models import Handoff


@dataclass(frozen=True)
class Counted:
    """How often one reason or one verdict was given."""

    key: str
    name: str
    number: Number
    total: int


class HandoffNumbers(LinkedNumbers):
    """The hand-offs of one week, beside the weeks before it."""

    @cached_property
    def handoffs(self) -> dict[str, Any]:
        stored = self.numbers["handoffs"]
        accepted, answered = stored["acceptance"]
        return {
            "offered": self.count("offered", stored["offered"]),
            "accepted": self.count("acceptance", accepted),
            "acceptance": self.share("acceptance", stored["acceptance"]),
            "rejected": self.count("rejected", answered - accepted),
            "rejection": Rate(answered - accepted, answered),
            "unanswered": self.count("unanswered", stored["unanswered"], view=View.STOCK.value),
            "in_time": self.share("answered_in_time", stored["in_time"]),
            "in_time_points": self.points(stored["in_time"], stored["in_time_before"]),
            "median": stored["median"][0],
            "median_rows": self.count("time_to_answer", stored["median"][1]),
            "median_before": stored["median_before"][0],
            "chart": charts.in_time(stored["in_time_weeks"], self.in_time_urls),
        }

    @property
    def in_time_urls(self) -> list[str]:
        weeks = self.numbers["handoffs"]["in_time_weeks"]
        return [reverse("weekly_week", args=[monday]) for monday, _n, _of in weeks]

    @cached_property
    def in_time_weeks(self) -> list[tuple[date, Rate, str]]:
        stored = self.numbers["handoffs"]["in_time_weeks"]
        return [
            (date.fromisoformat(monday), Rate(n, of), url)
            for (monday, n, of), url in zip(stored, self.in_time_urls, strict=True)
        ]

    @cached_property
    def reasons(self) -> list[Counted]:
        names = {reason.key: str(reason) for reason in Reason.objects.known()}
        return self._counted("rejected", "reason", self.numbers["handoffs"]["reasons"], names)

    @cached_property
    def verdicts(self) -> list[Counted]:
        stored = self.numbers["handoffs"]["verdicts"]
        names = {verdict.value: str(verdict.label) for verdict in Handoff.Verdict}
        given = {verdict: stored.get(verdict, 0) for verdict in names}
        return self._counted("verdicts", "verdict", given, names, in_order=True) if any(given.values()) else []

    def _counted(
        self, name: str, by: str, counts: dict[str, int], names: dict[str, str], *, in_order: bool = False
    ) -> list[Counted]:
        total = sum(counts.values())
        counted = [
            Counted(key, names.get(key, key) or _("none"), self.count(name, n, key, by=by), total)
            for key, n in counts.items()
        ]
        return counted if in_order else sorted(counted, key=lambda line: (-line.number.n, line.name))
