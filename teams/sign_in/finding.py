"""Whose account an address is."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q

from teams.models import User


def person_of(email: str) -> User | None:
    """Whoever has this e-mail, whatever its capitals; also who is deactivated."""
    return User.objects.get_queryset().filter(email__iexact=email.strip()).first()


def prove_address(person: User) -> None:
    """Note that the person read a mail to their address: an invitation, or a link for a new password."""
    email = person.email.lower()
    with transaction.atomic():
        forget_addresses(person, email)
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)


def forget_addresses(person: User, email: str = "") -> None:
    """Forget what was proved of the person's addresses, and of another person's who had this one before."""
    theirs = Q(user=person)
    EmailAddress.objects.filter(theirs | Q(email=email.lower()) if email else theirs).delete()
