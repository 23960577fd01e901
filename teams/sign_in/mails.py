"""Mails about an account: a link for a new password, and what was changed. Asked for by a page, sent by the worker."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smarketing.company import company_zone
from smarketing.queue.waking import wake
from smarketing.requests.browser_names import browser_name
from smarketing.requests.clients import client_address
from teams.models import AccountMail, Organization, User
from teams.sign_in.finding import person_of
from teams.sign_in.links import password_link

TASK = "teams.tasks.send_account_mails"
# Later nobody waits for it any more; a link would hold for three days.
TRIED_FOR = timedelta(hours=6)
log = logging.getLogger(__name__)
Kind = AccountMail.Kind

# What each says first, which is its subject, and then.
SENTENCES: Mapping[str, tuple[Any, Any]] = {
    Kind.RESET: (
        _("Set a new password for Smarketing"),
        _(
            "Somebody asked for a new password for your account. If it was you, set it within three days. If not, leave"
            " this mail alone: your password stays as it is."
        ),
    ),
    Kind.PASSWORD_CHANGED: (
        _("Your password for Smarketing was changed"),
        _("Whoever was signed in elsewhere is signed out."),
    ),
    Kind.SECOND_FACTOR_ON: (
        _("Your second factor for Smarketing is on"),
        _("From now on, signing in asks for a code of your app as well."),
    ),
    Kind.SECOND_FACTOR_OFF: (
        _("Your second factor for Smarketing is off"),
        _("Signing in asks for the password alone."),
    ),
    Kind.RECOVERY_CODES: (
        _("You have new recovery codes for Smarketing"),
        _("The old ones no longer work."),
    ),
}


def ask(request: HttpRequest, email: str, kind: AccountMail.Kind) -> None:
    """Ask the worker for a mail to this address. It goes out if somebody active has it."""
    AccountMail.objects.create(email=email, kind=kind, address=client_address(request), browser=browser_name(request))
    wake(TASK)


def send_waiting(*, at: datetime | None = None) -> int:
    """Send the mails that wait, and return how many went out. Safe to run twice, and at once."""
    at = at or now()
    sent, last = 0, 0
    while (tried := _send_next(last, at)) is not None:
        last, arrived = tried
        sent += arrived
    return sent


def _send_next(last: int, at: datetime) -> tuple[int, bool] | None:
    """Send one mail behind the last one. Returns its number and whether it went out; None when none is left."""
    with transaction.atomic():
        waiting = AccountMail.objects.filter(pk__gt=last).order_by("pk").select_for_update(skip_locked=True)
        mail = waiting.first()
        if mail is None:
            return None
        pk, person = mail.pk, person_of(mail.email)
        is_wanted = person is not None and person.is_active and at - mail.requested_at <= TRIED_FOR
        if person is not None and is_wanted:
            try:
                build(mail, person).send()
            except Exception as problem:  # Whatever a server or provider raises: the others go out.
                log.warning("A mail about an account could not be sent yet: %s", problem)
                return pk, False
        mail.delete()
        return pk, is_wanted


def build(mail: AccountMail, person: User) -> EmailMultiAlternatives:
    """The mail, in the person's language and time zone."""
    with translation.override(person.spoken), timezone.override(person.zone or company_zone()):
        subject, then = SENTENCES[mail.kind]
        is_link = mail.kind == Kind.RESET
        context = {
            "subject": subject,
            "then": then,
            "is_link": is_link,
            "mail": mail,
            "person": person,
            "url": password_link(person) if is_link else settings.PUBLIC_URL + reverse("profile"),
            "action": _("Set a new password") if is_link else _("My settings"),
            "organization": Organization.ours(),
        }
        text = render_to_string("teams/mail/account.txt", context)
        html = render_to_string("teams/mail/account.html", context)
        headers = {"Auto-Submitted": "auto-generated"}
        message = EmailMultiAlternatives(str(subject), text, to=[person.email], headers=headers)
    message.attach_alternative(html, "text/html")
    return message
