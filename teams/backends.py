"""Loading the person of a session."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Subquery

from history.restoration import copy_of
from teams.models import Organization, User
from teams.sign_in.finding import person_of
from teams.sign_in.second_factor import is_missing


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]
    """Signs in by e-mail and password; loads the person of a session in one query, with team, company time zone, of
    which moment these data are a copy, and whether they have to set up a second factor."""

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        """By the e-mail that an administrator gave, whatever its capitals; no other address signs anybody in."""
        found: User | None = self._check_password(person_of(email), password)
        return found

    def get_user(self, user_id: int) -> User | None:
        zone = Organization.objects.filter(pk=1).values("time_zone")
        people = User.objects.active().select_related("team")
        people = people.annotate(company_time_zone=Subquery(zone), copy_of=Subquery(copy_of()[:1]))
        people = people.annotate(lacks_second_factor=is_missing())
        return people.filter(pk=user_id).first()
