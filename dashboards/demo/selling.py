"""How the demo company's SDRs and reps work their hand-offs: answer, call, meet, sell, give up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal

from dashboards.demo.market import Prospect
from dashboards.demo.simulation import Simulation
from dashboards.demo.texts import CALLS, DISPUTES, MEETINGS, NOTES, RULINGS, TOO_SOON
from funnel.models import DealStage, Journey, Opportunity, Reason, Stage, StageRole
from leads.models import Lead
from sla.calendars.hours import OpeningHours
from sla.disputes import disputing
from sla.handoffs.worklist import being_worked
from sla.models import Absence, Calendar, Capacity, Dispute, Handoff, Touch
from teams.models import User

# In one month, so many before the end, two of three reps are absent: the third answers late and wins less.
OVERLOAD_MONTHS_AGO = 4
# Most offers of the last days are left unanswered.
FRESH = timedelta(days=2)
# How many leads the SDRs qualify at the end, so that each rep has offers.
QUALIFIED_AT_END = 5
# Median hours to an answer, by login.
TYPICAL_HOURS = {"sdr": 0.6, "head-of-sdr": 0.9, "rep1": 1.5, "rep2": 0.9, "rep3": 1.3}
OVERLOADED_HOURS = 5.5
# The share of leads given up before the agreed touches are made.
GIVES_UP_EARLY = 0.06
# The share of rejections that marketing disputes.
DISPUTE_RATE = 0.3
Event = Callable[[datetime], None]


class Sales:
    """The two receiving teams. Everything they do is an event of the simulation, at its moment."""

    def __init__(self, year: Simulation) -> None:
        self.year, self.draw = year, year.draw
        self.reasons = {(reason.kind, reason.key): reason for reason in Reason.objects.all()}
        self.stages = list(DealStage.objects.offered())
        self.seen = 0
        self.hours: OpeningHours | None = None

    def plan(self) -> None:
        """Create capacities and absences."""
        users = self.year.users
        for login, most in (("sdr", 40), ("head-of-sdr", 15), ("rep1", 30), ("rep2", 30), ("rep3", 30)):
            Capacity.objects.create(user=users[login], most_open=most)
        first = self._overloaded_from()
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        for login, note in (("rep2", "育児休業"), ("rep3", "Long-planned leave")):
            Absence.objects.create(user=users[login], from_on=first, until_on=last, note=note)
        soon = self.year.day(self.year.end) + timedelta(days=9)
        Absence.objects.create(user=users["rep2"], from_on=soon, until_on=soon + timedelta(days=4), note="有給休暇")

    def _overloaded_from(self) -> date:
        month = self.year.day(self.year.end).replace(day=1)
        for _ in range(OVERLOAD_MONTHS_AGO):
            month = (month - timedelta(days=1)).replace(day=1)
        return month

    def is_overloaded(self, at: datetime) -> bool:
        first = self._overloaded_from()
        day = self.year.day(at)
        return (day.year, day.month) == (first.year, first.month)

    def answer_offers(self, at: datetime) -> None:
        for handoff in Handoff.objects.filter(pk__gt=self.seen).order_by("pk").select_related("rep"):
            self.seen = handoff.pk
            if at > self.year.end - FRESH and self.draw.random() < 0.65:
                continue  # still in somebody's inbox when we look
            self.year.later(self._answer_moment(handoff.rep, at), self._answer(handoff.pk))

    def _answer_moment(self, rep: User, at: datetime) -> datetime:
        """When a rep answers: usually well within the agreed time, but not when overloaded."""
        login = rep.email.split("@")[0]
        typical = OVERLOADED_HOURS if login == "rep1" and self.is_overloaded(at) else TYPICAL_HOURS.get(login, 1.5)
        wait = timedelta(hours=min(40.0, self.draw.lognormvariate(0, 0.8) * typical))
        return self._hours(at).deadline(at, max(wait, timedelta(minutes=4)))

    def _answer(self, pk: int) -> Event:
        def answer(at: datetime) -> None:
            handoff = get_handoff(pk)
            prospect = self.year.prospects[handoff.lead_id]
            qualified = handoff.hop.from_stage.role == StageRole.SQL
            likely = (0.9 if prospect.fits else 0.6) if qualified else (0.82 if prospect.fits else 0.4)
            try:
                if self.draw.random() < likely:
                    handoff.accept(by=handoff.rep, verdict=self._verdict(prospect), at=at)
                    soon = at + timedelta(hours=self.draw.lognormvariate(0.4, 0.9))
                    self.year.later(self._open(soon), self._sell(pk) if qualified else self._call(pk))
                else:
                    self._reject(handoff, prospect, at)
            except (Handoff.Answered, Journey.Moved):
                pass  # it went to somebody else, or the lead moved on by another way

        return answer

    def _verdict(self, prospect: Prospect) -> str:
        if self.draw.random() < 0.3:
            return ""
        fits, partly = Handoff.Verdict.FITS, Handoff.Verdict.PARTLY
        return self.draw.choice([fits, fits, fits, partly] if prospect.fits else [partly, partly, fits])

    def _reject(self, handoff: Handoff, prospect: Prospect, at: datetime) -> None:
        if not prospect.fits:
            key = self.draw.choices(["not_persona", "competitor", "unreachable", "other"], [6, 2, 2, 1])[0]
            verdict = self.draw.choice([Handoff.Verdict.NO, Handoff.Verdict.NO, Handoff.Verdict.PARTLY])
        else:
            key = self.draw.choices(["no_project", "in_contact", "unreachable"], [5, 2, 3])[0]
            verdict = self.draw.choice([Handoff.Verdict.FITS, Handoff.Verdict.FITS, Handoff.Verdict.PARTLY])
        note = self.draw.choice(NOTES[key])
        handoff.reject(by=handoff.rep, reason=self.reasons["rejected", key], verdict=verdict, note=note, at=at)
        if verdict != Handoff.Verdict.NO and self.draw.random() < DISPUTE_RATE:
            self.year.later(self._open(at + timedelta(days=self.draw.uniform(0.2, 2))), self._dispute(handoff.pk))

    def _dispute(self, pk: int) -> Event:
        """Marketing disputes a rejection, which a head settles days later."""

        def dispute(at: datetime) -> None:
            with suppress(Dispute.TooLate):
                made = disputing.raise_dispute(
                    get_handoff(pk), self.draw.choice(DISPUTES), by=self.year.users["marketer"], at=at
                )
                self.year.later(self._open(at + timedelta(days=self.draw.uniform(4, 9))), self._settle(made))

        return dispute

    def _settle(self, made: Dispute) -> Event:
        def settle(at: datetime) -> None:
            n = self.draw.randrange(3)
            disputing.settle(made, upheld=n == 0, ruling=RULINGS[n], by=self.year.users["head-of-sales"], at=at)

        return settle

    def _call(self, pk: int) -> Event:
        """Try to reach the lead, as often as the cadence asks; meet whoever answers."""

        def call(at: datetime) -> None:
            handoff = get_handoff(pk)
            prospect = self.year.prospects[handoff.lead_id]
            reached = self.draw.random() < 0.22 + 0.2 * prospect.keen
            kind = self.draw.choice([Touch.Kind.CALL, Touch.Kind.CALL, Touch.Kind.EMAIL])
            note = self.draw.choice(CALLS) if reached else ""
            try:
                handoff.touch(kind, by=handoff.rep, contact=reached, note=note, at=at)
            except Handoff.Over:
                return
            self.year.later(*self._after_call(handoff, prospect, reached, at))

        return call

    def _after_call(self, handoff: Handoff, prospect: Prospect, reached: bool, at: datetime) -> tuple[datetime, Event]:
        if reached and self.draw.random() < 0.3 + 0.6 * prospect.keen:
            return self._open(at + timedelta(days=self.draw.uniform(2, 10))), self._meet(handoff.pk)
        if reached:
            return self._open(at + timedelta(days=self.draw.uniform(1, 6))), self._give_up(handoff.pk, "timing")
        if handoff.progress(at=at).is_done or self.draw.random() < GIVES_UP_EARLY:
            return self._open(at + timedelta(days=self.draw.uniform(0.2, 2))), self._give_up(handoff.pk, "no_answer")
        return self._open(at + timedelta(days=self.draw.uniform(0.8, 2.1))), self._call(handoff.pk)

    def _meet(self, pk: int) -> Event:
        def meet(at: datetime) -> None:
            handoff = get_handoff(pk)
            try:
                handoff.touch(Touch.Kind.MEETING, by=handoff.rep, contact=True, note=self.draw.choice(MEETINGS), at=at)
            except Handoff.Over:
                return
            wants = self.draw.random() < 0.45 + 0.5 * self.year.prospects[handoff.lead_id].keen
            later = self._open(at + timedelta(days=self.draw.uniform(0.5, 3)))
            self.year.later(later, self._qualify(pk) if wants else self._give_up(pk, "budget"))

        return meet

    def _qualify(self, pk: int) -> Event:
        """The SDR moves the lead to SQL, unless its definition has."""

        def qualify(at: datetime) -> None:
            handoff = get_handoff(pk)
            journey = Journey.objects.select_related("stage").get(lead=handoff.lead_id)
            if not journey.closed_at and journey.stage_id == handoff.hop.accepted_stage_id:
                sql = Stage.objects.role(StageRole.SQL)
                journey.move_to(sql, because="Need, budget and who decides are known.", by=handoff.rep, at=at)

        return qualify

    def qualify_reached(self, at: datetime) -> None:
        """Qualify some of the leads that SDRs have reached, at the end of the year."""
        contacts = Touch.objects.filter(is_contact=True).values("handoff")
        reached = Handoff.objects.filter(hop__from_stage__role=StageRole.MQL, pk__in=contacts)
        for handoff in being_worked(reached).order_by("-pk")[:QUALIFIED_AT_END]:
            self._qualify(handoff.pk)(at)

    def _give_up(self, pk: int, key: str) -> Event:
        def give_up(at: datetime) -> None:
            handoff = get_handoff(pk)
            note = "" if handoff.progress(at=at).is_done else self.draw.choice(TOO_SOON)
            with suppress(Handoff.Over, Journey.Moved):  # it went on meanwhile
                handoff.give_up(by=handoff.rep, reason=self.reasons["recycled", key], note=note, at=at)

        return give_up

    def _sell(self, pk: int) -> Event:
        def sell(at: datetime) -> None:
            handoff = get_handoff(pk)
            try:
                handoff.touch(Touch.Kind.CALL, by=handoff.rep, contact=True, note=self.draw.choice(CALLS), at=at)
            except Handoff.Over:
                return
            wants = self.draw.random() < 0.4 + 0.5 * self.year.prospects[handoff.lead_id].keen
            later = self._open(at + timedelta(days=self.draw.uniform(3, 15)))
            self.year.later(later, self._deal(handoff.lead_id, handoff.rep) if wants else self._give_up(pk, "timing"))

        return sell

    def _deal(self, lead_id: int, rep: User) -> Event:
        def open_deal(at: datetime) -> None:
            lead = Lead.objects.select_related("company", "journey").get(pk=lead_id)
            if lead.journey.closed_at:
                return
            amount = Decimal(round(self.draw.lognormvariate(15.5, 0.5) / 10_000) * 10_000)
            decided_at = self._open(at + timedelta(days=self.draw.uniform(15, 55)))
            deal = Opportunity.open(
                lead,
                name=f"{lead.company or lead}",
                amount=amount,
                expected_close_on=self.year.day(decided_at + timedelta(days=self.draw.uniform(-9, 9))),
                owner=rep,
                opened_at=at,
                by=rep,
            )
            for n, stage in enumerate(self.stages[1:], 1):
                self.year.later(at + (decided_at - at) * n / len(self.stages), self._move(deal.pk, stage, rep))
            self.year.later(decided_at, self._decide(deal.pk, rep, self.is_overloaded(at)))

        return open_deal

    def _move(self, pk: int, stage: DealStage, rep: User) -> Event:
        def move(at: datetime) -> None:
            Opportunity.objects.select_related("lead").get(pk=pk).move(stage, by=rep, at=at)

        return move

    def _decide(self, pk: int, rep: User, rushed: bool) -> Event:
        """Won more often after a demo request and visits of the pricing page, less often by an overloaded rep."""

        def decide(at: datetime) -> None:
            deal = Opportunity.objects.select_related("lead").get(pk=pk)
            prospect = self.year.prospects[deal.lead_id]
            chance = 0.1 + 0.35 * prospect.did("demo_request", at) + 0.2 * prospect.did("pricing_page_view", at)
            chance += 0.1 * prospect.keen - 0.2 * rushed
            if self.draw.random() < chance:
                key = self.draw.choices(["fit", "trust", "speed", "price"], [5, 3, 2, 1])[0]
                deal.win(reason=self.reasons["won", key], by=rep, at=at)
            else:
                key = self.draw.choices(["no_decision", "competitor", "price", "timing", "missing"], [4, 3, 2, 2, 1])[0]
                deal.lose(reason=self.reasons["lost", key], by=rep, at=at)

        return decide

    def _open(self, at: datetime) -> datetime:
        """A moment in opening hours, up to 90 minutes of open time later."""
        return self._hours(at).deadline(at, timedelta(minutes=self.draw.uniform(1, 90)))

    def _hours(self, at: datetime) -> OpeningHours:
        if self.hours is None or at.month == 1:
            self.hours = Calendar.default().hours(at=at)
        return self.hours


def get_handoff(pk: int) -> Handoff:
    stages = ("hop__from_stage", "hop__rejected_stage", "hop__accepted_stage", "hop__offering_team__head")
    return Handoff.objects.select_related("rep__team", "lead", "policy", *stages).get(pk=pk)
