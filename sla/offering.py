"""Leads that entered a hop's stage are offered to the rep with the shortest open queue."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.utils.timezone import now

from funnel.models import Journey, Transition
from history.models import Outbox
from leads.models import Lead
from sla.clocks import start_clocks
from sla.models import Agreement, Handoff, Hop, Policy
from teams.models import Notice, Role, User

# Two workers must not both count a rep's queue before either has lengthened it.
OFFERING_LOCK = 7_305_001
NEVER = datetime.min.replace(tzinfo=UTC)


def offer(lead_ids: Sequence[int] | None = None, *, at: datetime | None = None) -> int:
    """Offer every lead that waits, and say how many. Safe to run twice, and by many at once."""
    at = at or now()
    agreement = Agreement.objects.in_force(at).first()
    if agreement is None:
        return 0
    offered = 0
    hops = agreement.hops.select_related("from_stage", "receiving_team__head", "offering_team__head")
    for hop in hops:
        if not waiting(hop, lead_ids).exists():
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OFFERING_LOCK])
            offered += _offer(hop, list(waiting(hop, lead_ids).order_by("at", "pk")), at=at)
    return offered


def waiting(hop: Hop, lead_ids: Sequence[int] | None = None) -> QuerySet[Transition]:
    """Return the steps into the hop's stage that no hand-off answers to yet, of leads that still stand there.

    Imported history opens no hand-off.
    """
    standing = Journey.objects.filter(stage=hop.from_stage_id, closed_at=None, lead__merged_into=None)
    if lead_ids is not None:
        standing = standing.filter(lead__in=lead_ids)
    entry = Transition.objects.filter(to_stage=hop.from_stage_id, lead__journey__in=standing)
    here = entry.filter(at=F("lead__journey__entered_at"), handoffs=None).exclude(how=Transition.How.IMPORT)
    return here.exclude(Q(lead__handoffs__answer="", lead__handoffs__isnull=False))


@dataclass(order=True)
class _Turn:
    """A rep's place in the queue for the next lead: fewest open first, then who waited longest."""

    open: int
    last_offer: datetime
    # Of those offered to in one breath, who had the turn later; among the new, who came first.
    turn: int
    user: User = field(compare=False)


def _turns(hop: Hop) -> list[_Turn]:
    members = User.objects.with_role(Role.REP, Role.SDR).filter(team=hop.receiving_team_id, is_active=True)
    counted = members.annotate(
        open=Count("handoffs", filter=Q(handoffs__answer="")), last_offer=Max("handoffs__offered_at")
    )
    turns = [
        _Turn(user.open, user.last_offer or NEVER, n, user)  # type: ignore[attr-defined]
        for n, user in enumerate(counted.order_by("pk"))
    ]
    heapq.heapify(turns)
    return turns


def _offer(hop: Hop, steps: list[Transition], *, at: datetime) -> int:
    turns = _turns(hop)
    if not turns:
        _tell_nobody_can(hop, steps, at=at)
        return 0
    kept_by = policies(hop.agreement_id)
    leads = {lead.pk: lead for lead in described(step.lead_id for step in steps)}
    handoffs = []
    for n, step in enumerate(steps, len(turns)):
        turn = turns[0]
        lead = leads[step.lead_id]
        handoffs.append(
            Handoff(
                lead=lead,
                hop=hop,
                transition=step,
                rep=turn.user,
                offered_at=at,
                persona_id=persona_of(lead),
                quadrant=quadrant_of(lead),
                policy=policy_for(hop, lead, kept_by),
            )
        )
        heapq.heapreplace(turns, _Turn(turn.open + 1, at, n, turn.user))
    Handoff.objects.bulk_create(handoffs)
    start_clocks(handoffs, at=at)
    Outbox.objects.bulk_create(
        Outbox(kind="handoff_offered", payload={"handoff": h.pk, "lead": h.lead_id, "rep": h.rep_id}, at=at)
        for h in handoffs
    )
    tell_offered(handoffs, at=at)
    return len(handoffs)


def somebody_else(handoff: Handoff, *, at: datetime) -> User | None:
    """Whose turn it is next among the others of the receiving team; none: nobody is there."""
    others = [turn for turn in sorted(_turns(handoff.hop)) if turn.user.pk != handoff.rep_id]
    return others[0].user if others else None


def policies(agreement_id: int) -> list[Policy]:
    """The policies of an agreement in their order, with their steps."""
    return list(Policy.objects.filter(agreement=agreement_id).prefetch_related("steps").order_by("position"))


def described(lead_ids: Iterable[int]) -> QuerySet[Lead]:
    """Leads with all that a policy asks about."""
    return Lead.objects.filter(pk__in=list(lead_ids)).select_related("persona_match", "score", "company")


def persona_of(lead: Lead) -> int | None:
    match = getattr(lead, "persona_match", None)
    return match.persona_id if match else None


def quadrant_of(lead: Lead) -> str:
    score = getattr(lead, "score", None)
    return score.quadrant if score else ""


def policy_for(hop: Hop, lead: Lead, kept_by: Sequence[Policy]) -> Policy:
    """The first of the agreement's policies that matches the lead. The last one matches all."""
    persona, quadrant = persona_of(lead), quadrant_of(lead)
    for policy in kept_by:
        if (
            policy.stage_id in (None, hop.from_stage_id)
            and policy.quadrant in ("", quadrant)
            and policy.persona_id in (None, persona)
            and policy.source in ("", lead.source)
        ):
            return policy
    raise LookupError(f"No policy of agreement {hop.agreement_id} matches lead {lead.pk}.")


def tell_offered(handoffs: Sequence[Handoff], *, at: datetime) -> None:
    names = {lead.pk: lead for lead in Lead.objects.filter(pk__in=[h.lead_id for h in handoffs])}
    Notice.objects.bulk_create(
        (
            Notice(
                user=handoff.rep,
                kind=Notice.Kind.OFFERED,
                about=f"handoff {handoff.pk}",
                params=about_lead(names[handoff.lead_id]),
                url=f"/inbox/{handoff.pk}/",
                created_at=at,
            )
            for handoff in handoffs
        ),
        ignore_conflicts=True,
    )


def about_lead(lead: Lead) -> dict[str, str | int]:
    """What a notice keeps of a lead, to be worded in the reader's language."""
    return {
        "lead": lead.pk,
        "family_name": lead.family_name,
        "given_name": lead.given_name,
        "email": lead.email,
    }


def _tell_nobody_can(hop: Hop, steps: list[Transition], *, at: datetime) -> None:
    """A lead that nobody can take waits visibly, and the head of the team is told once."""
    heads = [head for head in (hop.receiving_team.head, hop.offering_team.head) if head]
    for step in Transition.objects.filter(pk__in=[s.pk for s in steps]).select_related("lead"):
        params = about_lead(step.lead) | {"team": hop.receiving_team.name}
        Notice.objects.tell(
            heads, Notice.Kind.UNOFFERED, about=f"step {step.pk}", params=params, url=f"/leads/{step.lead_id}/", at=at
        )


def withdraw_moved(*, at: datetime | None = None) -> int:
    """Withdraw open hand-offs whose lead has left the stage by another way, and say how many. Safe to run twice."""
    at = at or now()
    gone = Handoff.objects.open().exclude(
        lead__journey__stage=F("hop__from_stage"), lead__journey__closed_at=None, lead__merged_into=None
    )
    withdrawn = 0
    for handoff in gone:
        try:
            handoff.withdraw(note="The lead has moved on.", at=at)
        except Handoff.Answered:
            continue  # a moment ago, by its rep
        withdrawn += 1
    return withdrawn
