"""What people ask about leads again and again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.edited import edited


class Segment(models.Model):
    """A saved question about leads."""

    name = models.CharField(_("Name"), max_length=120, unique=True)
    criteria = models.JSONField(_("Criteria"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["name"]
        triggers = edited("name")

    def __str__(self) -> str:
        return self.name
