"""Make an administrator, or let one back in: `python manage.py admin EMAIL`. Prints a link that sets a password."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import ProgrammingError, transaction
from django.utils.timezone import now

from history.models import Change
from teams.models import Role, User
from teams.people.administering import INVITATION, NEW_LINK, SUBJECT
from teams.sign_in.links import password_link


class Command(BaseCommand):
    help = (
        "Make somebody an administrator, new or known, and print a link that sets a password: for one use, three days."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip()
        try:
            validate_email(email)
            person = make_administrator(email)
        except ValidationError:
            raise CommandError(f"{email!r} is no e-mail address.")
        except ProgrammingError:
            raise CommandError("The database has no tables yet: start Smarketing once, or run `manage.py prepare`.")
        self.stdout.write(f"{person.email} is an administrator. Set a password at:\n{password_link(person)}")


def make_administrator(email: str) -> User:
    """Whoever has this address, active and an administrator. The change is a row of history."""
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).filter(email__iexact=email).first()
        what = NEW_LINK if person else INVITATION
        if person is None:
            person = User.objects.create_user(email, roles=[Role.ADMINISTRATOR.value])
        before = list(person.roles)
        person.roles = sorted({*before, Role.ADMINISTRATOR.value})
        person.is_active = True
        person.save()
        changes = {"roles": (before, person.roles)} if before != person.roles else {}
        Change.objects.write(SUBJECT, person.pk, {what: (None, True), **changes}, at=now(), how="command")
    return person
