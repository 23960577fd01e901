"""The lines of the document about hand-offs: who hands which leads to whom, and where an answer leads."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import format_html
from django.utils.translation import gettext as _

from funnel.models import Reason
from leads.criteria import Catalogue
from sla.agreement.document.lines import Line, join_words
from sla.agreement.document.policies import applicable_policies, policy_line
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Party
from sla.agreement.terms import Terms


def offer_line(hop: Hop) -> Line:
    words = format_html(
        _("to hand every lead that becomes <strong>{}</strong> to {}, with what it did and why it is one."),
        hop.from_stage,
        hop.receiving_team,
    )
    fields = describe_ready_fields(hop.ready_fields)
    notes = (_("Before it is offered, these are filled in: %(fields)s.") % {"fields": fields},) if fields else ()
    return Line(f"hop {hop.from_stage_id} from {hop.offering_team_id}", words, notes)


def describe_ready_fields(names: Iterable[str]) -> str:
    """The labels of criteria fields; a field that no longer exists by its name."""
    catalogue = Catalogue()
    return join_words(str(field.label) if (field := catalogue.get(name)) else name for name in names)


def describe_reasons(keys: Iterable[str]) -> str:
    """The names of reasons to reject, in the order of the company's list."""
    if not (named := set(keys)):
        return ""
    return join_words(
        str(reason) for reason in Reason.objects.known() if reason.kind == Reason.Kind.REJECTED and reason.key in named
    )


def receiving_lines(party: Party, terms: Terms) -> list[Line]:
    """What a party that receives hand-offs commits to: to answer, by which policies, and what follows an answer."""
    hops = [hop for hop in terms.hops if hop.receiving_team_id == party.team_id]
    if not hops:
        return []
    policies = applicable_policies(terms.policies, {hop.from_stage_id for hop in hops})
    answers = [_answer_line(hop, several=len(policies) > 1) for hop in hops]
    return [*answers, *(policy_line(policy, party, terms) for policy in policies), *map(_outcome_line, hops)]


def _answer_line(hop: Hop, *, several: bool) -> Line:
    words = format_html(
        _("to answer every hand-off of <strong>{stage}</strong>: accepted, or rejected with a reason."),
        stage=hop.from_stage,
    )
    notes = [_("Exactly on the deadline is in time. A late answer stays late.")]
    if several:
        notes.append(_("By when: the first of the following that fits the lead decides."))
    return Line(f"hop {hop.from_stage_id} to {hop.receiving_team_id} answer", words, tuple(notes))


def _outcome_line(hop: Hop) -> Line:
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
    reasons = describe_reasons(hop.reason_keys)
    if reasons:
        note = _("It may be rejected because of: %(reasons)s.") % {"reasons": reasons}
    else:
        note = _("It may be rejected for any reason of the agreed list.")
    outcome = format_html(words, accepted=hop.accepted_stage, rejected=hop.rejected_stage)
    return Line(f"hop {hop.from_stage_id} to {hop.receiving_team_id} after", outcome, (note,))
