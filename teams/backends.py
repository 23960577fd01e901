"""Loading the person of a session."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Subquery

from teams.models import Organization, User


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]
    """Signs in by e-mail and password; loads the person of a session with team and company time zone, in one query."""

    def get_user(self, user_id: int) -> User | None:
        zone = Organization.objects.filter(pk=1).values("time_zone")
        people = User.objects.active().select_related("team").annotate(company_time_zone=Subquery(zone))
        return people.filter(pk=user_id).first()
