"""The forms of signing in that do more than allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import ngettext

from history import audit
from teams.models import AccountMail, Token, User
from teams.sign_in import known_browsers, mails, sessions
from teams.sign_in.finding import prove_address
from teams.sign_in.throttle import Attempt


class AskForLinkForm(ResetPasswordForm):  # type: ignore[misc]
    """Asks for a link. Whether anybody has the address is looked up by the worker alone, so that nothing tells."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **more: Any) -> str:
        email = str(self.cleaned_data["email"])
        mails.ask(request, email, AccountMail.Kind.RESET)
        return email


class NewPassword(forms.Form):
    """What a new password does besides: it ends the sessions, and the tokens if the person says so."""

    user: User

    def ask_about_tokens(self, *, initial: bool) -> None:
        """Ask who has tokens whether they end as well: whoever knew the password could make one."""
        if count := Token.objects.live().filter(user=self.user).count():
            self.fields["end_tokens"] = forms.BooleanField(
                label=ngettext(
                    "Also end my token: the program that uses it needs a new one",
                    "Also end my %(count)s tokens: the programs that use them need new ones",
                    count,
                )
                % {"count": count},
                required=False,
                initial=initial,
            )

    def end_what_was_open(self) -> None:
        sessions.forget(self.user)
        if self.cleaned_data.get("end_tokens") and Token.objects.filter(user=self.user).revoke():
            audit.write(audit.Kind.TOKEN_REVOKED, by=self.user, about=str(self.user))


class PasswordChangeForm(NewPassword, ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ask_about_tokens(initial=False)

    def save(self) -> None:
        super().save()
        self.end_what_was_open()


class PasswordByLinkForm(NewPassword, ResetPasswordKeyForm):  # type: ignore[misc]
    """Sets a password by the link of an invitation or of a mail, which proves the address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ask_about_tokens(initial=True)

    def save(self) -> None:
        super().save()
        self.end_what_was_open()
        prove_address(self.user)
        request = context.request
        known_browsers.prove(request, self.user.email)
        Attempt.of(request, self.user.email).succeed()


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """The code of a second factor, at signing in."""

    def _emit_authentication_failed(self, authenticator: Any) -> None:
        audit.write(audit.Kind.WRONG_CODE, by=self.user)
