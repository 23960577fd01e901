"""Reassign open hand-offs: of reps who are away, of reps who were deactivated, and as a manager decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Count, F
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from history.leases import Step
from leads.models import Lead
from leads.notices import lead_params, notify_failed_leads
from leads.registering.registration import change
from sla.handoffs.company_reps import why_two_reps
from sla.handoffs.handing_on import hand_on
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.threads import TwoReps
from sla.handoffs.worklist import nobodys_work
from sla.routing.assignment import lock_assignment, next_rep
from sla.routing.notices import REASSIGNED, UNOFFERED, ReassignedParams, UnofferedParams
from sla.routing.offering import notify_offered, with_thread
from smarketing.database.isolating import isolate
from teams.models import Notice, User
from teams.notices import name_params
from teams.people.standing_in import stand_in

REP_ABSENT = gettext_noop("Not there.")
MOVED_BY_MANAGER = gettext_noop("Given to somebody else.")


def count_open_by_rep(users: Iterable[User]) -> dict[int, int]:
    """How many hand-offs wait for an answer of each person, by the person's id; without those who have none."""
    waiting = Handoff.objects.open().filter(rep__in=users).values_list("rep").annotate(n=Count("pk"))
    return dict(waiting.order_by())


def offer_to_others(rep: User, *, by: User | None = None, at: datetime | None = None) -> tuple[int, int]:
    """Offer the open hand-offs of `rep` to others of the team. Return how many moved, and how many nobody could take.

    Safe to run twice, and beside an answer: what was answered a moment ago is not counted.
    """
    return _reassign_all(
        Handoff.objects.open().for_rep(rep).order_by("pk").values_list("pk", "hop", "policy"), by=by, at=at
    )


def reassign_to(handoff: Handoff, to: User, *, by: User, at: datetime | None = None) -> Handoff:
    """Offer it to the rep that a manager chose, and notify both reps. Raises `Handoff.Answered`."""
    at = at or now()
    with transaction.atomic():
        two_reps = why_two_reps(handoff, to.pk, TwoReps.PERSON)
        replacement = handoff.reassign(to, by=by, note=MOVED_BY_MANAGER, two_reps=two_reps, at=at)
        params: ReassignedParams = {
            **lead_params(handoff.lead),
            "rep": name_params(to),
            "person": name_params(by),
        }
        told = {person for person in [stand_in(handoff.rep)] if person} - {by}
        Notice.objects.notify(told, REASSIGNED, params, about=_notice_subject(handoff.pk), at=at)
        notify_offered(with_thread(replacement), at=at)
    return replacement


def reassign_from_deactivated(*, at: datetime | None = None, step: Step = transaction.atomic) -> int:
    """Offer the open hand-offs of deactivated reps to others, and return how many. Safe to run twice.

    What nobody can take stays with them; the escalation contact of the team is notified, once for each. What they
    accepted is nobody's until somebody takes it: the lead has no owner any more.
    """
    open_handoffs = (
        Handoff.objects.open().filter(rep__is_active=False).order_by("pk").values_list("pk", "hop", "policy")
    )
    moved, _staying = _reassign_all(open_handoffs, by=None, at=at, notifies=True, step=step)
    for handoff in nobodys_work(Handoff.objects.filter(lead__owner=F("rep"))).select_related("lead"):
        with step():
            moment = at or now()
            failed = isolate([handoff.lead], partial(_take_owner_away, at=moment))
            notify_failed_leads([lead.pk for lead in failed], at=moment)
    return moved


def _take_owner_away(leads: Sequence[Lead], *, at: datetime) -> None:
    for lead in leads:
        change(lead, {"owner": None}, how="handoff", at=at, news=False)


def give(handoff: Handoff, to: User, *, by: User, at: datetime | None = None) -> Handoff:
    """Give what is nobody's to a rep, who is notified. Raises `Handoff.Over`, `Journey.Moved`."""
    at = at or now()
    with transaction.atomic():
        replacement = hand_on(handoff, to, by=by, at=at)
        params: ReassignedParams = {**lead_params(handoff.lead), "rep": name_params(to), "person": name_params(by)}
        Notice.objects.notify({to} - {by}, REASSIGNED, params, about=_notice_subject(replacement.pk), at=at)
    return replacement


def _reassign_all(
    waiting: Iterable[tuple[int, int, int | None]],
    *,
    by: User | None,
    at: datetime | None,
    notifies: bool = False,
    step: Step = transaction.atomic,
) -> tuple[int, int]:
    moved, staying = 0, []
    # Hop and policy of what nobody could take: nobody can take the next one of them either.
    nobody: set[tuple[int, int | None]] = set()
    for pk, hop, policy in waiting:
        if (hop, policy) in nobody:
            staying.append(pk)
            continue
        try:
            is_moved = _reassign_one(pk, by=by, at=at, step=step)
        except Handoff.Answered:
            continue
        if is_moved is None:
            nobody.add((hop, policy))
            staying.append(pk)
        else:
            moved += is_moved
    if notifies and staying:
        with step():
            _notify_unoffered(staying, at=at or now())
    return moved, len(staying)


def _reassign_one(pk: int, *, by: User | None, at: datetime | None, step: Step) -> bool | None:
    """Offer one to the next rep, at the moment at which it is locked; return whether that worked, None where nobody can
    take it. Of one that fails the administrators are notified: the others go on."""
    with step():
        lock_assignment()
        locked = Handoff.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk, answer="").first()
        if locked is None:
            raise Handoff.Answered
        moment = at or now()
        found: list[User] = []
        failed = isolate([locked], partial(_reassign_to_next, found=found, by=by, at=moment))
        notify_failed_leads([handoff.lead_id for handoff in failed], at=moment)
    if failed:
        return False
    return True if found else None


def _reassign_to_next(handoffs: Sequence[Handoff], *, found: list[User], by: User | None, at: datetime) -> None:
    """Offer each to the next rep, and add that rep to `found`."""
    for each in handoffs:
        to = next_rep(each, at=at)
        if to is None:
            continue
        found.append(to)
        two_reps = why_two_reps(each, to.pk, TwoReps.PERSON if by else TwoReps.UNANSWERED)
        notify_offered(with_thread(each.reassign(to, by=by, note=REP_ABSENT, two_reps=two_reps, at=at)), at=at)


def _notify_unoffered(staying: Sequence[int], *, at: datetime) -> None:
    related = ("lead", "hop__agreement", "hop__receiving_team__head")
    notified = set(Notice.objects.of(UNOFFERED).filter(about__in=map(_notice_subject, staying)).values_list("about"))
    for handoff in Handoff.objects.filter(pk__in=staying).select_related(*related):
        head = handoff.hop.escalation_contact() if (_notice_subject(handoff.pk),) not in notified else None
        if head is not None:
            params: UnofferedParams = {**lead_params(handoff.lead), "team": handoff.hop.receiving_team.name}
            Notice.objects.notify([head], UNOFFERED, params, about=_notice_subject(handoff.pk), at=at)


def _notice_subject(pk: int) -> str:
    return f"handoff {pk}"
