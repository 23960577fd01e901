"""Where people and teams are told by chat."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from integrations.messages.error_text import describe_error
from smarketing.database.encrypted import DigestField, EncryptedField, digest_of
from teams.models import Team, User
from teams.notices import notice_kinds


def usual_in_a_team() -> list[str]:
    """The kinds of notice that go to a team's channel until somebody chooses."""
    return [kind.key for kind in notice_kinds() if kind.in_team_chat]


class Channel(models.Model):
    """A chat's incoming webhook: one person's own, or a team's."""

    class Style(models.TextChoices):
        SLACK = "slack", _("Slack")
        TEAMS = "teams", _("Microsoft Teams")

    user = models.OneToOneField(User, models.CASCADE, null=True, blank=True, related_name="channel")
    team = models.OneToOneField(Team, models.CASCADE, null=True, blank=True, related_name="channel")
    style = models.CharField(_("Made for"), max_length=8, choices=Style, default=Style.SLACK)
    # Whoever knows it can write there: it is shown to its owner alone.
    url = EncryptedField(_("Address of the webhook"), max_length=1000)
    url_digest = DigestField(_("Address of the webhook"), of="url")
    kinds = ArrayField(
        models.CharField(max_length=20),
        verbose_name=_("What is told here"),
        default=usual_in_a_team,
        blank=True,
    )
    failing_since = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    # Since when it is known to be gone for good; nothing is sent there until it is saved or tried again.
    dead_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None, team__isnull=False) | Q(user__isnull=False, team=None),
                name="a_channel_is_of_a_person_or_a_team",
            )
        ]
        triggers = edited("style team user", masked="url_digest", unkept="url failing_since last_error dead_at")

    def __str__(self) -> str:
        return f"{self.get_style_display()}: {self.host}"

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def spoken(self) -> str:
        """The language to write here in: the person's, or that of the team's head."""
        somebody = self.user or (self.team and self.team.head)
        return somebody.spoken if somebody else settings.LANGUAGE_CODE

    @property
    def described_error(self) -> str:
        return describe_error(self.last_error)

    def arrived(self) -> None:
        """Note that it takes messages."""
        if self.failing_since or self.dead_at:
            Channel.objects.filter(pk=self.pk).update(failing_since=None, last_error="", dead_at=None)

    def failed(self, because: str, *, for_good: bool = False, at: datetime) -> None:
        """Note that it does not, since when and why."""
        known = Channel.objects.filter(pk=self.pk, url_digest=digest_of(self.url))
        known.update(last_error=because[:300], **({"dead_at": at} if for_good else {}))
        known.filter(failing_since=None).update(failing_since=at)
