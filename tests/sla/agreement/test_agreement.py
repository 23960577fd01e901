"""How an agreement begins, and how the next is drafted."""

from datetime import timedelta
from decimal import Decimal

import pytest

from funnel.models import Definition, Stage, StageRole
from leads.models import Persona, PersonaVersion
from scoring.models import ScoreModel
from sla.agreement import drafting
from sla.agreement.missing import missing
from sla.agreement.starter import clauses, first_agreement
from sla.models import Agreement
from teams.models import Role, Team
from tests import make
from tests.sla.agreement.heads import NOW, TUESDAY

pytestmark = pytest.mark.django_db


# The first one


def test_a_new_company_can_draft_its_first_agreement_and_sees_what_is_missing():
    by = make.user(Role.MARKETER)
    draft = first_agreement.draft_first_agreement(by=by, at=NOW)
    assert draft.number == 1
    assert {party.team.kind for party in draft.parties.all()} == {"marketing", "sales"}
    assert missing(draft) == [
        "Marketing has no head who could sign for it.",
        "Sales has no head who could sign for it.",
    ]


def test_the_starter_set_is_complete_once_the_teams_have_heads(cast):
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    assert missing(draft) == []
    assert first_agreement.draft_first_agreement(by=cast.mara, at=NOW).pk == draft.pk


def test_the_starter_set_goes_in_force_whole(signed):
    assert signed.in_force_from == TUESDAY
    for at, holds in ((TUESDAY - timedelta(microseconds=1), False), (TUESDAY, True)):
        assert Agreement.objects.in_force(at).exists() is holds
        assert ScoreModel.objects.in_force(at).exists() is holds
        assert Definition.objects.in_force(at).count() == (2 if holds else 0)


def test_what_somebody_has_written_before_is_taken_into_the_first_draft(cast):
    persona = Persona.objects.create()
    written = PersonaVersion.objects.create(persona=persona, name="Buyer", criteria={"all": []})
    mql = Definition.objects.create(
        stage=Stage.objects.role(StageRole.MQL), number=1, text="Ours", criteria={"all": []}
    )
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    assert draft.personas() == [written]
    assert draft.definitions()[0] == mql


def test_where_there_are_sdrs_the_first_draft_goes_by_way_of_them(cast):
    sdr = make.team(Team.Kind.SDR, head=cast.gina)
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    roles = {stage.pk: stage.role for stage in Stage.objects.all()}
    assert [
        (roles[hop.from_stage_id], hop.offering_team, hop.receiving_team, roles[hop.accepted_stage_id])
        for hop in draft.hops.all()
    ] == [("mql", cast.marketing, sdr, "sal"), ("sql", sdr, cast.sales, "sql")]
    assert [(p.stage and p.stage.role, p.quadrant) for p in draft.policies.all()] == [
        ("mql", "hot"),
        ("sql", ""),
        (None, ""),
    ]
    mql, sql = ({"stage": str(Stage.objects.role(role).pk)} for role in ("mql", "sql"))
    answered = draft.clauses.filter(metric="answered_in_time")
    assert [(clause.team, clause.filters) for clause in answered] == [(sdr, mql), (cast.sales, sql)]
    assert draft.clauses.get(metric="handed_over").filters == mql
    assert draft.clauses.get(metric="contracts").team == cast.sales
    assert missing(draft) == []


def test_the_first_draft_has_clauses_of_both_sides(cast):
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    promised = {
        team: set(draft.clauses.filter(team=team).values_list("metric", flat=True)) for team in Team.objects.all()
    }
    assert promised[cast.marketing] == {"handed_over", "acceptance", "persona_fit", "free_mail"}
    assert promised[cast.sales] == {
        "close_rate", "contracts", "answered_in_time", "first_touch_in_time", "cadence_kept", "worked",
    }  # fmt: skip


def test_a_team_that_is_no_party_gets_no_clauses(cast):
    draft = Agreement.objects.create(number=1)
    draft.parties.create(team=cast.sales, head=cast.gina)
    made = clauses.add_usual_clauses(draft, leads=10, customers=2)
    assert [(clause.metric, clause.target) for clause in made] == [("close_rate", Decimal("0.05")), ("contracts", 2)]


# Drafting


def test_the_next_draft_carries_everything_over(cast, signed):
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    assert draft.number == 2
    assert draft.preamble == signed.preamble
    assert draft.personas() == signed.personas()
    assert draft.definitions() == signed.definitions()
    assert draft.score_model == signed.score_model
    assert draft.score_model_may_change == signed.score_model_may_change
    hop, before = draft.hops.get(), signed.hops.get()
    assert hop.pk != before.pk
    for field in ("from_stage", "offering_team", "receiving_team", "accepted_stage", "rejected_stage", "ready_fields"):
        assert getattr(hop, field) == getattr(before, field)
    assert [(p.answer_within, p.touches, p.steps.count()) for p in draft.policies.all()] == [
        (p.answer_within, p.touches, p.steps.count()) for p in signed.policies.all()
    ]
    assert [(p.team, p.head) for p in draft.parties.all()] == [(p.team, p.head) for p in signed.parties.all()]


def test_a_party_is_signed_for_by_the_head_whom_its_team_has_now(cast, signed):
    cast.sales.head = make.user(Role.MANAGER)
    cast.sales.save()
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    assert draft.parties.get(team=cast.sales).head == cast.sales.head
    assert signed.parties.get(team=cast.sales).head == cast.gina


def test_there_is_one_draft(cast, signed):
    assert drafting.draft_next(by=cast.mara) == drafting.draft_next(by=cast.gina)


def test_a_draft_can_be_thrown_away(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    drafting.discard(draft)
    assert list(Agreement.objects.all()) == [signed]
