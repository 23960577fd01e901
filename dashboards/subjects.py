"""What stored numbers say about people."""

from __future__ import annotations

from dashboards.goals.models import Goal
from dashboards.reviews.models import KeptReview
from dashboards.weekly.models import KeptWeek, WeeklyReport
from history.subjects import Record, done_by, not_personal, not_personal_table, register

register(
    Record(
        Goal,
        columns=[
            not_personal("id measure kind starts_on ends_on target set_at", because="What both teams want together."),
            done_by("set_by"),
        ],
    )
)
register(
    not_personal_table(
        WeeklyReport,
        "id monday numbers computed_at seen good_until",
        because="Numbers and ids: names are read when the page is.",
    )
)
register(
    not_personal_table(
        KeptWeek, "id monday numbers seen_at kept_at", because="Numbers and ids: names are read when the page is."
    )
)
register(
    not_personal_table(
        KeptReview, "id review numbers kept_at", because="Numbers and ids: names are read when the page is."
    )
)
