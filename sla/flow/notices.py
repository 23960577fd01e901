"""What administrators are told about records that disagree, and about catching up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.models import Notice
from teams.notices import NoticeKind, Page, register
from teams.permissions import ADMINISTERING


class CheckFailedParams(TypedDict):
    # "leads", "deals" or "companies".
    what: str
    count: int


def describe_check_failed(params: CheckFailedParams) -> str:
    sentences = {
        "leads": _(
            "Leads that do not stand at the last step of their history: %(count)s. The server's log names them."
        ),
        "deals": _("Opportunities that are not as their history says: %(count)s. The server's log names them."),
        "companies": _(
            "Companies that two reps of one team work without a reason: %(count)s. The server's log names them."
        ),
    }
    sentence = sentences.get(params["what"]) or _("A check of every morning finds something")
    return sentence % {"count": params["count"]}


CHECK_FAILED = register(
    NoticeKind[CheckFailedParams](
        "check_failed",
        gettext_lazy("A check of every morning finds something"),
        params=CheckFailedParams,
        sentence=describe_check_failed,
        icon="warning",
        pages=[Page("home")],
        roles=ADMINISTERING,
        example={"what": "leads", "count": 3},
    )
)


class CatchingUpFailedParams(TypedDict):
    pass


def describe_catching_up_failed(params: CatchingUpFailedParams) -> str:
    return _("Catching up after the restore failed at one of its parts; the others go on. The server's log says why.")


CATCHING_UP_FAILED = register(
    NoticeKind[CatchingUpFailedParams](
        "catching_up_failed",
        gettext_lazy("Catching up after a restore fails"),
        params=CatchingUpFailedParams,
        sentence=describe_catching_up_failed,
        icon="warning",
        pages=[Page("home")],
        roles=ADMINISTERING,
        example={},
    )
)


def notify_failed_checks(counts: Mapping[str, int], *, at: datetime) -> None:
    """Notify the administrators of the checks that found so many, once a check and company day."""
    failures: list[tuple[str, CheckFailedParams]] = [
        (f"check {what}", {"what": what, "count": count}) for what, count in counts.items() if count
    ]
    Notice.objects.notify_administrators(CHECK_FAILED, failures, at=at)


def notify_catching_up_failed(*, at: datetime) -> None:
    """Notify the administrators that catching up failed at one of its parts, once a company day."""
    failures: list[tuple[str, CatchingUpFailedParams]] = [("catching up", {})]
    Notice.objects.notify_administrators(CATCHING_UP_FAILED, failures, at=at)
