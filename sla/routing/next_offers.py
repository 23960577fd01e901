"""One batch of leads is given to reps: each to the next in the queue, further leads of a company to who works it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leads.models import Lead
from sla.agreement.models.hops import Hop
from sla.agreement.models.policies import Policy
from sla.handoffs.company_reps import CompanyReps, WorkedLead
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.threads import TwoReps
from sla.routing.assignment import AssignmentQueue, Slot, territory_by_lead
from sla.routing.company_waits import CompanyWaits
from sla.routing.policies import persona_of, policies_of, policy_for, quadrant_of
from sla.routing.standing import StandingShares


@dataclass
class NextOffers:
    """The unsaved hand-offs of a batch, and the leads that wait for the rep of their company."""

    handoffs: list[Handoff] = field(default_factory=list)
    waiting: set[int] = field(default_factory=set)
    # The unsaved hand-off that another one follows, by the lead of the latter.
    first_of: dict[int, Handoff] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._at_company: dict[tuple[int | None, int], list[Handoff]] = {}

    def add(self, handoff: Handoff) -> None:
        self.handoffs.append(handoff)
        self._at_company.setdefault((handoff.lead.company_id, handoff.rep_id), []).append(handoff)

    def first_at(self, company: int | None, rep: int, *, but: int) -> Handoff | None:
        """The unsaved hand-off of that rep at that company that follows none."""
        for each in self._at_company.get((company, rep), ()):
            if each.lead_id not in self.first_of and each.follows_id is None and each.lead_id != but:
                return each
        return None


@dataclass(frozen=True)
class _Batch:
    hop: Hop
    queue: AssignmentQueue
    companies: CompanyReps
    waits: CompanyWaits
    territories: dict[int, int]
    policies: Sequence[Policy]
    shares: StandingShares


def assign(hop: Hop, transitions: Sequence[Any], leads: dict[int, Lead], *, at: datetime) -> NextOffers:
    """Make a hand-off of each lead for the next in the queue, as long as anybody can take one."""
    offers = NextOffers()
    queue = AssignmentQueue.of(hop.receiving_team, at=at)
    if not transitions or queue.is_full:
        return offers
    batch = _batch(hop, queue, transitions, leads, at=at)
    for transition in transitions:
        lead = leads[transition.lead_id]
        policy = policy_for(hop, lead, batch.policies)
        choice = _choose(batch, transition, lead, policy, offers)
        if choice is None:
            continue
        slot, two_reps = choice
        queue.assign(slot, at=at)
        if transition.stood_before:
            batch.shares.take(slot.user.pk)
        handoff = Handoff(
            lead=lead,
            hop=hop,
            transition=transition,
            rep=slot.user,
            offered_at=at,
            persona_id=persona_of(lead),
            quadrant=quadrant_of(lead),
            policy=policy,
            stood_before=transition.stood_before,
            two_reps=two_reps,
        )
        offers.add(handoff)
        _join_thread(batch, handoff, offers)
    batch.waits.keep()
    return offers


def _batch(
    hop: Hop, queue: AssignmentQueue, transitions: Sequence[Any], leads: dict[int, Lead], *, at: datetime
) -> _Batch:
    team, ids = hop.receiving_team, [transition.lead_id for transition in transitions]
    stood = any(transition.stood_before for transition in transitions)
    companies = CompanyReps.of(team, leads.values())
    return _Batch(
        hop,
        queue,
        companies,
        CompanyWaits([transition.pk for transition in transitions] if companies.by_company else [], at=at),
        territory_by_lead(queue.territories, ids, at=at),
        policies_of(hop),
        StandingShares.of(queue.slots.values() if stood else (), at=at),
    )


def _choose(batch: _Batch, transition: Any, lead: Lead, policy: Policy, offers: NextOffers) -> tuple[Slot, str] | None:
    """The rep of a lead, and why its company has two reps then, if it has. None: nobody can take it now, or it waits
    for the rep who works its company."""
    queue, owner = batch.queue, lead.company.owner_id if lead.company else None
    without = batch.shares.without_any() if transition.stood_before else ()
    works = batch.companies.rep_for(lead, persona=persona_of(lead))
    if slot := queue.named_assignee(policy, owner=owner, without=without):
        reason = TwoReps.NAMED
    elif works and policy.keeps_company and (slot := queue.seller(works.rep, without)):
        reason = TwoReps(batch.companies.reason_of(lead, works.rep) or TwoReps.MERGED)
    else:
        if works and policy.keeps_company and not batch.waits.goes_on(transition.pk, works.rep):
            offers.waiting.add(lead.pk)
            return None
        territory = batch.territories.get(lead.pk)
        slot = queue.next_assignee(policy, owner=owner, territory=territory, without=without)
        reason = (TwoReps.WAITED if policy.keeps_company else TwoReps.POLICY) if works else TwoReps.MANY
    if slot is None:
        return None
    return slot, reason if batch.companies.has_another(lead, slot.user.pk) else ""


def _join_thread(batch: _Batch, handoff: Handoff, offers: NextOffers) -> None:
    """Let a further lead of a company wait for the answer to the first that the same rep was offered."""
    lead, companies = handoff.lead, batch.companies
    if not companies.is_known(lead):
        return
    if handoff.policy and handoff.policy.keeps_company:
        handoff.follows_id = companies.first_of(lead, handoff.rep_id)
        if handoff.follows_id is None and (first := offers.first_at(lead.company_id, handoff.rep_id, but=lead.pk)):
            offers.first_of[lead.pk] = first
    companies.add(
        WorkedLead(
            company=lead.company_id or 0,
            lead=lead.pk,
            rep=handoff.rep_id,
            since=handoff.offered_at,
            region=lead.region,
            persona=handoff.persona_id,
            sells=True,
            two_reps=handoff.two_reps,
        )
    )
