"""The whole document of an agreement, and what differs between two versions of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from sla.agreement.document.comparing import Compared, compare
from sla.agreement.document.lines import Line, Part
from sla.agreement.document.parties import party_parts
from sla.agreement.document.personas import persona_part
from sla.agreement.document.reviews import review_part, validity_part
from sla.agreement.document.scores import score_part
from sla.agreement.document.stages import stage_part
from sla.agreement.models.agreements import Agreement
from sla.agreement.terms import Terms


def parts(agreement: Agreement) -> list[Part]:
    """The document of an agreement, its parts and lines numbered; parts without lines are left out."""
    terms = Terms.of(agreement)
    document = [
        persona_part(terms),
        stage_part(terms),
        score_part(agreement, terms),
        *party_parts(terms),
        review_part(agreement),
        validity_part(agreement),
    ]
    if agreement.notes.strip():
        lines = agreement.notes.strip().splitlines()
        notes = Line("notes", format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines)))
        document.append(Part(_("Notes"), (notes,)))
    return [_number(part, n) for n, part in enumerate((part for part in document if part.lines), 1)]


def _number(part: Part, number: int) -> Part:
    lines = (replace(line, number=f"{number}.{n}") for n, line in enumerate(part.lines, 1))
    return replace(part, number=number, lines=tuple(lines))


def changes(before: Agreement | None, after: Agreement | Sequence[Part]) -> list[Compared]:
    """The lines that differ between two versions. The newer may be given as parts, where these were built already."""
    if before is None:
        return []
    newer = parts(after) if isinstance(after, Agreement) else after
    return [line for line in compare(parts(before), newer) if line.kind != "same"]
