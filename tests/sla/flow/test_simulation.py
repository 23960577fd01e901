"""A company lived hour by hour: people answer or not, are away, edit the calendar, and sign a new agreement half-way.

At the end everything that was promised is recomputed from raw rows, and what must never happen is looked for.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from funnel.models import Journey, Opportunity, Reason, Stage, StageRole, Transition
from scoring.models import Quadrant
from sla.agreement.drafting import draft_next
from sla.agreement.proposing import propose
from sla.agreement.signing import sign
from sla.agreement.starter.first_agreement import sign_first_agreement
from sla.attainment.computing import compute, refresh
from sla.escalation.sweeping import sweep_timers
from sla.models import Absence, Agreement, Attainment, Calendar, Escalation, Handoff, Timer, Touch
from sla.notices import AT_RISK
from sla.routing.offering import end_moved, offer
from sla.routing.reassigning import reassign_from_deactivated
from teams.models import Notice, Organization, Role, Team, User
from tests import make
from tests.sla.metrics import oracle

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Monday; the clock goes forward in the fifth week, and Easter follows.
BEGIN = datetime(2026, 2, 23, tzinfo=BERLIN)


class Company:
    """Everybody in it, and how they behave."""

    def __init__(self, seed: int, days: int) -> None:
        self.rng = random.Random(seed)
        self.days = days
        self.heads = {kind: make.user(Role.MANAGER) for kind in (Team.Kind.MARKETING, Team.Kind.SDR, Team.Kind.SALES)}
        teams = {kind: make.team(kind, head=head) for kind, head in self.heads.items()}
        for kind, head in self.heads.items():
            User.objects.filter(pk=head.pk).update(team=teams[kind])
        self.people = [make.user(Role.SDR, team=teams[Team.Kind.SDR]) for _ in range(3)]
        self.people += [make.user(Role.REP, team=teams[Team.Kind.SALES]) for _ in range(3)]
        self.reasons = list(Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False))
        self.stages = {stage.role: stage for stage in Stage.objects.all()}
        self.done: dict[int, datetime | None] = {}
        sign_first_agreement(at=BEGIN - DAY)

    def live(self) -> datetime:
        """Hour by hour, up to the last; return that moment."""
        at = BEGIN
        for n in range(self.days * 24):
            at = BEGIN.astimezone(ZoneInfo("UTC")) + n * HOUR
            self.an_hour(at, n)
        return at

    def an_hour(self, at: datetime, n: int) -> None:
        busy = 6 < at.astimezone(BERLIN).hour < 20 and at.astimezone(BERLIN).weekday() < 6
        if self.rng.random() < (0.25 if busy else 0.04):
            self.come_in(at)
            offer(at=at)
        if busy:
            self.answer(at)
            self.work(at)
            self.sell(at)
        sweep_timers(at=at)
        if n % 24 == 0:
            self.begin_day(at, n // 24)
            self.look_at_steps()

    def begin_day(self, at: datetime, day: int) -> None:
        # All of it is one transaction: nobody but us can tell the planner how the tables grew.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        refresh(at=at)
        reassign_from_deactivated(at=at)
        end_moved(at=at)
        offer(at=at)
        if day % 9 == 4:
            today = at.astimezone(BERLIN).date()
            until = today + self.rng.randrange(4) * DAY
            Absence.objects.create(user=self.rng.choice(self.people), from_on=today, until_on=until)
        if day % 13 == 6:
            self.edit_the_calendar(at)
        if day == self.days // 2:
            self.agree_anew(at)

    def come_in(self, at: datetime) -> None:
        lead = make.mql(at=at, source=self.rng.choice(["", "Expo", "Search"]), is_free_mail=self.rng.random() < 0.15)
        make.score(lead, machine_quadrant=self.rng.choice(Quadrant.values))

    def answer(self, at: datetime) -> None:
        for handoff in self.some(Handoff.objects.open().filter(offered_at__lt=at), 0.12):
            if handoff.lead.journey.stage_id != handoff.hop.from_stage_id or handoff.lead.journey.closed_at:
                continue
            verdict = self.rng.choice(Handoff.Verdict.values)
            if self.rng.random() < 0.75:
                handoff.accept(by=handoff.rep, verdict=self.rng.choice(["", verdict]), at=at)
            else:
                reason = self.rng.choice(list(handoff.hop.rejection_reasons().filter(needs_text=False)))
                handoff.reject(by=handoff.rep, reason=reason, verdict=Handoff.Verdict(verdict), at=at)

    def work(self, at: datetime) -> None:
        at_work = Handoff.objects.filter(answer="accepted", given_up_at=None, answered_at__gt=at - 20 * DAY)
        for handoff in self.some(at_work, 0.03):
            try:
                self.work_on(handoff, at)
            except (Handoff.Over, Handoff.TooSoon, Journey.Moved, Timer.Over):
                continue  # as the page would say

    def work_on(self, handoff: Handoff, at: datetime) -> None:
        chance = self.rng.random()
        if chance < 0.6:
            kind = self.rng.choice([Touch.Kind.EMAIL, Touch.Kind.CALL])
            handoff.touch(kind, by=handoff.rep, contact=self.rng.random() < 0.2, at=at)
        elif chance < 0.75:
            for timer in handoff.timers.filter(kind=Timer.Kind.FIRST_TOUCH, stopped_at=None, breached_at=None):
                timer.pause(until=at + self.rng.randrange(1, 72) * HOUR, reason="On holiday", by=handoff.rep, at=at)
        elif chance < 0.85:
            note = self.rng.choice(["", "No budget"])
            handoff.give_up(by=handoff.rep, reason=self.reasons[0], note=note, at=at)
        elif handoff.lead.journey.stage_id == self.stages[StageRole.SAL].pk:
            sql = self.stages[StageRole.SQL]
            handoff.lead.journey.move_to(sql, because="Met the definition", at=at, how=Transition.How.MACHINE)
            offer([handoff.lead_id], at=at)

    def sell(self, at: datetime) -> None:
        standing = Journey.objects.filter(stage=self.stages[StageRole.SQL], closed_at=None, entered_at__lt=at)
        for journey in self.some(standing, 0.01):
            Opportunity.open(journey.lead, opened_at=at)
        for deal in self.some(Opportunity.objects.open().filter(opened_at__lt=at), 0.02):
            if self.rng.random() < 0.6:
                deal.win(at=at)
            else:
                deal.lose(at=at)
        for deal in self.some(Opportunity.objects.won(), 0.0005):
            deal.reopen(at=at)

    def some(self, rows: Any, share: float) -> list[Any]:
        return [row for row in rows.order_by("pk") if self.rng.random() < share]

    def edit_the_calendar(self, at: datetime) -> None:
        calendar = Calendar.default()
        day = at.astimezone(BERLIN).date() + self.rng.randrange(1, 12) * DAY
        calendar.days.get_or_create(day=day)
        calendar.windows = {**calendar.windows, "4": self.rng.choice([[["09:00", "13:00"]], [["08:00", "17:00"]]])}
        calendar.save()

    def agree_anew(self, at: datetime) -> None:
        draft = draft_next(by=self.heads[Team.Kind.MARKETING], at=at)
        draft.clauses.filter(metric="handed_over").update(target=80)
        draft.clauses.filter(metric="worked").update(every="week")
        draft.clauses.filter(metric="persona_fit").delete()
        marketing = draft.parties.get(team__kind=Team.Kind.MARKETING).team
        leads = {"agreement": draft, "position": 50, "target": 3, "every": "week", "filters": {"quadrant": "hot"}}
        make.clause(leads, {"sales": marketing})
        propose(draft, by=self.heads[Team.Kind.MARKETING], at=at)
        for head in self.heads.values():
            sign(draft, by=head, at=at + HOUR)

    def look_at_steps(self) -> None:
        """A step that was taken is never taken again."""
        taken = dict(Escalation.objects.filter(done_at__isnull=False).values_list("pk", "done_at"))
        assert self.done.items() <= taken.items()
        self.done = taken


@pytest.fixture(autouse=True)
def in_berlin(settings: Any) -> None:
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    Organization.objects.filter(pk=Organization.ours().pk).update(country="DE")


@pytest.mark.parametrize(
    ("seed", "days"), [(1, 42), *(pytest.param(seed, 183, marks=pytest.mark.proof) for seed in (2, 3))]
)
def test_what_was_promised_comes_to_what_the_raw_rows_say(seed, days):
    company = Company(seed, days)
    at = company.live()
    compute(at=at)
    # What was decided on an earlier day may have changed since by a fact of today: that shows tomorrow, or by `full`.
    compute(at=at, full=True)
    assert kept() == oracle.attainments(at, BERLIN)
    assert Agreement.objects.filter(clauses__attainments__isnull=False).distinct().count() == 2
    states = {row.state for row in Attainment.objects.all()}
    assert "maturing" in states
    assert states & {"met", "missed"}
    nothing_impossible_happened()
    decided_once()


def kept() -> dict[tuple[int, date], oracle.Attained]:
    return {
        (row.clause_id, row.starts_on): (
            int(row.numerator or 0),
            None if row.denominator is None else int(row.denominator),
            row.value,
            row.state,
        )
        for row in Attainment.objects.all()
    }


def nothing_impossible_happened() -> None:
    handoffs: list[Any] = list(
        Handoff.objects.values("pk", "lead_id", "answer", "offered_at", "answered_at", "replaces_id")
    )
    assert len(handoffs) > 100
    assert {handoff["answer"] for handoff in handoffs} >= {"accepted", "rejected", "withdrawn"}
    # At no moment were two hand-offs of one lead open: each begins when the one before has ended.
    of_lead: dict[int, list[dict[str, Any]]] = {}
    for handoff in sorted(handoffs, key=lambda one: (one["offered_at"], one["pk"])):
        before = of_lead.setdefault(handoff["lead_id"], [])
        assert all(one["answered_at"] and one["answered_at"] <= handoff["offered_at"] for one in before)
        before.append(handoff)
    # A hand-off is replaced once at most.
    replaced = [handoff["replaces_id"] for handoff in handoffs if handoff["replaces_id"]]
    assert replaced
    assert len(replaced) == len(set(replaced))
    timers: list[Any] = list(Timer.objects.values("kept_at", "breached_at", "due_at", "stopped_at"))
    for timer in timers:
        assert not (timer["kept_at"] and timer["breached_at"])
        assert timer["breached_at"] in (None, timer["due_at"])
        assert timer["kept_at"] is None or timer["kept_at"] == timer["stopped_at"] <= timer["due_at"]
    assert any(timer["kept_at"] for timer in timers)
    assert any(timer["breached_at"] for timer in timers)
    steps = list(Escalation.objects.filter(done_at__isnull=False).values_list("timer", "percent", "action"))
    assert steps
    assert len(steps) == len(set(steps))
    notices = list(Notice.objects.values_list("user", "kind", "about"))
    assert len(notices) == len(set(notices))


def decided_once() -> None:
    """What was decided keeps its first word; nothing is decided before its period is over."""
    for row in Attainment.objects.exclude(decided_at=None):
        assert row.decided_at is not None
        assert row.decided_at.astimezone(BERLIN).date() >= row.ends_on
    told = Notice.objects.of(AT_RISK).values_list("about", flat=True)
    assert told
    assert len(told) == len(set(told))
