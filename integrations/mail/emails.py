"""Notices as e-mails: HTML and plain text, in the reader's language and time zone."""

from __future__ import annotations

from contextlib import suppress
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import timezone, translation

from integrations.messages.error_text import Failed, describe_os_error
from integrations.messages.message_text import (
    absolute_url,
    action_label,
    describe_rest,
    due_at,
    heading,
    listed,
    page_url,
)
from integrations.messages.models import Delivery
from smarketing.company import company_zone
from teams.models import Organization
from teams.notices import UNKNOWN

# So many notices are listed in one e-mail.
LISTED = 200


def build_email(delivery: Delivery) -> EmailMultiAlternatives:
    """Return the e-mail of a delivery. The same delivery makes the same Message-ID, by which a double is known."""
    notice, user = delivery.notice, delivery.notice.user
    notices = [each.notice for each in delivery.together]
    is_alone = len(notices) == 1
    with translation.override(user.spoken), timezone.override(user.zone or company_zone()):
        context = {
            "notice": notice,
            "subject": heading(notices),
            "listed": listed(notices, LISTED),
            "rest": describe_rest(notices, LISTED),
            "kind": notice.title,
            "person": user,
            "url": page_url(notice) if is_alone else absolute_url("notices"),
            "action": action_label(notice) if is_alone else UNKNOWN.page({}).action,
            "due_at": due_at(notice) if is_alone else None,
            "choices_url": absolute_url("telling"),
            "organization": Organization.ours(),
        }
        subject = " ".join(render_to_string("integrations/mail/notice_subject.txt", context).split())
        text = render_to_string("integrations/mail/notice.txt", context)
        html = render_to_string("integrations/mail/notice.html", context)
    host = urlsplit(settings.PUBLIC_URL).hostname
    headers = {"Message-ID": f"<notice.{delivery.number}@{host}>", "Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(subject[:200], text, to=[user.email], headers=headers)
    mail.attach_alternative(html, "text/html")
    return mail


class Post:
    """The line to the mail server, opened at the first letter and kept for the run."""

    def __init__(self) -> None:
        self._connection: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def send(self, mail: EmailMultiAlternatives) -> None:
        """Hand over one letter. Raises `Failed`."""
        try:
            if self._connection is None:
                connection = get_connection()
                connection.open()
                self._connection = connection
            self._connection.send_messages([mail])
        except Exception as problem:
            self._hang_up()
            failed = reason_of(problem)
            if failed is None:
                raise
            raise failed from problem

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError, SMTPException):  # It may have hung up before us.
                connection.close()


def reason_of(problem: Exception) -> Failed | None:
    """Say what a failure of the mail server or the provider means, or None where it is our own mistake."""
    if isinstance(problem, SMTPRecipientsRefused):
        code, answer = next(iter(problem.recipients.values()))
        return Failed(f"{code} {_text(answer)}", for_good=code >= 500)
    if isinstance(problem, SMTPSenderRefused):
        return Failed(f"{problem.smtp_code} {_text(problem.smtp_error)}", of_all=True)
    if isinstance(problem, SMTPResponseException):
        # Refusing the sign-in concerns all letters, refusing the text of one that one alone.
        return Failed(f"{problem.smtp_code} {_text(problem.smtp_error)}", of_all=problem.smtp_code in (421, 530, 535))
    if isinstance(problem, (OSError, SMTPException)):  # A provider's refusal by HTTP is an OSError too.
        return _of_provider(problem) or Failed(describe_os_error(problem), of_all=True)
    return _of_provider(problem)


def _of_provider(problem: Exception) -> Failed | None:
    if not settings.EMAIL_PROVIDER:
        return None
    from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused  # noqa: PLC0415

    if not isinstance(problem, AnymailError):
        return None
    if isinstance(problem, (AnymailRecipientsRefused, AnymailInvalidAddress)):
        return Failed(str(problem), for_good=True)
    status = getattr(problem, "status_code", None)
    return Failed(str(problem), of_all=status is None or status in (401, 403, 429) or status >= 500)


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
