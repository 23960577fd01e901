"""How much each rep can take, and which leads belong to whom."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from funnel.models import Transition
from history.edited import edited
from teams.models import Team, User


class Capacity(models.Model):
    """How many hand-offs one person can take: their limits, and their share in the queue."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="capacity")
    most_open = models.PositiveSmallIntegerField(_("Open at most"), null=True, blank=True)
    most_a_week = models.PositiveSmallIntegerField(_("A week at most"), null=True, blank=True)

    class Meta:
        triggers = edited("user")


class Territory(models.Model):
    """Leads that are offered to some of a team: the first territory whose criteria a lead meets."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="territories")
    name = models.CharField(_("Name"), max_length=80)
    position = models.PositiveIntegerField(default=0)
    criteria = models.JSONField(_("Criteria"))
    members = models.ManyToManyField(User, through="TerritoryMember", related_name="+", verbose_name=_("Who works it"))

    class Meta:
        ordering = ["team", "position", "pk"]
        triggers = edited("name team")

    def __str__(self) -> str:
        return self.name


class TerritoryMember(models.Model):
    """One who works a territory."""

    territory = models.ForeignKey(Territory, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta:
        db_table = "sla_territory_members"
        unique_together = [("territory", "user")]
        triggers = edited("territory user")


class CompanyWait(models.Model):
    """A lead that waits until the rep who works its company is there again, or has room, before it goes on."""

    # The step that is to open its hand-off.
    transition = models.OneToOneField(Transition, models.CASCADE, primary_key=True, related_name="company_wait")
    rep = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    until = models.DateTimeField()
