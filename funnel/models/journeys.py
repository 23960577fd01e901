"""Where a lead stands, and the ledger of every step that brought it there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Max, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel.events import JOURNEY_MOVED
from funnel.models.kept import NOTHING_KEPT, kept_of
from funnel.models.stages import Definition, Reason, Stage, StageRole
from funnel.models.when import When
from history.recording import RecordedAt
from leads.models import Lead, PendingReevaluation, Persona
from metrics.changes import watched
from scoring.models import Quadrant
from smarketing.company import bounds_of, day_of, day_starting_at
from smarketing.queue.waking import wake
from teams.models import User


class Journey(models.Model):
    """Where one lead stands in the funnel: at its last step by (at, id), so that no verb writes a step before the one
    it follows. Narrow: it moves often."""

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
    # The last news of the lead (see PendingReevaluation.news_at), and since when news count: after an import, or where
    # it was recycled until it does something new.
    news_at = models.DateTimeField(null=True)
    # Who was sent back is not put forward by the machine into the stage it came from, nor a later one, before the
    # cool-off has passed since then and the lead did something of its own after it.
    sent_back_from = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+", db_index=False)
    sent_back_at = models.DateTimeField(null=True)
    news_count_from = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["stage", "entered_at"], name="journey_standing", condition=Q(closed_at=None))]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_as="") | Q(closed_at__isnull=False) & ~Q(closed_as=""),
                name="a_closed_journey_says_as_what",
            ),
            models.CheckConstraint(
                condition=Q(sent_back_at=None, sent_back_from=None)
                | Q(sent_back_at__isnull=False, sent_back_from__isnull=False),
                name="who_was_sent_back_came_from_somewhere",
            ),
        ]

    @property
    def waits_for_news(self) -> bool:
        """Whether nothing has happened since its news count."""
        since = self.news_count_from
        return since is not None and (self.news_at is None or self.news_at <= since)

    @property
    def is_recycled(self) -> bool:
        """Whether it stands in nurture by a recycling."""
        is_there = self.closed_at is None and self.stage.role == StageRole.LEAD
        return is_there and self.recycled_at is not None and self.recycled_at >= self.entered_at

    @property
    def is_customer(self) -> bool:
        """Whether it stands at the customer stage, or at one of the company's own behind it."""
        return self.stage.position >= Stage.objects.role(StageRole.CUSTOMER).position

    def is_customer_by_win(self, won: When) -> bool:
        """Whether it is one by the win of that moment or day, and not by a person or by the stage dates of a file."""
        entries = Transition.objects.filter(lead=self.pk, to_stage__role=StageRole.CUSTOMER)
        entry = entries.order_by("at", "pk").last()
        if not self.is_customer or entry is None:
            return False
        first, last = bounds_of(won.day) if won.day else day_starting_at(won.at) or (won.at, won.at)
        imported = entry.how == Transition.How.IMPORT and (entry.at == first or first <= entry.at < last)
        return imported or entry.how == Transition.How.OPPORTUNITY

    @property
    def last_step_at(self) -> datetime:
        return self.closed_at or self.entered_at

    def when(self, at: datetime | None, day: date | None, *, before: Stage) -> When:
        """When a fact happened; told as `day`, or as the day's start, only its day is known.

        Today's day means now, as does nothing; a moment stands as it is.
        """
        if day is None:
            if at is None or not day_starting_at(at):
                return When(at or now())
            day = day_of(at)
        elif day == day_of(now()):
            return When(now(), day)
        return self.when_on(day, before=before)

    def when_on(self, day: date, *, before: Stage) -> When:
        """When a fact of a past day happened: after the steps of that day into stages before `before`."""
        start, end = bounds_of(day)
        steps = Transition.objects.filter(lead=self.pk, to_stage__position__lt=before.position)
        return When(steps.filter(at__gte=start, at__lt=end).aggregate(last=Max("at"))["last"] or start, day)

    def moved(self, when: When) -> When:
        """When a fact of that moment moves it: then, or, where it has gone on since then, now that it is told."""
        return when if when.at >= self.last_step_at else When(max(now(), self.last_step_at))

    @classmethod
    def of(cls, lead: Lead) -> Journey:
        """Lock the lead and then its journey, begun where there was none, and return the journey as it is now: of a
        lead that was merged, that of the lead which goes on. Call inside a transaction, before locking its deals and
        hand-offs (`smarketing.database.locks`)."""
        locked = Lead.objects.select_for_update(of=("self",), no_key=True).get(pk=lead.pk)
        if locked.merged_into is not None:
            return cls.of(locked.merged_into)
        found = cls.objects.select_for_update(of=("self",), no_key=True).filter(pk=locked.pk)
        journey = found.first()
        if journey is None:
            cls._begin(locked)
            journey = found.get()
        journey.lead = locked
        return journey

    @classmethod
    def _begin(cls, lead: Lead) -> None:
        first = Stage.objects.role(StageRole.LEAD)
        begins = {"stage": first, "entered_at": lead.created_at}
        journey, is_new = cls.objects.get_or_create(lead=lead, defaults=begins)
        if is_new:
            journey._write(first, at=lead.created_at, by=None, how=Transition.How.MACHINE, because="", anew=True)

    def recycle(
        self,
        reason: Reason,
        *,
        text: str = "",
        wake_at: datetime | None = None,
        only_with_news: bool = False,
        handed_off_from: Stage | None = None,
        by: User | None = None,
        at: datetime | None = None,
    ) -> Transition:
        """Back to nurture: the lead sleeps until `wake_at` and may qualify again after the cool-off; `only_with_news`:
        and not before it has done something new. `handed_off_from`: sales gave up a hand-off that began at that stage,
        so the lead is sent back from there.

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
            sends_back_from=handed_off_from or nurture,
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
        sends_back_from: Stage | None = None,
        day: date | None = None,
    ) -> Transition:
        """Go to `stage` and write it down. Back to the `lead` stage with a reason is a recycling; without one, a step.

        An earlier stage sends it back, if a person or a hand-off says so: from where it stood, or `sends_back_from`
        (from the stage that it goes to: not at all). A person's step forward frees it.

        Raises `Moved` when somebody else moved the journey since it was read, `Closed` when it is closed.
        """
        at = max(at or now(), self.last_step_at)
        if self.closed_at:
            raise self.Closed
        changed: dict[str, Any] = {"stage": stage, "entered_at": at}
        if stage.role == StageRole.LEAD and self.stage_id != stage.pk:
            changed |= self._put_to_sleep(wake_at, only_with_news, at=at) if reason else self._keep_awake()
        changed |= self._sent_back(stage, how=how, came_from=sends_back_from or self.stage, at=at)
        with transaction.atomic():
            # Compare and set: of two who move the same lead, one wins.
            still_here = Journey.objects.filter(pk=self.pk, stage=self.stage_id, closed_at=None)
            if not still_here.update(**changed):
                raise self.Moved
            said: dict[str, Any] = {"because": because, "definition": definition, "reason": reason, "day": day}
            step = self._write(stage, at=at, by=by, how=how, **said)
        for name, value in changed.items():
            setattr(self, name, value)
        return step

    def _put_to_sleep(self, wake_at: datetime | None, only_with_news: bool, *, at: datetime) -> dict[str, Any]:
        return {"recycled_at": at, "wake_at": wake_at, **({"news_count_from": at} if only_with_news else {})}

    def _keep_awake(self) -> dict[str, Any]:
        """Back there without a reason, it is not recycled: nor does it sleep by a recycling of before."""
        slept_until_news = self.recycled_at is not None and self.news_count_from == self.recycled_at
        return {"wake_at": None, **({"news_count_from": None} if slept_until_news else {})}

    def _sent_back(self, stage: Stage, *, how: str, came_from: Stage, at: datetime) -> dict[str, Any]:
        """What a step to that stage makes of being sent back. Opened again where it ended, it is what it was."""
        if stage.position < self.stage.position:
            by_people = how in (Transition.How.PERSON, Transition.How.HANDOFF)
            sends_back = by_people and stage.position < came_from.position
            return {"sent_back_from": came_from, "sent_back_at": at} if sends_back else {}
        before, frees = self.sent_back_from, how == Transition.How.PERSON and stage.position > self.stage.position
        if before is None or not frees and stage.position < before.position:
            return {}
        return {"sent_back_from": None, "sent_back_at": None}

    def close(
        self,
        ended: Ended,
        *,
        because: str,
        by: User | None = None,
        at: datetime | None = None,
        how: Transition.How = "person",  # type: ignore[assignment]
        reason: Reason | None = None,
        day: date | None = None,
    ) -> Transition:
        """End the journey: no buyer, or lost. The stage it stood at stays readable."""
        at = max(at or now(), self.last_step_at)
        with transaction.atomic():
            still_here = Journey.objects.filter(pk=self.pk, stage=self.stage_id, closed_at=None)
            if not still_here.update(closed_at=at, closed_as=ended):
                raise self.Moved
            step = self._write(None, at=at, by=by, how=how, because=because, reason=reason, day=day)
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
        day: date | None = None,
    ) -> Transition:
        """Open a closed journey again, at the stage where it ended or at another: an earlier one sends it back, and a
        later one frees it, as a step does. Raises `Moved`."""
        at = max(at or now(), self.last_step_at)
        stage = to or self.stage
        changed: dict[str, Any] = {"closed_at": None, "closed_as": "", "stage": stage, "entered_at": at}
        changed |= self._sent_back(stage, how=how, came_from=self.stage, at=at)
        with transaction.atomic():
            closed = Journey.objects.filter(pk=self.pk, stage=self.stage_id, closed_at__isnull=False)
            if not closed.update(**changed):
                raise self.Moved
            step = self._write(stage, at=at, by=by, how=how, because=because, anew=True, day=day)
        for name, value in changed.items():
            setattr(self, name, value)
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
        day: date | None = None,
    ) -> Transition:
        """Write the step down. `anew`: from nowhere, as a journey begins or is opened again."""
        kept = NOTHING_KEPT if how in Transition.BROUGHT_IN else kept_of(self.pk)
        step = Transition.objects.create(
            lead_id=self.pk,
            from_stage_id=None if anew else self.stage_id,
            to_stage=to_stage,
            at=at,
            day=day,
            by=by,
            how=how,
            because=because[:300],
            definition=definition,
            reason=reason,
            **kept,
        )
        if how != Transition.How.IMPORT or not to_stage:
            # Who arrives at a stage may be handed over there, or meet the next definition; what was offered of whoever
            # left it, or whose journey closed, is withdrawn.
            PendingReevaluation.objects.create(lead_id=self.pk, due_at=at)
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

    # Steps that an import brought in.
    BROUGHT_IN = (How.IMPORT, How.IMPORT_LIVE)

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="transitions", db_index=False)
    # No stage to come from: the journey began, or was reopened. No stage to go to: it was closed.
    from_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+", db_index=False)
    to_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="entries", db_index=False)
    at = models.DateTimeField(default=now)
    # The company day, where only that is known.
    day = models.DateField(null=True)
    recorded_at = RecordedAt(of="at")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    how = models.CharField(max_length=12, choices=How)
    definition = models.ForeignKey(Definition, models.PROTECT, null=True, related_name="transitions")
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, related_name="+", db_index=False)
    because = models.CharField(max_length=300, blank=True)
    # What the lead was when the step was made (`funnel.models.kept`): numbers of steps are cut by these, whatever it
    # has become since.
    persona = models.ForeignKey(Persona, models.PROTECT, null=True, related_name="+", db_index=False)
    quadrant = models.CharField(max_length=13, choices=Quadrant, blank=True, db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["lead", "at"], name="transition_of_lead"),
            models.Index(fields=["to_stage", "at"], include=["lead"], name="transition_into_stage"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(at__lte=F("recorded_at")), name="step_is_told_when_it_is_made"),
            models.CheckConstraint(
                condition=~Q(how__in=["import", "import_live"]) | Q(persona=None, quadrant=""),
                name="what_was_brought_in_keeps_nothing",
            ),
            models.CheckConstraint(
                condition=Q(quadrant__in=["", *Quadrant.values]), name="a_step_keeps_a_known_quadrant"
            ),
        ]
        triggers = watched(uncounted="by because day")
