"""Links that set a password."""

from __future__ import annotations

from typing import Any

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse

from teams.models import User


class LinkTokens(PasswordResetTokenGenerator):
    """Made of the password, the last sign-in and the e-mail: when one of them changes, the link is over."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        # The address twice, as in links that were sent before: they stay valid.
        return f"{super()._make_hash_value(user, timestamp)}{user.email.lower()}"


def password_link(user: User) -> str:
    """Return a URL at which `user` sets a password; valid for one use, and for three days."""
    key = LinkTokens().make_token(user)
    arguments = {"uidb36": user_pk_to_url_str(user), "key": key}
    return settings.PUBLIC_URL.rstrip("/") + reverse("account_reset_password_from_key", kwargs=arguments)
