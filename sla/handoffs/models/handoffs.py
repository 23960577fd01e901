"""The hand-off of a lead from one team to the next: offered, answered, worked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q, Sum
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel.models import Journey, Reason, StageRole, Transition
from history.events import Event
from leads.activities.recording import record
from leads.models import Lead, Persona
from leads.notices import lead_params
from leads.registering.registration import change
from metrics.changes import watched
from scoring.models import Quadrant
from sla import events
from sla.agreement.models.hops import Hop
from sla.agreement.models.policies import Policy
from sla.calendars.models import Calendar
from sla.handoffs.cadence import Cadence, Progress, measure_progress
from sla.handoffs.models.constraints import CONSTRAINTS, INDEXES
from sla.handoffs.models.querying import TAKEN, WORKED, ClockedQuerySet
from sla.handoffs.models.threads import OfThread
from sla.handoffs.models.timers import Timer
from sla.handoffs.models.touches import Touch
from sla.handoffs.notices import REJECTED, UNANSWERED, RejectedParams
from smarketing.pages.wording import in_every_language
from teams.models import Notice, User
from teams.people.standing_in import stand_in


class HandoffQuerySet(ClockedQuerySet["Handoff"]):
    """Hand-offs."""


class Handoff(OfThread):
    """Marketing's offer of one qualified lead to one rep, to be answered by a deadline."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Answered(Exception):
        """This hand-off was answered before."""

    class NeedsWords(Exception):
        """The reason says nothing by itself: a note is needed."""

    class NotAgreed(Exception):
        """The agreement does not name this reason for this hand-off."""

    class Over(Exception):
        """It is not being worked: never accepted, given up, handed on, or its lead went back, was closed or merged."""

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
    note = models.TextField(blank=True)
    # Its policy, and what the lead was when it was offered: later scores do not rewrite that.
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, related_name="+", db_index=False)
    persona = models.ForeignKey(Persona, models.PROTECT, null=True, related_name="+", db_index=False)
    quadrant = models.CharField(max_length=13, choices=Quadrant, blank=True)
    # Offered only because the signers chose "all now": its lead stood there before.
    stood_before = models.BooleanField(default=False, db_default=False)
    # Accepted, worked, and given up without an outcome.
    given_up_at = models.DateTimeField(null=True)
    given_up_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    objects = HandoffQuerySet.as_manager()

    class Meta:
        constraints = CONSTRAINTS
        indexes = INDEXES
        triggers = watched(uncounted="follows two_reps answered_by note stood_before given_up_by merged_away_at")

    def accept(
        self,
        *,
        by: User,
        verdict: Handoff.Verdict | str = "",
        persona: Persona | None = None,
        at: datetime | None = None,
    ) -> None:
        """Accept the lead: the answer timer stops, the lead moves to the next stage and is owned by the rep, and the
        timer of the first touch starts. Raises `Answered`, `Journey.Moved`."""
        with transaction.atomic():
            journey = Journey.of(self.lead)
            at = self._answer(self.Answer.ACCEPTED, by=by, at=at, verdict=verdict, named_persona=persona)
            self._start_work(journey, by=by, at=at)

    def reject(
        self,
        *,
        by: User,
        reason: Reason,
        verdict: Handoff.Verdict | str = "",
        persona: Persona | None = None,
        note: str = "",
        at: datetime | None = None,
        wake_at: datetime | None = None,
        only_with_news: bool = False,
    ) -> None:
        """Reject the lead: it is recycled, or its journey is closed if the reason disqualifies. The verdict is asked of
        a lead with a persona, the persona of one without. Raises `Answered`, `Journey.Moved`, `NotAgreed`, and
        `NeedsWords` when the reason says nothing by itself."""
        if self.hop.reason_keys and reason not in self.hop.rejection_reasons():
            raise self.NotAgreed
        if reason.needs_text and not note.strip():
            raise self.NeedsWords
        note = note.strip()
        with transaction.atomic():
            journey = Journey.of(self.lead)
            at = self._answer(
                self.Answer.REJECTED, by=by, at=at, reason=reason, verdict=verdict, note=note, named_persona=persona
            )
            self._check_stands(journey)
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

    def touch(
        self,
        kind: Touch.Kind | str,
        *,
        by: User,
        contact: bool = False,
        note: str = "",
        at: datetime | None = None,
        done_at: datetime | None = None,
    ) -> Touch:
        """Log what was done to reach the lead. The first touch stops the timer of the first touch; a call or a
        meeting in which the lead took part is an activity of the lead as well, and counts in its scores: that of the
        moment at which it was done, while the timer stops when it is written down; nothing was done later than that.

        Raises `Over`.
        """
        note = note.strip()
        with transaction.atomic():
            timers = self.lock_worked()
            at = self.moment_after(at)
            done_at = min(done_at, at) if done_at else None
            touch = Touch.objects.create(
                handoff=self, by=by, at=at, done_at=done_at, kind=kind, is_contact=contact, note=note
            )
            for timer in timers:
                timer.stop(at=at)
            if touch.is_an_activity:
                properties = {"by": str(by)} | ({"note": note} if note else {})
                record(self.lead, kind, done_at or at, properties=properties, at=at)
            touch.emit(lead=self.lead_id, rep=self.rep_id, at=at)
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
        """Stop working an accepted hand-off: its lead is recycled, or disqualified if the reason says so.

        Raises `Over`, `Journey.Moved` when the lead has moved on, `NeedsWords`, and `TooSoon` without a note before
        the agreed touches are made.
        """
        note = note.strip()
        if reason.needs_text and not note:
            raise self.NeedsWords
        with transaction.atomic():
            journey = Journey.of(self.lead)
            timers = self.lock_worked()
            at = self.moment_after(at)
            if not note and not self.progress(at=at).is_done:
                raise self.TooSoon
            if journey.stage_id != self.hop.accepted_stage_id:
                raise Journey.Moved
            values = {"given_up_at": at, "given_up_by": by, "reason": reason, "note": note}
            Handoff.objects.filter(pk=self.pk).update(**values)
            for name, value in values.items():
                setattr(self, name, value)
            for timer in timers:
                timer.stop(at=at, done=False)
            if reason.disqualifies or reason.kind == Reason.Kind.DISQUALIFIED:
                journey.disqualify(reason, text=note, by=by, at=at)
            else:
                journey.recycle(
                    reason,
                    text=note,
                    wake_at=wake_at,
                    only_with_news=only_with_news,
                    handed_off_from=self.hop.from_stage,
                    by=by,
                    at=at,
                )
            self._emit(events.HANDOFF_GIVEN_UP, at=at)

    def progress(self, *, at: datetime) -> Progress:
        """The progress of the agreed touches of an accepted hand-off, by the hours with which the clock of its first
        touch started, else by those of its rep."""
        assert self.answered_at is not None  # accepted
        touches = [touch.is_contact for touch in self.touches.all()]
        own = [timer.hours for timer in self.timers.all() if timer.kind == Timer.Kind.FIRST_TOUCH]
        return measure_progress(
            Cadence.of(self.policy),
            self.answered_at,
            own[0] if own else Calendar.for_user(self.rep).hours(at=at),
            made=len(touches),
            reached=any(touches),
            pauses=[span for timer in self.timers.all() for span in timer.paused()],
            at=at,
        )

    def lock_worked(self) -> list[Timer]:
        """Lock it if it is still worked, and return the timer of the first touch if that runs. Raises `Over`."""
        if not self._lock(WORKED):
            raise self.Over
        mine = Hop.objects.filter(pk=self.hop_id)
        # Handed on, or offered and accepted again, as it had gone back meanwhile.
        again = TAKEN & Q(lead=self.lead_id, hop__from_stage__in=mine.values("from_stage"), pk__gt=self.pk)
        # Back in nurture or before, or closed: nobody is to be called any more.
        still_worked = Q(recycled_at=None) | Q(recycled_at__lte=self.answered_at)
        stands = Q(pk=self.lead_id, closed_at=None, stage__position__gte=mine.values("accepted_stage__position"))
        is_handed_on = Handoff.objects.filter(Q(replaces=self.pk) | again).exists()
        if is_handed_on or not Journey.objects.filter(still_worked & stands).exists():
            raise self.Over
        return self._lock_timers(kind=Timer.Kind.FIRST_TOUCH)

    def accept_by_default(self, *, at: datetime | None = None) -> None:
        """Accept it without an answer, as its policy says: by the rule, and not in time.

        Raises `Answered`, `Journey.Moved`.
        """
        with transaction.atomic():
            journey = Journey.of(self.lead)
            at = self._answer(self.Answer.ACCEPTED, by=None, at=at)
            self._start_work(journey, by=None, at=at)

    def reassign(
        self, to: User, *, by: User | None = None, note: str = "", two_reps: str = "", at: datetime | None = None
    ) -> Handoff:
        """Withdraw it from its rep and offer it to another, with a new answer timer; those that wait for its answer go
        along. A breach stays with the first rep. Raises `Answered`."""
        with transaction.atomic():
            at = self._answer(self.Answer.WITHDRAWN, by=by, at=at, note=note, moves_thread=True)
            replacement = self.replacement(to, at=at, two_reps=two_reps)
            Timer.start([replacement], at=at)
            for follower in self._lock_followers():
                follower._answer(self.Answer.WITHDRAWN, by=by, at=at, note=note)
                follower.replacement(to, at=at, two_reps=two_reps, follows=replacement)
        return replacement

    def replacement(self, to: User, *, at: datetime, **values: Any) -> Handoff:
        """Make the hand-off that replaces this one, offered to another."""
        replacement = Handoff.objects.create(
            lead_id=self.lead_id,
            hop=self.hop,
            transition_id=self.transition_id,
            replaces=self,
            rep=to,
            offered_at=at,
            policy=self.policy,
            persona_id=self.persona_id,
            quadrant=self.quadrant,
            **values,
        )
        events.HANDOFF_OFFERED.emit(
            {"handoff": replacement.pk, "lead": self.lead_id, "rep": to.pk, "replaces": self.pk}, at=at
        )
        return replacement

    def withdraw(
        self, *, by: User | None = None, note: str = "", at: datetime | None = None, found_at: datetime | None = None
    ) -> None:
        """Withdraw the offer. A timer that fell due before stays breached. Hand-offs that waited for its answer get
        their own timers, if it is found later that there is nothing to offer then. Raises `Answered`."""
        with transaction.atomic():
            at = self._answer(self.Answer.WITHDRAWN, by=by, at=at, moves_thread=True, note=note)
            Timer.start(self._lock_followers(), at=max(at, found_at or at))

    def lapse(self, *, at: datetime | None = None) -> None:
        """Withdraw it unanswered, as its policy says: its lead moves where a rejection moves it, and may qualify again.
        Raises `Answered`, `Journey.Moved`."""
        with transaction.atomic():
            journey = Journey.of(self.lead)
            at = self._answer(self.Answer.WITHDRAWN, by=None, at=at, note=UNANSWERED)
            self._check_stands(journey)
            if self.hop.rejected_stage_id != journey.stage_id:
                journey.move_to(self.hop.rejected_stage, because=UNANSWERED, at=at, how=Transition.How.HANDOFF)

    def _notify_offering_team(self, reason: str | dict[str, str], *, at: datetime) -> None:
        """Notify the head of the offering team why it was rejected."""
        head = stand_in(self.hop.offering_team.head)
        if head is not None:
            params: RejectedParams = {**lead_params(self.lead), "reason": reason}
            Notice.objects.notify([head], REJECTED, params, about=f"handoff {self.pk}", at=at)

    def _start_work(self, journey: Journey, *, by: User | None, at: datetime) -> None:
        self._check_stands(journey)
        if self.hop.accepted_stage_id != journey.stage_id:
            journey.move_to(self.hop.accepted_stage, because="Accepted", by=by, at=at, how=Transition.How.HANDOFF)
        change(self.lead, {"owner": self.rep}, by=by, how="handoff", at=at)
        Timer.start([self], at=at, kind=Timer.Kind.FIRST_TOUCH)

    def waited(self) -> timedelta | None:
        """The open time from the first offer of its lead to this answer, through all reassignments; None if unanswered.
        It is the sum of the timers, each by the hours of its rep."""
        if not self.answer:
            return None
        chain = Timer.objects.filter(kind=Timer.Kind.ANSWER, handoff__transition=self.transition_id)
        total: timedelta | None = chain.filter(handoff__lte=self.pk).aggregate(total=Sum("open_time"))["total"]
        return total

    def _check_stands(self, journey: Journey) -> None:
        """Raise `Journey.Moved` if the lead is not in the stage any more from which it was offered."""
        if journey.closed_at or journey.stage_id != self.hop.from_stage_id:
            raise Journey.Moved

    def _lock(self, standing: Q) -> bool:
        """Lock it if it stands so; return whether it does. A merge may have given it to another lead."""
        locked = Handoff.objects.select_for_update(of=("self",), no_key=True).filter(standing, pk=self.pk)
        found = locked.values_list("lead", "answered_at").first()
        if found is None:
            return False
        self.lead_id, self.answered_at = found
        return True

    def moment_after(self, at: datetime | None) -> datetime:
        """The moment of what is done to it: `at`, or now, and none before what it follows. A clock is set back."""
        touches: Iterable[datetime] = self.touches.values_list("at", flat=True) if self.answered_at else ()
        return max(at or now(), self.offered_at, self.answered_at or self.offered_at, *touches)

    def _lock_followers(self) -> list[Handoff]:
        """Lock the open hand-offs without a timer of their own that wait for its answer, and return them."""
        locked = Handoff.objects.select_for_update(of=("self",), no_key=True).filter(answer="", follows=self.pk)
        return list(locked.filter(timers=None).select_related("policy", "rep", "hop").order_by("pk"))

    def _lock_timers(self, **kind: object) -> list[Timer]:
        """Lock those of its timers that run, and return them."""
        locked = Timer.objects.select_for_update(of=("self",), no_key=True)
        return list(locked.filter(handoff=self.pk, stopped_at=None, **kind).order_by("pk"))

    def _answer(
        self, answer: Answer, *, by: User | None, at: datetime | None, moves_thread: bool = False, **fields: object
    ) -> datetime:
        """Set the answer if there is none, and stop the timers; those that waited for it get their own. The moment is
        taken under the locks: of two who answer at once only the first succeeds, and an answer in time never finds its
        timer breached."""
        if not self._lock(Q(answer="")):
            raise self.Answered
        timers = self._lock_timers()
        at = self.moment_after(at)
        values = {"answer": answer, "answered_at": at, "answered_by": by, **fields}
        Handoff.objects.filter(pk=self.pk).update(**values)
        for name, value in values.items():
            setattr(self, name, value)
        # What nobody accepted counts as accepted by the rule, and not in time.
        in_time = answer != self.Answer.ACCEPTED or by is not None
        for timer in timers:
            timer.stop(at=at, done=answer != self.Answer.WITHDRAWN, in_time=in_time)
        if not moves_thread:
            Timer.start(self._lock_followers(), at=at)
        self._emit(events.ANSWERED[answer], at=at)
        return at

    def _emit(self, event: Event[events.HandoffAnswered], *, at: datetime) -> None:
        event.emit({"handoff": self.pk, "lead": self.lead_id, "rep": self.rep_id}, at=at)
