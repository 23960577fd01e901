"""What allauth asks of the product: who comes in, how often one may try, and which mails go out."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext

from history import audit
from smarketing.requests.clients import client_address
from teams.models import AccountMail, User
from teams.sign_in import known_browsers, mails
from teams.sign_in.throttle import Attempt

BY_LINK = "account/email/password_reset"
# What we tell by mail of what allauth would.
NOTIFICATIONS = {
    "account/email/password_changed": AccountMail.Kind.PASSWORD_CHANGED,
    "account/email/password_set": AccountMail.Kind.PASSWORD_CHANGED,
    BY_LINK: AccountMail.Kind.PASSWORD_CHANGED,
    "mfa/email/totp_activated": AccountMail.Kind.SECOND_FACTOR_ON,
    "mfa/email/totp_deactivated": AccountMail.Kind.SECOND_FACTOR_OFF,
    "mfa/email/recovery_codes_generated": AccountMail.Kind.RECOVERY_CODES,
}


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come in by invitation only."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    # How often one may try

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        self._attempt = Attempt.of(request, credentials.get("email", ""))
        if seconds := self._attempt.begin():
            audit.write(audit.Kind.TOO_MANY_TRIES, name=credentials.get("email", ""))
            raise forms.ValidationError(
                ngettext(
                    "Too many wrong passwords. Wait %(seconds)s second, then try again.",
                    "Too many wrong passwords. Wait %(seconds)s seconds, then try again.",
                    seconds,
                )
                % {"seconds": seconds},
                code="too_many_login_attempts",
            )

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        self._attempt.fail()
        audit.write(audit.Kind.WRONG_PASSWORD, name=credentials.get("email", ""))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            self._attempt.succeed()
        return user

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def post_login(self, request: HttpRequest, user: User, **about: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **about)
        known_browsers.remember(request, response, user.email)
        audit.write(audit.Kind.SIGNED_IN, by=user)
        return response

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            audit.write(audit.Kind.SIGNED_OUT, by=request.user)
        super().logout(request)

    # Mails

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send none of allauth's own: what is worth a mail is one of ours, and goes out from the worker."""

    def send_notification_mail(self, template_prefix: str, user: User, *about: Any, **more: Any) -> None:
        kind = NOTIFICATIONS.get(template_prefix)
        if kind is None:
            return
        is_password = kind == AccountMail.Kind.PASSWORD_CHANGED
        audit.write(audit.Kind.PASSWORD_CHANGED if is_password else audit.Kind.SECOND_FACTOR, by=user, about=kind)
        # The first password of who was invited is no change.
        if template_prefix != BY_LINK or user.last_login is not None:
            mails.ask(self.request, user.email, kind)
