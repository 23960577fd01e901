"""The hand-off of a lead from one team to the next: offered, answered, worked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models, transaction
from django.db.models import F, FilteredRelation, Q, Sum
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from funnel.models import Journey, Reason, StageRole, Transition
from history.events import Event
from leads.activities.recording import record
from leads.models import Lead, Persona
from leads.notices import lead_params
from leads.registering.registration import change
from metrics.changes import watched
from scoring.models import Quadrant
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Party
from sla.agreement.models.policies import Policy
from sla.calendars.models import Calendar
from sla.events import (
    HANDOFF_ACCEPTED,
    HANDOFF_GIVEN_UP,
    HANDOFF_OFFERED,
    HANDOFF_REJECTED,
    HANDOFF_WITHDRAWN,
    TOUCH_MADE,
    HandoffAnswered,
)
from sla.handoffs.cadence import Cadence, Progress, progress
from sla.handoffs.models.timers import Timer
from sla.handoffs.models.touches import Touch
from sla.handoffs.notices import REJECTED, RejectedParams
from smarketing.pages.wording import in_every_language
from teams.models import Notice, User

# What the machine writes where a person would give a reason; told in the reader's language.
UNANSWERED = gettext_noop("Not answered in time.")


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
            target=F("clock__target"),
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

    class NotAgreed(Exception):
        """The agreement does not name this reason for this hand-off."""

    class Over(Exception):
        """It is not being worked: never accepted, given up, or its lead went back or was closed since."""

    class TooSoon(Exception):
        """It ends before what was agreed is done: a note must say why."""

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
    # How it was to be kept, and what the lead was when it was offered: later scores do not rewrite that.
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, related_name="+", db_index=False)
    persona = models.ForeignKey(Persona, models.PROTECT, null=True, related_name="+", db_index=False)
    quadrant = models.CharField(max_length=13, choices=Quadrant, blank=True)
    # Accepted, worked, and given up without an outcome.
    given_up_at = models.DateTimeField(null=True)
    given_up_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

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
            models.CheckConstraint(
                condition=Q(given_up_at=None) | Q(answer="accepted", given_up_by__isnull=False, reason__isnull=False),
                name="given_up_only_after_accepted_with_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["rep", "offered_at"], name="handoff_open", condition=Q(answer="")),
            models.Index(fields=["rep", "-offered_at"], name="handoff_of_rep"),
            models.Index(fields=["answered_at"], name="handoff_answered", condition=~Q(answer="")),
            models.Index(fields=["offered_at"], name="handoff_offered"),
            models.Index(fields=["lead"], name="handoff_of_lead"),
            models.Index(fields=["given_up_at"], name="handoff_given_up", condition=Q(given_up_at__isnull=False)),
        ]
        triggers = watched()

    def accept(self, *, by: User, verdict: Handoff.Verdict | str = "", at: datetime | None = None) -> None:
        """Say yes, and whether the lead is the persona if that can be told: the clock stops, the lead moves on and is
        its rep's, and the clock of the first touch starts. Raises `Answered`, `Journey.Moved`."""
        with transaction.atomic():
            at = self._answer(self.Answer.ACCEPTED, by=by, at=at, verdict=verdict)
            self._go_on(by=by, at=at)

    def reject(
        self,
        *,
        by: User,
        reason: Reason,
        verdict: Handoff.Verdict,
        note: str = "",
        at: datetime | None = None,
        wake_at: datetime | None = None,
        only_with_news: bool = False,
    ) -> None:
        """Say no, and why: the lead is recycled, or its journey closed when the reason says so.

        Raises `Answered`, `Journey.Moved`, `NotAgreed`, and `NeedsWords` when the reason says nothing by itself.
        """
        if self.hop.reason_keys and reason not in self.reasons():
            raise self.NotAgreed
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
                journey.move_to(
                    back,
                    because=because,
                    by=by,
                    at=at,
                    how=how,
                    reason=reason,
                    wake_at=wake_at if back.role == StageRole.LEAD else None,
                    only_with_news=only_with_news,
                )
            self._notify_offering_team(note or in_every_language(reason), at=at)

    def reasons(self) -> models.QuerySet[Reason]:
        """Why it may be rejected: the reasons that its hop names, else all of the list."""
        listed = Reason.objects.offered(Reason.Kind.REJECTED)
        named = listed.filter(key__in=self.hop.reason_keys)
        # When every reason that was named has been retired since, a rejection must still be possible.
        return named if self.hop.reason_keys and named.exists() else listed

    def touch(
        self, kind: Touch.Kind | str, *, by: User, contact: bool = False, note: str = "", at: datetime | None = None
    ) -> Touch:
        """Write down what was done to reach the lead. The first one stops the clock of the first touch; a call or a
        meeting in which the lead took part is an activity of the lead as well, and counts in its scores.

        Raises `Over`.
        """
        note = note.strip()
        with transaction.atomic():
            timers = self._worked()
            at = at or now()
            touch = Touch.objects.create(handoff=self, by=by, at=at, kind=kind, is_contact=contact, note=note)
            for timer in timers:
                timer.stop(at=at)
            if touch.is_an_activity:
                said = {"by": str(by)} | ({"note": note} if note else {})
                record(self.lead, kind, at, properties=said, at=at)
            TOUCH_MADE.emit(
                {
                    "touch": touch.pk,
                    "handoff": self.pk,
                    "lead": self.lead_id,
                    "rep": self.rep_id,
                    "kind": kind,
                    "contact": contact,
                },
                at=at,
            )
        return touch

    def give_up(
        self,
        *,
        by: User,
        reason: Reason,
        note: str = "",
        at: datetime | None = None,
        wake_at: datetime | None = None,
        only_with_news: bool = False,
    ) -> None:
        """Stop working an accepted one: its lead is recycled, or disqualified when the reason says so.

        Raises `Over`, `Journey.Moved` when the lead has moved on, `NeedsWords`, and `TooSoon` without a note before
        the agreed touches are made.
        """
        note = note.strip()
        if reason.needs_text and not note:
            raise self.NeedsWords
        with transaction.atomic():
            timers = self._worked()
            at = at or now()
            if not note and not self.progress(at=at).is_done:
                raise self.TooSoon
            journey = Journey.objects.select_for_update().select_related("stage").get(pk=self.lead_id)
            if journey.stage_id != self.hop.accepted_stage_id:
                raise Journey.Moved
            given = {"given_up_at": at, "given_up_by": by, "reason": reason, "note": note}
            Handoff.objects.filter(pk=self.pk).update(**given)
            for name, value in given.items():
                setattr(self, name, value)
            for timer in timers:
                timer.stop(at=at, done=False)
            if reason.disqualifies or reason.kind == Reason.Kind.DISQUALIFIED:
                journey.disqualify(reason, text=note, by=by, at=at)
            else:
                journey.recycle(reason, text=note, wake_at=wake_at, only_with_news=only_with_news, by=by, at=at)
            self._emit(HANDOFF_GIVEN_UP, at=at)

    def progress(self, *, at: datetime) -> Progress:
        """How far the agreed touches are, by the hours of its rep. Of an accepted one."""
        assert self.answered_at is not None  # accepted
        touches = [touch.is_contact for touch in self.touches.all()]
        return progress(
            Cadence.of(self.policy),
            self.answered_at,
            Calendar.of(self.rep).hours(at=at),
            made=len(touches),
            reached=any(touches),
            pauses=[span for timer in self.timers.all() for span in timer.paused()],
            at=at,
        )

    def _worked(self) -> list[Timer]:
        """Lock it while it is being worked, and return the clock of the first touch if it still runs."""
        at_work = Handoff.objects.select_for_update().filter(pk=self.pk, answer=self.Answer.ACCEPTED, given_up_at=None)
        if not at_work.values_list("pk").first():
            raise self.Over
        timers = Timer.objects.select_for_update().filter(handoff=self.pk, kind=Timer.Kind.FIRST_TOUCH, stopped_at=None)
        running = list(timers)
        # Back in nurture, or closed: nobody is to be called any more.
        goes_on = Q(recycled_at=None) | Q(recycled_at__lte=self.answered_at)
        if not Journey.objects.filter(goes_on, pk=self.lead_id, closed_at=None).exists():
            raise self.Over
        return running

    def accept_by_default(self, *, at: datetime | None = None) -> None:
        """Nobody answered, and the policy counts that as a yes: accepted, by the rule and not in time.

        Raises `Answered`, `Journey.Moved`.
        """
        with transaction.atomic():
            at = self._answer(self.Answer.ACCEPTED, by=None, at=at, in_time=False)
            self._go_on(by=None, at=at)

    def reassign(self, to: User, *, by: User | None = None, note: str = "", at: datetime | None = None) -> Handoff:
        """Take it back from its rep and offer it to another: the breach stays where it happened, and the answer clock
        starts anew. Raises `Answered`."""
        with transaction.atomic():
            at = self._answer(self.Answer.WITHDRAWN, by=by, at=at, note=note)
            again = Handoff.objects.create(
                lead_id=self.lead_id,
                hop=self.hop,
                transition_id=self.transition_id,
                replaces=self,
                rep=to,
                offered_at=at,
                policy=self.policy,
                persona_id=self.persona_id,
                quadrant=self.quadrant,
            )
            Timer.start([again], at=at)
            HANDOFF_OFFERED.emit({"handoff": again.pk, "lead": again.lead_id, "rep": to.pk, "replaces": self.pk}, at=at)
        return again

    def withdraw(self, *, by: User | None = None, note: str = "", at: datetime | None = None) -> None:
        """Take the offer back. What fell due before that stays breached. Raises `Answered`."""
        with transaction.atomic():
            self._answer(self.Answer.WITHDRAWN, by=by, at=at, note=note)

    def lapse(self, *, at: datetime | None = None) -> None:
        """Nobody answered, and the policy takes the offer back: its lead goes where a rejection would have sent it,
        and may qualify again. Raises `Answered`, `Journey.Moved`."""
        with transaction.atomic():
            at = self._answer(self.Answer.WITHDRAWN, by=None, at=at, note=UNANSWERED)
            journey = self._journey()
            if self.hop.rejected_stage_id != journey.stage_id:
                journey.move_to(self.hop.rejected_stage, because=UNANSWERED, at=at, how=Transition.How.HANDOFF)

    def _notify_offering_team(self, reason: str | dict[str, str], *, at: datetime) -> None:
        """Whoever leads the team that offered hears why it was not taken."""
        head = self.hop.offering_team.head
        if head is not None:
            params: RejectedParams = {**lead_params(self.lead), "reason": reason}
            Notice.objects.notify([head], REJECTED, params, about=f"handoff {self.pk}", at=at)

    def _go_on(self, *, by: User | None, at: datetime) -> None:
        journey = self._journey()
        if self.hop.accepted_stage_id != journey.stage_id:
            journey.move_to(self.hop.accepted_stage, because="Accepted", by=by, at=at, how=Transition.How.HANDOFF)
        change(self.lead, {"owner": self.rep}, by=by, how="handoff", at=at)
        Timer.start([self], at=at, kind=Timer.Kind.FIRST_TOUCH)

    def waited(self) -> timedelta | None:
        """How long its lead waited, in open time, from its first offer to this answer, whoever had it meanwhile; None
        while it waits. It is what the timers kept: each ran by the hours of its rep."""
        if not self.answer:
            return None
        chain = Timer.objects.filter(kind=Timer.Kind.ANSWER, handoff__transition=self.transition_id)
        total: timedelta | None = chain.filter(handoff__lte=self.pk).aggregate(total=Sum("open_time"))["total"]
        return total

    def escalates_to(self) -> User | None:
        """Whom the agreement names for the receiving team, or the team's head."""
        party = Party.objects.filter(agreement=self.hop.agreement_id, team=self.hop.receiving_team_id)
        named = party.select_related("escalates_to").first()
        return (named and named.escalates_to) or self.hop.receiving_team.head

    def _journey(self) -> Journey:
        """The lead's journey, if it still stands where the hand-off found it."""
        journey = Journey.objects.select_for_update().get(pk=self.lead_id)
        if journey.closed_at or journey.stage_id != self.hop.from_stage_id:
            raise Journey.Moved
        return journey

    def _answer(
        self, answer: Answer, *, by: User | None, at: datetime | None, in_time: bool = True, **said: object
    ) -> datetime:
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
            timer.stop(at=at, done=answer != self.Answer.WITHDRAWN, in_time=in_time)
        self._emit(ANSWERED[answer], at=at)
        return at

    def _emit(self, event: Event[HandoffAnswered], *, at: datetime) -> None:
        event.emit({"handoff": self.pk, "lead": self.lead_id, "rep": self.rep_id}, at=at)


ANSWERED = {
    Handoff.Answer.ACCEPTED: HANDOFF_ACCEPTED,
    Handoff.Answer.REJECTED: HANDOFF_REJECTED,
    Handoff.Answer.WITHDRAWN: HANDOFF_WITHDRAWN,
}
