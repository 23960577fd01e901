"""The one table that says who may open what.

A view is named by its URL name. A view without a row is closed to everyone, and a test fails.
"""

from teams.models import Role, User

# Anyone, signed in or not.
PUBLIC: frozenset[str] = frozenset({"*"})
# Anyone who is signed in.
SIGNED_IN: frozenset[str] = frozenset(Role.values)
MARKETING = frozenset({Role.MARKETER.value, Role.MANAGER.value})
SELLING = frozenset({Role.SDR.value, Role.REP.value})
MANAGING = frozenset({Role.MANAGER.value})
ADMINISTERING = frozenset({Role.ADMINISTRATOR.value})

WHO_MAY: dict[str, frozenset[str]] = {
    # smarketing
    "healthz": PUBLIC,
    "set_language": PUBLIC,
    "set_theme": PUBLIC,
}


def may(user: object, url_name: str) -> bool:
    """Return whether `user` may open the view of that name. An unknown view is closed."""
    who = WHO_MAY.get(url_name, frozenset())
    if who is PUBLIC:
        return True
    return isinstance(user, User) and user.is_active and bool(who & set(user.roles))
