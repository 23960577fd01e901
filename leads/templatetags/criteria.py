"""Tags for the templates of the editor of conditions."""

from django import template

from leads.criteria.editing.parts import Leaf, Part
from leads.criteria.editor import ConditionInput, Editor

register = template.Library()


@register.simple_tag
def condition_input(editor: Editor, leaf: Leaf) -> ConditionInput:
    """{% condition_input editor leaf as it %}: its operators, and the input for its value."""
    return editor.condition_input(leaf)


@register.simple_tag
def choices_for(editor: Editor, leaf: Leaf) -> list[tuple[str, list[tuple[str, str]]]]:
    """{% choices_for editor leaf as groups %}: what a condition can be about."""
    return editor.groups_of_choices(leaf)


@register.simple_tag
def leads_that_match(editor: Editor, part: Part) -> str:
    """{% leads_that_match editor part as url %}: the list of the leads behind a count."""
    return editor.leads_url(part)
