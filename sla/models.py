"""What the teams promised each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

import holidays
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models, transaction
from django.db.models import F, FilteredRelation, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel.models import Definition, Journey, Reason, Stage, StageRole, Transition
from history.models import Outbox
from leads.models import Lead, PersonaVersion
from leads.registration import change
from scoring.models import DateTimeRange, ScoreModel
from sla.hours import OpeningHours
from smarketing.company import company_zone
from teams.models import Notice, Organization, Team, User, valid_time_zone


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def in_force(self, at: datetime | None = None) -> Self:
        at = at or now()
        return self.filter(Q(replaced_at=None) | Q(replaced_at__gt=at), in_force_from__lte=at)

    def draft(self) -> Self:
        return self.filter(proposed_at=None)

    def waiting(self) -> Self:
        """Proposed, and not yet signed by all."""
        return self.filter(proposed_at__isnull=False, in_force_from=None)


class Agreement(models.Model):
    """What marketing and sales promised each other, in one version. Once proposed it is never edited;
    once signed by every party's head it holds from a day on, until the next replaces it."""

    class NotReady(Exception):
        """Something is missing before it can be proposed; `missing` lists what, for people."""

        def __init__(self, missing: list[str]) -> None:
            super().__init__("; ".join(missing))
            self.missing = missing

    class Frozen(Exception):
        """It was proposed: it can be signed or taken back, not edited."""

    class NotYours(Exception):
        """Only the head of a party signs for it, once."""

    number = models.PositiveIntegerField(unique=True)
    preamble = models.TextField(_("Preamble"), blank=True)
    notes = models.TextField(_("Notes"), blank=True)
    # The day from which it shall hold; later if the last signature comes later.
    effective_on = models.DateField(_("In force from"), null=True, blank=True)
    score_model = models.ForeignKey(ScoreModel, models.PROTECT, null=True, related_name="agreements")
    score_model_may_change = models.BooleanField(_("Score models may be replaced between agreements"), default=False)
    # Chosen before signing: qualify all standing leads that match at once, or only those with news.
    qualifies_standing = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=now, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    proposed_at = models.DateTimeField(null=True, editable=False)
    in_force_from = models.DateTimeField(null=True, editable=False)
    replaced_at = models.DateTimeField(null=True, editable=False)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            ExclusionConstraint(
                name="one_agreement_in_force",
                expressions=[(DateTimeRange("in_force_from", "replaced_at", RangeBoundary()), RangeOperators.OVERLAPS)],
                condition=Q(in_force_from__isnull=False),
            ),
            models.UniqueConstraint(models.Value(1), condition=Q(in_force_from=None), name="one_agreement_on_its_way"),
            models.CheckConstraint(
                condition=Q(in_force_from=None) | Q(proposed_at__isnull=False), name="in_force_only_after_proposed"
            ),
            # That a proposed agreement and what it names stay as they are is the trigger of migration 0002.
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class AgreedPersona(models.Model):
    """A persona as an agreement words it, in the order in which leads are matched."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="agreed_personas")
    version = models.ForeignKey(PersonaVersion, models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "version"], name="a_persona_is_agreed_once"),
        ]


class AgreedDefinition(models.Model):
    """A stage's definition as an agreement words it."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="agreed_definitions")
    definition = models.ForeignKey(Definition, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "definition"], name="a_definition_is_agreed_once"),
        ]


class Party(models.Model):
    """A team that is bound by an agreement, and who signs for it."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="parties")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    head = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["agreement", "team"], name="a_team_is_party_once")]


class Signature(models.Model):
    """One head's word for one party."""

    party = models.OneToOneField(Party, models.CASCADE, related_name="signature")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    note = models.TextField(_("Note"), blank=True)


class Hop(models.Model):
    """From whom to whom a lead is handed over when it enters a stage, and where the answer leads."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="hops")
    from_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    offering_team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    receiving_team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    accepted_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    rejected_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    answer_within = models.DurationField(_("Answer within"), default=timedelta(hours=4))

    class Meta:
        ordering = ["from_stage__position"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "from_stage"], name="one_hop_per_stage"),
            models.CheckConstraint(condition=Q(answer_within__gt=timedelta()), name="an_answer_takes_some_time"),
        ]


class Calendar(models.Model):
    """When the clocks of our promises run."""

    name = models.CharField(_("Name"), max_length=80, unique=True)
    is_default = models.BooleanField(default=False, editable=False)
    # Empty: the company's.
    time_zone = models.CharField(_("Time zone"), max_length=64, blank=True, validators=[valid_time_zone])
    country = models.CharField(_("Holidays of"), max_length=2, blank=True)
    # {"0": [["09:00", "12:00"], ["13:00", "18:00"]], …}, 0 = Monday; 00:00 closes at the end of the day.
    windows = models.JSONField(_("Opening hours"))

    class Meta:
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_calendar")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def default(cls) -> Calendar:
        return cls.objects.get(is_default=True)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone) if self.time_zone else company_zone()

    def hours(self, *, at: datetime | None = None) -> OpeningHours:
        """Return the opening hours as they stand, with the holidays of the years around `at`.

        Raises `ValueError` when no window is open. Deadlines are computed with it once and kept.
        """
        year = (at or now()).year
        country = self.country or Organization.ours().country
        closed = {day.day for day in self.days.all()} | set(national_holidays(country, year - 1, year + 6))
        return OpeningHours(windows_of(self.windows), frozenset(closed), self.zone)


def windows_of(stored: dict[str, list[list[str]]]) -> dict[int, list[tuple[time, time]]]:
    """Read windows as `Calendar.windows` keeps them. Raises `ValueError` for what is no time."""
    return {
        int(weekday): [(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in windows]
        for weekday, windows in stored.items()
    }


@lru_cache(maxsize=32)
def national_holidays(country: str, first_year: int, last_year: int) -> Mapping[date, str]:
    """Return a country's holidays from one year through another, by day; none for an unknown country."""
    if country not in holidays.list_supported_countries():
        return {}
    return dict(holidays.country_holidays(country, years=range(first_year, last_year + 1)))


class CalendarDay(models.Model):
    """A day on which the company is closed by its own choice."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="days")
    day = models.DateField(_("Day"))
    name = models.CharField(_("What for"), max_length=80, blank=True)

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["calendar", "day"], name="a_day_is_closed_once")]


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def open(self) -> Self:
        return self.filter(answer="")

    def for_rep(self, user: User) -> Self:
        return self.filter(rep=user)

    def with_clock(self) -> Self:
        """By deadline, the overdue first, each with its answer clock as `due_at` and `breached_at`."""
        clock = FilteredRelation("timers", condition=Q(timers__kind="answer"))
        return self.annotate(
            clock=clock,
            clock_started_at=F("clock__started_at"),
            due_at=F("clock__due_at"),
            stopped_at=F("clock__stopped_at"),
            breached_at=F("clock__breached_at"),
        ).order_by("due_at", "pk")


class Handoff(models.Model):
    """Marketing's offer of one lead to one rep: a promise with a clock."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Verdict(models.TextChoices):
        FITS = "fits", _("Fits")
        PARTLY = "partly", _("Partly")
        NO = "no", _("Does not fit")

    class Answered(Exception):
        """This hand-off was answered before."""

    class NeedsWords(Exception):
        """The reason says nothing by itself: a note is needed."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="handoffs", db_index=False)
    hop = models.ForeignKey(Hop, models.PROTECT, related_name="handoffs", db_index=False)
    # The step into the hop's stage that opened it: an idempotent offer names its cause.
    transition = models.ForeignKey(Transition, models.PROTECT, related_name="handoffs")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    rep = models.ForeignKey(User, models.PROTECT, related_name="handoffs", db_index=False)
    offered_at = models.DateTimeField(default=now)
    answer = models.CharField(max_length=9, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, related_name="+", db_index=False)
    verdict = models.CharField(max_length=6, choices=Verdict, blank=True)
    note = models.TextField(blank=True)

    objects = HandoffQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(answer=""), name="one_open_handoff_per_lead"),
            models.UniqueConstraint(fields=["transition"], condition=Q(replaces=None), name="one_first_offer_per_step"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | ~Q(answer="") & Q(answered_at__isnull=False),
                name="an_answer_has_a_moment",
            ),
            models.CheckConstraint(
                condition=~Q(answer="rejected") | Q(reason__isnull=False) & ~Q(verdict=""),
                name="a_rejection_has_a_reason_and_a_verdict",
            ),
        ]
        indexes = [
            models.Index(fields=["rep", "offered_at"], name="handoff_open", condition=Q(answer="")),
            models.Index(fields=["rep", "-offered_at"], name="handoff_of_rep"),
            models.Index(fields=["answered_at"], name="handoff_answered", condition=~Q(answer="")),
            models.Index(fields=["offered_at"], name="handoff_offered"),
            models.Index(fields=["lead"], name="handoff_of_lead"),
        ]

    def accept(self, *, by: User, verdict: Handoff.Verdict | str = "", at: datetime | None = None) -> None:
        """Say yes, and whether the lead is the persona if that can be told: the clock stops, the lead moves on and is
        its rep's. Raises `Answered`, `Journey.Moved`."""
        with transaction.atomic():
            at = self._answer(self.Answer.ACCEPTED, by=by, at=at, verdict=verdict)
            journey = self._journey()
            if self.hop.accepted_stage_id != journey.stage_id:
                journey.move_to(self.hop.accepted_stage, because="Accepted", by=by, at=at, how=Transition.How.HANDOFF)
            change(self.lead, {"owner": self.rep}, by=by, how="handoff", at=at)

    def reject(
        self,
        *,
        by: User,
        reason: Reason,
        verdict: Handoff.Verdict,
        note: str = "",
        at: datetime | None = None,
        wake_at: datetime | None = None,
    ) -> None:
        """Say no, and why: the lead is recycled, or its journey closed when the reason says so.

        Raises `Answered`, `Journey.Moved`, and `NeedsWords` when the reason says nothing by itself.
        """
        if reason.needs_text and not note.strip():
            raise self.NeedsWords
        note = note.strip()
        with transaction.atomic():
            at = self._answer(self.Answer.REJECTED, by=by, at=at, reason=reason, verdict=verdict, note=note)
            journey = self._journey()
            because = note or reason.name_en
            how = Transition.How.HANDOFF
            back = self.hop.rejected_stage
            if reason.disqualifies:
                journey.close(Journey.Ended.DISQUALIFIED, because=because, by=by, at=at, how=how, reason=reason)
            elif back.pk != journey.stage_id:
                wakes = wake_at if back.role == StageRole.LEAD else None
                journey.move_to(back, because=because, by=by, at=at, how=how, reason=reason, wake_at=wakes)
            self._tell_offering_team(because, at=at)

    def withdraw(self, *, by: User | None = None, note: str = "", at: datetime | None = None) -> None:
        """Take the offer back. What fell due before that stays breached. Raises `Answered`."""
        with transaction.atomic():
            self._answer(self.Answer.WITHDRAWN, by=by, at=at, note=note)

    def _tell_offering_team(self, because: str, *, at: datetime) -> None:
        """Whoever leads the team that offered hears why it was not taken."""
        head = self.hop.offering_team.head
        if head is not None:
            told = {"lead": self.lead_id, "family_name": self.lead.family_name, "given_name": self.lead.given_name}
            params = told | {"email": self.lead.email, "reason": because}
            url = f"/leads/{self.lead_id}/"
            Notice.objects.tell([head], Notice.Kind.REJECTED, about=f"handoff {self.pk}", params=params, url=url, at=at)

    def _journey(self) -> Journey:
        """The lead's journey, if it still stands where the hand-off found it."""
        journey = Journey.objects.select_for_update().get(pk=self.lead_id)
        if journey.closed_at or journey.stage_id != self.hop.from_stage_id:
            raise Journey.Moved
        return journey

    def _answer(self, answer: Answer, *, by: User | None, at: datetime | None, **said: object) -> datetime:
        """Compare and set, and stop the clock. The moment is taken under the locks: of two who answer at
        once one wins, and no clock is found breached by an answer that came in time."""
        still_open = Handoff.objects.select_for_update().filter(pk=self.pk, answer="")
        if not still_open.values_list("pk").first():
            raise self.Answered
        timers = list(Timer.objects.select_for_update().filter(handoff=self.pk, stopped_at=None))
        at = at or now()
        given = {"answer": answer, "answered_at": at, "answered_by": by, **said}
        Handoff.objects.filter(pk=self.pk).update(**given)
        for name, value in given.items():
            setattr(self, name, value)
        for timer in timers:
            timer.stop(at=at, done=answer != self.Answer.WITHDRAWN)
        Outbox.objects.put(f"handoff_{answer}", {"handoff": self.pk, "lead": self.lead_id, "rep": self.rep_id}, at=at)
        return at


class TimerQuerySet(models.QuerySet["Timer"]):
    def running(self) -> Self:
        return self.filter(stopped_at=None, breached_at=None)


class Timer(models.Model):
    """One running promise: until then."""

    class Kind(models.TextChoices):
        ANSWER = "answer", _("Answer")
        FIRST_TOUCH = "first_touch", _("First touch")

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="timers", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    target = models.DurationField()
    started_at = models.DateTimeField()
    # Computed once by the opening hours then valid, and kept: editing a calendar moves no running deadline.
    remind_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    # In time, or not; neither while it runs or when it was withdrawn before it fell due.
    kept_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    # How long it ran, in open time, by the calendar of the day on which it was stopped.
    open_time = models.DurationField(null=True)

    objects = TimerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handoff", "kind"], name="one_timer_of_a_kind_per_handoff"),
            models.CheckConstraint(
                condition=Q(kept_at=None) | Q(breached_at=None), name="kept_and_breached_exclude_each_other"
            ),
            models.CheckConstraint(
                condition=Q(breached_at=None) | Q(breached_at=F("due_at")), name="a_breach_dates_from_when_it_fell_due"
            ),
            models.CheckConstraint(
                condition=Q(kept_at=None) | Q(stopped_at__isnull=False, stopped_at__lte=F("due_at")),
                name="kept_means_stopped_in_time",
            ),
        ]
        indexes = [
            # For the sweeps, which only ever look at what is still running.
            models.Index(fields=["due_at"], name="timer_running", condition=Q(stopped_at=None, breached_at=None)),
            models.Index(
                fields=["remind_at"],
                name="timer_to_remind",
                condition=Q(stopped_at=None, breached_at=None, reminded_at=None, remind_at__isnull=False),
            ),
            models.Index(fields=["kind", "due_at"], name="timer_by_due"),
        ]

    def stop(self, *, at: datetime, done: bool = True) -> None:
        """Stop the clock: kept when `done` by its deadline, breached from then when later, else neither."""
        self.stopped_at = at
        self.open_time = Calendar.default().hours(at=self.started_at).elapsed(self.started_at, at)
        if self.breached_at is None:
            if at > self.due_at:
                self.breached_at = self.due_at
            elif done:
                self.kept_at = at
        self.save(update_fields=["stopped_at", "kept_at", "breached_at", "open_time"])
        outcome = "breached" if self.breached_at else "kept" if self.kept_at else "withdrawn"
        Outbox.objects.put(f"timer_{outcome}", {"timer": self.pk, "handoff": self.handoff_id}, at=at)


class BegunDay(models.Model):
    """A company day whose nightly pass over everyone is finished."""

    day = models.DateField(primary_key=True)
    finished_at = models.DateTimeField(default=now)
