"""The numbers of hand-offs against a plain Python count of the same past."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from funnel.models import Opportunity, Reason, Stage, StageRole, Transition
from leads.models import Lead, Persona
from metrics.period import Period
from metrics.question import ALL, Question
from metrics.registry import metric
from sla.escalation.sweeping import sweep_timers
from sla.flow.merging import merge
from sla.models import Calendar, Handoff, Timer
from sla.routing.offering import offer
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

MONTH = Period(date(2026, 11, 1), date(2026, 12, 1), ZoneInfo("Asia/Tokyo"))
LATER = datetime(2026, 12, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Case:
    """One hand-off as a stranger would note it down."""

    lead: int
    by: dict[str, str]
    offered: datetime
    due: datetime
    answer: str
    answered: datetime | None
    open_time: timedelta | None


def random_handoffs(seed: int, n: int = 40) -> list[Case]:
    rng = random.Random(seed)
    hop = make.agreement().hops.get()
    reps = [make.user(Role.REP) for _ in range(2)]
    reasons = list(Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False)[:2])
    hours = Calendar.default().hours(at=MONDAY_9AM)
    return [_one(rng, hop, rng.choice(reps), reasons, hours) for _ in range(n)]


def _one(rng: random.Random, hop: Any, rep: Any, reasons: list[Reason], hours: Any) -> Case:
    lead = make.lead(source=rng.choice(["", "Expo"]))
    step = Transition.objects.create(
        lead=lead, to_stage=Stage.objects.role(StageRole.MQL), at=MONDAY_9AM, how=Transition.How.MACHINE
    )
    offered = datetime(2026, 10, 26, tzinfo=UTC) + timedelta(minutes=30 * rng.randrange(48 * 40))
    due = hours.deadline(offered, 4 * HOUR)
    persona = Persona.objects.first() or Persona.objects.create()
    made = Handoff.objects.create(lead=lead, hop=hop, transition=step, rep=rep, offered_at=offered, persona=persona)
    timer = Timer.objects.create(handoff=made, kind=Timer.Kind.ANSWER, target=4 * HOUR, started_at=offered, due_at=due)
    Timer.objects.create(handoff=made, kind=Timer.Kind.FIRST_TOUCH, target=HOUR, started_at=offered, due_at=due)
    answer = rng.choice(["", "accepted", "rejected", "rejected", "withdrawn"])
    # Before, exactly at, just after, or long after the deadline.
    after = rng.choice([timedelta(0), -HOUR, timedelta(microseconds=1), timedelta(days=2)])
    answered = max(due + after, offered) if answer else None
    verdict = rng.choice(Handoff.Verdict.values) if answer == "rejected" else ""
    reason = rng.choice(reasons) if answer == "rejected" else None
    if answered:
        Handoff.objects.filter(pk=made.pk).update(answer=answer, answered_at=answered, verdict=verdict, reason=reason)
        timer.stop(at=answered, done=answer != "withdrawn")
    by = {"source": lead.source, "rep": str(rep.pk), "reason": reason.key if reason else "", "verdict": verdict}
    return Case(lead.pk, by, offered, due, answer, answered, timer.open_time)


def key(question: Question, case: Case, at: datetime) -> str:
    day = at.astimezone(question.period.zone).date()
    if question.by == "month":
        return f"{day:%Y-%m}"
    if question.by == "week":
        return (day - timedelta(days=day.weekday())).isoformat()
    return case.by[question.by] if question.by else ALL


def within(question: Question, at: datetime | None) -> bool:
    if at is None or at > question.at:
        return False
    return question.period.start <= at.astimezone(question.period.zone).date() < question.period.end


# What each metric counts, as (moment of the case, is it a hit), or None for what is left out.
Counted = Callable[[Case, Question], tuple[datetime, bool] | None]


def offered(case: Case, question: Question) -> tuple[datetime, bool] | None:
    return (case.offered, True) if within(question, case.offered) else None


def acceptance(case: Case, question: Question) -> tuple[datetime, bool] | None:
    if case.answered is None or not within(question, case.answered) or case.answer == "withdrawn":
        return None
    return case.answered, case.answer == "accepted"


def rejected(case: Case, question: Question) -> tuple[datetime, bool] | None:
    found = acceptance(case, question)
    return (found[0], True) if found and case.answer == "rejected" else None


def persona_fit(case: Case, question: Question) -> tuple[datetime, bool] | None:
    found = acceptance(case, question)
    return (found[0], case.by["verdict"] == "fits") if found and case.by["verdict"] else None


def answered_in_time(case: Case, question: Question) -> tuple[datetime, bool] | None:
    zone = question.period.zone
    if not question.period.start <= case.due.astimezone(zone).date() < question.period.end:
        return None
    known = case.answer if case.answered and case.answered <= question.at else ""
    if known == "withdrawn" and case.answered and case.answered <= case.due:
        return None
    kept = bool(known in ("accepted", "rejected") and case.answered and case.answered <= case.due)
    return (case.due, kept) if kept or case.due < question.at else None


def stands(case: Case, question: Question) -> bool:
    """Whether it waits for an answer at the end of the period."""
    end = min(question.period.ends_at, question.at + timedelta(microseconds=1))
    return case.offered < end and not (case.answered and case.answered < end)


def unanswered(case: Case, question: Question) -> tuple[datetime, bool] | None:
    return (case.offered, True) if stands(case, question) else None


def overdue(case: Case, question: Question) -> tuple[datetime, bool] | None:
    end = min(question.period.ends_at, question.at)
    return (case.offered, True) if stands(case, question) and case.due < end else None


COUNTS: dict[str, Counted] = {
    "offered": offered,
    "rejected": rejected,
    "acceptance": acceptance,
    "persona_fit": persona_fit,
    "answered_in_time": answered_in_time,
}
STANDING: dict[str, Counted] = {"unanswered": unanswered, "overdue": overdue}


def questions(thorough: bool, seed: int) -> list[Question]:
    whole = Question(MONTH, at=LATER)
    now = replace(whole, at=datetime(2026, 11, 18, 3, tzinfo=UTC))
    some = replace(whole, filters={"source": "Expo"})
    every = [replace(q, by=by) for q, by in product((whole, now, some), ("", "month", "week", "source", "rep"))]
    return every if thorough else random.Random(seed).sample(every, 6)


@pytest.fixture(params=[0, 1, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(2, 8))])
def past(request: pytest.FixtureRequest, settings: Any) -> tuple[list[Case], list[Question]]:
    settings.COMPANY_TIME_ZONE = "Asia/Tokyo"
    return random_handoffs(request.param), questions(request.param > 1, request.param)


@pytest.mark.parametrize("name", COUNTS)
def test_hand_offs_agree_with_a_plain_count(past, name):
    cases, asked = past
    for question in asked:
        check(name, question, cases)


@pytest.mark.parametrize("by", ["reason", "verdict"])
def test_rejections_are_cut_by_reason_and_verdict(past, by):
    cases, asked = past
    check("rejected", replace(asked[0], by=by), cases)


@pytest.mark.parametrize("name", STANDING)
def test_what_waits_is_counted_as_it_stood(past, name):
    cases, asked = past
    counted = STANDING[name]
    for question in asked:
        if question.by in ("", "source", "rep"):
            check(name, question, cases)
    weekly = replace(asked[0], by="week", filters={})
    for row in metric(name).rows(weekly):
        part = next(part for part in weekly.buckets() if part.key == row.key)
        assert row.numerator == sum(bool(counted(case, replace(weekly, period=part))) for case in cases)


def check(name: str, question: Question, cases: list[Case]) -> None:
    found: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for case in cases:
        counted = (COUNTS | STANDING)[name](case, question) if asks_for(question, case) else None
        if counted:
            found[key(question, case, counted[0])].append((case.lead, counted[1]))
    rows = {row.key: row for row in metric(name).rows(question)}
    assert {key for key, row in rows.items() if row.numerator or row.denominator} == set(found)
    for key_, row in rows.items():
        hits = sorted(lead for lead, hit in found[key_] if hit)
        leads = sorted(lead for lead, _ in found[key_])
        assert row.numerator == len(hits)
        assert behind(name, question, key_, "numerator") == hits
        if row.denominator is not None:
            assert row.denominator == len(leads)
            assert behind(name, question, key_, "denominator") == leads


def asks_for(question: Question, case: Case) -> bool:
    return all(case.by[name] == value for name, value in question.filters.items())


def behind(name: str, question: Question, key: str, part: Any) -> list[int]:
    leads = metric(name).behind(question, key, part)
    return sorted(Lead.objects.filter(pk__in=leads).values_list("pk", flat=True))


def test_the_median_time_to_answer_is_that_of_open_hours(past):
    cases, asked = past
    for question in asked:
        times: dict[str, list[float]] = defaultdict(list)
        for case in cases:
            counted = acceptance(case, question) if asks_for(question, case) else None
            if counted and case.open_time is not None:
                times[key(question, case, counted[0])].append(case.open_time.total_seconds())
        rows = {row.key: row for row in metric("time_to_answer").rows(question)}
        assert {key for key, row in rows.items() if row.numerator} == set(times)
        for key_, row in rows.items():
            assert row.numerator == len(times[key_])
            assert row.value == (pytest.approx(median(times[key_])) if times[key_] else None)


def week(at: datetime) -> Question:
    return Question(Period.week_of(MONDAY_9AM), at=at)


def in_time(at: datetime) -> tuple[int, int | None]:
    row = metric("answered_in_time").value(week(at))
    return row.numerator, row.denominator


def test_a_clock_that_still_runs_counts_from_the_moment_after_it_fell_due_swept_or_not():
    timer = make.handoff().timers.get()
    assert in_time(timer.due_at) == (0, 0)
    late = timer.due_at + timedelta(microseconds=1)
    assert in_time(late) == (0, 1)
    sweep_timers(at=late)
    assert in_time(late) == (0, 1)


def test_what_was_withdrawn_in_time_is_left_out_and_what_was_withdrawn_too_late_is_not_kept():
    early, late = make.handoff(), make.handoff()
    early.withdraw(at=early.timers.get().due_at)
    late.withdraw(at=late.timers.get().due_at + timedelta(seconds=1))
    assert in_time(LATER) == (0, 1)


def test_an_answer_keeps_how_long_it_took_in_open_hours():
    handoff = make.handoff(at=MONDAY_9AM + timedelta(hours=2, minutes=30))
    handoff.accept(by=handoff.rep, at=MONDAY_9AM + timedelta(hours=4, minutes=45))
    # 11:30 to 13:45, without the hour of lunch.
    assert handoff.timers.get().open_time == timedelta(hours=1, minutes=15)
    assert metric("time_to_answer").value(week(LATER)).value == 75 * 60


def test_offers_are_counted_under_the_rep_they_were_made_to():
    make.handoff()
    make.handoff()
    rows = metric("offered").rows(replace(week(LATER), by="rep"))
    assert [row.value for row in rows] == [1, 1]


def unoffered(at: datetime) -> list[int]:
    asked = week(at)
    assert metric("unoffered").value(asked).numerator == len(behind("unoffered", asked, ALL, "numerator"))
    return behind("unoffered", asked, ALL, "numerator")


def test_a_lead_that_nobody_was_offered_waits_until_somebody_is():
    agreement = make.agreement()
    lead = make.mql()
    make.lead(StageRole.MQL, created_at=MONDAY_9AM)  # from an import: it waits for nobody
    assert unoffered(MONDAY_9AM - HOUR) == []
    assert unoffered(MONDAY_9AM) == [lead.pk]
    make.user(Role.REP, team=agreement.hops.get().receiving_team)
    offer([lead.pk], at=MONDAY_9AM + 2 * HOUR)
    assert unoffered(MONDAY_9AM + 3 * HOUR) == []
    assert unoffered(MONDAY_9AM + HOUR) == [lead.pk]


def test_two_records_of_one_person_count_once_and_nothing_of_them_is_lost():
    kept, other = make.mql(), make.mql(at=MONDAY_9AM + HOUR)
    Opportunity.objects.create(lead=other, won_at=MONDAY_9AM + 2 * HOUR)
    asked = replace(week(LATER), to_role="mql")
    assert metric("entered").value(asked).numerator == 2
    merge(kept, other, by=make.user(Role.MARKETER), at=MONDAY_9AM + 3 * HOUR)
    assert metric("entered").value(asked).numerator == 1
    assert behind("entered", asked, ALL, "numerator") == [kept.pk]
    assert metric("contracts").value(week(LATER)).numerator == 1
    assert behind("contracts", week(LATER), ALL, "numerator") == [kept.pk]
