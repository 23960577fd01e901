"""What people edit about numbers: the goals of both teams."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dashboards.goals.models import Goal
from dashboards.reviews.models import KeptReview
from dashboards.weekly.models import KeptWeek, WeeklyReport
from history.edits import Kind, never_edited, register

register(
    Kind(
        Goal,
        pgettext_lazy("of both teams", "Goal"),
        link="goal",
        labels={"set_by": _("Set by"), "set_at": pgettext_lazy("a date", "Set")},
    )
)
never_edited(WeeklyReport, KeptWeek, KeptReview, because="Computed, and kept as seen.")
