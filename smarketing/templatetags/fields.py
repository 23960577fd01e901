"""Pieces of forms."""

from __future__ import annotations

from django import template
from django.forms import BoundField

register = template.Library()


@register.filter
def input_type(field: BoundField) -> str:
    return field.widget_type
