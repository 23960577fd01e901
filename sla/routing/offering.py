"""Offer the leads that entered a hop's stage: `assignment` decides to whom, and `Timer.start` until when."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import BigIntegerField, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Least
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from funnel.models import Transition
from history import leases
from leads.criteria import Field
from leads.models import Lead
from leads.notices import lead_params, notify_failed_leads
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.hops import Hop
from sla.agreement.models.policies import Policy, Step
from sla.events import HANDOFF_OFFERED
from sla.handoffs.leaving import left_clocks, stop_left_clocks
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Timer
from sla.handoffs.notices import OFFERED, HandoffParams
from sla.routing.assignment import AssignmentQueue, lock_assignment
from sla.routing.models import Capacity
from sla.routing.next_offers import NextOffers, assign
from sla.routing.notices import NOT_READY, UNOFFERED, NotReadyParams, UnofferedParams, field_params
from sla.routing.policies import COMPARED, keep_policies, policies_of
from sla.routing.readiness import missing_fields, ready
from sla.routing.standing import OfferingHop, StandingShares, entered_since, with_first_day
from smarketing.company import knowing
from smarketing.database.isolating import is_nobodys_fault, isolate
from smarketing.database.keyset import RowComparison, row_value
from smarketing.database.statements import Given, Statement, given_ids
from smarketing.database.together import Together, fetch_together
from teams.models import Notice, User, stored_time_zones
from teams.people.standing_in import stand_in

log = logging.getLogger(__name__)

# Written by the background tasks, shown in the reader's language.
MOVED_ON = gettext_noop("The lead has moved on.")
# So many leads a transaction: meanwhile no other transaction assigns leads.
BATCH = 2000
# Those that stood there before come after those that have come since.
ORDER = ("stood_before", "at", "pk")


class Wait(NamedTuple):
    """A step whose lead waits to be offered, in the order of `ORDER`."""

    stood_before: bool
    at: datetime
    pk: int
    lead: int


def offer(
    lead_ids: Sequence[int] | None = None, *, at: datetime | None = None, step: leases.Step = transaction.atomic
) -> int:
    """Offer every lead that waits, and return how many. Safe to run twice, and by several processes at once.

    Each batch takes its own moment, once it has its turn: timers start when the offer is made.
    """
    offered = 0
    zones, hops, found, steps, limits = HOPS.fetch(at=at or now())
    keep_policies(hops, found, steps)
    with knowing(*zones):
        for hop in hops:
            for waiting in _turns(hop, lead_ids, at=at or now(), are_limited=bool(limits)):
                for first in range(0, len(waiting), BATCH):
                    with step():
                        lock_assignment()
                        offered += _offer_isolating_failures(hop, waiting[first : first + BATCH], at=at or now())
    return offered


def _offer_isolating_failures(hop: Hop, lead_ids: Sequence[int], *, at: datetime) -> int:
    """Offer these leads. Those that break it go on waiting, and the administrators are notified."""
    offered: list[int] = []

    def offer_some(some: Sequence[int]) -> None:
        (transitions,) = UNOFFERED_BY_STANDING[hop.offers_standing].fetch(**_places(hop), leads=list(some))
        offered.append(_offer_batch(hop, transitions, at=at))

    notify_failed_leads(isolate(lead_ids, offer_some), at=at)
    return sum(offered)


def _turns(hop: Hop, lead_ids: Sequence[int] | None, *, at: datetime, are_limited: bool) -> Iterator[list[int]]:
    """The leads that wait for this hop in the order in which they are offered, without those whose turn comes on a
    later day.

    Of these leads; and where limits let others wait and there is room again, after those who have waited longer.
    """
    if lead_ids is None:
        rows: Iterable[Any] = unoffered_transitions(hop).order_by(*ORDER).values_list(*Wait._fields)
    else:
        rows = WAITING_BY_STANDING[hop.offers_standing].rows(**_places(hop), leads=list(lead_ids))
    waiting = [Wait(*row) for row in rows]
    is_over = any(wait.stood_before for wait in waiting) and _standing_is_over(hop, at=at)
    turns = _after_longer_waiting(hop, waiting, at=at) if lead_ids is not None and are_limited else [waiting]
    for turn in turns:
        yield [wait.lead for wait in turn if not (is_over and wait.stood_before)]


def _standing_is_over(hop: Hop, *, at: datetime) -> bool:
    """Whether no more leads that stood there before are offered on this day."""
    queue = AssignmentQueue.of(hop.receiving_team, at=at)
    return StandingShares.of(queue.slots.values(), at=at).are_used_up


def _after_longer_waiting(hop: Hop, asked: list[Wait], *, at: datetime) -> Iterator[list[Wait]]:
    """These waits, each after those of others that began before; without those that stood there before. Of the others
    as many are read as there is room for, and more after those whom nobody took."""
    last: Wait | None = None
    size = 0
    while asked and (room := AssignmentQueue.of(hop.receiving_team, at=at).room(BATCH, policies_of(hop))):
        size = min(BATCH, max(room, 2 * size))
        longer = _longer_waiting(hop, asked, beyond=last, at=at)[:size]
        others = [Wait(*row) for row in longer.values_list(*Wait._fields)]
        if len(others) < size:
            yield sorted([*others, *asked])
            return
        last = others[-1]
        yield sorted([*others, *(wait for wait in asked if wait < last)])
        asked = [wait for wait in asked if wait > last]
    yield asked


def _longer_waiting(hop: Hop, asked: Sequence[Wait], *, beyond: Wait | None, at: datetime) -> QuerySet[Any]:
    """The steps of others who have waited longer than the last of those asked for and can be offered, the longest
    first; only those that began after another wait."""
    others = unoffered_transitions(hop).filter(stood_before=False).exclude(lead__in=[wait.lead for wait in asked])
    last = max(asked)
    began = row_value(F("at"), F("pk"))
    if not last.stood_before:
        others = others.filter(RowComparison(began, row_value(Value(last.at), Value(last.pk)), arg_joiner=" < "))
    if beyond:
        others = others.filter(RowComparison(began, row_value(Value(beyond.at), Value(beyond.pk)), arg_joiner=" > "))
    return ready(others, hop, at=at).order_by(*ORDER)


def hops_in_force(*, at: datetime | Given) -> QuerySet[Hop]:
    hops = with_first_day(Hop.objects.filter(agreement__in=Agreement.objects.in_force(at)))
    return hops.select_related("from_stage", "receiving_team__head", "offering_team__head")


def unoffered_transitions(hop: OfferingHop, lead_ids: Sequence[int] | Given | None = None) -> QuerySet[Any]:
    """The transitions into the hop's stage that have no hand-off yet, of leads that are still in it.

    Imported history opens no hand-off; nor does an entry from before the hop's first day, unless the signers chose so.
    """
    entries = Transition.objects.filter(
        to_stage=hop.from_stage_id,
        lead__journey__stage=hop.from_stage_id,
        lead__journey__closed_at=None,
        lead__merged_into=None,
    )
    if lead_ids is not None:
        entries = entries.filter(lead__among=lead_ids)
    unoffered = entries.filter(at=F("lead__journey__entered_at"), handoffs=None).exclude(how=Transition.How.IMPORT)
    return entered_since(unoffered.exclude(Q(lead__handoffs__answer="", lead__handoffs__isnull=False)), hop)


@dataclass(frozen=True)
class _GivenHop:
    """The places of a hop in a statement, by whether it offers leads that stood there before."""

    offers_standing: bool
    from_stage_id: Any = Given("stage", BigIntegerField())
    offers_from: Any = Given("offers_from", DateTimeField())


def _places(hop: Hop) -> dict[str, Any]:
    return {"stage": hop.from_stage_id, "offers_from": hop.offers_from}


def _unoffered(standing: bool) -> QuerySet[Any]:
    return unoffered_transitions(_GivenHop(standing), given_ids("leads")).order_by(*ORDER)


def _waiting(standing: bool) -> QuerySet[Any, Any]:
    return _unoffered(standing).values_list(*Wait._fields)


def _unoffered_with_leads(standing: bool) -> list[QuerySet[Any]]:
    return [_unoffered(standing).select_related(*(f"lead__{name}" for name in COMPARED))]


def _hops() -> list[QuerySet[Any]]:
    """The company's zone, the hops in force, the policies of their agreement, their steps, and whether anybody has
    limits."""
    at = Given("at", DateTimeField())
    of_agreement = {"agreement__in": Agreement.objects.in_force(at)}
    policies = Policy.objects.filter(**of_agreement).order_by("position")
    limits = Capacity.objects.exclude(most_open=None, most_a_week=None).values_list("user").order_by("user")[:1]
    return [stored_time_zones(), hops_in_force(at=at), policies, Step.objects.filter(**of_agreement), limits]


HOPS = Together(_hops)
WAITING_BY_STANDING = {standing: Statement(partial(_waiting, standing)) for standing in (False, True)}
UNOFFERED_BY_STANDING = {standing: Together(partial(_unoffered_with_leads, standing)) for standing in (False, True)}


@dataclass(frozen=True)
class UnofferedLead:
    """A lead that waits to be offered, and why: a required field is empty, or nobody can take it."""

    hop: Hop
    transition: Transition
    missing_fields: list[Field]

    @property
    def is_ready(self) -> bool:
        return not self.missing_fields


def unoffered_leads(
    lead_ids: Sequence[int] | None = None, *, at: datetime | None = None, limit: int = 200, stage: int | None = None
) -> list[UnofferedLead]:
    """The leads that wait to be offered, the longest first, at most `limit` a hop; with `stage` only those there. Two
    queries, and one for each hop that requires fields."""
    at = at or now()
    hops = [hop for hop in hops_in_force(at=at) if stage in (None, hop.from_stage_id)]
    if not hops:
        return []
    leads = []
    unoffered = [unoffered_transitions(hop, lead_ids).select_related("lead__company") for hop in hops]
    found = fetch_together(*(transitions.order_by("at", "pk")[:limit] for transitions in unoffered))
    for hop, transitions in zip(hops, found, strict=True):
        missing = missing_fields(hop, [transition.lead_id for transition in transitions], at=at)
        leads += [UnofferedLead(hop, transition, missing.get(transition.lead_id, [])) for transition in transitions]
    return sorted(leads, key=lambda lead: lead.transition.at)


def _offer_batch(hop: Hop, transitions: Sequence[Any], *, at: datetime) -> int:
    leads = {transition.lead_id: transition.lead for transition in transitions}
    missing = missing_fields(hop, leads, at=at)
    not_ready = [transition for transition in transitions if transition.lead_id in missing]
    _notify_not_ready(hop, [(each, leads[each.lead_id], missing[each.lead_id]) for each in not_ready], at=at)
    ready = [transition for transition in transitions if transition.lead_id not in missing]
    offers = assign(hop, ready, leads, at=at)
    settled = {handoff.lead_id for handoff in offers.handoffs} | offers.waiting
    unoffered = [each for each in ready if each.lead_id not in settled and not each.stood_before]
    _notify_unoffered(hop, [(each, leads[each.lead_id]) for each in unoffered], at=at)
    if offers.handoffs:
        _open_handoffs(offers, at=at)
    return len(offers.handoffs)


def _open_handoffs(offers: NextOffers, *, at: datetime) -> None:
    """Store them, those before that others follow. Who follows has no timer of its own."""
    handoffs = offers.handoffs
    _lock_firsts(handoffs)
    Handoff.objects.bulk_create([each for each in handoffs if each.lead_id not in offers.first_of])
    followers = [each for each in handoffs if each.lead_id in offers.first_of]
    for each in followers:
        each.follows = offers.first_of[each.lead_id]
    Handoff.objects.bulk_create(followers)
    Timer.start([each for each in handoffs if each.follows_id is None], at=at)
    HANDOFF_OFFERED.emit_many(
        ({"handoff": h.pk, "lead": h.lead_id, "rep": h.rep_id, "replaces": None} for h in handoffs), at=at
    )
    notify_offered(handoffs, at=at)


def _lock_firsts(handoffs: Iterable[Handoff]) -> None:
    """Let nobody answer the hand-offs that these follow before they are stored; who follows one that was answered a
    moment ago follows none."""
    firsts = {each.follows_id for each in handoffs if each.follows_id}
    if not firsts:
        return
    locked = (
        Handoff.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=firsts, answer="").order_by("pk")
    )
    waiting = set(locked.values_list("pk", flat=True))
    for each in handoffs:
        if each.follows_id and each.follows_id not in waiting:
            each.follows_id = None


def with_thread(handoff: Handoff) -> list[Handoff]:
    """An open hand-off, and those that wait for its answer."""
    return [handoff, *Handoff.objects.open().filter(follows=handoff.pk).select_related("rep", "lead").order_by("pk")]


def notify_offered(handoffs: Sequence[Handoff], *, at: datetime) -> None:
    notices: list[tuple[User, str, HandoffParams]] = [
        (handoff.rep, f"handoff {handoff.pk}", {**lead_params(handoff.lead), "handoff": handoff.pk})
        for handoff in handoffs
    ]
    Notice.objects.notify_many(OFFERED, notices, at=at)


def _notify_unoffered(hop: Hop, unoffered: Sequence[tuple[Transition, Lead]], *, at: datetime) -> None:
    """Notify the heads of both teams, once for each lead that nobody can take."""
    heads = {head for head in map(stand_in, (hop.receiving_team.head, hop.offering_team.head)) if head}
    notices: list[tuple[User, str, UnofferedParams]] = [
        (head, _notice_subject(transition), {**lead_params(lead), "team": hop.receiving_team.name})
        for transition, lead in unoffered
        for head in heads
    ]
    Notice.objects.notify_many(UNOFFERED, notices, at=at)


def _notify_not_ready(hop: Hop, not_ready: Sequence[tuple[Transition, Lead, list[Field]]], *, at: datetime) -> None:
    """Notify who can fill in the missing fields, once for each lead: its owner, and the head of the offering team."""
    notices: list[tuple[User, str, NotReadyParams]] = [
        (user, _notice_subject(transition), {**lead_params(lead), "fields": [field_params(field) for field in fields]})
        for transition, lead, fields in not_ready
        for user in {user for user in map(stand_in, (hop.offering_team.head, lead.owner)) if user}
    ]
    Notice.objects.notify_many(NOT_READY, notices, at=at)


def _notice_subject(transition: Transition) -> str:
    return f"step {transition.pk}"


def end_moved(lead_ids: Sequence[int] | None = None, *, at: datetime | None = None) -> int:
    """End what waits for a lead that left another way, of these leads or of all: open hand-offs are withdrawn, and
    clocks of first touches stop. Return how many of both. Safe to run twice."""
    at = at or now()
    moved, left = MOVED.fetch(leads=list(lead_ids)) if lead_ids is not None else (list(_moved()), list(_left()))
    failed = isolate([clock for (clock,) in left], stop_left_clocks)
    if failed:
        notify_failed_leads(Timer.objects.filter(pk__in=failed).values_list("handoff__lead", flat=True), at=at)
    return _withdraw(moved, at=at) + len(left) - len(failed)


def _withdraw(moved: Iterable[Any], *, at: datetime) -> int:
    withdrawn = 0
    failed: list[int] = []
    for handoff in moved:
        try:
            handoff.withdraw(note=MOVED_ON, at=min(at, handoff.left_at or at), found_at=at)
        except Handoff.Answered:
            continue  # its rep answered a moment ago
        except Exception as problem:
            if is_nobodys_fault(problem):
                raise
            log.exception("Hand-off %s was not withdrawn; the others go on.", handoff.pk)
            failed.append(handoff.lead_id)
        else:
            withdrawn += 1
    notify_failed_leads(failed, at=at)
    return withdrawn


def _moved(lead_ids: Given | None = None) -> QuerySet[Handoff]:
    """Open hand-offs whose lead stands there no more, each with `left_at`: when it was merged, or we were told of the
    step after the one that opened it. From then on nobody could answer, however late it is found."""
    opened = OuterRef("transition__at")
    after = Q(at__gt=opened) | Q(at=opened, pk__gt=OuterRef("transition"))
    told = Transition.objects.filter(after, lead=OuterRef("lead")).order_by("recorded_at").values("recorded_at")[:1]
    standing = Handoff.objects.open() if lead_ids is None else Handoff.objects.open().filter(lead__among=lead_ids)
    stands = {"lead__journey__stage": F("hop__from_stage"), "lead__journey__closed_at": None}
    left = standing.exclude(**stands, lead__merged_into=None)
    return left.annotate(left_at=Least("lead__merged_at", Subquery(told, DateTimeField()))).order_by("pk")


def _left(lead_ids: Given | None = None) -> QuerySet[Timer, Any]:
    """The clocks of first touches of leads that are to be called no more; of all leads, so many at a time."""
    clocks = left_clocks(lead_ids).values_list("pk")
    return clocks[:BATCH] if lead_ids is None else clocks


MOVED = Together(lambda: [_moved(given_ids("leads")), _left(given_ids("leads"))])
