"""The history of a deal in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from funnel.models.opportunities import Opportunity
from funnel.models.opportunity_steps import TERMS, OpportunityStep
from smarketing.pages import wording

What = OpportunityStep.What
ICONS = {
    What.OPENED: "plus",
    What.MOVED: "stages",
    What.CHANGED: "form",
    What.WON: "contract",
    What.LOST: "close",
    What.REOPENED: "back",
}


@dataclass(frozen=True)
class HistoryLine:
    """One row of the history, as `_timeline.html` takes it."""

    icon: str
    text: str
    note: str
    # The day alone, where nothing else is known.
    at: date
    party: str = ""
    url: str = ""
    day: str = ""


def history_of(deal: Opportunity) -> list[HistoryLine]:
    """All that happened to the deal, the last first."""
    steps = deal.steps.select_related("by", "stage", "reason", "owner").order_by("at", "pk")
    lines = []
    before: OpportunityStep | None = None
    for step in steps:
        notes = [*notes_of(step, before), teller_of(step)]
        note, when = " · ".join(filter(None, notes)), step.day or step.at
        lines.append(HistoryLine(ICONS[What(step.what)], title_of(step), note, when))
        before = step if step.what in OpportunityStep.CHANGES else before
    return lines[::-1]


def title_of(step: OpportunityStep) -> str:
    if step.what == What.MOVED:
        return _("Moved to “%(stage)s”") % {"stage": step.stage}
    return str(step.get_what_display())


def notes_of(step: OpportunityStep, before: OpportunityStep | None) -> list[str]:
    """What the row says beside its title: the terms that it changed, or why it was decided."""
    if step.what == What.OPENED:
        told = [str(step.stage)] if step.stage else []
        return told + ([wording.money_exact(step.amount, step.currency or "JPY")] if step.amount is not None else [])
    if step.what == What.CHANGED:
        return [_change(step, before, name) for name in TERMS if _differs(step, before, name)]
    return [str(each) for each in (step.reason, step.text) if each]


def _differs(step: OpportunityStep, before: OpportunityStep | None, name: str) -> bool:
    return before is None or getattr(step, name) != getattr(before, name)


def _change(step: OpportunityStep, before: OpportunityStep | None, name: str) -> str:
    label = Opportunity._meta.get_field(name).verbose_name  # type: ignore[union-attr]
    old = _term(before, name) if before else wording.NOTHING
    return _("%(what)s: %(old)s → %(new)s") % {"what": label, "old": old, "new": _term(step, name)}


def _term(step: OpportunityStep, name: str) -> str:
    value: Any = getattr(step, name)
    if value in (None, ""):
        return wording.NOTHING
    if name == "kind":
        return str(Opportunity.Kind(value).label)
    if name == "amount":
        return wording.money_exact(value, step.currency or "JPY")
    if name == "expected_close_on":
        return wording.day(value)
    return wording.person_name(value) if name == "owner" else str(value)


def teller_of(step: OpportunityStep) -> str:
    """Who told it, or by which way it came."""
    way = step.how.partition(" ")[0]
    ways = {"import": _("by an import"), "api": _("by the API"), "upgrade": _("from before histories were kept")}
    told = [wording.person_name(step.by)] if step.by else []
    return " · ".join(told + ([ways[way]] if way in ways else []))
