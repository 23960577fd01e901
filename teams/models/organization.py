"""The company that runs this Smarketing."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from metrics.changes import watched
from smarketing.database.vocabulary import VocabularyQuerySet


def valid_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("“%(zone)s” is not a time zone. Write one such as Asia/Tokyo."), params={"zone": value})


class Organization(models.Model):
    """The company that runs this Smarketing: one row, created on first use."""

    name = models.CharField(_("Name"), max_length=120, blank=True)
    country = models.CharField(
        _("Country"), max_length=2, default="JP", help_text=_("Its holidays close the calendar.")
    )
    time_zone = models.CharField(_("Time zone"), max_length=64, default="Asia/Tokyo", validators=[valid_time_zone])
    currency = models.CharField(_("Currency"), max_length=3, default="JPY")
    second_factor_required = models.BooleanField(
        _("Everybody needs a second factor"),
        default=False,
        help_text=_("Who has none sets one up at the next page, and goes on from there. Tokens keep working."),
    )
    is_demo = models.BooleanField(default=False, editable=False)
    demo_built_at = models.DateTimeField(null=True, editable=False)

    objects = VocabularyQuerySet["Organization"].as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="there_is_one_organization")]
        triggers = [
            *watched(uncounted="name second_factor_required is_demo demo_built_at"),
            *edited("name", unkept="is_demo demo_built_at"),
        ]

    def __str__(self) -> str:
        return self.name or "Smarketing"

    @property
    def is_demo_in_the_making(self) -> bool:
        """Its year is being lived through: what is asked of its past has no answer yet."""
        return self.is_demo and self.demo_built_at is None

    @classmethod
    def ours(cls) -> Organization:
        return next(iter(cls.objects.known()), None) or cls.objects.get_or_create(pk=1)[0]


def stored_time_zones() -> QuerySet[Organization, str]:
    """The company's time zone as stored by its settings page, to be asked together with other things."""
    return Organization.objects.filter(pk=1).values_list("time_zone", flat=True)


def stored_time_zone() -> str:
    """The company's time zone as stored by its settings page."""
    return stored_time_zones().first() or "Asia/Tokyo"
