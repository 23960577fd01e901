"""The number of open hand-offs of a person, for pages that know nothing of hand-offs."""

from django import template

from sla.routing.reassigning import count_open_by_rep
from teams.models import User

register = template.Library()


@register.simple_tag
def open_handoffs_of(person: User) -> int:
    """How many hand-offs wait for this person's answer."""
    return count_open_by_rep([person]).get(person.pk, 0)
