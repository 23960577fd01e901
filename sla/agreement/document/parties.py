"""The parts of the document about the parties: what each commits to, and who is notified."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.translation import gettext as _

from sla.agreement.document.clauses import clause_line
from sla.agreement.document.hops import offer_line, receiving_lines
from sla.agreement.document.lines import Line, Part
from sla.agreement.document.policies import describe_contact
from sla.agreement.models.parties import Party
from sla.agreement.terms import Terms


def party_parts(terms: Terms) -> list[Part]:
    """One part for each party."""
    parts = []
    for party in terms.parties:
        lines = [
            *(offer_line(hop) for hop in terms.hops if hop.offering_team_id == party.team_id),
            *receiving_lines(party, terms),
            *(clause_line(clause, terms.personas) for clause in terms.clauses if clause.team_id == party.team_id),
        ]
        if lines:
            lines.append(_contact_line(party))
        title = _("%(team)s promises") % {"team": party.team}
        parts.append(Part(title, tuple(lines), party=party.team.party))
    return parts


def _contact_line(party: Party) -> Line:
    words = _("When one of these promises is in danger, <strong>{person}</strong> is told.")
    return Line(f"told of {party.team_id}", format_html(words, person=describe_contact(party)))
