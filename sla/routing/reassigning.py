"""What waits for somebody goes to others: of those who are away, of those who left, and by a manager's word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from leads.notices import lead_params
from sla.handoffs.models.handoffs import Handoff
from sla.routing.notices import REASSIGNED, UNOFFERED, ReassignedParams, UnofferedParams
from sla.routing.offering import notify_offered
from sla.routing.turns import somebody_else
from teams.models import Notice, User
from teams.notices import name_params

NOT_THERE = gettext_noop("Not there.")
MANAGERS_WORD = gettext_noop("Given to somebody else.")


def open_for(users: Iterable[User]) -> dict[int, int]:
    """How many hand-offs wait for an answer of each person, by the person's id; who has none is not in it."""
    waiting = Handoff.objects.open().filter(rep__in=users).values_list("rep").annotate(n=Count("pk"))
    return dict(waiting.order_by())


def offer_to_others(rep: User, *, by: User | None = None, at: datetime | None = None) -> tuple[int, int]:
    """Offer what waits for `rep` to others of the team, and say how many moved and how many stay: nobody is there.

    Safe to run twice, and beside an answer: what was answered a moment ago is not counted.
    """
    at = at or now()
    return _move(Handoff.objects.open().for_rep(rep).order_by("pk").values_list("pk", "hop", "policy"), by=by, at=at)


def offer_to(handoff: Handoff, to: User, *, by: User, at: datetime | None = None) -> Handoff:
    """Offer it to somebody else, as a manager says: both are told. Raises `Handoff.Answered`."""
    at = at or now()
    with transaction.atomic():
        again = handoff.reassign(to, by=by, note=MANAGERS_WORD, at=at)
        params: ReassignedParams = {
            **lead_params(handoff.lead),
            "rep": name_params(to),
            "person": name_params(by),
        }
        Notice.objects.notify({handoff.rep} - {by}, REASSIGNED, params, about=_about(handoff.pk), at=at)
        notify_offered([again], at=at)
    return again


def reassign_of_the_gone(*, at: datetime | None = None) -> int:
    """Offer what waits for people who were deactivated to others, and say how many. Safe to run twice.

    What nobody can take stays with them, visibly; whoever answers for the team is told, once for each.
    """
    at = at or now()
    gone = Handoff.objects.open().filter(rep__is_active=False).order_by("pk").values_list("pk", "hop", "policy")
    return _move(gone, by=None, at=at, notifies=True)[0]


def _move(
    waiting: Iterable[tuple[int, int, int | None]], *, by: User | None, at: datetime, notifies: bool = False
) -> tuple[int, int]:
    moved, staying = 0, []
    # Of one hop and policy: whom nobody can take now, nobody can take a moment later.
    nobody: set[tuple[int, int | None]] = set()
    for pk, hop, policy in waiting:
        if (hop, policy) in nobody:
            staying.append(pk)
            continue
        try:
            again = _move_one(pk, by=by, at=at)
        except Handoff.Answered:
            continue
        if again is None:
            nobody.add((hop, policy))
            staying.append(pk)
        else:
            moved += 1
    if notifies and staying:
        _notify_nobody_can(staying, at=at)
    return moved, len(staying)


def _move_one(pk: int, *, by: User | None, at: datetime) -> Handoff | None:
    """Offer one to whoever's turn it is. The hand-off is locked before the turns, as the sweep does."""
    with transaction.atomic():
        locked = Handoff.objects.select_for_update().filter(pk=pk, answer="").first()
        if locked is None:
            raise Handoff.Answered
        to = somebody_else(locked, at=at)
        if to is None:
            return None
        again = locked.reassign(to, by=by, note=NOT_THERE, at=at)
        notify_offered([again], at=at)
    return again


def _notify_nobody_can(staying: Sequence[int], *, at: datetime) -> None:
    related = ("lead", "hop__receiving_team__head")
    told = set(Notice.objects.of(UNOFFERED).filter(about__in=map(_about, staying)).values_list("about"))
    for handoff in Handoff.objects.filter(pk__in=staying).select_related(*related):
        head = handoff.escalates_to() if (_about(handoff.pk),) not in told else None
        if head is not None:
            params: UnofferedParams = {**lead_params(handoff.lead), "team": handoff.hop.receiving_team.name}
            Notice.objects.notify([head], UNOFFERED, params, about=_about(handoff.pk), at=at)


def _about(pk: int) -> str:
    return f"handoff {pk}"
