"""A rejection is disputed by those who offered the lead, and settled by a manager, for all to see."""

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

DAY = timedelta(days=1)


class TooLate(Exception):
    """The days in which a rejection may be disputed are over."""


class Already(Exception):
    """It was disputed before, or the dispute was settled before."""


class NotRejected(Exception):
    """Only a rejection can be disputed."""


def last_day(handoff: Handoff, zone: ZoneInfo | None = None) -> date:
    """Return the last company day on which this rejection may be disputed. `zone` is the company's, if at hand."""
    assert handoff.answered_at is not None  # rejected
    rejected_on = handoff.answered_at.astimezone(zone or company_zone()).date()
    return rejected_on + handoff.hop.agreement.dispute_days * DAY


def is_in_time(handoff: Handoff, *, at: datetime, zone: ZoneInfo | None = None) -> bool:
    zone = zone or company_zone()
    return at < datetime.combine(last_day(handoff, zone) + DAY, time(), zone)


def dispute(handoff: Handoff, text: str, *, by: User, at: datetime | None = None) -> Dispute:
    """Say why a rejected hand-off should have been accepted. The rejecting rep and the head of their team are told.

    Raises `NotRejected`, `TooLate`, `Already`, and `ValueError` without a text.
    """
    text = text.strip()
    if not text:
        raise ValueError("A dispute says why.")
    with transaction.atomic():
        # Of two who dispute at once one wins.
        locked = Handoff.objects.select_for_update(of=("self",)).select_related(
            "hop__agreement", "hop__receiving_team__head", "lead", "rep", "answered_by"
        )
        handoff = locked.get(pk=handoff.pk)
        at = at or now()
        if handoff.answer != Handoff.Answer.REJECTED:
            raise NotRejected
        if not is_in_time(handoff, at=at):
            raise TooLate
        if Dispute.objects.filter(handoff=handoff).exists():
            raise Already
        made = Dispute.objects.create(handoff=handoff, text=text, by=by, at=at)
        for user, page in _other_side(handoff):
            params = _params(made, page, text)
            Notice.objects.notify([user], DISPUTED, params, about=_notice_subject(made), at=at)
        DISPUTE_RAISED.emit({"dispute": made.pk, "handoff": handoff.pk, "lead": handoff.lead_id}, at=at)
    return made


def settle(made: Dispute, *, upheld: bool, ruling: str, by: User, at: datetime | None = None) -> None:
    """Decide it. Upheld: the rejection was wrong, and a lead that fell back is offered again. Both sides are told.

    Raises `Already`, and `ValueError` without a ruling.
    """
    ruling = ruling.strip()
    if not ruling:
        raise ValueError("A ruling says why.")
    with transaction.atomic():
        at = at or now()
        still_open = Dispute.objects.filter(pk=made.pk, settled_at=None)
        if not still_open.update(settled_at=at, settled_by=by, upheld=upheld, ruling=ruling):
            raise Already
        made.refresh_from_db()
        related = ("hop__from_stage", "hop__receiving_team__head", "lead", "rep", "answered_by")
        handoff = Handoff.objects.select_related(*related).get(pk=made.handoff_id)
        if upheld:
            put_back(handoff, because=ruling, by=by, at=at)
        for user, page in [*_other_side(handoff), (made.by, "lead")]:
            settled: SettledParams = {**_params(made, page, ruling), "upheld": upheld}
            Notice.objects.notify([user], SETTLED, settled, about=_notice_subject(made), at=at)
        DISPUTE_SETTLED.emit(
            {"dispute": made.pk, "handoff": handoff.pk, "lead": handoff.lead_id, "upheld": upheld}, at=at
        )


def put_back(handoff: Handoff, *, because: str, by: User, at: datetime) -> bool:
    """Put a lead that the rejection sent back to the stage it was offered from, where a new hand-off opens; one that
    has come as far by itself, or was lost or merged since, stays. Return whether it was moved."""
    if handoff.lead.merged_into_id is not None:
        return False
    journey = Journey.objects.select_for_update().select_related("stage").get(pk=handoff.lead_id)
    there = handoff.hop.from_stage
    if journey.closed_at:
        if journey.closed_as != Journey.Ended.DISQUALIFIED:
            return False
        journey.reopen(because=because, by=by, at=at, to=there)
        return True
    if journey.stage.position >= there.position:
        return False
    journey.move_to(there, because=because, by=by, at=at)
    return True


def open_disputes() -> QuerySet[Dispute]:
    """Return what waits for a ruling, the oldest first: for the weekly review."""
    waiting = Dispute.objects.filter(settled_at=None)
    related = ("handoff__lead__company", "handoff__reason", "handoff__rep", "handoff__answered_by", "by")
    return waiting.select_related(*related, "handoff__hop__receiving_team")


def rejected(user: User) -> QuerySet[Handoff]:
    """Return the rejections that concern somebody on the offering side. An SDR sees those of the own team's offers."""
    found = Handoff.objects.filter(answer=Handoff.Answer.REJECTED, lead__merged_into=None)
    if not user.has_role(Role.MARKETER, Role.MANAGER):
        found = found.filter(hop__offering_team=user.team_id)
    return found.select_related(
        "lead__company", "reason", "rep", "answered_by", "hop__agreement", "dispute__by", "dispute__settled_by"
    )


def _other_side(handoff: Handoff) -> list[tuple[User, str]]:
    """Who rejected, and the head of their team, each with the URL name of the page to open."""
    rep = handoff.answered_by or handoff.rep
    head = handoff.hop.receiving_team.head
    told = [(rep, "handoff")]
    if head is None or head == rep:
        return told
    reads_all = head.has_role(Role.MARKETER, Role.MANAGER)
    return [*told, (head, "rejections" if reads_all else "lead")]


def _params(made: Dispute, page: str, reason: str) -> DisputedParams:
    return {**lead_params(made.handoff.lead), "handoff": made.handoff_id, "reason": reason, "page": page}


def _notice_subject(made: Dispute) -> str:
    return f"dispute {made.pk}"
