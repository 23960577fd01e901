"""The story of one hand-off, from the first offer on: what was promised, what happened meanwhile, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.models import Dispute, Escalation, Handoff, Pause, Step, Timer, Touch
from smarketing import wording
from smarketing.wording import person_name

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


def told(handoff: Handoff) -> list[Line]:
    """Tell the story of a hand-off with all that it replaces and that replaced it, the earliest first."""
    # Offers that replace each other answer to the same step of the lead.
    chain = Handoff.objects.filter(transition=handoff.transition_id)
    related = ("rep", "answered_by", "given_up_by", "reason", "hop__offering_team")
    offers = list(chain.select_related(*related).order_by("pk"))
    ids = [offer.pk for offer in offers]
    timers = list(Timer.objects.filter(handoff__in=ids).order_by("pk"))
    steps = Escalation.objects.filter(timer__in=timers, done_at__isnull=False)
    lines = [
        *(line for offer in offers for line in _of_offer(offer)),
        *(line for timer in timers for line in _of_timer(timer)),
        *(_of_step(step) for step in steps.select_related("timer")),
        *(_of_pause(pause) for pause in Pause.objects.filter(timer__in=timers).select_related("by")),
        *(_of_touch(touch) for touch in Touch.objects.filter(handoff__in=ids).select_related("by")),
        *(line for dispute in _disputes(ids) for line in _of_dispute(dispute)),
    ]
    return sorted(lines, key=lambda line: line.at)


def _disputes(ids: list[int]) -> Iterator[Dispute]:
    yield from Dispute.objects.filter(handoff__in=ids).select_related("by", "settled_by")


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


def _of_timer(timer: Timer) -> Iterator[Line]:
    """A promise that was not kept is part of the story for ever."""
    if timer.breached_at:
        late = {
            Timer.Kind.ANSWER: _("Fell due unanswered: late"),
            Timer.Kind.FIRST_TOUCH: _("Fell due untouched: late"),
        }
        yield Line(timer.breached_at, "warning", late[Timer.Kind(timer.kind)])


def _of_step(step: Escalation) -> Line:
    assert step.done_at is not None  # asked for
    share = _("at %(percent)s of the time") % {"percent": wording.percent(step.percent / 100, 0)}
    outcome = str(OUTCOMES.get(step.outcome, ""))
    note = " · ".join(filter(None, (share, outcome)))
    return Line(step.done_at, "bell", str(STEPS[Step.Action(step.action)]), note=note)


def _of_pause(pause: Pause) -> Line:
    said = {"name": person_name(pause.by), "until": wording.moment(pause.ends_at)}
    return Line(pause.starts_at, "clock", _("Paused by %(name)s until %(until)s") % said, note=pause.reason)


def _of_touch(touch: Touch) -> Line:
    said = {"kind": touch.get_kind_display(), "name": person_name(touch.by)}
    text = _("%(kind)s: they answered %(name)s") if touch.is_contact else _("%(kind)s: %(name)s tried")
    return Line(touch.at, TOUCH_ICONS[touch.kind], text % said, note=touch.note, party="sales")


def _of_dispute(dispute: Dispute) -> Iterator[Line]:
    text = _("Disputed by %(name)s") % {"name": person_name(dispute.by)}
    yield Line(dispute.at, "message", text, note=dispute.text, party="marketing")
    if dispute.settled_at:
        said = {"name": person_name(dispute.settled_by)}
        upheld, stands = _("%(name)s: the rejection was wrong"), _("%(name)s: the rejection stands")
        yield Line(dispute.settled_at, "check", (upheld if dispute.upheld else stands) % said, note=dispute.ruling)
