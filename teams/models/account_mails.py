"""Mails about an account that wait to be sent."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now


class AccountMail(models.Model):
    """One mail about an account, from when it is asked for until it is sent. A link for a new password is written down
    for unknown addresses, too: the page that asks for it does the same for all, and the worker sends them nothing."""

    class Kind(models.TextChoices):
        RESET = "reset"
        PASSWORD_CHANGED = "password_changed"
        SECOND_FACTOR_ON = "second_factor_on"
        SECOND_FACTOR_OFF = "second_factor_off"
        RECOVERY_CODES = "recovery_codes"

    email = models.EmailField()
    kind = models.CharField(max_length=24, choices=Kind)
    requested_at = models.DateTimeField(default=now)
    # From where, and by which browser.
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=200, blank=True)

    @property
    def asked_from(self) -> str:
        """The browser and its address, as far as they are known."""
        return " ".join(filter(None, [self.browser, self.address]))

    def __str__(self) -> str:
        return f"{self.kind} {self.email}"
