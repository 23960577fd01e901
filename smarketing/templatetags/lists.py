"""Pieces of lists."""

from django import template

from smarketing.pages.paging import counted_in_words

register = template.Library()

# {{ company.lead_count|up_to }}: "312", or "1,000+" for what was counted up to a thousand only.
register.filter("up_to", counted_in_words)
