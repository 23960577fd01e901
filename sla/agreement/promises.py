"""What each party of an agreement promises, as lines: its hand-offs by policy, and its promises in numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from funnel.models import Reason, StageRole
from leads.criteria import Catalogue
from metrics.registry import BadQuestion, Metric, Unit, UnknownMetric, dimension, metric
from scoring.models import Quadrant
from sla.agreement.lines import Line, Part, punctuation
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Party
from sla.agreement.models.policies import Policy, Step
from smarketing.pages import wording
from teams.models import Organization

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

QUADRANTS: dict[str, StrOrPromise] = {
    Quadrant.HOT: gettext_lazy("hot leads"),
    Quadrant.NURTURE: gettext_lazy("leads to nurture"),
    Quadrant.OPPORTUNISTIC: gettext_lazy("opportunistic leads"),
    Quadrant.DROP: gettext_lazy("leads to drop"),
}
EVERY: dict[str, StrOrPromise] = {
    Clause.Every.WEEK: gettext_lazy("every week"),
    Clause.Every.MONTH: gettext_lazy("every month"),
    Clause.Every.QUARTER: gettext_lazy("every quarter"),
}
# A promise as its side would say it. {amount} is "at least 60", {which} the leads that alone count, or nothing.
SENTENCES: dict[str, StrOrPromise] = {
    "handed_over": gettext_lazy("to hand over {amount} leads{which}, {every}."),
    "acceptance": gettext_lazy("that {amount} of the answered hand-offs{which} are accepted, {every}."),
    "persona_fit": gettext_lazy("that {amount} of the leads it hands over{which} fit their persona, {every}."),
    "free_mail": gettext_lazy("that {amount} of the leads it hands over{which} have a free-mail address, {every}."),
    "answered_in_time": gettext_lazy("to answer {amount} of the hand-offs{which} in time, {every}."),
    "first_touch_in_time": gettext_lazy("to touch {amount} of the accepted leads{which} in time, {every}."),
    "cadence_kept": gettext_lazy(
        "to make the agreed touches with {amount} of the leads{which} before giving them up, {every}."
    ),
    "worked": gettext_lazy("to work {amount} of the accepted leads{which}, {every}."),
    "close_rate": gettext_lazy("to win {amount} of the leads{which}, of every {period}."),
    "contracts": gettext_lazy("to win {amount} contracts{which}, {every}."),
}
ANYTHING: StrOrPromise = gettext_lazy("{metric}{which}: {amount}, {every}.")
PERIODS: dict[str, StrOrPromise] = {
    Clause.Every.WEEK: pgettext_lazy("a promise of every …", "week"),
    Clause.Every.MONTH: pgettext_lazy("a promise of every …", "month"),
    Clause.Every.QUARTER: pgettext_lazy("a promise of every …", "quarter"),
}


@dataclass(frozen=True)
class _Agreed:
    """The rows of one agreement that promises are made of, read once."""

    parties: list[Party]
    hops: list[Hop]
    policies: list[Policy]
    clauses: list[Clause]
    # What the agreement calls each persona, by its id.
    personas: dict[int, str]

    @classmethod
    def of(cls, agreement: Agreement) -> _Agreed:
        stages_and_teams = ("from_stage", "accepted_stage", "rejected_stage", "offering_team", "receiving_team")
        return cls(
            list(agreement.parties.select_related("team", "head", "escalates_to").order_by("pk")),
            list(agreement.hops.select_related(*stages_and_teams)),
            list(agreement.policies.select_related("stage", "persona").prefetch_related("steps", "persona__versions")),
            list(agreement.clauses.select_related("owner")),
            {version.persona_id: version.name for version in agreement.personas()},
        )


def promises(agreement: Agreement) -> list[Part]:
    """One part for each party."""
    agreed = _Agreed.of(agreement)
    found = []
    for party in agreed.parties:
        lines = [
            *(_gives(hop) for hop in agreed.hops if hop.offering_team_id == party.team_id),
            *_takes(party, agreed),
            *(_clause(clause, agreed.personas) for clause in agreed.clauses if clause.team_id == party.team_id),
        ]
        if lines:
            lines.append(_told(party))
        title = _("%(team)s promises") % {"team": party.team}
        found.append(Part(title, tuple(lines), party=party.team.party))
    return found


# Hand-offs


def _gives(hop: Hop) -> Line:
    words = format_html(
        _("to hand every lead that becomes <strong>{}</strong> to {}, with what it did and why it is one."),
        hop.from_stage,
        hop.receiving_team,
    )
    fields = ready_in_words(hop.ready_fields)
    notes = (_("Before it is offered, these are filled in: %(fields)s.") % {"fields": fields},) if fields else ()
    return Line(f"hop {hop.from_stage_id} from {hop.offering_team_id}", words, notes)


def ready_in_words(names: Iterable[str]) -> str:
    """The labels of criteria fields; one that is gone by its name."""
    known = Catalogue()
    return listed(str(field.label) if (field := known.get(name)) else name for name in names)


def reasons_in_words(keys: Iterable[str]) -> str:
    """The names of reasons to reject, in the order of their list."""
    wanted = set(keys)
    if not wanted:
        return ""
    return listed(str(reason) for reason in Reason.objects.filter(kind=Reason.Kind.REJECTED, key__in=wanted))


def listed(words: Iterable[str]) -> str:
    return punctuation(", ", "、").join(words)


def _takes(party: Party, agreed: _Agreed) -> list[Line]:
    hops = [hop for hop in agreed.hops if hop.receiving_team_id == party.team_id]
    if not hops:
        return []
    policies = reached(agreed.policies, {hop.from_stage_id for hop in hops})
    answers = [_answers(hop, several=len(policies) > 1) for hop in hops]
    return [*answers, *(_policy(policy, party, agreed) for policy in policies), *map(_after, hops)]


def reached(policies: Iterable[Policy], stages: set[int]) -> list[Policy]:
    """Those that some hand-off of these stages comes to, in their order: nothing goes past one for the whole stage."""
    found, left = [], set(stages)
    for policy in policies:
        here = left if policy.stage_id is None else left & {policy.stage_id}
        if here:
            found.append(policy)
        if not (policy.quadrant or policy.persona_id or policy.source):
            left = left - here
    return found


def _answers(hop: Hop, *, several: bool) -> Line:
    words = format_html(
        _("to answer every hand-off of <strong>{stage}</strong>: accepted, or rejected with a reason."),
        stage=hop.from_stage,
    )
    notes = [_("Exactly on the deadline is in time. A late answer stays late.")]
    if several:
        notes.append(_("By when: the first of the following that fits the lead decides."))
    return Line(f"hop {hop.from_stage_id} to {hop.receiving_team_id} answer", words, tuple(notes))


def _after(hop: Hop) -> Line:
    if hop.accepted_stage_id == hop.from_stage_id:
        words = _(
            "An accepted lead stays <strong>{accepted}</strong>; a rejected one goes to <strong>{rejected}</strong>,"
            " with a verdict on the persona."
        )
    else:
        words = _(
            "An accepted lead becomes <strong>{accepted}</strong>; a rejected one goes to"
            " <strong>{rejected}</strong>, with a verdict on the persona."
        )
    reasons = reasons_in_words(hop.reason_keys)
    if reasons:
        note = _("It may be rejected because of: %(reasons)s.") % {"reasons": reasons}
    else:
        note = _("It may be rejected for any reason of the agreed list.")
    said = format_html(words, accepted=hop.accepted_stage, rejected=hop.rejected_stage)
    return Line(f"hop {hop.from_stage_id} to {hop.receiving_team_id} after", said, (note,))


# Policies


def policy_key(policy: Policy) -> str:
    """What a policy is for, which stays the same from version to version."""
    source = hashlib.sha256(policy.source.encode()).hexdigest()[:12] if policy.source else "-"
    return " ".join(str(each or "-") for each in (policy.stage_id, policy.quadrant, policy.persona_id, source))


def whom(policy: Policy, personas: Mapping[int, str] | None = None) -> str:
    """ "MQL, hot leads, persona “Quality manager”", or every other hand-off."""
    if policy.matches_all:
        return _("Every hand-off") if policy.position == 1 else _("Every other hand-off")
    found = []
    if policy.stage:
        found.append(str(policy.stage))
    if policy.quadrant:
        found.append(str(QUADRANTS[policy.quadrant]))
    if policy.persona:
        name = (personas or {}).get(policy.persona.pk) or str(policy.persona)
        found.append(_("persona “%(persona)s”") % {"persona": name})
    if policy.source:
        found.append(_("from “%(source)s”") % {"source": policy.source})
    words = listed(found)
    return words[:1].upper() + words[1:]


def promised(policy: Policy) -> list[SafeString]:
    """By when it is answered and touched, and how often."""
    found = [format_html(_("answer within <strong>{time}</strong>"), time=open_hours(policy.answer_within))]
    if policy.touch_within:
        words = _("first touch within <strong>{time}</strong> of the acceptance")
        found.append(format_html(words, time=open_hours(policy.touch_within)))
    if policy.touches and policy.touch_days:
        touches = ngettext("%(n)s touch", "%(n)s touches", policy.touches) % {"n": policy.touches}
        days = ngettext("%(n)s open day", "%(n)s open days", policy.touch_days) % {"n": policy.touch_days}
        words = _("<strong>{touches}</strong> in {days} before a lead may be given up")
        found.append(format_html(words, touches=touches, days=days))
    return found


def _policy(policy: Policy, party: Party, agreed: _Agreed) -> Line:
    what = format_html_join(punctuation("; ", "、"), "{}", ((each,) for each in promised(policy)))
    words = format_html(
        "<strong>{}</strong>{}{}{}",
        whom(policy, agreed.personas),
        punctuation(": ", "："),
        what,
        punctuation(".", "。"),
    )
    to_head = policy.goes_to == Policy.GoesTo.HEAD
    notes = (_("They go to the head of the team."),) if to_head else ()
    return Line(f"policy of {party.team_id}: {policy_key(policy)}", words, notes, tuple(_steps(policy, party)))


def _steps(policy: Policy, party: Party) -> Iterable[SafeString]:
    """What happens on the way, in its order; only of the clocks that run."""
    steps = sorted(policy.steps.all(), key=lambda step: (step.clock, step.percent))
    for step in steps:
        if step.clock == Step.Clock.ANSWER or policy.touch_within:
            yield format_html("{}{}{}", _when(step), punctuation(": ", "："), _what(step, party))


def _when(step: Step) -> SafeString:
    share = format_html("<strong>{}</strong>", wording.percent(step.percent / 100, 0))
    if step.clock == Step.Clock.ANSWER:
        if step.percent == 100:
            return format_html("{}", _("When the answer is due"))
        return format_html(_("At {share} of the time to answer"), share=share)
    if step.percent == 100:
        return format_html("{}", _("When the first touch is due"))
    return format_html(_("At {share} of the time to the first touch"), share=share)


def _what(step: Step, party: Party) -> str:
    if step.action == Step.Action.TELL:
        return _("%(person)s is told") % {"person": told(party)}
    return {
        Step.Action.REMIND: _("whoever has it is reminded"),
        Step.Action.REASSIGN: _("it is offered to somebody else"),
        Step.Action.ACCEPT: _("it counts as accepted, by the rule and not in time"),
        Step.Action.WITHDRAW: _("it is taken back"),
    }[Step.Action(step.action)]


def told(party: Party) -> str:
    """Who hears of it when a promise of this party is in danger."""
    person = party.escalates_to or party.head
    return wording.person_name(person) if person else _("the head of %(team)s") % {"team": party.team}


def _told(party: Party) -> Line:
    words = _("When one of these promises is in danger, <strong>{person}</strong> is told.")
    return Line(f"told of {party.team_id}", format_html(words, person=told(party)))


def open_hours(time: timedelta) -> str:
    hours = time.total_seconds() / 3600
    return ngettext("%(n)s opening hour", "%(n)s opening hours", 1 if hours == 1 else 2) % {
        "n": wording.number(hours, 0 if hours == int(hours) else 1)
    }


# Promises in numbers


def metric_of(clause: Clause) -> Metric | None:
    try:
        return metric(clause.metric)
    except UnknownMetric:
        return None


def _clause(clause: Clause, personas: Mapping[int, str]) -> Line:
    measured = metric_of(clause)
    notes = [measured.definition] if measured else []
    if clause.window_days:
        days = ngettext(
            "Each lead has %(n)s day; what came of a period is decided when they are over for all.",
            "Each lead has %(n)s days; what came of a period is decided when they are over for all.",
            clause.window_days,
        )
        notes.append(days % {"n": clause.window_days})
    if clause.owner:
        notes.append(_("%(person)s looks after it.") % {"person": wording.person_name(clause.owner)})
    return Line(f"clause {clause.key}", clause_in_words(clause, personas), tuple(map(str, notes)))


def clause_in_words(clause: Clause, personas: Mapping[int, str] | None = None) -> SafeString:
    """ "to hand over at least 60 leads (persona: Quality manager), every month." """
    return format_html(
        str(SENTENCES.get(clause.metric, ANYTHING)),
        metric=name_of(clause),
        amount=format_html("<strong>{}</strong>", amount(clause)),
        which=which(clause, personas or {}),
        every=EVERY[clause.every],
        period=PERIODS[clause.every],
    )


def name_of(clause: Clause) -> str:
    measured = metric_of(clause)
    return str(measured.label) if measured else clause.metric


def amount(clause: Clause) -> str:
    """ "at least 60", "at most 10%", "at most 4 opening hours"."""
    measured = metric_of(clause)
    unit = measured.unit if measured else Unit.COUNT
    least = clause.comparator == Clause.Comparator.AT_LEAST
    if unit == Unit.COUNT:
        words = pgettext("so many", "at least %(n)s") if least else pgettext("so many", "at most %(n)s")
    else:
        words = pgettext("so much", "at least %(n)s") if least else pgettext("so much", "at most %(n)s")
    return words % {"n": target_in_words(clause.target, unit)}


def target_in_words(target: Decimal, unit: Unit) -> str:
    if unit == Unit.RATE:
        return wording.percent(target, _digits(target * 100))
    if unit == Unit.DURATION:
        return open_hours(timedelta(seconds=float(target)))
    if unit == Unit.MONEY:
        return wording.money_exact(target, Organization.ours().currency)
    return wording.number(target, _digits(target))


def _digits(value: Decimal) -> int:
    """As many as it has, of two at most."""
    exponent = value.normalize().as_tuple().exponent
    return min(2, max(0, -exponent)) if isinstance(exponent, int) else 0


def which(clause: Clause, personas: Mapping[int, str]) -> str:
    """The leads that alone count, in brackets: " (from MQL to SQL, Persona: Quality manager, within 90 days)"."""
    roles = dict(StageRole.choices)
    start, end = (str(roles.get(role, role)) for role in (clause.from_role, clause.to_role))
    found = []
    if start and end:
        found.append(_("from %(start)s to %(end)s") % {"start": start, "end": end})
    elif end:
        found.append(_("into %(stage)s") % {"stage": end})
    found += [_filter(name, key, personas) for name, key in sorted(clause.filters.items())]
    if clause.window_days:
        days = ngettext("within %(n)s day", "within %(n)s days", clause.window_days)
        found.append(days % {"n": clause.window_days})
    if not found:
        return ""
    return punctuation(" (%s)", "（%s）") % listed(found)


def _filter(name: str, key: str, personas: Mapping[int, str]) -> str:
    try:
        by = dimension(name)
    except BadQuestion:
        return f"{name}{punctuation(': ', '：')}{key}"
    agreed = personas.get(int(key)) if name == "persona" and key.isdigit() else None
    return f"{by.label}{punctuation(': ', '：')}{agreed or by.say(key)}"
