"""A step keeps the persona and the quadrant of its moment, whoever makes it; and no number of the past depends on what
its lead has become since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import override

from funnel.models import Journey, Opportunity, Reason, Stage, StageRole, Transition
from funnel.qualification.qualifying import begin_missing, qualify
from leads.models import Lead, Persona, PersonaVersion
from leads.personas.matching import say_persona
from leads.registering.registration import register
from metrics.period import Period
from metrics.question import Part, Question, dimension
from metrics.registry import Metric, metric, metrics
from scoring.models import Quadrant, Score
from sla.flow.advancing import advance_all
from sla.flow.merging import merge
from sla.models import Handoff
from sla.routing.offering import offer
from teams.models import Role, Team, User
from tests import make
from tests.make import MONDAY_9AM, NOON

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
QUARTER = Period(date(2026, 10, 1), date(2027, 1, 1), ZoneInfo("Asia/Tokyo"))
PARTS: tuple[Part, ...] = ("numerator", "denominator", "flagged")


@pytest.fixture
def gina() -> User:
    return make.user(Role.MANAGER)


def persona(name: str = "Owner of a plant") -> Persona:
    made = Persona.objects.create()
    PersonaVersion.objects.create(persona=made, name=name, criteria={"all": []})
    return made


def becomes(lead: Lead, of: Persona, quadrant: Quadrant, by: User) -> None:
    """A person says which persona a lead is, and in which quadrant."""
    say_persona(lead, of, reason="We met", by=by, at=MONDAY_9AM)
    score = Score.objects.filter(lead=lead).first() or make.score(lead, machine_quadrant="drop")
    score.override_quadrant(quadrant, reason="We met", by=by, at=MONDAY_9AM)


def last_step(lead: Lead) -> Transition:
    return Transition.objects.filter(lead=lead).order_by("pk").latest("pk")


def kept(step: Transition) -> tuple[int | None, str]:
    return step.persona_id, step.quadrant


def move(lead: Lead, role: StageRole, **how: Any) -> None:
    lead.journey.move_to(Stage.objects.role(role), because="We met", at=NOON, **how)


def move_by_the_machine(lead: Lead) -> None:
    definition = make.definition(criteria={"all": []}, qualifies_standing=True)
    definition.freeze(at=MONDAY_9AM)
    definition.put_in_force(from_at=MONDAY_9AM)
    assert qualify([lead.pk], at=NOON) == [lead.pk]
    assert last_step(lead).definition == definition


def begin_again(lead: Lead) -> None:
    Transition.objects.filter(lead=lead).delete()
    Journey.objects.filter(lead=lead).delete()
    begin_missing([lead.pk], at=NOON)


def disqualify(lead: Lead) -> None:
    lead.journey.disqualify(Reason.objects.filter(kind="disqualified", needs_text=False)[0], at=NOON)


def reopen(lead: Lead) -> None:
    Journey.objects.filter(lead=lead).update(closed_at=MONDAY_9AM, closed_as="lost")
    Journey.objects.get(lead=lead).reopen(because="Called again", at=NOON)


def win(lead: Lead) -> None:
    Opportunity.open(lead, opened_at=NOON).win(at=NOON)


def take_in_another(lead: Lead) -> None:
    """A merge whose journey goes on from the other record writes a step."""
    other = make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
    move(other, StageRole.SQL)
    Transition.objects.create(lead=lead, to_stage=Stage.objects.role("mql"), at=NOON + HOUR, how="person")
    merge(lead, other, by=make.user(Role.MANAGER), at=NOON + HOUR)


VERBS: list[Callable[[Lead], None]] = [
    move_by_the_machine,
    begin_again,
    lambda lead: move(lead, StageRole.SQL),
    disqualify,
    reopen,
    win,
    take_in_another,
]


@pytest.mark.parametrize("verb", VERBS)
def test_a_step_keeps_what_its_lead_is_when_it_is_made(verb: Callable[[Lead], None], gina: User) -> None:
    lead, owner = make.lead(StageRole.LEAD, created_at=MONDAY_9AM), persona()
    becomes(lead, owner, Quadrant.HOT, gina)
    verb(lead)
    assert kept(last_step(lead)) == (owner.pk, "hot")
    becomes(lead, persona("Buyer"), Quadrant.DROP, gina)
    assert kept(last_step(lead)) == (owner.pk, "hot")


@pytest.mark.parametrize("answer", ["accept", "reject", "lapse"])
def test_a_step_by_an_answer_keeps_it_too(answer: str, gina: User) -> None:
    handoff, owner = make.handoff(), persona()
    becomes(handoff.lead, owner, Quadrant.NURTURE, gina)
    if answer == "accept":
        handoff.accept(by=handoff.rep, at=NOON)
    elif answer == "reject":
        reason = Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False, disqualifies=False)[0]
        handoff.reject(by=handoff.rep, reason=reason, verdict=Handoff.Verdict.NO, at=NOON)
    else:
        handoff.lapse(at=NOON)
    assert kept(last_step(handoff.lead)) == (owner.pk, "nurture")


def test_the_first_step_of_a_lead_keeps_what_its_first_evaluation_found() -> None:
    version = PersonaVersion.objects.create(persona=Persona.objects.create(), name="All", criteria={"all": []})
    make.agreement(personas=[version])
    lead, _new = register({"email": "new@story.example"}, at=MONDAY_9AM)
    advance_all(at=MONDAY_9AM)
    assert [step.persona for step in lead.transitions.all()] == [version.persona]


@pytest.mark.parametrize("how", ["import", "import_live"])
def test_what_an_import_brought_in_keeps_nothing(how: str, gina: User) -> None:
    lead = make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
    becomes(lead, persona(), Quadrant.HOT, gina)
    move(lead, StageRole.SQL, how=Transition.How(how))
    assert kept(last_step(lead)) == (None, "")
    with pytest.raises(IntegrityError), transaction.atomic():
        Transition.objects.filter(pk=last_step(lead).pk).update(quadrant="hot")


def test_a_persona_that_a_step_kept_is_retired_and_not_deleted(gina: User) -> None:
    lead, owner = make.lead(StageRole.LEAD, created_at=MONDAY_9AM), persona()
    becomes(lead, owner, Quadrant.HOT, gina)
    move(lead, StageRole.SQL)
    with pytest.raises(ProtectedError):
        owner.delete()


# Numbers


def sold(owner: Persona, quadrant: Quadrant, by: User, rep: User) -> list[Lead]:
    """Leads on their way: one is offered and unanswered, one waits, one is rejected, one sold, one closed."""
    leads = [make.lead(StageRole.LEAD, created_at=MONDAY_9AM) for _ in range(5)]
    for lead in leads:
        becomes(lead, owner, quadrant, by)
        move(lead, StageRole.MQL)
    offer([lead.pk for lead in leads[1:]], at=NOON)
    _waits, _unanswered, rejected, won, closed = leads
    handoffs = {handoff.lead_id: handoff for handoff in Handoff.objects.filter(lead__in=leads)}
    reason = Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False, disqualifies=False)[0]
    handoffs[rejected.pk].reject(by=rep, reason=reason, verdict=Handoff.Verdict.FITS, at=NOON + HOUR)
    for lead in (won, closed):
        handoffs[lead.pk].accept(by=rep, at=NOON + HOUR)
        handoffs[lead.pk].touch("call", by=rep, at=NOON + HOUR)
        deal = Opportunity.open(lead, opened_at=NOON + 2 * HOUR, owner=rep, amount=Decimal(100), currency="JPY")
        deal.win(at=NOON + 3 * HOUR) if lead == won else deal.lose(at=NOON + 3 * HOUR)
    return leads


@pytest.fixture
def leads(gina: User) -> list[Lead]:
    team = make.team(Team.Kind.SALES)
    rep = make.user(Role.REP, team=team)
    make.agreement(receiving=team)
    made = [*sold(persona(), Quadrant.HOT, gina, rep), *sold(persona("Buyer"), Quadrant.NURTURE, gina, rep)]
    return made


def questions(asked: Metric) -> Iterator[Question]:
    """In every view, cut and filtered by persona and by quadrant."""
    pairs = {"none": [("", "")], "one": [("", "mql"), ("", "customer")], "pair": [("mql", "customer")]}
    between = pairs[asked.stages]
    at = NOON + timedelta(days=30)
    for view in asked.views:
        for a, b in between:
            question = Question(QUARTER, view=view, from_role=a, to_role=b, at=at)
            yield from (replace(question, by=name) for name in ("persona", "quadrant"))
            yield from (replace(question, by=by, filters={"quadrant": "hot"}) for by in ("persona", "month"))


def answers(asked: Metric) -> list[Any]:
    """Every row of every question, with the leads behind it."""
    return [
        (question, row, [behind(asked, question, row.key, part) for part in PARTS])
        for question in questions(asked)
        for row in asked.rows(question)
    ]


def behind(asked: Metric, question: Question, key: str, part: Part) -> list[int]:
    found = asked.behind(question, key, part)
    return sorted(Lead.objects.filter(pk__in=found).values_list("pk", flat=True))


CUT_BY_BOTH = [each for each in metrics() if {"persona", "quadrant"} <= set(each.dimensions)]


@pytest.mark.parametrize("asked", CUT_BY_BOTH, ids=lambda each: each.name)
def test_what_leads_become_changes_no_number_of_the_past(asked: Metric, leads: list[Lead], gina: User) -> None:
    before = answers(asked)
    for lead in leads:
        becomes(lead, persona("Somebody else"), Quadrant.DROP, gina)
    Persona.objects.update(retired_at=NOON)
    assert answers(asked) == before


def test_every_metric_that_is_cut_by_one_is_cut_by_both_and_was_asked() -> None:
    assert {each.name for each in metrics() if {"persona", "quadrant"} & set(each.dimensions)} == {
        each.name for each in CUT_BY_BOTH
    }
    assert {"entered", "conversion", "contracts", "revenue", "acceptance", "unoffered"} <= {m.name for m in CUT_BY_BOTH}


def test_a_step_counts_under_the_rep_of_the_hand_off_accepted_by_then(leads: list[Lead]) -> None:
    rep = str(Handoff.objects.filter(answer="accepted").values_list("rep", flat=True)[0])
    question = Question(QUARTER, by="rep", at=NOON + timedelta(days=30))
    entered = {role: metric("entered").rows(replace(question, to_role=role)) for role in ("mql", "sal", "customer")}
    assert {role: {row.key: row.value for row in rows} for role, rows in entered.items()} == {
        "mql": {"": 10},
        "sal": {rep: 4},
        "customer": {rep: 2},
    }
    assert [(row.key, row.value) for row in metric("contracts").rows(question)] == [(rep, 2)]
    won = metric("contracts").behind(question, rep)
    assert set(Lead.objects.filter(pk__in=won)) == {leads[3], leads[8]}


def test_a_deal_counts_under_the_entry_into_opportunity_else_the_last_step_before_the_win(gina: User) -> None:
    owner, buyer = persona(), persona("Buyer")
    opened, straight = (make.lead(StageRole.LEAD, created_at=MONDAY_9AM) for _ in range(2))
    for lead in (opened, straight):
        becomes(lead, owner, Quadrant.HOT, gina)
    move(straight, StageRole.SQL)
    deal = Opportunity.open(opened, opened_at=NOON)
    deals = [deal, Opportunity.objects.create(lead=straight, created_at=NOON)]
    for lead in (opened, straight):
        becomes(lead, buyer, Quadrant.NURTURE, gina)
    for each in deals:
        each.win(at=NOON + HOUR)
    question = Question(QUARTER, by="quadrant", at=NOON + timedelta(days=30))
    assert [(row.key, row.value) for row in metric("contracts").rows(question)] == [("hot", 2)]
    assert [(row.key, row.value) for row in metric("contracts").rows(replace(question, by="persona"))] == [
        (str(owner.pk), 2)
    ]
    assert set(Lead.objects.filter(pk__in=metric("contracts").behind(question, "hot"))) == {opened, straight}


def test_in_stock_a_lead_stands_under_the_key_of_the_step_that_brought_it_there(gina: User) -> None:
    lead = make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
    becomes(lead, persona(), Quadrant.HOT, gina)
    move(lead, StageRole.MQL)
    becomes(lead, persona("Buyer"), Quadrant.NURTURE, gina)
    question = Question(QUARTER, view="stock", from_role="mql", to_role="customer", by="quadrant", at=NOON + HOUR)
    assert [(row.key, row.denominator) for row in metric("conversion").rows(question)] == [("hot", 1)]
    assert behind(metric("conversion"), question, "hot", "denominator") == [lead.pk]


@pytest.mark.parametrize(("language", "label"), [("en", "not known then"), ("ja", "当時は不明")])
def test_a_step_that_keeps_nothing_is_said_to_be_not_known(language: str, label: str) -> None:
    with override(language):
        assert dimension("quadrant").key_label("") == label
        assert label in dimension("persona").key_label("")
