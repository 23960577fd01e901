"""The notice that a review is due."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from smarketing.pages import wording
from teams.notices import NoticeKind, Page, register
from teams.permissions import MANAGING


class ReviewParams(TypedDict):
    review: int
    # The day in ISO 8601, and whether it is today.
    day: str
    today: bool
    # Whether the whole agreement is reviewed, or its goals alone.
    whole: bool


def describe_review_due(params: ReviewParams) -> str:
    if params["today"]:
        return _("Today the whole agreement is reviewed.") if params["whole"] else _("Today the goals are reviewed.")
    words = {"day": wording.day(date.fromisoformat(params["day"])) if params["day"] else ""}
    if params["whole"]:
        return _("The review of the whole agreement on %(day)s comes up: prepare it.") % words
    return _("The review of the goals on %(day)s comes up: prepare it.") % words


REVIEW_DUE = register(
    NoticeKind[ReviewParams](
        "review_due",
        gettext_lazy("A review is due"),
        params=ReviewParams,
        sentence=describe_review_due,
        icon="calendar",
        pages=[Page("review", ["review"])],
        roles=MANAGING,
        to_heads=True,
        example={"review": 7, "day": "2026-12-01", "today": False, "whole": True},
    )
)
