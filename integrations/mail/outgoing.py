"""The one way out for mails. A restored copy sends none: it keeps them, as where there is no mail server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from history.restoration import is_copy
from integrations.mail import mailbox


class EmailBackend(BaseEmailBackend):
    """Hands mails to the server or provider of the settings."""

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        name = mailbox.BACKEND if is_copy() else settings.OUTGOING_EMAIL_BACKEND
        self._behind: BaseEmailBackend = get_connection(name, fail_silently=fail_silently, **options)

    def open(self) -> bool | None:
        return self._behind.open()

    def close(self) -> None:
        self._behind.close()

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        return self._behind.send_messages(email_messages) or 0
