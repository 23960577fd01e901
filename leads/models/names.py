"""What is known by a name: how names are compared, and in which language they are said."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Fold(models.Func):
    """Text as it is compared: Unicode NFKC, then case folded. `leads.text.folding.fold` is its twin in Python."""

    function = "fold"
    output_field = models.TextField()


def named(in_english: str, in_japanese: str) -> str:
    """The name in the language of the page."""
    return in_japanese if in_japanese and get_language() == "ja" else in_english


class Named(models.Model):
    """Something with a name in both languages."""

    name_en = models.CharField(_("Name in English"), max_length=80)
    name_ja = models.CharField(_("Name in Japanese"), max_length=80, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return named(self.name_en, self.name_ja)
