"""The lines of the document about policies: time limits, cadence and escalations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scoring.models import Quadrant
from sla.agreement.document.lines import Line, join_words, punctuation
from sla.agreement.document.opening_hours import format_open_time
from sla.agreement.models.parties import Party
from sla.agreement.models.policies import Policy, Step
from sla.agreement.terms import Terms
from smarketing.pages import wording

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

QUADRANTS: dict[str, StrOrPromise] = {
    Quadrant.HOT: gettext_lazy("hot leads"),
    Quadrant.NURTURE: gettext_lazy("leads to nurture"),
    Quadrant.OPPORTUNISTIC: gettext_lazy("opportunistic leads"),
    Quadrant.DROP: gettext_lazy("leads to drop"),
}


def applicable_policies(policies: Iterable[Policy], stages: set[int]) -> list[Policy]:
    """The policies that can apply to a hand-off of these stages: none after one that matches the whole stage."""
    applicable, unmatched = [], set(stages)
    for policy in policies:
        matched = unmatched if policy.stage_id is None else unmatched & {policy.stage_id}
        if matched:
            applicable.append(policy)
        if not (policy.quadrant or policy.persona_id or policy.source):
            unmatched = unmatched - matched
    return applicable


def policy_key(policy: Policy) -> str:
    """Which hand-offs a policy matches, as a key that stays the same from version to version."""
    source = hashlib.sha256(policy.source.encode()).hexdigest()[:12] if policy.source else "-"
    return " ".join(str(part or "-") for part in (policy.stage_id, policy.quadrant, policy.persona_id, source))


def describe_scope(policy: Policy, personas: Mapping[int, str] | None = None) -> str:
    """ "MQL, hot leads, persona “Quality manager”", or every other hand-off."""
    if policy.matches_all:
        return _("Every hand-off") if policy.position == 1 else _("Every other hand-off")
    conditions = []
    if policy.stage:
        conditions.append(str(policy.stage))
    if policy.quadrant:
        conditions.append(str(QUADRANTS[policy.quadrant]))
    if policy.persona:
        name = (personas or {}).get(policy.persona.pk) or str(policy.persona)
        conditions.append(_("persona “%(persona)s”") % {"persona": name})
    if policy.source:
        conditions.append(_("from “%(source)s”") % {"source": policy.source})
    words = join_words(conditions)
    return words[:1].upper() + words[1:]


def describe_limits(policy: Policy) -> list[SafeString]:
    """The time limits and the cadence of a policy, one phrase each."""
    limits = [format_html(_("answer within <strong>{time}</strong>"), time=format_open_time(policy.answer_within))]
    if policy.touch_within:
        words = _("first touch within <strong>{time}</strong> of the acceptance")
        limits.append(format_html(words, time=format_open_time(policy.touch_within)))
    if policy.touches and policy.touch_days:
        touches = ngettext("%(n)s touch", "%(n)s touches", policy.touches) % {"n": policy.touches}
        days = ngettext("%(n)s open day", "%(n)s open days", policy.touch_days) % {"n": policy.touch_days}
        words = _("<strong>{touches}</strong> in {days} before a lead may be given up")
        limits.append(format_html(words, touches=touches, days=days))
    return limits


def policy_line(policy: Policy, party: Party, terms: Terms) -> Line:
    limits = format_html_join(punctuation("; ", "、"), "{}", ((limit,) for limit in describe_limits(policy)))
    words = format_html(
        "<strong>{}</strong>{}{}{}",
        describe_scope(policy, terms.personas),
        punctuation(": ", "："),
        limits,
        punctuation(".", "。"),
    )
    to_head = policy.goes_to == Policy.GoesTo.HEAD
    notes: tuple[str, ...] = (_("They go to the head of the team."),) if to_head else ()
    if not policy.keeps_company:
        notes += (_("Further leads of a company may go to another rep."),)
    return Line(
        f"policy of {party.team_id}: {policy_key(policy)}", words, notes, tuple(_escalations(policy, party, terms))
    )


def _escalations(policy: Policy, party: Party, terms: Terms) -> Iterable[SafeString]:
    """The escalations of the timers that this policy starts, in the order of their moments."""
    steps = sorted(terms.steps_of(policy), key=lambda step: (step.clock, step.percent))
    for step in steps:
        if step.clock == Step.Clock.ANSWER or policy.touch_within:
            yield format_html("{}{}{}", _describe_moment(step), punctuation(": ", "："), _describe_action(step, party))


def _describe_moment(step: Step) -> SafeString:
    share = format_html("<strong>{}</strong>", wording.percent(step.percent / 100, 0))
    if step.clock == Step.Clock.ANSWER:
        if step.percent == 100:
            return format_html("{}", _("When the answer is due"))
        return format_html(_("At {share} of the time to answer"), share=share)
    if step.percent == 100:
        return format_html("{}", _("When the first touch is due"))
    return format_html(_("At {share} of the time to the first touch"), share=share)


def _describe_action(step: Step, party: Party) -> str:
    if step.action == Step.Action.TELL:
        return _("%(person)s is told") % {"person": describe_contact(party)}
    return {
        Step.Action.REMIND: _("whoever has it is reminded"),
        Step.Action.REASSIGN: _("it is offered to somebody else"),
        Step.Action.ACCEPT: _("it counts as accepted, by the rule and not in time"),
        Step.Action.WITHDRAW: _("it is taken back"),
    }[Step.Action(step.action)]


def describe_contact(party: Party) -> str:
    """Who is notified when a clause or a timer of this party is at risk."""
    person = party.escalates_to or party.head
    return wording.person_name(person) if person else _("the head of %(team)s") % {"team": party.team}
