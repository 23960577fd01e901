"""Pieces of lists."""

from django import template

from smarketing.pages.paging import format_count

register = template.Library()

# {{ company.lead_count|up_to }}: "312", or "1,000+" for what was counted up to a thousand only.
register.filter("up_to", format_count)
