"""Weekly reports are stored."""

from __future__ import annotations

from django.utils.translation import ngettext

from dashboards.weekly.models import WeeklyReport
from metrics.kept import KeptNumbers, register
from smarketing.pages import wording

register(
    KeptNumbers(
        "weekly_reports",
        WeeklyReport.objects.count,
        lambda n: ngettext("%(n)s weekly report", "%(n)s weekly reports", n) % {"n": wording.number(n)},
    )
)
