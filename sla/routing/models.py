"""How much each rep can take, and which leads belong to whom."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.models import Team, User


class Capacity(models.Model):
    """How much one person can take: their share of the turns, and where it ends."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="capacity")
    most_open = models.PositiveSmallIntegerField(_("Open at most"), null=True, blank=True)
    most_a_week = models.PositiveSmallIntegerField(_("A week at most"), null=True, blank=True)


class Territory(models.Model):
    """Leads that belong to some of a team: the first whose criteria a lead meets."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="territories")
    name = models.CharField(_("Name"), max_length=80)
    position = models.PositiveIntegerField(default=0)
    criteria = models.JSONField(_("Criteria"))
    members = models.ManyToManyField(User, related_name="+", verbose_name=_("Who works it"))

    class Meta:
        ordering = ["team", "position", "pk"]

    def __str__(self) -> str:
        return self.name
