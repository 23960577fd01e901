"""What people are told about what does not arrive."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.messages.error_text import describe_error
from teams.notices import NameParams, NoticeKind, Page, describe_name, register
from teams.permissions import ADMINISTERING


class UnreachableParams(TypedDict):
    user: int
    person: NameParams
    # As the mail server said it, or a text of ours to translate.
    reason: str


def describe_unreachable(params: UnreachableParams) -> str:
    words = {"person": describe_name(params["person"]), "reason": describe_error(params["reason"])}
    return _("%(person)s cannot be reached by e-mail: %(reason)s") % words


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
