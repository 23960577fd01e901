"""Notices about an agreement on its way: to sign, sent back, in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sla.agreement.models.agreements import Agreement
from sla.agreement.notices import SENT_BACK, AgreementParams, SentBackParams
from teams.models import Notice, User
from teams.notices import NoticeKind, name_params


def notice_subject(agreement: Agreement) -> str:
    """One a proposal: a draft that is proposed again asks for new signatures."""
    return f"agreement {agreement.number} of {agreement.proposed_at:%Y-%m-%dT%H:%M:%S.%f}"


def notify(
    people: Sequence[User],
    kind: NoticeKind[AgreementParams],
    agreement: Agreement,
    *,
    at: datetime,
    change: str = "",
) -> None:
    """Notify each once a proposal, or once for each `change` of it."""
    params: AgreementParams = {"agreement": agreement.pk, "number": agreement.number}
    about = f"{notice_subject(agreement)} {change}".strip()
    Notice.objects.notify(people, kind, params, about=about, at=at)


def notify_sent_back(people: Sequence[User], agreement: Agreement, *, by: User, reason: str, at: datetime) -> None:
    params: SentBackParams = {
        "agreement": agreement.pk,
        "number": agreement.number,
        "person": name_params(by),
        "reason": reason,
    }
    Notice.objects.notify(people, SENT_BACK, params, about=notice_subject(agreement), at=at)
