"""What administrators are told about what does not arrive, or cannot be sent; and that the disk is nearly full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.messages.error_text import describe_error
from smarketing.pages import wording
from teams.models import Notice, Role, User
from teams.notices import NameParams, NoticeKind, Page, describe_name, notice_kind, register
from teams.permissions import ADMINISTERING


class UnreachableParams(TypedDict):
    user: int
    person: NameParams
    # As the mail server said it, or a text of ours to translate.
    reason: str


def describe_unreachable(params: UnreachableParams) -> str:
    words = {"person": describe_name(params["person"]), "reason": describe_error(params["reason"])}
    return _("%(person)s cannot be reached by e-mail: %(reason)s") % words


class NoticeFailedParams(TypedDict):
    # The key of the kind of notice.
    kind: str


def describe_notice_failed(params: NoticeFailedParams) -> str:
    kind = notice_kind(params["kind"]).title
    return _("A notice of the kind “%(kind)s” cannot be sent; the others go on. The server's log says why.") % {
        "kind": kind
    }


NOTICE_FAILED = register(
    NoticeKind[NoticeFailedParams](
        "notice_failed",
        gettext_lazy("A notice cannot be sent"),
        params=NoticeFailedParams,
        sentence=describe_notice_failed,
        icon="warning",
        pages=[Page("deliveries")],
        roles=ADMINISTERING,
        example={"kind": "unreachable"},
    )
)


def notify_failed_notices(notices: Sequence[Notice], *, at: datetime) -> None:
    """Notify the administrators of notices that cannot be sent, once a kind and company day. Where this kind of notice
    cannot be sent itself, it is told in the app alone."""
    kinds = sorted({notice.kind for notice in notices} - {NOTICE_FAILED.key})
    failures: list[tuple[str, NoticeFailedParams]] = [(f"notices {kind}", {"kind": kind}) for kind in kinds]
    Notice.objects.notify_administrators(NOTICE_FAILED, failures, at=at)


UNREACHABLE = register(
    NoticeKind[UnreachableParams](
        "unreachable",
        gettext_lazy("Somebody's e-mail does not arrive"),
        params=UnreachableParams,
        sentence=describe_unreachable,
        icon="mail",
        pages=[Page("person", ["user"])],
        roles=ADMINISTERING,
        example={
            "user": 7,
            "person": {"given_name": "健", "family_name": "高橋", "email": "takahashi@example.jp"},
            "reason": "550 5.1.1",
        },
    )
)


class DiskLowParams(TypedDict):
    # Bytes.
    left: int


def describe_disk_low(params: DiskLowParams) -> str:
    left = wording.number(params["left"] / 1_000_000_000, 1) if isinstance(params["left"], int) else "–"
    return _("The disk of the data is nearly full: %(left)s GB are left. Without room nothing can be saved.") % {
        "left": left
    }


DISK_LOW = register(
    NoticeKind[DiskLowParams](
        "disk_low",
        gettext_lazy("The disk is nearly full"),
        params=DiskLowParams,
        sentence=describe_disk_low,
        icon="warning",
        pages=[Page("notices")],
        roles=ADMINISTERING,
        example={"left": 400_000_000},
    )
)
# What it is about while it lasts: each administrator is told once.
STILL = "disk"


def notify_disk_low(left: int, *, at: datetime) -> None:
    """Notify the administrators that so many bytes are left, once until there is room again."""
    params: DiskLowParams = {"left": left}
    people = User.objects.active().with_role(Role.ADMINISTRATOR)
    Notice.objects.notify_many(DISK_LOW, [(each, STILL, params) for each in people], at=at)


def note_room_again(*, at: datetime) -> None:
    """From now on a nearly full disk is another one than before."""
    Notice.objects.of(DISK_LOW).filter(about=STILL).update(about=f"{STILL} until {at.isoformat()}")
