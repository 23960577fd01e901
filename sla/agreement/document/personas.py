"""The part of the document about personas: whom both sides want to win."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.translation import gettext as _

from leads.models import PersonaVersion
from sla.agreement.document.lines import Line, Part, link, punctuation
from sla.agreement.document.sentences import describe_criteria
from sla.agreement.terms import Terms
from smarketing.pages import wording


def persona_part(terms: Terms) -> Part:
    versions = terms.versions
    note = _("A lead is the first of these whose conditions it meets.") if len(versions) > 1 else ""
    return Part(_("Whom we want to win"), tuple(_persona_line(version) for version in versions), note=note)


def _persona_line(version: PersonaVersion) -> Line:
    verdict_text = f"「{version.name}」です" if wording.japanese() else f"is “{version.name}”"
    name = link(version.name, "persona", version.persona_id)
    words = format_html(
        "<strong>{}</strong>{}{}", name, punctuation(": ", "："), describe_criteria(version.criteria, verdict_text)
    )
    return Line(f"persona {version.persona_id}", words, (version.description,) if version.description else ())
