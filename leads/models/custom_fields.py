"""The attributes that the administrator added."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from leads.models.names import Named
from smarketing.database.vocabulary import VocabularyQuerySet


class CustomField(Named):
    """An attribute that the administrator added."""

    class Subject(models.TextChoices):
        LEAD = "lead", _("Lead")
        COMPANY = "company", _("Company")

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        BOOLEAN = "boolean", _("Yes or no")
        CHOICE = "choice", _("One of a list")

    subject = models.CharField(_("Belongs to"), max_length=8, choices=Subject, default=Subject.LEAD)
    key = models.SlugField(_("Key"), max_length=40, help_text=_("As imports and the API call it. It stays."))
    type = models.CharField(_("Type"), max_length=8, choices=Type, default=Type.TEXT)
    choices = models.JSONField(_("Choices"), default=list, blank=True)

    objects = VocabularyQuerySet["CustomField"].as_manager()

    class Meta:
        ordering = ["subject", "name_en"]
        constraints = [models.UniqueConstraint(fields=["subject", "key"], name="custom_field_key_is_unique")]
        triggers = edited("name_en name_ja")
