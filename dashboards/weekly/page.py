"""The weekly page: one week's numbers in words, each with the address of the leads behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.attainment.page import AttainmentPage
from dashboards.goals.lines import Standing
from dashboards.goals.models import Goal
from dashboards.numbers import charts
from dashboards.numbers.asking import behind_url
from dashboards.weekly.models import WeeklyReport
from dashboards.weekly.notes import Note, notes_of
from dashboards.weekly.weekly import AVERAGED
from funnel.models import Reason, Stage, StageRole
from leads.models import Persona
from metrics.pace import Pace
from metrics.period import Period
from metrics.question import ALL, Part, Question, View
from metrics.rate import Rate
from sla.models import Handoff
from smarketing.pages import wording
from teams.models import Organization

SHOWN = 12


@dataclass(frozen=True)
class Number:
    """A count with the address of its rows."""

    n: int
    url: str


@dataclass(frozen=True)
class Share:
    """A rate with the addresses of both its counts."""

    rate: Rate
    url: str
    of_url: str


@dataclass(frozen=True)
class StageLine:
    """One step of the funnel: who entered it in the week, and what share of the step before that is."""

    stage: Stage
    entered: Number
    average: float
    longest: float
    share: Share | None
    before: Rate | None
    is_over: bool

    @property
    def change(self) -> float | None:
        return (self.entered.n - self.average) / self.average if self.is_over and self.average else None

    @property
    def points(self) -> float | None:
        if not self.is_over or self.share is None or self.before is None:
            return None
        now, then = self.share.rate.value, self.before.value
        return None if now is None or then is None else now - then


@dataclass(frozen=True)
class CutLine:
    """What came of one source, or one persona."""

    name: str
    entered: list[Number]
    to_mql: Share
    rejected: Number
    to_customer: Share


@dataclass(frozen=True)
class Counted:
    """How often one reason, or one verdict, was given."""

    key: str
    name: str
    number: Number
    total: int


@dataclass(frozen=True)
class WeeklyGoal(Standing):
    """One goal that the week is part of."""

    value: Number
    this_week: Decimal
    week_url: str
    flagged: Number

    @property
    def week_text(self) -> str:
        return self.say(self.this_week)


class WeeklyPage:
    """What the template shows of one report."""

    def __init__(self, report: WeeklyReport, week: Period) -> None:
        self.report = report
        self.week = week
        self.numbers: dict[str, Any] = report.numbers
        self.question = Question(week, at=report.computed_at)
        self.organization = Organization.ours()

    @property
    def is_over(self) -> bool:
        return self.report.computed_at >= self.week.ends_at

    @property
    def number(self) -> int:
        return self.week.start.isocalendar().week

    @property
    def year(self) -> int:
        return self.week.start.isocalendar().year

    @property
    def last_day(self) -> date:
        return date.fromordinal(self.week.end.toordinal() - 1)

    @property
    def is_empty(self) -> bool:
        """Nothing has ever come in that could be counted here."""
        counts = [n for line in self.numbers["stages"] for n in (line["entered"], *line["before"])]
        return not any(counts) and not self.numbers["handoffs"]["offered"] and not self.numbers["goals"]

    # Numbers and their rows

    def count(self, name: str, n: int, key: str = ALL, part: Part = "numerator", **more: Any) -> Number:
        return Number(n, behind_url(name, replace(self.question, **more), key, part, was=n))

    def share(self, name: str, pair: list[int], key: str = ALL, **more: Any) -> Share:
        n, of = pair
        numerator = self.count(name, n, key, **more)
        return Share(Rate(n, of), numerator.url, self.count(name, of, key, "denominator", **more).url)

    def conversion(self, a: str, b: str, pair: list[int], key: str = ALL, by: str = "") -> Share:
        return self.share("conversion", pair, key, view=View.PERIOD.value, from_role=a, to_role=b, by=by)

    # The funnel

    @cached_property
    def stage_of(self) -> dict[str, Stage]:
        return {stage.role: stage for stage in Stage.objects.filter(role__isnull=False) if stage.role}

    @cached_property
    def stages(self) -> list[StageLine]:
        kept = self.numbers["stages"]
        averages = [sum(line["before"]) / AVERAGED for line in kept]
        longest = max([*averages, *(line["entered"] for line in kept), 1])
        lines = []
        for nth, line in enumerate(kept):
            role, previous = line["role"], kept[nth - 1] if nth else None
            share = before = None
            if previous:
                share = self.conversion(previous["role"], role, [line["entered"], previous["entered"]])
                before = Rate(sum(line["before"]), sum(previous["before"]))
            entered = self.count("entered", line["entered"], to_role=role)
            stage = self.stage_of[role]
            lines.append(StageLine(stage, entered, averages[nth], longest, share, before, self.is_over))
        return lines

    # Hand-offs

    @cached_property
    def handoffs(self) -> dict[str, Any]:
        kept = self.numbers["handoffs"]
        accepted, answered = kept["acceptance"]
        return {
            "offered": self.count("offered", kept["offered"]),
            "accepted": self.count("acceptance", accepted),
            "acceptance": self.share("acceptance", kept["acceptance"]),
            "rejected": self.count("rejected", answered - accepted),
            "rejection": Rate(answered - accepted, answered),
            "unanswered": self.count("unanswered", kept["unanswered"], view=View.STOCK.value),
            "in_time": self.share("answered_in_time", kept["in_time"]),
            "in_time_points": self.points(kept["in_time"], kept["in_time_before"]),
            "median": kept["median"][0],
            "median_rows": self.count("time_to_answer", kept["median"][1]),
            "median_before": kept["median_before"][0],
            "chart": charts.in_time(kept["in_time_weeks"], self.in_time_urls),
        }

    @property
    def in_time_urls(self) -> list[str]:
        weeks = self.numbers["handoffs"]["in_time_weeks"]
        return [reverse("weekly_week", args=[monday]) for monday, _n, _of in weeks]

    @cached_property
    def in_time_weeks(self) -> list[tuple[date, Rate, str]]:
        kept = self.numbers["handoffs"]["in_time_weeks"]
        return [
            (date.fromisoformat(monday), Rate(n, of), url)
            for (monday, n, of), url in zip(kept, self.in_time_urls, strict=True)
        ]

    def points(self, now: list[int], before: list[int]) -> float | None:
        a, b = Rate(*now).value, Rate(*before).value
        return a - b if self.is_over and a is not None and b is not None else None

    @cached_property
    def reasons(self) -> list[Counted]:
        names = {reason.key: str(reason) for reason in Reason.objects.order_by("kind")}
        return self._counted("rejected", "reason", self.numbers["handoffs"]["reasons"], names)

    @cached_property
    def verdicts(self) -> list[Counted]:
        kept = self.numbers["handoffs"]["verdicts"]
        names = {verdict.value: str(verdict.label) for verdict in Handoff.Verdict}
        given = {verdict: kept.get(verdict, 0) for verdict in names}
        return self._counted("verdicts", "verdict", given, names, in_order=True) if any(given.values()) else []

    def _counted(
        self, name: str, by: str, kept: dict[str, int], names: dict[str, str], *, in_order: bool = False
    ) -> list[Counted]:
        total = sum(kept.values())
        found = [
            Counted(key, names.get(key, key) or _("none"), self.count(name, n, key, by=by), total)
            for key, n in kept.items()
        ]
        return found if in_order else sorted(found, key=lambda one: (-one.number.n, one.name))

    # Where they came from, and who they are

    @property
    def cut_stages(self) -> list[Stage]:
        return [self.stage_of[role] for role in StageRole.values]

    @cached_property
    def sources(self) -> list[CutLine]:
        return self._cut("source", {})

    @cached_property
    def personas(self) -> list[CutLine]:
        keys = [key for key in self.numbers["persona"] if key]
        names = {str(one.pk): str(one) for one in Persona.objects.filter(pk__in=keys).prefetch_related("versions")}
        return self._cut("persona", names)

    def _cut(self, by: str, names: dict[str, str]) -> list[CutLine]:
        kept = self.numbers[by]
        order = sorted(kept, key=lambda key: (-sum(kept[key].values()), key))
        return [self._line(names.get(key, key) or _("none"), kept[key], key, by) for key in order[:SHOWN]]

    @property
    def more_sources(self) -> int:
        return max(0, len(self.numbers["source"]) - SHOWN)

    @cached_property
    def total(self) -> CutLine:
        columns = {line["role"]: line["entered"] for line in self.numbers["stages"]}
        accepted, answered = self.numbers["handoffs"]["acceptance"]
        return self._line("", columns | {"rejected": answered - accepted}, ALL, "")

    def _line(self, name: str, columns: dict[str, int], key: str, by: str) -> CutLine:
        n = {role: columns.get(role, 0) for role in (*StageRole.values, "rejected")}
        return CutLine(
            name,
            [self.count("entered", n[role], key, by=by, to_role=role) for role in StageRole.values],
            self.conversion("lead", "mql", [n["mql"], n["lead"]], key, by),
            self.count("rejected", n["rejected"], key, by=by),
            self.conversion("opportunity", "customer", [n["customer"], n["opportunity"]], key, by),
        )

    # The goal

    @cached_property
    def goals(self) -> list[WeeklyGoal]:
        return [self._goal(kept) for kept in self.numbers["goals"]]

    def _goal(self, kept: dict[str, Any]) -> WeeklyGoal:
        start, until, end = (date.fromisoformat(kept[name]) for name in ("start", "until", "end"))
        measure = kept["measure"]
        so_far = Period(start, until, self.week.zone)
        return WeeklyGoal(
            measure,
            Period(start, end, self.week.zone),
            Pace(Decimal(kept["target"]), Decimal(kept["value"]), kept["open_days"], kept["passed"]),
            self.organization.currency,
            self.count(measure, kept["cases"], period=so_far),
            Decimal(kept["this_week"]),
            behind_url(measure, self.question),
            self.count(measure, kept["flagged"], part="flagged", period=so_far),
        )

    @cached_property
    def goal_chart(self) -> dict[str, Any] | None:
        kept = next((one for one in self.numbers["goals"] if one["measure"] == Goal.Measure.CONTRACTS), None)
        return charts.goal(kept, self.contracts_label) if kept else None

    @property
    def contracts_label(self) -> str:
        kept = next(one for one in self.numbers["goals"] if one["measure"] == Goal.Measure.CONTRACTS)
        return _("%(n)s won") % {"n": wording.number(Decimal(kept["value"]))}

    @cached_property
    def goal_days(self) -> list[dict[str, Any]]:
        """The chart of the goal as a table: the end of each week, the pace by then, and what was reached."""
        kept = next((one for one in self.numbers["goals"] if one["measure"] == Goal.Measure.CONTRACTS), None)
        if not kept:
            return []
        target, open_days = Decimal(kept["target"]), kept["open_days"]
        return [
            {
                "day": date.fromisoformat(day),
                "pace": wording.rounded(target * passed / open_days, 1) if open_days else None,
                "reached": Decimal(value) if value is not None else None,
            }
            for day, passed, value in kept["days"]
        ]

    # In words

    @property
    def lede(self) -> str:
        """The week in one or two sentences."""
        n = self.numbers["contracts"]
        said = ngettext("%(n)s contract this week.", "%(n)s contracts this week.", n) % {"n": wording.number(n)}
        kept, due = self.numbers["handoffs"]["in_time"]
        if due:
            words = {"kept": wording.number(kept), "due": wording.number(due)}
            said += " " + _("%(kept)s of %(due)s hand-offs were answered in time.") % words
        for goal in self.goals[:2]:
            if goal.pace.due and not goal.is_over:
                said += " " + _("%(goal)s: %(standing)s.") % {"goal": goal.label, "standing": goal.against_pace}
        return said

    @cached_property
    def notes(self) -> list[Note]:
        return notes_of(self.numbers["attention"], self.question)

    # The agreement

    @cached_property
    def promises(self) -> AttainmentPage:
        """The promises that cover the last day of the week, or today."""
        at = now()
        return AttainmentPage(min(self.last_day, at.astimezone(self.week.zone).date()), at)

    @property
    def promises_url(self) -> str:
        return f"{reverse('attainment')}?on={self.promises.on.isoformat()}"

    # Other weeks

    @property
    def previous_url(self) -> str:
        return reverse("weekly_week", args=[self.week.previous().start.isoformat()])

    @property
    def next_url(self) -> str:
        return reverse("weekly_week", args=[self.week.next().start.isoformat()]) if self.is_over else ""
