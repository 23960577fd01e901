"""The metrics of clauses against the plain count of `oracle`, over random pasts; and their corners one by one."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from funnel.models import Reason, Stage, StageRole, Transition
from leads.models import Lead, Persona
from metrics.period import Period
from metrics.question import ALL, Question
from metrics.registry import metric
from scoring.models import Quadrant
from sla.models import Agreement, Calendar, Handoff, Hop, Timer, Touch
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM
from tests.sla.metrics import oracle

pytestmark = pytest.mark.django_db

MONTHS = Period(date(2026, 10, 1), date(2026, 12, 1), ZoneInfo("Asia/Tokyo"))
LATER = datetime(2026, 12, 20, tzinfo=UTC)
BEGIN = datetime(2026, 10, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = [name for name in oracle.ALL if name != "contracts"]


def random_past(seed: int, n: int = 40) -> None:
    rng = random.Random(seed)
    hop = make.agreement(policy={"touches": 2, "touch_days": 5, "touch_within": 2 * HOUR}).hops.get()
    other_hop = _another_hop(hop)
    world = {
        "hops": [hop, other_hop],
        "reps": [make.user(Role.REP) for _ in range(2)],
        "personas": [None, Persona.objects.create()],
        "policies": [hop.agreement.policies.get(), None],
        "reason": Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False).first(),
        "hours": Calendar.default().hours(at=MONDAY_9AM),
        "leads": [make.lead(source=rng.choice(["", "Expo"]), is_free_mail=rng.random() < 0.3) for _ in range(n // 2)],
    }
    for _ in range(n):
        _one(rng, world)


def _another_hop(hop: Any) -> Any:
    draft = Agreement.objects.create(number=9999)
    return Hop.objects.create(
        agreement=draft,
        from_stage=Stage.objects.role(StageRole.SQL),
        offering_team=hop.offering_team,
        receiving_team=hop.receiving_team,
        accepted_stage=hop.accepted_stage,
        rejected_stage=hop.rejected_stage,
    )


def _one(rng: random.Random, world: dict[str, Any]) -> None:
    """One offer, perhaps made again to another, answered or not, worked or not, given up or not."""
    lead, hop = rng.choice(world["leads"]), rng.choice(world["hops"])
    if lead.handoffs.open().exists():
        return
    at = BEGIN + timedelta(minutes=30 * rng.randrange(48 * 45))
    step = Transition.objects.create(lead=lead, to_stage=hop.from_stage, at=at, how=Transition.How.MACHINE)
    kept = {
        "lead": lead,
        "hop": hop,
        "transition": step,
        "policy": rng.choice(world["policies"]),
        "persona": rng.choice(world["personas"]),
        "quadrant": rng.choice([*Quadrant.values, ""]),
    }
    handoff = None
    for _ in range(rng.choice([1, 1, 2, 3])):
        if handoff is not None:
            _answer(rng, handoff, "withdrawn", at, world)
        handoff = Handoff.objects.create(rep=rng.choice(world["reps"]), offered_at=at, replaces=handoff, **kept)
        due = world["hours"].deadline(at, 4 * HOUR)
        Timer.objects.create(handoff=handoff, kind=Timer.Kind.ANSWER, target=4 * HOUR, started_at=at, due_at=due)
        at = max(due + rng.choice([timedelta(0), -HOUR, timedelta(microseconds=1), timedelta(days=2)]), at)
    assert handoff is not None
    answer = rng.choice(["", "accepted", "accepted", "accepted", "rejected", "withdrawn"])
    if answer:
        _answer(rng, handoff, answer, at, world)
    if answer == "accepted":
        _work(rng, handoff, at, world)
    if rng.random() < 0.3:
        bought = at + rng.choice([-60, 0, 1, 20]) * timedelta(days=1)
        stage = Stage.objects.role(StageRole.CUSTOMER)
        Transition.objects.create(lead=lead, to_stage=stage, at=bought, how=Transition.How.OPPORTUNITY)


def _answer(rng: random.Random, handoff: Handoff, answer: str, at: datetime, world: dict[str, Any]) -> None:
    said: dict[str, Any] = {"answer": answer, "answered_at": at}
    if answer == "rejected":
        said |= {"reason": world["reason"], "verdict": rng.choice(Handoff.Verdict.values)}
    Handoff.objects.filter(pk=handoff.pk).update(**said)
    handoff.timers.get().stop(at=at, done=answer != "withdrawn")


def _work(rng: random.Random, handoff: Handoff, at: datetime, world: dict[str, Any]) -> None:
    due = world["hours"].deadline(at, 2 * HOUR)
    timer = Timer.objects.create(
        handoff=handoff, kind=Timer.Kind.FIRST_TOUCH, target=2 * HOUR, started_at=at, due_at=due
    )
    first = due + rng.choice([timedelta(0), -HOUR / 2, timedelta(microseconds=1), timedelta(days=2)])
    made = [first + n * timedelta(days=1) for n in range(rng.choice([0, 1, 2, 3]))]
    for moment in made:
        Touch.objects.create(
            handoff=handoff, by=handoff.rep, at=moment, kind=Touch.Kind.CALL, is_contact=rng.random() < 0.2
        )
    given_up = rng.choice([None, (made or [at + HOUR])[-1], (made or [at])[-1] + timedelta(days=1)])
    if made or given_up:
        timer.stop(at=made[0] if made else given_up, done=bool(made))
    if given_up:
        given = {"given_up_at": given_up, "given_up_by": handoff.rep, "reason": world["reason"]}
        Handoff.objects.filter(pk=handoff.pk).update(**given)


def questions(thorough: bool, seed: int) -> list[Question]:
    whole = Question(MONTHS, at=LATER)
    early = replace(whole, at=datetime(2026, 11, 4, 3, tzinfo=UTC))
    quadrant, stage = (replace(whole, filters=one) for one in ({"quadrant": "hot"}, {"stage": _mql()}))
    cuts = ("", "month", "week", "quarter", "source", "persona", "quadrant", "rep", "stage")
    every = [replace(asked, by=by) for asked, by in product((whole, early, quadrant, stage), cuts)]
    return every if thorough else random.Random(seed).sample(every, 8)


def _mql() -> str:
    return str(Stage.objects.role(StageRole.MQL).pk)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(1, 8))])
def test_every_number_is_that_of_a_plain_count(seed, settings):
    settings.COMPANY_TIME_ZONE = "Asia/Tokyo"
    random_past(seed)
    past = oracle.Past()
    for question, name in product(questions(seed > 0, seed), NAMES):
        windows = (None, 7) if name == "close_rate" else (None,)
        for window in windows:
            check(name, replace(question, window_days=window), past)


def asked_of(question: Question) -> oracle.Asked:
    return oracle.Asked(
        question.period.starts_at,
        question.period.ends_at,
        question.at,
        dict(question.filters),
        question.window,
        by_stage="stage" in (question.by, *question.filters),
    )


def key(question: Question, case: oracle.Case) -> str:
    if not question.by:
        return ALL
    if question.by not in ("week", "month", "quarter"):
        return case.keys[question.by]
    day = case.moment.astimezone(question.period.zone).date()
    monday = day - timedelta(days=day.weekday())
    return {"month": f"{day:%Y-%m}", "week": monday.isoformat(), "quarter": f"{day.year}-Q{(day.month + 2) // 3}"}[
        question.by
    ]


def check(name: str, question: Question, past: oracle.Past) -> None:
    found: dict[str, list[oracle.Case]] = defaultdict(list)
    for case in oracle.ALL[name](past, asked_of(question)):
        found[key(question, case)].append(case)
    rows = {row.key: row for row in metric(name).rows(question)}
    assert {key for key, row in rows.items() if row.numerator or row.denominator} == set(found)
    for key_, row in rows.items():
        numerator, denominator, value = oracle.answer(name, found[key_])
        assert (row.numerator, row.denominator) == (numerator, denominator), (name, question, key_)
        assert row.value == (pytest.approx(value) if value is not None else None)
        assert row.flagged == sum(case.flagged for case in found[key_])
        hits = {case.lead for case in found[key_] if case.hit}
        assert behind(name, question, key_, "numerator") == hits
        if denominator is not None:
            assert behind(name, question, key_, "denominator") == {case.lead for case in found[key_]}


def behind(name: str, question: Question, key: str, part: Any) -> set[int]:
    leads = metric(name).behind(question, key, part)
    return set(Lead.objects.filter(pk__in=leads).values_list("pk", flat=True))


def week(at: datetime = LATER, **more: Any) -> Question:
    return Question(Period.week_of(MONDAY_9AM), at=at, **more)


def test_a_lead_that_is_offered_again_to_another_is_handed_over_once():
    handoff = make.handoff()
    other = make.user(Role.REP, team=handoff.hop.receiving_team)
    handoff.reassign(other, at=MONDAY_9AM + HOUR)
    assert metric("offered").value(week()).numerator == 2
    assert metric("handed_over").value(week()).numerator == 1
    (row,) = metric("handed_over").rows(week(by="rep"))
    assert row.key == str(handoff.rep_id)


def test_the_wait_of_a_lead_goes_on_when_it_is_offered_to_another():
    handoff = make.handoff()
    other = make.user(Role.REP, team=handoff.hop.receiving_team)
    again = handoff.reassign(other, at=MONDAY_9AM + HOUR)
    again.accept(by=other, at=MONDAY_9AM + 2 * HOUR)
    assert metric("wait").value(week()).value == 2 * 3600
    assert metric("time_to_answer").value(week()).value == 3600


def test_a_hand_off_keeps_the_quadrant_it_was_offered_with():
    handoff = make.handoff()
    Handoff.objects.filter(pk=handoff.pk).update(quadrant=Quadrant.HOT)
    make.score(handoff.lead, machine_quadrant=Quadrant.DROP)
    (row,) = metric("handed_over").rows(week(by="quadrant"))
    assert (row.key, row.numerator) == ("hot", 1)
    assert metric("handed_over").value(week(filters={"quadrant": "drop"})).numerator == 0


def test_a_close_rate_is_mature_when_the_window_after_the_period_has_passed():
    make.handoff()
    ends = Period.week_of(MONDAY_9AM).ends_at
    asked = replace(week(at=ends + timedelta(days=30) - HOUR), window_days=30)
    assert not metric("close_rate").value(asked).mature
    assert metric("close_rate").value(replace(asked, at=ends + timedelta(days=30))).mature


@pytest.mark.parametrize("name", list(oracle.RATES))
def test_over_nothing_there_is_no_rate(name):
    row = metric(name).value(week())
    assert (row.numerator, row.denominator, row.value) == (0, 0, None)
