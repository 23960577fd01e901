"""What happened with one lead, the latest first: what it did, where it moved, to whom it was offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from funnel.models import Transition
from leads.activities.activity_text import icon_of, said
from leads.models import Activity, Lead
from sla.inbox.story import TOUCH_ICONS
from sla.models import Handoff, Touch
from smarketing.database.keyset import Cursor
from smarketing.pages import wording

SIZE = 20

# What the machine writes as the reason of a step, for the catalogue of translations.
REASONS = (
    gettext_noop("Accepted"),
    gettext_noop("Met the definition"),
    gettext_noop("Opportunity opened"),
    gettext_noop("Opportunity won"),
    gettext_noop("Opportunity lost"),
    gettext_noop("Opportunity reopened"),
)

# Each part is a walk along its index (lead, moment), from the cursor back. A hand-off is two things that happened:
# offered, and answered; the step that an answer makes is told by the answer. Of what happened at one moment the cause
# comes first: the number says so.
PARTS = {
    "activity": "SELECT occurred_at AS at, '1 activity' AS what, id FROM leads_activity"
    " WHERE lead_id = %(lead)s AND occurred_at <= %(now)s",
    "step": "SELECT at, '2 step', id FROM funnel_transition WHERE lead_id = %(lead)s AND how <> 'handoff'",
    "offer": "SELECT offered_at, '3 offer', id FROM sla_handoff WHERE lead_id = %(lead)s",
    "answer": "SELECT answered_at, '4 answer', id FROM sla_handoff WHERE lead_id = %(lead)s AND answer <> ''",
    # A call or meeting in which the lead took part is an activity of the lead's already.
    "touch": "SELECT t.at, '5 touch', t.id FROM sla_touch t JOIN sla_handoff h ON h.id = t.handoff_id"
    " WHERE h.lead_id = %(lead)s AND NOT (t.is_contact AND t.kind IN ('call', 'meeting'))",
}
THEIRS, OURS = ("activity",), ("step", "offer", "answer", "touch")


@dataclass(frozen=True)
class Item:
    """One line of the timeline, as `_timeline.html` takes it."""

    icon: str
    text: str
    at: datetime
    note: str = ""
    party: str = ""
    url: str = ""
    day: str = ""


@dataclass(frozen=True)
class Stretch:
    """Some lines, and from where the earlier ones follow."""

    items: list[Item]
    earlier: str = ""


def told(lead: Lead, which: str = "all", cursor: str = "", *, at: datetime, size: int = SIZE) -> Stretch:
    """The lines up to `at`, or before the cursor; `which` is "all", "theirs" or "ours"."""
    parts = {"theirs": THEIRS, "ours": OURS}.get(which, tuple(PARTS))
    before = Cursor.parse(cursor) if cursor else None
    found = happened(lead, parts, before, at, size + 1)
    items = described(found[:size])
    if len(found) <= size:
        return Stretch(items)
    last_at, what, number = found[size - 1]
    return Stretch(items, str(Cursor(f"{last_at.isoformat()}|{what}", number)))


def happened(
    lead: Lead, parts: tuple[str, ...], before: Cursor | None, at: datetime, limit: int
) -> list[tuple[datetime, str, int]]:
    params: dict[str, Any] = {"lead": lead.pk, "now": at, "limit": limit}
    beyond = ""
    if before is not None and isinstance(before.value, str) and before.value.count("|") == 1:
        moment, what = before.value.split("|")
        try:
            params |= {"at": datetime.fromisoformat(moment), "what": what, "id": before.key}
            beyond = "WHERE at <= %(at)s AND (at, what, id) < (%(at)s, %(what)s, %(id)s)"
        except ValueError:
            beyond = ""
    walks = " UNION ALL ".join(
        f"(SELECT * FROM ({PARTS[part]}) {part}_ (at, what, id) {beyond} ORDER BY at DESC, id DESC LIMIT %(limit)s)"
        for part in parts
    )
    sql = f"SELECT at, what, id FROM ({walks}) found ORDER BY at DESC, what DESC, id DESC LIMIT %(limit)s"
    with connection.cursor() as sql_cursor:
        sql_cursor.execute(sql, params)
        return list(sql_cursor.fetchall())


def described(found: list[tuple[datetime, str, int]]) -> list[Item]:
    def ids(*kinds: str) -> list[int]:
        return [number for _at, what, number in found if what[2:] in kinds]

    activities = Activity.objects.select_related("kind").in_bulk(ids("activity")) if ids("activity") else {}
    steps = (
        Transition.objects.select_related("from_stage", "to_stage", "by__team", "definition", "reason").in_bulk(
            ids("step")
        )
        if ids("step")
        else {}
    )
    handoffs = (
        Handoff.objects.select_related("rep__team", "answered_by__team", "reason", "hop__offering_team").in_bulk(
            ids("offer", "answer")
        )
        if ids("offer", "answer")
        else {}
    )
    touches = Touch.objects.select_related("by").in_bulk(ids("touch")) if ids("touch") else {}
    made = {
        "activity": lambda at, number: of_activity(at, activities[number]),
        "touch": lambda at, number: of_touch(at, touches[number]),
        "step": lambda at, number: of_step(at, steps[number]),
        "offer": lambda at, number: of_offer(at, handoffs[number]),
        "answer": lambda at, number: of_answer(at, handoffs[number]),
    }
    return [made[what[2:]](at, number) for at, what, number in found]


def day_of(at: datetime) -> str:
    """The heading that a moment stands under: today, yesterday, this week, then its month."""
    today, on = localdate(), localdate(at)
    if on == today:
        return _("Today")
    if on == today - timedelta(days=1):
        return _("Yesterday")
    if today - timedelta(days=7) < on < today:
        return _("Last seven days")
    if on > today:
        return _("To come")
    return wording.day(on, "month")


def of_activity(at: datetime, activity: Activity) -> Item:
    by_us = activity.system == "" and activity.properties.get("by")
    return Item(
        icon=icon_of(activity),
        text=str(activity.kind),
        note=said(activity),
        party="sales" if by_us and activity.kind.key in ("call", "meeting") else "",
        at=at,
        day=day_of(at),
    )


def of_step(at: datetime, step: Transition) -> Item:
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
        at=at,
        day=day_of(at),
    )


def of_offer(at: datetime, handoff: Handoff) -> Item:
    return Item(
        icon="handoff",
        text=_("Offered to %(rep)s") % {"rep": wording.person_name(handoff.rep)},
        note=_("again, to somebody else") if handoff.replaces_id else "",
        party=handoff.hop.offering_team.party,
        at=at,
        day=day_of(at),
    )


def of_touch(at: datetime, touch: Touch) -> Item:
    said = {"kind": touch.get_kind_display(), "name": wording.person_name(touch.by)}
    text = _("%(kind)s: they answered %(name)s") if touch.is_contact else _("%(kind)s: %(name)s tried")
    return Item(icon=TOUCH_ICONS[touch.kind], text=text % said, note=touch.note, party="sales", at=at, day=day_of(at))


def of_answer(at: datetime, handoff: Handoff) -> Item:
    who = wording.person_name(handoff.answered_by) if handoff.answered_by else _("the rules")
    if handoff.answer == Handoff.Answer.ACCEPTED:
        text, icon, note = _("Accepted by %(rep)s") % {"rep": who}, "check", ""
    elif handoff.answer == Handoff.Answer.REJECTED:
        text = _("Rejected by %(rep)s: %(reason)s") % {"rep": who, "reason": handoff.reason}
        verdict = _("Verdict: %(verdict)s") % {"verdict": handoff.get_verdict_display()}
        icon, note = "back", " · ".join(filter(None, (verdict, handoff.note)))
    else:
        text, icon, note = _("Offer withdrawn"), "close", _(handoff.note) if handoff.note else ""
    return Item(icon=icon, text=text, note=note, party="sales", at=at, day=day_of(at))
