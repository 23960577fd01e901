"""Notices about an agreement on its way: to sign, sent back, in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sla.agreement.models.agreements import Agreement
from teams.models import Notice, User


def notice_subject(agreement: Agreement) -> str:
    """One a proposal: a draft that is proposed again asks for new signatures."""
    return f"agreement {agreement.number} of {agreement.proposed_at:%Y-%m-%dT%H:%M:%S.%f}"


def notify(
    people: Sequence[User],
    kind: Notice.Kind,
    agreement: Agreement,
    *,
    url: str,
    at: datetime,
    params: dict[str, str] | None = None,
) -> None:
    about = {"agreement": agreement.pk, "number": agreement.number} | (params or {})
    Notice.objects.tell(people, kind, about=notice_subject(agreement), params=about, url=url, at=at)
