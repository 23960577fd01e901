"""The story of one hand-off, from the first offer on: what was promised, what happened meanwhile, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, DateTimeField, QuerySet, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.agreement.models.policies import Step
from sla.disputes.models import Dispute
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Escalation, Pause, Timer
from sla.handoffs.models.touches import Touch
from smarketing.database.statements import Given, Statement
from smarketing.pages import wording
from smarketing.pages.wording import person_name

TOUCH_ICONS = {"call": "phone", "email": "mail", "meeting": "meeting", "message": "message"}
STEPS = {
    Step.Action.REMIND: gettext_lazy("Reminder"),
    Step.Action.TELL: gettext_lazy("The manager is told"),
    Step.Action.REASSIGN: gettext_lazy("Offered to somebody else"),
    Step.Action.ACCEPT: gettext_lazy("Counted as accepted"),
    Step.Action.WITHDRAW: gettext_lazy("Taken back"),
}
# What came of a step where it is not what the step says.
OUTCOMES = {
    "too late": gettext_lazy("too late: it was answered or over"),
    "nobody": gettext_lazy("nobody was there"),
}


@dataclass(frozen=True)
class Line:
    """One line of `_timeline.html`."""

    at: datetime
    icon: str
    text: str
    note: str = ""
    party: str = ""
    url: str = ""
    day: str = ""


class Happening(NamedTuple):
    """What happened to a hand-off beside its offer and its answer: a row of `_happened()`."""

    rank: int
    pk: int
    at: datetime
    until: datetime | None
    # The kind of a clock or a touch, the action of a step.
    what: str
    note: str
    percent: int
    is_contact: bool
    family_name: str
    given_name: str
    email: str


def told(handoff: Handoff) -> list[Line]:
    """Tell the story of a hand-off with all that it replaces and that replaced it, the earliest first."""
    offers = _chain(handoff)
    happened = sorted(Happening(*row) for row in HAPPENED.rows(transition=handoff.transition_id))
    lines = [
        *(line for offer in offers for line in _of_offer(offer)),
        *(OF_RANK[each.rank](each) for each in happened),
        *(line for dispute in _disputes(offers) for line in _of_dispute(dispute)),
    ]
    return sorted(lines, key=lambda line: line.at)


def _chain(handoff: Handoff) -> list[Handoff]:
    """All offers that replace each other: they answer to the same step of the lead."""
    if handoff.replaces_id is None and handoff.answer != Handoff.Answer.WITHDRAWN:
        return [handoff]
    related = ("rep", "answered_by", "given_up_by", "reason", "hop__offering_team")
    return list(Handoff.objects.filter(transition=handoff.transition_id).select_related(*related).order_by("pk"))


def _happened() -> QuerySet[Timer, Any]:
    """Clocks that ran out, steps that were taken, pauses and touches of all that answers to one step of a lead."""
    step = Given("transition", BigIntegerField())
    late = Timer.objects.filter(handoff__transition=step, breached_at__isnull=False)
    steps = Escalation.objects.filter(timer__handoff__transition=step, done_at__isnull=False)
    pauses = Pause.objects.filter(timer__handoff__transition=step)
    touches = Touch.objects.filter(handoff__transition=step)
    nobody, by = (Value(""),) * 3, ("by__family_name", "by__given_name", "by__email")
    never, no = Cast(Value(None), DateTimeField()), Value(False)

    def rows(found: QuerySet[Any], rank: int, *columns: Any) -> QuerySet[Any, Any]:
        return found.order_by().values_list(Value(rank), "pk", *columns)

    return rows(late, 0, "breached_at", never, "kind", Value(""), Value(0), no, *nobody).union(
        rows(steps, 1, "done_at", never, "action", "outcome", "percent", no, *nobody),
        rows(pauses, 2, "starts_at", "ends_at", Value(""), "reason", Value(0), no, *by),
        rows(touches, 3, "at", never, "kind", "note", Value(0), "is_contact", *by),
        all=True,
    )


HAPPENED = Statement(_happened)


def _disputes(offers: list[Handoff]) -> Iterator[Dispute]:
    rejected = [offer.pk for offer in offers if offer.answer == Handoff.Answer.REJECTED]
    if rejected:
        yield from Dispute.objects.filter(handoff__in=rejected).select_related("by", "settled_by")


def _of_offer(offer: Handoff) -> Iterator[Line]:
    rep = {"rep": person_name(offer.rep)}
    text = _("Offered to %(rep)s instead") % rep if offer.replaces_id else _("Offered to %(rep)s") % rep
    yield Line(offer.offered_at, "handoff", text, party=offer.hop.offering_team.party)
    if offer.answered_at:
        yield _of_answer(offer, offer.answered_at)
    if offer.given_up_at:
        text = _("Given up by %(rep)s: %(reason)s") % {"rep": person_name(offer.given_up_by), "reason": offer.reason}
        yield Line(offer.given_up_at, "back", text, note=offer.note, party="sales")


def _of_answer(offer: Handoff, at: datetime) -> Line:
    by = {"rep": person_name(offer.answered_by) if offer.answered_by else _("the rules"), "reason": offer.reason}
    verdict = offer.get_verdict_display() if offer.verdict else ""
    if offer.answer == Handoff.Answer.ACCEPTED:
        return Line(at, "check", _("Accepted by %(rep)s") % by, note=verdict, party="sales")
    if offer.answer == Handoff.Answer.REJECTED:
        note = " · ".join(filter(None, (verdict, offer.note)))
        return Line(at, "back", _("Rejected by %(rep)s: %(reason)s") % by, note=note, party="sales")
    text = _("Taken back from %(rep)s") % {"rep": person_name(offer.rep)}
    return Line(at, "close", text, note=_(offer.note) if offer.note else "")


def _of_breach(timer: Happening) -> Line:
    """A promise that was not kept is part of the story for ever."""
    late = {
        Timer.Kind.ANSWER: _("Fell due unanswered: late"),
        Timer.Kind.FIRST_TOUCH: _("Fell due untouched: late"),
    }
    return Line(timer.at, "warning", late[Timer.Kind(timer.what)])


def _of_step(step: Happening) -> Line:
    share = _("at %(percent)s of the time") % {"percent": wording.percent(step.percent / 100, 0)}
    outcome = str(OUTCOMES.get(step.note, ""))
    note = " · ".join(filter(None, (share, outcome)))
    return Line(step.at, "bell", str(STEPS[Step.Action(step.what)]), note=note)


def _of_pause(pause: Happening) -> Line:
    said = {"name": person_name(pause), "until": wording.moment(pause.until)}
    return Line(pause.at, "clock", _("Paused by %(name)s until %(until)s") % said, note=pause.note)


def _of_touch(touch: Happening) -> Line:
    said = {"kind": Touch.Kind(touch.what).label, "name": person_name(touch)}
    text = _("%(kind)s: they answered %(name)s") if touch.is_contact else _("%(kind)s: %(name)s tried")
    return Line(touch.at, TOUCH_ICONS[touch.what], text % said, note=touch.note, party="sales")


OF_RANK = (_of_breach, _of_step, _of_pause, _of_touch)


def _of_dispute(dispute: Dispute) -> Iterator[Line]:
    text = _("Disputed by %(name)s") % {"name": person_name(dispute.by)}
    yield Line(dispute.at, "message", text, note=dispute.text, party="marketing")
    if dispute.settled_at:
        said = {"name": person_name(dispute.settled_by)}
        upheld, stands = _("%(name)s: the rejection was wrong"), _("%(name)s: the rejection stands")
        yield Line(dispute.settled_at, "check", (upheld if dispute.upheld else stands) % said, note=dispute.ruling)
