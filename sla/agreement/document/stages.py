"""The part of the document about stages: what both sides' words mean."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funnel.models import Definition, Stage, StageRole
from sla.agreement.document.lines import Line, Part, link, punctuation
from sla.agreement.document.opening_hours import opening_hours_line
from sla.agreement.document.sentences import describe_definition
from sla.agreement.terms import Terms
from teams.models import Team


def stage_part(terms: Terms) -> Part:
    definitions = terms.definitions
    lines = [_stage_line(stage, definitions.get(stage.pk)) for stage in Stage.objects.known()]
    return Part(_("What our words mean"), (*lines, opening_hours_line()))


def _stage_line(stage: Stage, definition: Definition | None) -> Line:
    teams = dict(Team.Kind.choices)
    owner = _("Worked by %(team)s.") % {"team": teams[Team.Kind(stage.owner_team)]}
    if definition is None:
        words = format_html("<strong>{}</strong>{}{}", stage, punctuation(": ", "："), stage.in_words)
        return Line(f"stage {stage.pk}", words, () if stage.role == StageRole.CUSTOMER else (owner,))
    version = link(_("v%(number)s") % {"number": definition.number}, "definition", stage.pk, definition.number)
    cool_off = ngettext(
        "A recycled lead waits %(n)s day before it may qualify again.",
        "A recycled lead waits %(n)s days before it may qualify again.",
        definition.cool_off_days,
    ) % {"n": definition.cool_off_days}
    words = format_html(
        "<strong>{}</strong> ({}){}{}", stage, version, punctuation(": ", "："), describe_definition(definition)
    )
    return Line(f"stage {stage.pk}", words, tuple(filter(None, (definition.text, owner, cool_off))))
