"""Criteria and definitions as sentences."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from funnel.models import Definition, Stage, StageRole
from leads.criteria import BadCriteria, Tree, sentence
from smarketing.pages import wording


def describe_criteria(tree: Tree | None, verdict_text: str) -> SafeString:
    """Criteria as a sentence, values in bold; a muted note where there are none or they became invalid."""
    if tree is None:
        return format_html('<span class="muted">{}</span>', _("No criteria yet."))
    try:
        return mark_safe(sentence(tree, html=True, verdict=verdict_text))  # nosec B703 # safe when asked for HTML
    except BadCriteria:
        return format_html('<span class="muted">{}</span>', _("These criteria no longer hold together."))


def verdict(stage: Stage, language: str) -> str:
    """How the sentence of a stage's definition ends: "is an MQL", "reaches “Opportunity”"."""
    if language == "ja":
        return f"{stage.name_ja or stage.name_en}になります"
    return f"is an {stage.name_en}" if stage.role in (StageRole.MQL, StageRole.SQL) else f"reaches “{stage.name_en}”"


def verdicts(stage: Stage) -> dict[str, str]:
    return {language: verdict(stage, language) for language in ("en", "ja")}


def describe_definition(definition: Definition) -> SafeString:
    """The definition as a sentence, in the language of the page."""
    return describe_criteria(definition.criteria, verdict(definition.stage, "ja" if wording.japanese() else "en"))


def definition_sentences(definition: Definition) -> list[tuple[str, Any]]:
    """The definition in both languages as (language, sentence), the language of the page first."""
    languages = ("ja", "en") if wording.japanese() else ("en", "ja")
    return [(language, _sentence_in(language, definition)) for language in languages]


def _sentence_in(language: str, definition: Definition) -> Any:
    ending = verdict(definition.stage, language)
    try:
        return sentence(definition.criteria, language=language, html=True, verdict=ending)
    except BadCriteria:
        return _("These criteria no longer hold together.")
