"""Mails that are kept instead of sent, while there is no mail server: one file each, as mail programs read it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.timezone import localtime

# The newest so many are kept.
KEPT = 1000
NAME = re.compile(r"^\d{8}T\d{12}-[0-9a-f]{8}$")
BACKEND = f"{__name__}.EmailBackend"
OUTGOING = "integrations.mail.outgoing.EmailBackend"


class EmailBackend(BaseEmailBackend):
    """Django's door for mail, with a letter box behind it."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        for message in email_messages:
            _put(message.message().as_bytes())
        return len(email_messages)


@dataclass(frozen=True)
class Mail:
    """One kept mail, read."""

    name: str
    subject: str
    to: str
    sent_at: datetime | None
    text: str
    html: str


def list_names() -> list[str]:
    """Return the names of all kept mails, the newest first."""
    try:
        found = [entry.name for entry in os.scandir(_folder()) if entry.name.endswith(".eml")]
    except FileNotFoundError:
        return []
    return sorted((name[:-4] for name in found if NAME.match(name[:-4])), reverse=True)


def read(name: str) -> Mail | None:
    """Return a kept mail, or None when there is none of that name."""
    if not NAME.match(name):
        return None
    try:
        stored = (_folder() / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(stored, _class=EmailMessage, policy=policy.default)
    return Mail(
        name,
        subject=str(message["Subject"] or ""),
        to=str(message["To"] or ""),
        sent_at=_moment(str(message["Date"] or "")),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def tidy(keep: int = KEPT) -> int:
    """Throw the oldest away, and say how many."""
    old = list_names()[keep:]
    for name in old:
        (_folder() / f"{name}.eml").unlink(missing_ok=True)
    return len(old)


def is_used() -> bool:
    """Whether mails are kept here for good, since there is no mail server."""
    given = str(settings.EMAIL_BACKEND)
    return bool((settings.OUTGOING_EMAIL_BACKEND if given == OUTGOING else given) == BACKEND)


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)


def _put(content: bytes) -> None:
    """Write one mail whole, or not at all. Invitations let somebody in: nobody else on the machine reads them."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    unfinished = folder / f"{name}.part"
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    unfinished.rename(folder / f"{name}.eml")


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _moment(date: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        return None
    # Django writes -0000, which means UTC of nobody's clock.
    return localtime(at if at.tzinfo else at.replace(tzinfo=UTC))
