"""The story of one hand-off as a timeline, from the first offer to how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, DateTimeField, QuerySet, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.journeys.merging import MERGED
from sla.agreement.models.policies import Step
from sla.disputes.models import Dispute
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Escalation, Pause, Timer
from sla.handoffs.models.touches import Touch
from smarketing.database.statements import Given, Statement
from smarketing.pages import wording
from smarketing.pages.wording import person_name

TOUCH_ICONS = {"call": "phone", "email": "mail", "meeting": "meeting", "message": "message"}
STEP_LABELS = {
    Step.Action.REMIND: gettext_lazy("Reminder"),
    Step.Action.TELL: gettext_lazy("The manager is told"),
    Step.Action.REASSIGN: gettext_lazy("Offered to somebody else"),
    Step.Action.ACCEPT: gettext_lazy("Counted as accepted"),
    Step.Action.WITHDRAW: gettext_lazy("Taken back"),
}
# The outcome of an escalation step that did not do what its action says.
OUTCOME_LABELS = {
    "too late": gettext_lazy("too late: it was answered or over"),
    "nobody": gettext_lazy("nobody was there"),
}


@dataclass(frozen=True)
class TimelineItem:
    """One item of `_timeline.html`."""

    at: datetime
    icon: str
    text: str
    note: str = ""
    party: str = ""
    url: str = ""
    day: str = ""


class StoryEvent(NamedTuple):
    """What happened to a hand-off beside its offer and its answer: a row of `_story_events()`."""

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


def build_story(handoff: Handoff) -> list[TimelineItem]:
    """Return the timeline of a hand-off with all that it replaces and that replaced it, the earliest first."""
    offers = _offer_chain(handoff)
    events = sorted(StoryEvent(*row) for row in STORY_EVENTS.rows(transition=handoff.transition_id))
    items = [
        *(item for offer in offers for item in _offer_items(offer)),
        *(ITEM_BY_RANK[event.rank](event) for event in events),
        *(item for dispute in _disputes(offers) for item in _dispute_items(dispute)),
    ]
    return sorted(items, key=lambda item: item.at)


def _offer_chain(handoff: Handoff) -> list[Handoff]:
    """All offers that replace each other: they have the same transition of the lead."""
    if handoff.replaces_id is None and handoff.answer != Handoff.Answer.WITHDRAWN:
        return [handoff]
    related = ("rep", "answered_by", "given_up_by", "reason", "hop__offering_team")
    return list(Handoff.objects.filter(transition=handoff.transition_id).select_related(*related).order_by("pk"))


def _story_events() -> QuerySet[Timer, Any]:
    """Breached timers, escalation steps taken, pauses and touches of all hand-offs of one transition of a lead."""
    transition = Given("transition", BigIntegerField())
    late = Timer.objects.filter(handoff__transition=transition, breached_at__isnull=False)
    steps = Escalation.objects.filter(timer__handoff__transition=transition, done_at__isnull=False)
    pauses = Pause.objects.filter(timer__handoff__transition=transition)
    touches = Touch.objects.filter(handoff__transition=transition)
    nobody, by = (Value(""),) * 3, ("by__family_name", "by__given_name", "by__email")
    never, no = Cast(Value(None), DateTimeField()), Value(False)

    def rows(queryset: QuerySet[Any], rank: int, *columns: Any) -> QuerySet[Any, Any]:
        return queryset.order_by().values_list(Value(rank), "pk", *columns)

    return rows(late, 0, "breached_at", never, "kind", Value(""), Value(0), no, *nobody).union(
        rows(steps, 1, "done_at", never, "action", "outcome", "percent", no, *nobody),
        rows(pauses, 2, "starts_at", "ends_at", Value(""), "reason", Value(0), no, *by),
        rows(touches, 3, "at", never, "kind", "note", Value(0), "is_contact", *by),
        all=True,
    )


STORY_EVENTS = Statement(_story_events)


def _disputes(offers: list[Handoff]) -> Iterator[Dispute]:
    rejected = [offer.pk for offer in offers if offer.answer == Handoff.Answer.REJECTED]
    if rejected:
        yield from Dispute.objects.filter(handoff__in=rejected).select_related("by", "settled_by")


def _offer_items(offer: Handoff) -> Iterator[TimelineItem]:
    rep = {"rep": person_name(offer.rep)}
    text = _("Offered to %(rep)s instead") % rep if offer.replaces_id else _("Offered to %(rep)s") % rep
    yield TimelineItem(offer.offered_at, "handoff", text, party=offer.hop.offering_team.party)
    if offer.answered_at:
        yield _answer_item(offer, offer.answered_at)
    if offer.given_up_at:
        text = _("Given up by %(rep)s: %(reason)s") % {"rep": person_name(offer.given_up_by), "reason": offer.reason}
        yield TimelineItem(offer.given_up_at, "back", text, note=offer.note, party="sales")
    if offer.merged_away_at:
        yield TimelineItem(offer.merged_away_at, "merge", _(MERGED))


def _answer_item(offer: Handoff, at: datetime) -> TimelineItem:
    by = {"rep": person_name(offer.answered_by) if offer.answered_by else _("the rules"), "reason": offer.reason}
    verdict = offer.get_verdict_display() if offer.verdict else ""
    if offer.answer == Handoff.Answer.ACCEPTED:
        return TimelineItem(at, "check", _("Accepted by %(rep)s") % by, note=verdict, party="sales")
    if offer.answer == Handoff.Answer.REJECTED:
        note = " · ".join(filter(None, (verdict, offer.note)))
        return TimelineItem(at, "back", _("Rejected by %(rep)s: %(reason)s") % by, note=note, party="sales")
    text = _("Taken back from %(rep)s") % {"rep": person_name(offer.rep)}
    return TimelineItem(at, "close", text, note=_(offer.note) if offer.note else "")


def _breach_item(timer: StoryEvent) -> TimelineItem:
    late = {
        Timer.Kind.ANSWER: _("Fell due unanswered: late"),
        Timer.Kind.FIRST_TOUCH: _("Fell due untouched: late"),
    }
    return TimelineItem(timer.at, "warning", late[Timer.Kind(timer.what)])


def _step_item(step: StoryEvent) -> TimelineItem:
    share = _("at %(percent)s of the time") % {"percent": wording.percent(step.percent / 100, 0)}
    outcome = str(OUTCOME_LABELS.get(step.note, ""))
    note = " · ".join(filter(None, (share, outcome)))
    return TimelineItem(step.at, "bell", str(STEP_LABELS[Step.Action(step.what)]), note=note)


def _pause_item(pause: StoryEvent) -> TimelineItem:
    words = {"name": person_name(pause), "until": wording.moment(pause.until)}
    return TimelineItem(pause.at, "clock", _("Paused by %(name)s until %(until)s") % words, note=pause.note)


def _touch_item(touch: StoryEvent) -> TimelineItem:
    words = {"kind": Touch.Kind(touch.what).label, "name": person_name(touch)}
    text = _("%(kind)s: they answered %(name)s") if touch.is_contact else _("%(kind)s: %(name)s tried")
    return TimelineItem(touch.at, TOUCH_ICONS[touch.what], text % words, note=touch.note, party="sales")


ITEM_BY_RANK = (_breach_item, _step_item, _pause_item, _touch_item)


def _dispute_items(dispute: Dispute) -> Iterator[TimelineItem]:
    text = _("Disputed by %(name)s") % {"name": person_name(dispute.by)}
    yield TimelineItem(dispute.at, "message", text, note=dispute.text, party="marketing")
    if dispute.settled_at:
        words = {"name": person_name(dispute.settled_by)}
        upheld, stands = _("%(name)s: the rejection was wrong"), _("%(name)s: the rejection stands")
        yield TimelineItem(
            dispute.settled_at, "check", (upheld if dispute.upheld else stands) % words, note=dispute.ruling
        )
