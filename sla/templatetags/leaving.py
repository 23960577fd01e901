"""What pages of people, which know nothing of hand-offs, say of them."""

from django import template

from sla.routing.reassigning import open_for
from teams.models import User

register = template.Library()


@register.simple_tag
def open_handoffs_of(person: User) -> int:
    """How many hand-offs wait for an answer of this person."""
    return open_for([person]).get(person.pk, 0)
