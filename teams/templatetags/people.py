from django import template

from teams.models import User

register = template.Library()


@register.simple_tag
def nobody_works_here() -> bool:
    """Whether this Smarketing is empty: the first administrator comes in by a command."""
    return not User.objects.exists()
