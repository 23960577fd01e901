"""Raising a dispute of a rejection, by the team that offered the lead, and settling it, by a manager."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now

from funnel.models import Journey
from leads.notices import lead_params
from sla.disputes.models import Dispute
from sla.disputes.notices import DISPUTED, SETTLED, DisputedParams, SettledParams
from sla.events import DISPUTE_RAISED, DISPUTE_SETTLED
from sla.handoffs.models.handoffs import Handoff
from smarketing.company import company_zone
from teams.models import Notice, Role, User
from teams.people.standing_in import stand_in

DAY = timedelta(days=1)


def last_dispute_day(handoff: Handoff, zone: ZoneInfo | None = None) -> date:
    """Return the last company day on which this rejection may be disputed. `zone` is the company's, if at hand."""
    assert handoff.answered_at is not None  # rejected
    rejected_on = handoff.answered_at.astimezone(zone or company_zone()).date()
    return rejected_on + handoff.hop.agreement.dispute_days * DAY


def may_still_dispute(handoff: Handoff, *, at: datetime, zone: ZoneInfo | None = None) -> bool:
    """Whether a rejection is still within the days in which it may be disputed."""
    zone = zone or company_zone()
    return at < datetime.combine(last_dispute_day(handoff, zone) + DAY, time(), zone)


def raise_dispute(handoff: Handoff, text: str, *, by: User, at: datetime | None = None) -> Dispute:
    """Dispute a rejected hand-off, and notify the rep who rejected it and the head of their team.

    Raises `Dispute.NotRejected`, `Dispute.TooLate`, `Dispute.AlreadyDisputed`, and `ValueError` without a text.
    """
    text = text.strip()
    if not text:
        raise ValueError("A dispute says why.")
    with transaction.atomic():
        # Locked, so that of two who dispute it at once only the first succeeds.
        locked = Handoff.objects.select_for_update(of=("self",), no_key=True).select_related(
            "hop__agreement", "hop__receiving_team__head", "lead", "rep", "answered_by"
        )
        handoff = locked.get(pk=handoff.pk)
        at = handoff.moment_after(at)
        if handoff.answer != Handoff.Answer.REJECTED:
            raise Dispute.NotRejected
        if not may_still_dispute(handoff, at=at):
            raise Dispute.TooLate
        if Dispute.objects.filter(handoff=handoff).exists():
            raise Dispute.AlreadyDisputed
        dispute = Dispute.objects.create(handoff=handoff, text=text, by=by, at=at)
        for user, page in _people_to_notify(handoff):
            params = _params(dispute, page, text)
            Notice.objects.notify([user], DISPUTED, params, about=_notice_subject(dispute), at=at)
        DISPUTE_RAISED.emit({"dispute": dispute.pk, "handoff": handoff.pk, "lead": handoff.lead_id}, at=at)
    return dispute


def settle(dispute: Dispute, *, upheld: bool, ruling: str, by: User, at: datetime | None = None) -> None:
    """Settle a dispute, and notify both sides. Upheld: the rejection was wrong, and its lead is offered again.

    Raises `Dispute.AlreadySettled`, and `ValueError` without a ruling.
    """
    ruling = ruling.strip()
    if not ruling:
        raise ValueError("A ruling says why.")
    with transaction.atomic():
        at = max(at or now(), dispute.at)
        still_open = Dispute.objects.filter(pk=dispute.pk, settled_at=None)
        if not still_open.update(settled_at=at, settled_by=by, upheld=upheld, ruling=ruling):
            raise Dispute.AlreadySettled
        dispute.refresh_from_db()
        related = ("hop__from_stage", "hop__receiving_team__head", "lead", "rep", "answered_by")
        handoff = Handoff.objects.select_related(*related).get(pk=dispute.handoff_id)
        if upheld:
            restore_stage(handoff, because=ruling, by=by, at=at)
        for user, page in [*_people_to_notify(handoff), (stand_in(dispute.by), "lead")]:
            if user is None:
                continue
            settled: SettledParams = {**_params(dispute, page, ruling), "upheld": upheld}
            Notice.objects.notify([user], SETTLED, settled, about=_notice_subject(dispute), at=at)
        DISPUTE_SETTLED.emit(
            {"dispute": dispute.pk, "handoff": handoff.pk, "lead": handoff.lead_id, "upheld": upheld}, at=at
        )


def restore_stage(handoff: Handoff, *, because: str, by: User, at: datetime) -> bool:
    """Move a lead back to the stage it was offered from, where it is offered again, unless it has got there since, or
    was lost or merged. Return whether it was moved."""
    if handoff.lead.merged_into_id is not None:
        return False
    journey = Journey.of(handoff.lead)
    offered_from = handoff.hop.from_stage
    if journey.closed_at:
        if journey.closed_as != Journey.Ended.DISQUALIFIED:
            return False
        journey.reopen(because=because, by=by, at=at, to=offered_from)
        return True
    if journey.stage.position >= offered_from.position:
        return False
    journey.move_to(offered_from, because=because, by=by, at=at)
    return True


def open_disputes() -> QuerySet[Dispute]:
    """Return the disputes that wait for a ruling, the oldest first."""
    waiting = Dispute.objects.filter(settled_at=None)
    related = ("handoff__lead__company", "handoff__reason", "handoff__rep", "handoff__answered_by", "by")
    return waiting.select_related(*related, "handoff__hop__receiving_team")


def rejections_for(user: User) -> QuerySet[Handoff]:
    """Return the rejections that a user may see: all for marketers and managers, for others those of leads that their
    own team offered."""
    found = Handoff.objects.filter(answer=Handoff.Answer.REJECTED, lead__merged_into=None)
    if not user.has_role(Role.MARKETER, Role.MANAGER):
        found = found.filter(hop__offering_team=user.team_id)
    return found.select_related(
        "lead__company", "reason", "rep", "answered_by", "hop__agreement", "dispute__by", "dispute__settled_by"
    )


def _people_to_notify(handoff: Handoff) -> list[tuple[User, str]]:
    """The rep who rejected, and the head of their team, each with the URL name of the page to open."""
    rep = handoff.answered_by or handoff.rep
    head = stand_in(handoff.hop.receiving_team.head)
    rep_only = [(rep, "handoff")] if rep.is_active else []
    if head is None or head == rep:
        return rep_only
    reads_all = head.has_role(Role.MARKETER, Role.MANAGER)
    return [*rep_only, (head, "rejections" if reads_all else "lead")]


def _params(dispute: Dispute, page: str, reason: str) -> DisputedParams:
    return {**lead_params(dispute.handoff.lead), "handoff": dispute.handoff_id, "reason": reason, "page": page}


def _notice_subject(dispute: Dispute) -> str:
    return f"dispute {dispute.pk}"
