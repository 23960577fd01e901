"""How rows of the inbox are written, which are no models."""

from django import template

from sla.inbox import name_of

register = template.Library()

# {{ offer|lead_name }}: "Ruth Tanner", her e-mail, or "Lead 12".
register.filter("lead_name", name_of)
