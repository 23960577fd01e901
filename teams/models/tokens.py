"""Tokens by which programs use the API."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from teams.models.users import User


class Scope(models.TextChoices):
    READ = "read", _("Read")
    WRITE = "write", _("Read and write")


class TokenQuerySet(models.QuerySet["Token"]):
    def live(self, at: datetime | None = None) -> Self:
        at = at or now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None, user__is_active=True)

    def revoke(self, *, at: datetime | None = None) -> int:
        """Revoke all of these that are not revoked yet, and return how many."""
        return self.filter(revoked_at=None).update(revoked_at=at or now())

    def issue(
        self, user: User, *, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
    ) -> tuple[Token, str]:
        """Create a token and return it with its secret, of which only a digest is stored."""
        secret = f"smk_{secrets.token_urlsafe(32)}"
        token = self.create(
            user=user, name=name, scopes=sorted(set(scopes)), digest=Token.digest_of(secret), expires_at=expires_at
        )
        return token, secret


class Token(models.Model):
    """A secret by which a program acts as a person."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("Name"), max_length=80)
    scopes = ArrayField(models.CharField(max_length=8, choices=Scope), verbose_name=_("Scopes"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField(_("Expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        triggers = edited("name user", masked="digest", unkept="last_used_at")

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.expires_at is not None and self.expires_at <= now()

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()
