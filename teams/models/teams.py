"""Teams."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from smarketing.database.vocabulary import VocabularyQuerySet


class Team(models.Model):
    """People under one head, who together are a party of the agreement."""

    class Kind(models.TextChoices):
        MARKETING = "marketing", _("Marketing")
        SDR = "sdr", _("SDR")
        SALES = "sales", _("Sales")
        VENDOR = "vendor", _("Outside vendor")

    name = models.CharField(_("Name"), max_length=80, unique=True)
    name_ja = models.CharField(_("Name in Japanese"), max_length=80, blank=True)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind)
    head = models.ForeignKey(
        "User", models.PROTECT, null=True, blank=True, related_name="heads", verbose_name=_("Head")
    )

    objects = VocabularyQuerySet["Team"].as_manager()

    class Meta:
        ordering = ["kind", "name"]
        triggers = edited("name name_ja")

    def __str__(self) -> str:
        return self.name_ja if self.name_ja and get_language() == "ja" else self.name

    @property
    def party(self) -> str:
        """The side it is on: `marketing` or `sales`."""
        return "marketing" if self.kind in (self.Kind.MARKETING, self.Kind.VENDOR) else "sales"
