"""The whole document of an agreement, and what differs between two versions of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.html import format_html, format_html_join
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


def with_preamble(agreement: Agreement, numbered: Sequence[Part]) -> list[Part]:
    """The document as two versions of it are compared: its preamble, which has no number, and its parts."""
    text = agreement.preamble.strip()
    preamble = Part(_("Preamble"), (Line("preamble", format_html("{}", text)),) if text else ())
    return [preamble, *numbered]


def compare_versions(before: Agreement, after: Agreement, built: Sequence[Part] | None = None) -> list[Compared]:
    """The lines of two versions. The parts of the newer may be given, where they were built already."""
    newer = parts(after) if built is None else built
    return compare(with_preamble(before, parts(before)), with_preamble(after, newer))


def changes(before: Agreement | None, after: Agreement, built: Sequence[Part] | None = None) -> list[Compared]:
    """The lines that differ between two versions."""
    if before is None:
        return []
    return [line for line in compare_versions(before, after, built) if line.kind != "same"]
