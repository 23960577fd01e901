"""The second factor: who has to have one, and how its secrets are kept."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from smarketing import encryption
from teams.models import Organization

# What opens to who has to set one up: the way to it, and out.
WAY_TO_IT = frozenset(
    {
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "account_set_password",
        "mfa_activate_totp",
        "mfa_index",
    }
)


def is_missing() -> Q:
    """Of people: the company asks for a second factor, and they have none."""
    asked = Organization.objects.filter(pk=1, second_factor_required=True)
    has_one = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    return Q(Exists(asked)) & ~Q(Exists(has_one))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return encryption.decrypt(encrypted_text)
        except encryption.WrongKey:
            raise Unreadable from None

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        return not Organization.objects.filter(pk=1, second_factor_required=True).exists()


class Unreadable(ValidationError):
    """The secret was encrypted by a key that this server does not have."""

    # A page that would show it leaves it out.
    silent_variable_failure = True

    def __init__(self) -> None:
        super().__init__(
            _("Your second factor cannot be read on this server. An administrator can switch it off for you.")
        )
