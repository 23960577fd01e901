"""Where a lead stands, and the ledger of every step that brought it there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel.events import JOURNEY_MOVED
from funnel.models.stages import Definition, Reason, Stage, StageRole
from leads.models import Lead, StaleLead
from metrics.changes import watched
from smarketing.queue.waking import wake
from teams.models import User


class Journey(models.Model):
    """Where one lead stands in the funnel. Narrow: it moves often."""

    class Moved(Exception):
        """Someone else moved this journey first."""

    class Closed(Exception):
        """A closed journey is reopened before it moves."""

    class AlreadyThere(Exception):
        """It stands where it should go: that is no step."""

    class Ended(models.TextChoices):
        DISQUALIFIED = "disqualified", _("Disqualified")
        LOST = "lost", _("Lost")

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="journey")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="journeys", db_index=False)
    entered_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True)
    closed_as = models.CharField(max_length=12, choices=Ended, blank=True)
    recycled_at = models.DateTimeField(null=True)
    # A recycled lead sleeps until then, whatever it does.
    wake_at = models.DateTimeField(null=True)
    # The last news of the lead (see StaleLead.news_at), and since when news count: after an import, or where it was
    # recycled until it does something new.
    news_at = models.DateTimeField(null=True)
    news_count_from = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["stage", "entered_at"], name="journey_standing", condition=Q(closed_at=None))]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_as="") | Q(closed_at__isnull=False) & ~Q(closed_as=""),
                name="a_closed_journey_says_as_what",
            )
        ]

    @property
    def waits_for_news(self) -> bool:
        """Whether nothing has happened since its news count."""
        since = self.news_count_from
        return since is not None and (self.news_at is None or self.news_at <= since)

    @classmethod
    def of(cls, lead: Lead) -> Journey:
        """Return the lead's journey, locked, begun where there was none. Call inside a transaction."""
        first = Stage.objects.role(StageRole.LEAD)
        begins = {"stage": first, "entered_at": lead.created_at}
        journey, is_new = cls.objects.get_or_create(lead=lead, defaults=begins)
        if is_new:
            journey._write(first, at=lead.created_at, by=None, how=Transition.How.MACHINE, because="", anew=True)
        return cls.objects.select_for_update().select_related("stage").get(pk=lead.pk)

    def recycle(
        self,
        reason: Reason,
        *,
        text: str = "",
        wake_at: datetime | None = None,
        only_with_news: bool = False,
        by: User | None = None,
        at: datetime | None = None,
    ) -> Transition:
        """Back to nurture: the lead sleeps until `wake_at` and may qualify again after the cool-off; `only_with_news`:
        and not before it has done something new.

        Raises `Moved`, `Closed`, `AlreadyThere`, `Reason.NeedsText`.
        """
        reason.check_for(Reason.Kind.RECYCLED, Reason.Kind.REJECTED, text=text)
        if self.stage.role == StageRole.LEAD and not self.closed_at:
            raise self.AlreadyThere
        nurture = Stage.objects.role(StageRole.LEAD)
        return self.move_to(
            nurture,
            because=text or reason.name_en,
            by=by,
            at=at,
            reason=reason,
            wake_at=wake_at,
            only_with_news=only_with_news,
        )

    def disqualify(
        self, reason: Reason, *, text: str = "", by: User | None = None, at: datetime | None = None
    ) -> Transition:
        """No buyer: the journey is closed. Raises `Moved`, `Reason.NeedsText`."""
        reason.check_for(Reason.Kind.DISQUALIFIED, Reason.Kind.REJECTED, text=text)
        return self.close(Journey.Ended.DISQUALIFIED, because=text or reason.name_en, by=by, at=at, reason=reason)

    def move_to(
        self,
        stage: Stage,
        *,
        because: str,
        by: User | None = None,
        at: datetime | None = None,
        how: Transition.How = "person",  # type: ignore[assignment]
        definition: Definition | None = None,
        reason: Reason | None = None,
        wake_at: datetime | None = None,
        only_with_news: bool = False,
    ) -> Transition:
        """Go to `stage` and write it down. Back to the `lead` stage with a reason is a recycling.

        Raises `Moved` when somebody else moved the journey since it was read, `Closed` when it is closed.
        """
        at = at or now()
        if self.closed_at:
            raise self.Closed
        recycled = stage.role == StageRole.LEAD and self.stage_id != stage.pk
        changed: dict[str, Any] = {"stage": stage, "entered_at": at}
        if recycled:
            changed |= {"recycled_at": at, "wake_at": wake_at}
            if only_with_news:
                changed["news_count_from"] = at
        with transaction.atomic():
            # Compare and set: of two who move the same lead, one wins.
            still_here = Journey.objects.filter(pk=self.pk, stage=self.stage_id, closed_at=None)
            if not still_here.update(**changed):
                raise self.Moved
            step = self._write(stage, at=at, by=by, how=how, because=because, definition=definition, reason=reason)
        self.stage, self.entered_at = stage, at
        if recycled:
            self.recycled_at, self.wake_at = at, wake_at
        return step

    def close(
        self,
        ended: Ended,
        *,
        because: str,
        by: User | None = None,
        at: datetime | None = None,
        how: Transition.How = "person",  # type: ignore[assignment]
        reason: Reason | None = None,
    ) -> Transition:
        """End the journey: no buyer, or lost. The stage it stood at stays readable."""
        at = at or now()
        with transaction.atomic():
            still_here = Journey.objects.filter(pk=self.pk, stage=self.stage_id, closed_at=None)
            if not still_here.update(closed_at=at, closed_as=ended):
                raise self.Moved
            step = self._write(None, at=at, by=by, how=how, because=because, reason=reason)
        self.closed_at, self.closed_as = at, ended
        return step

    def reopen(
        self,
        *,
        because: str,
        by: User | None = None,
        at: datetime | None = None,
        to: Stage | None = None,
        how: Transition.How = "person",  # type: ignore[assignment]
    ) -> Transition:
        """Open a closed journey again, at the stage where it ended or at another."""
        at = at or now()
        stage = to or self.stage
        with transaction.atomic():
            closed = Journey.objects.filter(pk=self.pk, closed_at__isnull=False)
            if not closed.update(closed_at=None, closed_as="", stage=stage, entered_at=at):
                raise self.Moved
            step = self._write(stage, at=at, by=by, how=how, because=because, anew=True)
        self.closed_at, self.closed_as, self.stage, self.entered_at = None, "", stage, at
        return step

    def _write(
        self,
        to_stage: Stage | None,
        *,
        at: datetime,
        by: User | None,
        how: str,
        because: str,
        definition: Definition | None = None,
        reason: Reason | None = None,
        anew: bool = False,
    ) -> Transition:
        """Write the step down. `anew`: from nowhere, as a journey begins or is opened again."""
        step = Transition.objects.create(
            lead_id=self.pk,
            from_stage_id=None if anew else self.stage_id,
            to_stage=to_stage,
            at=at,
            by=by,
            how=how,
            because=because[:300],
            definition=definition,
            reason=reason,
        )
        if to_stage and how != Transition.How.IMPORT:
            # Who arrives at a stage may be handed over there, or meet the next definition.
            StaleLead.objects.create(lead_id=self.pk, due_at=at)
            wake(settings.ADVANCE_TASK)
        JOURNEY_MOVED.emit(
            {
                "transition": step.pk,
                "lead": self.pk,
                "from": step.from_stage_id,
                "to": to_stage.pk if to_stage else None,
            },
            at=at,
        )
        return step


class Transition(models.Model):
    """One step of one journey. Written once, never changed: every count of the funnel is a count of these."""

    class How(models.TextChoices):
        MACHINE = "machine", _("by the definition")
        PERSON = "person", _("by a person")
        HANDOFF = "handoff", _("by a hand-off")
        OPPORTUNITY = "opportunity", _("by an opportunity")
        # History: it opens no hand-off and starts no clock.
        IMPORT = "import", _("by an import")
        # The importer asked for it: to be worked like any other.
        IMPORT_LIVE = "import_live", _("by an import, to be worked")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="transitions", db_index=False)
    # No stage to come from: the journey began, or was reopened. No stage to go to: it was closed.
    from_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+", db_index=False)
    to_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="entries", db_index=False)
    at = models.DateTimeField(default=now)
    recorded_at = models.DateTimeField(default=now, editable=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    how = models.CharField(max_length=12, choices=How)
    definition = models.ForeignKey(Definition, models.PROTECT, null=True, related_name="transitions")
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, related_name="+", db_index=False)
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["lead", "at"], name="transition_of_lead"),
            models.Index(fields=["to_stage", "at"], include=["lead"], name="transition_into_stage"),
        ]
        triggers = watched()
