"""Who employs the leads."""

from __future__ import annotations

from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.recording import RecordedAt
from leads.models.names import Fold
from teams.models import User
from teams.records import RecordQuerySet


class CompanyQuerySet(RecordQuerySet["Company"]):
    kind = "company"
    refusal = _(
        "You may read this company. Its owner, their team, marketing and managers may change it; where it has no"
        " owner, also whoever may change one of its leads."
    )

    def held_by(self, people: models.QuerySet[User]) -> Q:
        leads = cast("RecordQuerySet[Any]", apps.get_model("leads", "Lead")._default_manager.all())
        held = leads.filter(leads.held_by(people), company=OuterRef("pk"), merged_into=None)
        return super().held_by(people) | self.held_by_nobody() & Q(Exists(held))


class Company(models.Model):
    """A lead's employer; its leads are the buying group."""

    name = models.CharField(_("Name"), max_length=200)
    name_key = models.GeneratedField(expression=Fold("name"), output_field=models.TextField(), db_persist=True)
    domain = models.CharField(_("Domain"), max_length=120, blank=True)
    industry = models.CharField(_("Industry"), max_length=120, blank=True)
    employees = models.PositiveIntegerField(_("Employees"), null=True, blank=True)
    revenue = models.DecimalField(_("Yearly revenue"), max_digits=18, decimal_places=2, null=True, blank=True)
    country = models.CharField(_("Country"), max_length=80, blank=True)
    region = models.CharField(_("Region"), max_length=80, blank=True)
    # Whose company it is among us: its leads go there first.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="companies",
        verbose_name=_("Owner"),
    )
    custom = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=now, editable=False)
    recorded_at = RecordedAt(of="created_at")
    # Of rows asked `with_rights_of()` somebody.
    is_editable: bool
    is_takeable: bool

    objects = CompanyQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["name_key"]),
            models.Index(fields=["domain"], condition=~Q(domain=""), name="company_domain"),
            models.Index(fields=["-created_at", "-id"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(created_at__lte=F("recorded_at")), name="company_is_told_when_it_is_there"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyIdentity(models.Model):
    """By which id another system knows a company."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="identities")
    system = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "external_id"], name="one_company_per_external_id")]
