"""The home page of a manager."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from dashboards.attainment.page import AttainmentPage
from dashboards.home.card_size import SHOWN
from dashboards.numbers.question_urls import behind_url
from dashboards.weekly.week_in_short import key_figures, this_week
from metrics.question import Question, View
from metrics.registry import metric
from sla.disputes.disputing import open_disputes
from sla.models import Review
from smarketing.company import company_zone
from teams.models import User


def managing_context(at: datetime) -> dict[str, Any]:
    """The week so far, overdue answers by rep, leads that nobody can take, clauses at risk, disputes and reviews."""
    today = at.astimezone(company_zone()).date()
    stock = Question(this_week(at), view=View.STOCK, at=at)
    overdue = [row for row in metric("overdue").rows(replace(stock, by="rep")) if row.numerator]
    overdue.sort(key=lambda row: -row.numerator)
    reps = User.objects.select_related("team").in_bulk([int(row.key) for row in overdue if row.key.isdecimal()])
    unoffered = metric("unoffered").value(stock).numerator
    return {
        "is_managing": True,
        "week": key_figures(at),
        "overdue": [
            (reps[int(row.key)], row.numerator, behind_url("overdue", replace(stock, by="rep"), row.key))
            for row in overdue[:SHOWN]
        ],
        "unoffered": unoffered,
        "unoffered_url": behind_url("unoffered", stock),
        "promises": len(AttainmentPage(today, at).worrying),
        "disputes": open_disputes().count(),
        "reviews": list(Review.objects.filter(held_at=None, due_on__lte=today).order_by("due_on")),
    }
