"""What was sent where."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from integrations.messages.error_text import describe_error
from teams.models import Notice

# How long to wait after the first failure, the second, …; after the last one more, it is given up.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=8),
    timedelta(hours=8),
)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> Self:
        return self.filter(sent_at=None, given_up_at=None)

    def due(self, at: datetime) -> Self:
        """Those to be tried at that moment; of those that go as one message the first one alone."""
        earlier = Delivery.objects.waiting().filter(
            Q(channel=OuterRef("channel")) | Q(channel=None, notice__user=OuterRef("notice__user")),
            Q(notice__kind=OuterRef("notice__kind")) | Q(is_summary=True),
            way=OuterRef("way"),
            gathers_until=OuterRef("gathers_until"),
            pk__lt=OuterRef("pk"),
        )
        return self.waiting().filter(next_try_at__lte=at).filter(Q(gathers_until=None) | ~Q(Exists(earlier)))

    def together_with(self, delivery: Delivery) -> Self:
        """Those that go as one message with this one, itself among them."""
        if delivery.gathers_until is None:
            return self.filter(pk=delivery.pk)
        alike = self.waiting().filter(way=delivery.way, gathers_until=delivery.gathers_until)
        if not delivery.is_summary:
            alike = alike.filter(notice__kind=delivery.notice.kind)
        if delivery.channel_id:
            return alike.filter(channel=delivery.channel_id)
        return alike.filter(channel=None, notice__user=delivery.notice.user_id)

    def stuck(self) -> Self:
        """What failed and is not sent yet: tried again later, or given up."""
        return self.filter(sent_at=None).filter(Q(tries__gt=0) | Q(given_up_at__isnull=False))


class Delivery(models.Model):
    """One notice on its way to somebody, by one way. It is sent once."""

    class Way(models.TextChoices):
        EMAIL = "email", _("E-mail")
        CHAT = "chat", _("Own chat")
        TEAM = "team", _("The team's chat")

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    way = models.CharField(max_length=8, choices=Way)
    # Of a chat; its host stays in `address` when the channel is gone.
    channel = models.ForeignKey(
        "integrations.Channel", models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    # The e-mail address, or the chat's host: never the secret part of a webhook.
    address = models.CharField(max_length=254)
    # What a team's channel is told once, however many of the team are told of it.
    topic = models.CharField(max_length=110, blank=True)
    # From the sixth of a kind within ten minutes on: until when they gather, to go as one message. See `gathering`.
    gathers_until = models.DateTimeField(null=True, blank=True)
    # Told with all others of that moment, of whatever kind: what fell due while a restored copy stood still.
    is_summary = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "way"], name="a_notice_goes_once_by_a_way"),
            models.UniqueConstraint(
                fields=["channel", "topic"], condition=Q(way="team"), name="a_team_is_told_once_of_a_topic"
            ),
            models.CheckConstraint(
                condition=Q(is_summary=False) | Q(gathers_until__isnull=False), name="a_summary_gathers"
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(given_up_at=None), name="what_was_sent_is_not_given_up"
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], name="delivery_due", condition=Q(sent_at=None) & Q(given_up_at=None)),
            models.Index(fields=["-next_try_at", "-id"], name="delivery_unsent", condition=Q(sent_at=None)),
            models.Index(
                fields=["gathers_until"],
                name="delivery_gathering",
                condition=Q(gathers_until__isnull=False, sent_at=None, given_up_at=None),
            ),
            models.Index(fields=["sent_at"], name="delivery_sent", condition=Q(sent_at__isnull=False)),
        ]

    @property
    def number(self) -> str:
        """What stays the same each time it is tried, and in no other delivery even of a database made anew."""
        return f"{self.pk}.{int(self.due_at.timestamp() * 1_000_000)}"

    @property
    def described_error(self) -> str:
        return describe_error(self.error)

    @cached_property
    def together(self) -> list[Delivery]:
        """This one and those that go with it as one message, the oldest first."""
        return list(Delivery.objects.together_with(self).select_related("notice").order_by("notice__created_at", "pk"))

    def _rows(self) -> DeliveryQuerySet:
        return Delivery.objects.filter(pk__in=[each.pk for each in self.together])

    def sent(self, *, at: datetime) -> None:
        self._rows().update(sent_at=at, tries=F("tries") + 1, address=self.address, error="")

    def failed(self, because: str, *, at: datetime, next_try_at: datetime | None) -> None:
        """Note why it did not go out; without a next try it is given up."""
        self._rows().update(
            tries=F("tries") + 1,
            address=self.address,
            error=because[:300],
            **({"next_try_at": next_try_at} if next_try_at else {"given_up_at": at}),
        )
