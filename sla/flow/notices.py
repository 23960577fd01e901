"""What administrators are told about records that disagree, and about catching up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from funnel.models import Opportunity
from leads.models import Company, Lead
from smarketing.pages import wording
from teams.models import Notice
from teams.notices import NameParams, NoticeKind, Page, describe_name, name_params, register
from teams.permissions import ADMINISTERING


class FirstParams(TypedDict):
    """The first of what a check found: its page, its id and what it is called."""

    page: str
    record: int
    name: NameParams | str


class CheckFailedParams(FirstParams):
    # "leads", "deals" or "companies".
    what: str
    count: int


def describe_check_failed(params: CheckFailedParams) -> str:
    # Earlier versions kept no name.
    if params["what"] not in ("leads", "deals", "companies") or not params["name"]:
        return _("A check of every morning finds something")
    count = params["count"]
    sentences = {
        "leads": ngettext(
            "%(name)s does not stand at the last step of the history. A step on the lead's page puts it right.",
            "%(count)s leads do not stand at the last step of their history, the first is %(name)s. A step on a lead's"
            " page puts it right; the server's log names them.",
            count,
        ),
        "deals": ngettext(
            "The opportunity “%(name)s” is not as its history says. Both are on its page.",
            "%(count)s opportunities are not as their history says, the first is “%(name)s”. Both are on its page; the"
            " server's log names them.",
            count,
        ),
        "companies": ngettext(
            "Two reps of one team work %(name)s without a reason. A manager can give its leads to one of them.",
            "Two reps of one team work %(count)s companies without a reason, the first is %(name)s. A manager can give"
            " the leads of each to one rep; the server's log names them.",
            count,
        ),
    }
    return sentences[params["what"]] % {"count": wording.number(count), "name": describe_name(params["name"])}


CHECK_FAILED = register(
    NoticeKind[CheckFailedParams](
        "check_failed",
        gettext_lazy("A check of every morning finds something"),
        params=CheckFailedParams,
        sentence=describe_check_failed,
        icon="warning",
        pages=[Page("lead", ["record"]), Page("opportunity", ["record"]), Page("company", ["record"])],
        roles=ADMINISTERING,
        example={"what": "companies", "count": 3, "page": "company", "record": 7, "name": "北海精工"},
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
        # There it is confirmed that the data are the real ones, and said how catching up went.
        pages=[Page("restored_copy")],
        roles=ADMINISTERING,
        example={},
    )
)


def notify_failed_checks(found: Mapping[str, Sequence[int]], *, at: datetime) -> None:
    """Notify the administrators of what each check found, once a check and company day, with the first of them."""
    failures: list[tuple[str, CheckFailedParams]] = [
        (f"check {what}", {"what": what, "count": len(pks), **_describe_first(what, pks[0])})
        for what, pks in found.items()
        if pks
    ]
    Notice.objects.notify_administrators(CHECK_FAILED, failures, at=at)


def _describe_first(what: str, pk: int) -> FirstParams:
    if what == "leads":
        return {"page": "lead", "record": pk, "name": name_params(Lead.objects.get(pk=pk))}
    if what == "deals":
        return {"page": "opportunity", "record": pk, "name": str(Opportunity.objects.get(pk=pk))}
    return {"page": "company", "record": pk, "name": str(Company.objects.get(pk=pk))}


def notify_catching_up_failed(*, at: datetime) -> None:
    """Notify the administrators that catching up failed at one of its parts, once a company day."""
    failures: list[tuple[str, CatchingUpFailedParams]] = [("catching up", {})]
    Notice.objects.notify_administrators(CATCHING_UP_FAILED, failures, at=at)
