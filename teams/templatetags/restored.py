"""Whether a page shows a restored copy."""

from datetime import datetime

from django import template
from django.template import Context

from history.restoration import copy_of as moments
from teams.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def copy_of(context: Context) -> datetime | None:
    """Of which moment the data are a copy that nobody has confirmed yet: {% copy_of as moment %}."""
    user = getattr(context.get("request"), "user", None)
    if isinstance(user, User) and hasattr(user, "copy_of"):
        read_with_the_person: datetime | None = user.copy_of
        return read_with_the_person
    return moments().first()
