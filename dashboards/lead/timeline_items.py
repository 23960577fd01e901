"""The lines of a lead's timeline in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from funnel.models import Transition
from leads.activities.activity_text import describe_activity, icon_of, people_who_logged
from leads.models import Activity
from sla.inbox.story import TOUCH_ICONS
from sla.models import Handoff, Touch
from smarketing.database.together import fetch_together
from smarketing.pages import wording
from teams.models import User

# The reasons that the machine stores with a transition, marked for translation.
REASONS = (
    gettext_noop("Accepted"),
    gettext_noop("Met the definition"),
    gettext_noop("Opportunity opened"),
    gettext_noop("Opportunity won"),
    gettext_noop("Opportunity lost"),
    gettext_noop("Opportunity reopened"),
)


@dataclass(frozen=True)
class Item:
    """One line of the timeline, as `_timeline.html` takes it."""

    icon: str
    text: str
    # The day alone, where nothing else is known.
    at: date
    note: str = ""
    party: str = ""
    url: str = ""
    day: str = ""


def describe_events(events: list[tuple[datetime, str, int]]) -> list[Item]:
    def ids(*kinds: str) -> list[int]:
        return [pk for _at, what, pk in events if what[2:] in kinds]

    if not events:
        return []
    activities, steps, handoffs, touches = (
        {row.pk: row for row in rows}
        for rows in fetch_together(
            Activity.objects.filter(pk__in=ids("activity")).select_related("kind"),
            Transition.objects.filter(pk__in=ids("step")).select_related(
                "from_stage", "to_stage", "by__team", "definition", "reason"
            ),
            Handoff.objects.filter(pk__in=ids("offer", "answer")).select_related(
                "rep__team", "answered_by__team", "reason", "hop__offering_team"
            ),
            Touch.objects.filter(pk__in=ids("touch")).select_related("by"),
        )
    )
    people = people_who_logged(activities.values())
    items = {
        "activity": lambda at, pk: activity_item(at, activities[pk], people),
        "touch": lambda at, pk: touch_item(at, touches[pk]),
        "step": lambda at, pk: step_item(at, steps[pk]),
        "offer": lambda at, pk: offer_item(at, handoffs[pk]),
        "answer": lambda at, pk: answer_item(at, handoffs[pk]),
    }
    return [items[what[2:]](at, pk) for at, what, pk in events]


def day_heading(at: date) -> str:
    """The heading of a moment or a day: today, yesterday, the last seven days, else its month."""
    today, day = localdate(), localdate(at) if isinstance(at, datetime) else at
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if today - timedelta(days=7) < day < today:
        return _("Last seven days")
    if day > today:
        return _("To come")
    return wording.day(day, "month")


def activity_item(at: datetime, activity: Activity, people: Mapping[str, User]) -> Item:
    by_us = activity.system == "" and activity.properties.get("by")
    return Item(
        icon=icon_of(activity),
        text=str(activity.kind),
        note=describe_activity(activity, people),
        party="sales" if by_us and activity.kind.key in ("call", "meeting") else "",
        at=at,
        day=day_heading(at),
    )


def step_item(at: datetime, step: Transition) -> Item:
    if step.to_stage is None:
        text, icon = _("Journey closed: %(reason)s") % {"reason": step.reason or _(step.because)}, "close"
    elif step.definition:
        text = _("Became %(stage)s by definition v%(number)s") % {
            "stage": step.to_stage,
            "number": step.definition.number,
        }
        icon = "definition"
    elif step.from_stage and step.from_stage.position > step.to_stage.position:
        text, icon = _("Back to %(stage)s") % {"stage": step.to_stage}, "back"
    else:
        text, icon = _("Entered %(stage)s") % {"stage": step.to_stage}, "stages"
    who = wording.person_name(step.by) if step.by else ""
    told = step.to_stage is None or step.definition is not None
    why = "" if told else str(step.reason or (_(step.because) if step.because else ""))
    owner = step.to_stage or step.from_stage
    return Item(
        icon=icon,
        text=text,
        note=" · ".join(filter(None, (who, why))),
        party=owner.party if owner else "",
        url=reverse("definition", args=[step.definition.stage_id, step.definition.number]) if step.definition else "",
        at=step.day or at,
        day=day_heading(step.day or at),
    )


def offer_item(at: datetime, handoff: Handoff) -> Item:
    return Item(
        icon="handoff",
        text=_("Offered to %(rep)s") % {"rep": wording.person_name(handoff.rep)},
        note=_("again, to somebody else") if handoff.replaces_id else "",
        party=handoff.hop.offering_team.party,
        at=at,
        day=day_heading(at),
    )


def touch_item(at: datetime, touch: Touch) -> Item:
    words = {"kind": touch.get_kind_display(), "name": wording.person_name(touch.by)}
    text = _("%(kind)s: they answered %(name)s") if touch.is_contact else _("%(kind)s: %(name)s tried")
    return Item(
        icon=TOUCH_ICONS[touch.kind], text=text % words, note=touch.note, party="sales", at=at, day=day_heading(at)
    )


def answer_item(at: datetime, handoff: Handoff) -> Item:
    who = wording.person_name(handoff.answered_by) if handoff.answered_by else _("the rules")
    if handoff.answer == Handoff.Answer.ACCEPTED:
        text, icon, note = _("Accepted by %(rep)s") % {"rep": who}, "check", ""
    elif handoff.answer == Handoff.Answer.REJECTED:
        text = _("Rejected by %(rep)s: %(reason)s") % {"rep": who, "reason": handoff.reason}
        verdict = _("Verdict: %(verdict)s") % {"verdict": handoff.get_verdict_display()}
        icon, note = "back", " · ".join(filter(None, (verdict, handoff.note)))
    else:
        text, icon, note = _("Offer withdrawn"), "close", _(handoff.note) if handoff.note else ""
    return Item(icon=icon, text=text, note=note, party="sales", at=at, day=day_heading(at))
