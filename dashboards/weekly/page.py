"""The weekly page: one week's numbers, in words and linked to their leads."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.attainment.page import AttainmentPage
from dashboards.weekly.breakdowns import BreakdownNumbers
from dashboards.weekly.deals import DealNumbers
from dashboards.weekly.funnel import FunnelNumbers
from dashboards.weekly.goals import GoalNumbers
from dashboards.weekly.handoffs import HandoffNumbers
from dashboards.weekly.later import LaterFacts
from dashboards.weekly.linked_numbers import LinkedNumbers
from dashboards.weekly.models import KeptWeek, WeeklyReport
from dashboards.weekly.notes import Note, describe_notes
from dashboards.weekly.promises import KeptPromises
from metrics.period import Period
from smarketing.pages import wording


class WeeklyPage(FunnelNumbers, HandoffNumbers, DealNumbers, BreakdownNumbers, GoalNumbers):
    """What the template shows of one report; of a kept week with what is known today, where that was looked at."""

    def __init__(
        self,
        report: WeeklyReport | KeptWeek,
        week: Period,
        today: WeeklyReport | None = None,
        people: frozenset[str] | None = None,
    ) -> None:
        """`people`: whose numbers the reader sees, None for everybody's."""
        super().__init__(report, week)
        self.people = people
        self.later = LaterFacts(self, LinkedNumbers(today, week)) if today and self.is_kept else None

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
        """Whether there is nothing to count, in this week or the weeks before."""
        counts = [n for line in self.numbers["stages"] for n in (line["entered"], *line["before"])]
        return not any(counts) and not self.numbers["handoffs"]["offered"] and not self.numbers["goals"]

    @property
    def lede(self) -> str:
        """The week in one or two sentences."""
        n = self.numbers["contracts"]
        text = ngettext("%(n)s contract this week.", "%(n)s contracts this week.", n) % {"n": wording.number(n)}
        in_time, due = self.numbers["handoffs"]["in_time"]
        if due:
            words = {"kept": wording.number(in_time), "due": wording.number(due)}
            text += " " + _("%(kept)s of %(due)s hand-offs were answered in time.") % words
        for goal in self.goals[:2]:
            if goal.pace.due and not goal.is_over:
                text += " " + _("%(goal)s: %(standing)s.") % {"goal": goal.label, "standing": goal.against_pace}
        return text

    @cached_property
    def notes(self) -> list[Note]:
        notes = self.numbers["attention"]
        if self.people is not None:
            notes = [note for note in notes if "rep" not in note or note["rep"] in self.people]
        return describe_notes(notes, self.question)

    @cached_property
    def promises(self) -> AttainmentPage:
        """Attainment around the last day of the week, or today; of a kept week as seen at its end."""
        if "promises" in self.numbers:
            return KeptPromises(self.last_day, self.report.computed_at, self.numbers["promises"])
        at = now()
        return AttainmentPage(min(self.last_day, at.astimezone(self.week.zone).date()), at)

    @property
    def promises_url(self) -> str:
        return f"{reverse('attainment')}?on={self.promises.on.isoformat()}"

    @property
    def previous_url(self) -> str:
        return reverse("weekly_week", args=[self.week.previous().start.isoformat()])

    @property
    def next_url(self) -> str:
        return reverse("weekly_week", args=[self.week.next().start.isoformat()]) if self.is_over else ""
