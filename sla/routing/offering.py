"""Leads that entered a hop's stage are offered: to whom is `turns`, and until when `Timer.start`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from funnel.models import Journey, Transition
from leads.criteria import Field
from leads.models import Lead
from leads.notices import lead_params
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.hops import Hop
from sla.agreement.models.policies import Policy
from sla.events import HANDOFF_OFFERED
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Timer
from sla.handoffs.notices import OFFERED, HandoffParams
from sla.routing.notices import NOT_READY, UNOFFERED, NotReadyParams, UnofferedParams, field_params
from sla.routing.readiness import lacking
from sla.routing.turns import Desk, take_turns, territories_of
from teams.models import Notice, User

# Written by the machine, told in the reader's language.
MOVED_ON = gettext_noop("The lead has moved on.")
# So many leads a transaction: meanwhile nobody else gives turns.
BATCH = 2000


def offer(lead_ids: Sequence[int] | None = None, *, at: datetime | None = None) -> int:
    """Offer every lead that waits, and say how many. Safe to run twice, and by many at once."""
    at = at or now()
    offered = 0
    for hop in hops_in_force(at=at):
        waits = list(waiting(hop, lead_ids).order_by("at", "pk").values_list("lead", flat=True))
        for first in range(0, len(waits), BATCH):
            with transaction.atomic():
                take_turns()
                steps = waiting(hop, waits[first : first + BATCH]).order_by("at", "pk")
                offered += _offer(hop, list(steps), at=at)
    return offered


def hops_in_force(*, at: datetime) -> QuerySet[Hop]:
    hops = Hop.objects.filter(agreement__in=Agreement.objects.in_force(at))
    return hops.select_related("from_stage", "receiving_team__head", "offering_team__head")


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


@dataclass(frozen=True)
class HeldUp:
    """A lead that should be offered and is not, and why: something is not filled in, or nobody can take it."""

    hop: Hop
    step: Transition
    lacks: list[Field]

    @property
    def is_ready(self) -> bool:
        return not self.lacks


def held_up(lead_ids: Sequence[int] | None = None, *, at: datetime | None = None, limit: int = 200) -> list[HeldUp]:
    """What waits to be offered, the longest first, at most `limit` a hop. Two queries a hop."""
    at = at or now()
    found = []
    for hop in hops_in_force(at=at):
        steps = list(waiting(hop, lead_ids).select_related("lead__company").order_by("at", "pk")[:limit])
        lacks = lacking(hop, [step.lead_id for step in steps], at=at)
        found += [HeldUp(hop, step, lacks.get(step.lead_id, [])) for step in steps]
    return sorted(found, key=lambda held: held.step.at)


def _offer(hop: Hop, steps: list[Transition], *, at: datetime) -> int:
    leads = {lead.pk: lead for lead in described(step.lead_id for step in steps)}
    lacks = lacking(hop, leads, at=at)
    _notify_not_ready(
        hop, [(step, leads[step.lead_id], lacks[step.lead_id]) for step in steps if step.lead_id in lacks], at=at
    )
    ready = [step for step in steps if step.lead_id not in lacks]
    handoffs = _routed(hop, ready, leads, at=at)
    offered = {handoff.lead_id for handoff in handoffs}
    left = [step for step in ready if step.lead_id not in offered]
    _notify_nobody_can(hop, [(step, leads[step.lead_id]) for step in left], at=at)
    if handoffs:
        _open(handoffs, at=at)
    return len(handoffs)


def _routed(hop: Hop, steps: Sequence[Transition], leads: dict[int, Lead], *, at: datetime) -> list[Handoff]:
    """Give each lead to somebody, in turn, as long as anybody can take one."""
    desk = Desk.of(hop.receiving_team, at=at)
    if not steps or desk.is_full:
        return []
    kept_by = policies(hop.agreement_id)
    territories = territories_of(hop.receiving_team, [step.lead_id for step in steps], at=at)
    handoffs = []
    for step in steps:
        lead = leads[step.lead_id]
        policy = policy_for(hop, lead, kept_by)
        owner = lead.company.owner_id if lead.company else None
        turn = desk.whose(policy, owner=owner, territory=territories.get(lead.pk))
        if turn is None:
            continue
        desk.give(turn, at=at)
        handoffs.append(
            Handoff(
                lead=lead,
                hop=hop,
                transition=step,
                rep=turn.user,
                offered_at=at,
                persona_id=persona_of(lead),
                quadrant=quadrant_of(lead),
                policy=policy,
            )
        )
    return handoffs


def _open(handoffs: list[Handoff], *, at: datetime) -> None:
    Handoff.objects.bulk_create(handoffs)
    Timer.start(handoffs, at=at)
    HANDOFF_OFFERED.emit_many(
        ({"handoff": h.pk, "lead": h.lead_id, "rep": h.rep_id, "replaces": None} for h in handoffs), at=at
    )
    notify_offered(handoffs, at=at)


def policies(agreement_id: int) -> list[Policy]:
    """The policies of an agreement in their order, with their steps."""
    return list(Policy.objects.filter(agreement=agreement_id).prefetch_related("steps").order_by("position"))


def described(lead_ids: Iterable[int]) -> QuerySet[Lead]:
    """Leads with all that a policy asks about."""
    return Lead.objects.filter(pk__in=list(lead_ids)).select_related("persona_match", "score", "company", "owner")


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


def notify_offered(handoffs: Sequence[Handoff], *, at: datetime) -> None:
    leads = {lead.pk: lead for lead in Lead.objects.filter(pk__in=[h.lead_id for h in handoffs])}
    notices: list[tuple[User, str, HandoffParams]] = [
        (handoff.rep, f"handoff {handoff.pk}", {**lead_params(leads[handoff.lead_id]), "handoff": handoff.pk})
        for handoff in handoffs
    ]
    Notice.objects.notify_many(OFFERED, notices, at=at)


def _notify_nobody_can(hop: Hop, left: Sequence[tuple[Transition, Lead]], *, at: datetime) -> None:
    """A lead that nobody can take waits visibly, and the heads of both teams are told once."""
    heads = {head for head in (hop.receiving_team.head, hop.offering_team.head) if head}
    notices: list[tuple[User, str, UnofferedParams]] = [
        (head, _notice_subject(step), {**lead_params(lead), "team": hop.receiving_team.name})
        for step, lead in left
        for head in heads
    ]
    Notice.objects.notify_many(UNOFFERED, notices, at=at)


def _notify_not_ready(hop: Hop, held: Sequence[tuple[Transition, Lead, list[Field]]], *, at: datetime) -> None:
    """Who can fill in what is missing is told once: the lead's owner, and the head of the team that offers."""
    notices: list[tuple[User, str, NotReadyParams]] = [
        (user, _notice_subject(step), {**lead_params(lead), "fields": [field_params(field) for field in fields]})
        for step, lead, fields in held
        for user in {user for user in (hop.offering_team.head, lead.owner) if user}
    ]
    Notice.objects.notify_many(NOT_READY, notices, at=at)


def _notice_subject(step: Transition) -> str:
    return f"step {step.pk}"


def withdraw_moved(*, at: datetime | None = None) -> int:
    """Withdraw open hand-offs whose lead has left the stage by another way, and say how many. Safe to run twice."""
    at = at or now()
    gone = Handoff.objects.open().exclude(
        lead__journey__stage=F("hop__from_stage"), lead__journey__closed_at=None, lead__merged_into=None
    )
    withdrawn = 0
    for handoff in gone:
        try:
            handoff.withdraw(note=MOVED_ON, at=at)
        except Handoff.Answered:
            continue  # a moment ago, by its rep
        withdrawn += 1
    return withdrawn
