"""The steps of the shared funnel, what makes a lead belong to one, and why things end as they do."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from history.frozen import KeepFrozen
from history.versions import (
    DATES,
    DatedVersion,
    DatedVersionQuerySet,
    in_force_is_frozen,
    numbered,
    one_draft,
    one_in_force,
)
from leads.models import Named
from metrics.changes import watched
from smarketing.database.vocabulary import VocabularyQuerySet
from teams.models import Team


class StageRole(models.TextChoices):
    """What a stage is for, in the order of the funnel."""

    LEAD = "lead", _("Lead")
    MQL = "mql", _("MQL")
    SAL = "sal", _("SAL")
    SQL = "sql", _("SQL")
    OPPORTUNITY = "opportunity", _("Opportunity")
    CUSTOMER = "customer", _("Customer")


class StageQuerySet(VocabularyQuerySet["Stage"]):
    def role(self, role: StageRole | str) -> Stage:
        return self.look_up(role=role)

    @transaction.atomic
    def put_after(self, before: Stage, stage: Stage) -> Stage:
        """Save `stage` behind `before` in the list."""
        order = [each for each in self.select_for_update().order_by("position") if each.pk != stage.pk]
        order.insert(1 + next(n for n, each in enumerate(order) if each.pk == before.pk), stage)
        # Positions are unique at every moment: out of the way first, then to their places.
        last = max(each.position for each in order if each is not stage)
        stage.position = last + 1
        stage.save()
        for n, each in enumerate(order, 1):
            self.filter(pk=each.pk).update(position=last + 1 + n * 10)
        for n, each in enumerate(order, 1):
            self.filter(pk=each.pk).update(position=n * 10)
        stage.refresh_from_db()
        return stage


class Stage(Named):
    """A step of the shared funnel. The six with a role are always there."""

    role = models.CharField(
        _("Role"), max_length=12, choices=StageRole, null=True, blank=True, unique=True, editable=False
    )
    owner_team = models.CharField(_("Owner"), max_length=10, choices=Team.Kind, default=Team.Kind.MARKETING)
    description = models.TextField(_("Description"), blank=True)
    description_ja = models.TextField(_("Description in Japanese"), blank=True)
    position = models.PositiveIntegerField(_("Order"), unique=True)

    objects = StageQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        triggers = [
            *watched(uncounted="name_en name_ja owner_team description description_ja"),
            *edited("name_en name_ja"),
        ]

    @property
    def party(self) -> str:
        if self.role == StageRole.CUSTOMER:
            return "both"
        return "marketing" if self.owner_team in (Team.Kind.MARKETING, Team.Kind.VENDOR) else "sales"

    @property
    def has_definition(self) -> bool:
        """Whether a definition may say who belongs here: not where the funnel begins, nor where people decide."""
        return self.role in (None, StageRole.MQL, StageRole.SQL)

    @property
    def in_words(self) -> str:
        return self.description_ja if self.description_ja and get_language() == "ja" else self.description


class ReasonQuerySet(VocabularyQuerySet["Reason"]):
    def offered(self, kind: Reason.Kind | str) -> Self:
        """Those that may be given today, in their order."""
        return self.filter(kind=kind, retired_at=None)

    def known_offered(self, *kinds: Reason.Kind) -> list[Reason]:
        """Those of these kinds that may be given today, one kind after the other, each in its order."""
        known = self.known()
        return [each for kind in kinds for each in known if each.kind == kind and each.retired_at is None]

    @transaction.atomic
    def move(self, reason: Reason, *, up: bool) -> None:
        """Put a reason one place higher or lower in its list."""
        order = list(self.select_for_update(no_key=True).filter(kind=reason.kind).order_by("position", "pk"))
        here = order.index(reason)
        there = here - 1 if up else here + 1
        if 0 <= there < len(order):
            order[here], order[there] = order[there], order[here]
        for n, each in enumerate(order, 1):
            self.filter(pk=each.pk).update(position=n * 10)


class Reason(Named):
    """Why something ended as it did, from a list that both teams agreed on."""

    class Kind(models.TextChoices):
        WON = "won", _("Why they bought")
        LOST = "lost", _("Why they did not buy")
        REJECTED = "rejected", _("Why sales rejects a hand-off")
        RECYCLED = "recycled", _("Why a lead goes back to nurture")
        DISQUALIFIED = "disqualified", _("Why a lead is no buyer")

    class NeedsText(Exception):
        """The reason says nothing by itself: a word of explanation is needed."""

    kind = models.CharField(_("For"), max_length=12, choices=Kind)
    key = models.SlugField(_("Key"), max_length=40)
    position = models.PositiveIntegerField(_("Order"), default=0)
    # "Other" says nothing by itself.
    needs_text = models.BooleanField(_("Needs a word of explanation"), default=False)
    # A lead rejected for this reason is no buyer: its journey is closed rather than recycled.
    disqualifies = models.BooleanField(_("Closes the journey"), default=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="reason_key_is_unique")]
        triggers = [*watched(uncounted="name_en name_ja needs_text retired_at"), *edited("name_en name_ja")]

    def check_for(self, *kinds: Kind, text: str = "") -> None:
        """Raise `ValueError` for a reason of another list, `NeedsText` for one that wants words and has none."""
        if self.kind not in kinds:
            raise ValueError(f"{self.key} is a reason of another list: {self.kind}")
        if self.needs_text and not text.strip():
            raise self.NeedsText


class Definition(DatedVersion):
    """What makes a lead MQL, or SQL: one wording. Frozen when proposed, in force when an agreement is."""

    SERIES = "stage"

    stage = models.ForeignKey(Stage, models.PROTECT, related_name="definitions")
    text = models.TextField(_("In words"), blank=True)
    criteria = models.JSONField(_("Criteria"), null=True, blank=True)
    # Days a recycled lead must wait before it may qualify again.
    cool_off_days = models.PositiveIntegerField(_("Cool-off in days"), default=60)
    # Chosen by the signer: qualify everyone who stands and matches, or only whoever has news from then on.
    qualifies_standing = models.BooleanField(default=False)
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DatedVersionQuerySet.as_manager()

    class Meta:
        ordering = ["stage", "-number"]
        constraints = [
            numbered("definitions_are_numbered", series="stage"),
            one_draft("one_draft_definition_per_stage", series="stage"),
            one_in_force("one_definition_in_force_per_stage", series="stage"),
            in_force_is_frozen("a_definition_in_force_is_frozen", also="criteria"),
        ]
        triggers = [KeepFrozen("frozen_at", *DATES, "qualifies_standing"), *edited("stage number")]

    def __str__(self) -> str:
        return f"{self.stage} v{self.number}"

    def put_in_force(self, *, from_at: datetime, qualifies_standing: bool = False) -> None:
        """Be in force from that moment on, in place of the one of its stage that would. Raises `Replaced`."""
        self._begin(from_at, qualifies_standing=qualifies_standing)
