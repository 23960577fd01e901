"""Make a token for a program: `python manage.py token EMAIL --scopes read,write`. Prints one line of JSON."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError
from django.utils.timezone import now

from history import audit
from smarketing.company import company_zone
from teams.models import Scope, Token, User


class Command(BaseCommand):
    help = "Make a token by which a program acts as a person, and print its secret, once, as one line of JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose token it is: it may what this person may")
        parser.add_argument("--scopes", default="read", help="read, or read,write (default: read)")
        parser.add_argument("--name", default="Command line", help="what uses it")
        parser.add_argument("--expires", metavar="DATE", help="the day on which it ends, such as 2027-03-31")

    def handle(self, *args: Any, **options: Any) -> None:
        person = self._person(options["email"])
        token, secret = Token.objects.issue(
            person,
            name=self._name(options["name"]),
            scopes=_scopes(options["scopes"]),
            expires_at=_end(options["expires"]),
        )
        audit.write(audit.Kind.TOKEN_MADE, by=person, name=token.name, about=", ".join(token.scopes))
        ends = token.expires_at.isoformat() if token.expires_at else None
        answer = {"secret": secret, "name": token.name, "scopes": token.scopes, "expires_at": ends}
        self.stdout.write(json.dumps(answer, ensure_ascii=False))

    def _person(self, email: str) -> User:
        try:
            person = User.objects.get_queryset().filter(email__iexact=email.strip()).first()
        except ProgrammingError:
            raise CommandError("The database has no tables yet: run `python manage.py migrate` first.", returncode=2)
        if person is None:
            raise CommandError(f"Nobody here has the e-mail {email!r}.", returncode=2)
        if not person.is_active:
            raise CommandError(f"{person.email} is deactivated: a token would open nothing.", returncode=2)
        return person

    def _name(self, name: str) -> str:
        if not 1 <= len(name.strip()) <= 80:
            raise CommandError("A name has from 1 to 80 characters.", returncode=2)
        return name.strip()


def _scopes(text: str) -> list[Scope]:
    names = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in names if word not in Scope.values]
    if unknown or not names:
        known = ", ".join(Scope.values)
        raise CommandError(f"Scopes are of: {known}. Not: {', '.join(unknown) or 'none at all'}.", returncode=2)
    return [Scope(word) for word in names]


def _end(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        end = datetime.combine(date.fromisoformat(text), time(), company_zone())
    except ValueError:
        raise CommandError(f"{text!r} is no day. Write one such as 2027-03-31.", returncode=2)
    if end <= now():
        raise CommandError(f"{text} is over. Choose a later day.", returncode=2)
    return end
