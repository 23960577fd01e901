"""The home page of a manager."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from dashboards.attainment.page import AttainmentPage
from dashboards.home.card_size import SHOWN
from dashboards.numbers.question_urls import behind_url
from dashboards.weekly.week_in_short import asked_key_figures, this_week
from metrics.question import Question, View
from metrics.registry import metric
from sla.disputes.disputing import open_disputes
from sla.models import Review
from smarketing.company import company_zone
from smarketing.database.together import Asked, count_of
from teams.models import User


def managing_context(at: datetime) -> dict[str, Any]:
    """The week so far, overdue answers by rep, leads that nobody can take, clauses at risk, disputes and reviews."""
    today = at.astimezone(company_zone()).date()
    stock = Question(this_week(at), view=View.STOCK, at=at)
    by_rep = replace(stock, by="rep")
    due = Review.objects.filter(held_at=None, due_on__lte=today).order_by("due_on")
    by_reps, unoffered, week, (disputes,), reviews = Asked.all_of(
        [
            metric("overdue").asked(by_rep),
            metric("unoffered").asked_value(stock),
            asked_key_figures(at),
            Asked((count_of(open_disputes()),), list),
            Asked((due,), list),
        ]
    ).fetch()
    overdue = sorted((row for row in by_reps if row.numerator), key=lambda row: -row.numerator)[:SHOWN]
    reps = User.objects.select_related("team").in_bulk([int(row.key) for row in overdue if row.key.isdecimal()])
    return {
        "is_managing": True,
        "week": week,
        "overdue": [(reps[int(row.key)], row.numerator, behind_url("overdue", by_rep, row.key)) for row in overdue],
        "unoffered": unoffered.numerator,
        "unoffered_url": behind_url("unoffered", stock),
        "promises": len(AttainmentPage(today, at).worrying),
        "disputes": disputes,
        "reviews": reviews,
    }
