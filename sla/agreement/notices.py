"""What people are told about an agreement on its way: to sign, sent back, in force."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.notices import NameParams, NoticeKind, Page, describe_name, register
from teams.permissions import MARKETING


class AgreementParams(TypedDict):
    agreement: int
    number: int


def describe_to_sign(params: AgreementParams) -> str:
    return _("Version %(number)s of the agreement waits for your signature.") % {"number": params["number"]}


TO_SIGN = register(
    NoticeKind[AgreementParams](
        "to_sign",
        gettext_lazy("An agreement waits for your signature"),
        params=AgreementParams,
        sentence=describe_to_sign,
        icon="agreement",
        pages=[Page("agreement_signature", ["number"], gettext_lazy("Read and sign"))],
        to_heads=True,
        example={"agreement": 7, "number": 3},
    )
)


def describe_outdated(params: AgreementParams) -> str:
    words = _("Something has changed since version %(number)s of the agreement was proposed: look at it again.")
    return words % {"number": params["number"]}


OUTDATED = register(
    NoticeKind[AgreementParams](
        "outdated",
        gettext_lazy("Something changed under a proposed agreement"),
        params=AgreementParams,
        sentence=describe_outdated,
        icon="warning",
        pages=[Page("agreement_version", ["number"])],
        roles=MARKETING,
        to_heads=True,
        example={"agreement": 7, "number": 3},
    )
)


class SentBackParams(AgreementParams):
    person: NameParams
    # As it was written.
    reason: str


def describe_sent_back(params: SentBackParams) -> str:
    words = {"person": describe_name(params["person"]), "number": params["number"], "reason": params["reason"]}
    return _("%(person)s sent version %(number)s of the agreement back: %(reason)s") % words


SENT_BACK = register(
    NoticeKind[SentBackParams](
        "sent_back",
        gettext_lazy("A proposed agreement was sent back"),
        params=SentBackParams,
        sentence=describe_sent_back,
        icon="back",
        pages=[Page("agreement_draft")],
        roles=MARKETING,
        to_heads=True,
        example={
            "agreement": 7,
            "number": 3,
            "person": {"given_name": "直樹", "family_name": "石川", "email": "ishikawa@example.jp"},
            "reason": "四時間では短すぎます。",
        },
    )
)


def describe_in_force(params: AgreementParams) -> str:
    return _("Version %(number)s of the agreement is signed by all.") % {"number": params["number"]}


IN_FORCE = register(
    NoticeKind[AgreementParams](
        "in_force",
        gettext_lazy("An agreement was signed by all"),
        params=AgreementParams,
        sentence=describe_in_force,
        icon="check",
        pages=[Page("agreement_version", ["number"])],
        roles=MARKETING,
        to_heads=True,
        example={"agreement": 7, "number": 3},
    )
)
