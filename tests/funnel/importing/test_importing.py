"""What files bring of the funnel: when leads entered which stage, and their deals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from funnel.journeys.standing import misplaced_leads
from funnel.models import Journey, Opportunity, Reason, Stage, StageRole, Transition
from funnel.opportunities.ledger import disagreeing_deals
from history.models import Change, Outbox
from leads.activities.recording import record
from leads.models import Lead
from leads.registering.registration import register
from sla.flow.advancing import advance_all
from sla.models import Handoff
from teams.models import Role, Team
from tests import make
from tests.leads.importing.importing import bring, counts

pytestmark = pytest.mark.django_db
NOW = make.MONDAY_9AM
STAGES = {"id": "external_id", "lead": "stage.lead", "mql": "stage.mql", "sql": "stage.sql", "won": "stage.customer"}
HEAD = "id,lead,mql,sql,won\n"
DEALS = {
    "lead": "lead.external_id", "deal": "external_id", "amount": "amount", "opened": "opened_at", "won": "won_at",
    "lost": "lost_at", "why": "lost_reason",
}  # fmt: skip
DEAL_HEAD = "lead,deal,amount,opened,won,lost,why\n"


@pytest.fixture(autouse=True)
def _utc(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = "UTC"


@pytest.fixture(autouse=True)
def _every_lead_stands_at_its_last_step(db: None) -> Iterator[None]:
    yield
    assert misplaced_leads() == []
    assert disagreeing_deals() == []


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def steps(lead: Lead) -> list[tuple[Any, Any, str]]:
    """The ledger as it was written: from, to, day."""
    rows = Transition.objects.filter(lead=lead).order_by("pk").values_list("from_stage__role", "to_stage__role", "at")
    return [(before, after, f"{at:%m-%d}") for before, after, at in rows]


def known(external_id: str = "1") -> Lead:
    return Lead.objects.get(identities__external_id=external_id)


# ---- Stages


def test_dated_stages_become_the_journey_in_the_order_of_their_dates() -> None:
    bring("leads", f"{HEAD}1,2025-01-01,2025-01-05,2025-01-20,\n", STAGES)
    assert steps(known()) == [(None, "lead", "01-01"), ("lead", "mql", "01-05"), ("mql", "sql", "01-20")]
    journey = Journey.objects.get()
    assert (journey.stage.role, journey.entered_at) == ("sql", day("2025-01-20"))
    assert set(Transition.objects.values_list("how", flat=True)) == {"import"}
    assert journey.news_count_from == NOW
    assert not Outbox.objects.exists()


def test_skipped_stages_are_not_invented() -> None:
    bring("leads", f"{HEAD}1,,2025-01-05,,2025-02-01\n", STAGES)
    assert steps(known()) == [(None, "mql", "01-05"), ("mql", "customer", "02-01")]


def test_a_lead_without_dates_begins_as_history() -> None:
    bring("leads", "id\n1\n", {"id": "external_id"})
    assert steps(known()) == [(None, "lead", f"{NOW:%m-%d}")]
    assert Journey.objects.get().news_count_from == NOW
    assert not Outbox.objects.exists()


def test_a_lead_that_may_qualify_at_once_begins_in_the_normal_flow() -> None:
    bring("leads", f"{HEAD}1,,,,\n", STAGES, qualify_at_once=True)
    assert not Journey.objects.exists()


def test_what_a_second_file_says_that_leads_did_qualifies_nobody_either() -> None:
    make.agreement(definitions=[make.definition(criteria={"did": "demo_request", "at_least": 1, "within_days": None})])
    make.user(Role.REP, team=Team.objects.get(kind=Team.Kind.SALES))
    did = {"lead": "lead.external_id", "what": "kind", "when": "occurred_at"}
    bring("leads", "id\n1\n", {"id": "external_id"})
    bring("activities", f"lead,what,when\n1,demo_request,{NOW - timedelta(days=1)}\n", did)
    advance_all(at=NOW + timedelta(minutes=1))
    assert known().journey.stage.role == "lead"
    record(known(), "demo_request", NOW + timedelta(hours=1), at=NOW + timedelta(hours=1))
    advance_all(at=NOW + timedelta(hours=1))
    assert Handoff.objects.get().lead == known()


def test_a_lead_imported_as_qualified_is_handed_over_only_where_the_importer_asks() -> None:
    make.agreement()
    make.user(Role.REP, team=Team.objects.get(kind=Team.Kind.SALES))
    bring("leads", f"{HEAD}1,,2026-11-10,,\n", STAGES)
    advance_all(at=NOW + timedelta(minutes=1))
    assert not Handoff.objects.exists()
    bring("leads", f"{HEAD}2,,2026-11-10,,\n", STAGES, qualify_at_once=True)
    advance_all(at=NOW + timedelta(minutes=1))
    assert Handoff.objects.get().lead == known("2")


def test_what_lies_after_the_step_into_customer_is_left_out_and_said() -> None:
    made, _told = bring("leads", f"{HEAD}1,2025-01-01,2025-02-05,,2025-02-01\n", STAGES)
    assert Journey.objects.get().stage.role == "customer"
    assert steps(known()) == [(None, "lead", "01-01"), ("lead", "customer", "02-01")]
    assert [("MQL" in said, "after it became a customer" in said) for said in made.said] == [(True, True)]


def test_dated_steps_of_one_day_follow_each_other() -> None:
    bring("leads", f"{HEAD}1,2025-01-01 08:00,2025-01-01,2025-01-01 17:00,2025-01-01\n", STAGES)
    assert steps(known())[-1] == ("sql", "customer", "01-01")
    assert list(Transition.objects.order_by("at", "pk").values_list("to_stage__role", flat=True)) == [
        "lead", "mql", "sql", "customer",
    ]  # fmt: skip
    assert misplaced_leads() == []


def test_a_correction_moves_back_the_beginning_that_an_import_wrote() -> None:
    bring("leads", "id\n1\n", {"id": "external_id"})
    bring("leads", f"{HEAD}1,,2025-01-05,,\n", STAGES, correct=True)
    assert sorted(steps(known()), key=str) == [("lead", "mql", "01-05"), (None, "lead", "01-05")]
    assert known().journey.stage.role == "mql"
    assert Change.objects.filter(subject="transition", field="at").count() == 1


def test_the_same_file_again_moves_nothing() -> None:
    text = f"{HEAD}1,2025-01-01,2025-01-05,,\n2,,2025-01-07,,\n"
    bring("leads", text, STAGES)
    before = list(Transition.objects.values())
    made, told = bring("leads", text, STAGES)
    assert told == counts(unchanged=2)
    assert made.said == []
    assert list(Transition.objects.values()) == before


def test_a_changed_stage_date_is_said_and_moves_nothing() -> None:
    bring("leads", f"{HEAD}1,,2025-01-05,,\n", STAGES)
    made, told = bring("leads", f"{HEAD}1,,2025-01-06,2025-01-20,\n", STAGES)
    assert told == counts(unchanged=1)
    assert steps(known()) == [(None, "mql", "01-05")]
    assert len(made.said) == 2
    assert "2025-01-05" in made.said[0]
    assert "2025-01-06" in made.said[0]


def test_a_correction_lays_imported_history_anew() -> None:
    bring("leads", f"{HEAD}1,,2025-01-05,2025-01-20,\n", STAGES)
    text = f"{HEAD}1,2025-01-01,2025-01-06,,2025-02-01\n"
    assert bring("leads", text, STAGES, correct=True)[1] == counts(updated=1)
    lead = known()
    assert sorted(steps(lead), key=lambda step: step[2]) == [
        (None, "lead", "01-01"), ("lead", "mql", "01-06"), ("mql", "sql", "01-20"), ("sql", "customer", "02-01"),
    ]  # fmt: skip
    assert (lead.journey.stage.role, lead.journey.entered_at) == ("customer", day("2025-02-01"))
    assert bring("leads", text, STAGES, correct=True)[1] == counts(unchanged=1)


def test_a_correction_moves_no_journey_that_people_moved() -> None:
    lead = make.lead(StageRole.LEAD, email="a@x.example")
    lead.journey.move_to(Stage.objects.role(StageRole.SQL), because="A talk", at=NOW)
    bring("leads", "mail,mql\na@x.example,2025-01-06\n", {"mail": "email", "mql": "stage.mql"}, correct=True)
    lead.journey.refresh_from_db()
    assert lead.journey.stage.role == "sql"
    assert ("import", "mql") in lead.transitions.values_list("how", "to_stage__role")


def test_the_importer_may_ask_that_leads_are_handed_over() -> None:
    mara = make.user(Role.MARKETER)
    bring("leads", f"{HEAD}1,2025-01-01,2025-01-05,,\n", STAGES, qualify_at_once=True, by=mara)
    assert list(Transition.objects.order_by("pk").values_list("how", "by")) == [
        ("import", None),
        ("import_live", mara.pk),
    ]
    assert Journey.objects.get().news_count_from is None


# ---- Deals


@pytest.fixture
def lead() -> Lead:
    made, _ = register({"email": "a@x.example"}, identities=[("crm", "1")], at=day("2025-01-01"))
    return made


def test_a_won_deal_makes_its_lead_a_customer_on_that_day(lead: Lead) -> None:
    _, told = bring("opportunities", f'{DEAL_HEAD}1,d1,"1,200",2025-03-01,2025-04-01,,\n', DEALS)
    assert told == counts(created=1)
    assert steps(lead) == [
        (None, "lead", "01-01"),
        ("lead", "opportunity", "03-01"),
        ("opportunity", "customer", "04-01"),
    ]
    deal = Opportunity.objects.get()
    assert (deal.amount, deal.currency, deal.won_at) == (Decimal(1200), "JPY", day("2025-04-01"))
    assert not Outbox.objects.exists()
    assert lead.journey.news_count_from == NOW


def test_a_deal_won_before_the_first_contact_is_history_and_moves_nobody() -> None:
    bring("leads", f"{HEAD}1,,2025-02-05,,\n", STAGES)
    bring("opportunities", f"{DEAL_HEAD}1,d1,,,2025-02-01,,\n", DEALS)
    assert steps(known()) == [(None, "mql", "02-05"), ("mql", "customer", "02-01")]
    assert stands(known()) == ("mql", "")


def test_a_deal_before_the_beginning_that_an_import_wrote_moves_it_back() -> None:
    bring("leads", "id\n1\n", {"id": "external_id"})
    bring("opportunities", f"{DEAL_HEAD}1,d1,,2025-03-01,2025-04-01,,\n", DEALS)
    assert steps(known()) == [
        (None, "lead", "03-01"), ("lead", "opportunity", "03-01"), ("opportunity", "customer", "04-01"),
    ]  # fmt: skip
    changes = {change.field: (change.old, change.new) for change in Change.objects.filter(subject="transition")}
    assert [str(at)[:10] for at in changes["at"]] == [f"{NOW:%Y-%m-%d}", "2025-03-01"]
    assert changes["day"] == (None, "2025-03-01")


def test_a_deal_of_the_day_of_an_earlier_step_follows_it(lead: Lead) -> None:
    Journey.of(lead).move_to(Stage.objects.role("mql"), because="Called", at=day("2025-03-01 09:00"))
    text = f"{DEAL_HEAD}1,d1,10,2025-03-01,2025-03-01,,\n"
    bring("opportunities", text, DEALS)
    assert list(Transition.objects.filter(how="import").values_list("at", flat=True)) == [day("2025-03-01 09:00")] * 2
    assert stands(lead) == ("customer", "")
    assert bring("opportunities", text, DEALS)[1] == counts(unchanged=1)


def test_a_day_equals_every_moment_of_it() -> None:
    lead = make.lead(StageRole.MQL, created_at=day("2025-03-01 09:00"), email="a@x.example")
    Opportunity.open(lead, name="Pilot", opened_at=day("2025-03-01"))
    mapping = {"mail": "lead.email", "deal": "name", "opened": "opened_at"}
    made, told = bring("opportunities", "mail,deal,opened\na@x.example,Pilot,2025-03-01\n", mapping)
    assert (told, made.said) == (counts(unchanged=1), [])


@pytest.mark.parametrize(
    "dates", ["2025-05-01,2025-01-01,", "2025-05-01,,2025-01-01", "2025-05-01 10:00,2025-05-01 09:00,"]
)
def test_a_deal_decided_before_it_was_opened_is_refused(lead: Lead, dates: str) -> None:
    assert bring("opportunities", f"{DEAL_HEAD}1,d1,10,{dates},\n", DEALS)[1] == counts(rejected=1)
    assert not Opportunity.objects.exists()


def test_a_known_deal_is_not_decided_before_it_was_opened_either(lead: Lead) -> None:
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,2025-05-01,,,\n", DEALS)
    for correct_it in (False, True):
        text = f"{DEAL_HEAD}1,d1,10,,2025-04-01,,\n"
        assert bring("opportunities", text, DEALS, correct=correct_it)[1] == counts(rejected=1)
    assert Opportunity.objects.get().is_open


def test_decided_on_the_day_of_its_opening_it_was_decided_after_it(lead: Lead) -> None:
    text = f"{DEAL_HEAD}1,d1,10,2025-05-01 10:00,2025-05-01,,\n"
    bring("opportunities", text, DEALS)
    assert Opportunity.objects.get().won_at == day("2025-05-01 10:00")
    assert bring("opportunities", text, DEALS)[1] == counts(unchanged=1)


def test_the_same_deals_again_change_nothing(lead: Lead) -> None:
    text = f"{DEAL_HEAD}1,d1,10,2025-03-01,2025-04-01,,\n1,,5,2025-05-01,,2025-06-01,price\n"
    bring("opportunities", text, DEALS)
    before = list(Transition.objects.values())
    assert bring("opportunities", text, DEALS)[1] == counts(unchanged=2)
    assert list(Transition.objects.values()) == before
    assert Opportunity.objects.get(external_id="").reason == Reason.objects.get(kind="lost", key="price")


def test_deals_whose_id_says_nothing_are_not_one_deal(lead: Lead) -> None:
    text = f"{DEAL_HEAD}1,N/A,10,2025-03-01,,,\n1,N/A,20,2025-04-01,,,\n"
    assert bring("opportunities", text, DEALS)[1] == counts(created=2)
    assert bring("opportunities", text, DEALS)[1] == counts(unchanged=2)
    assert set(Opportunity.objects.values_list("external_id", flat=True)) == {""}


def test_an_open_deal_that_is_won_later_moves_its_lead_then(lead: Lead) -> None:
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,2025-03-01,,,\n", DEALS)
    assert lead.journey.stage.role == "opportunity"
    _, told = bring("opportunities", f"{DEAL_HEAD}1,d1,12,2025-03-01,2025-04-01,,\n", DEALS)
    assert told == counts(updated=1)
    lead.journey.refresh_from_db()
    assert (lead.journey.stage.role, Opportunity.objects.get().amount) == ("customer", Decimal(12))


def test_a_lost_deal_closes_the_journey_unless_another_is_open(lead: Lead) -> None:
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,2025-03-01,,,\n1,d2,10,2025-03-02,,2025-04-01,price\n", DEALS)
    assert lead.journey.closed_at is None
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,2025-03-01,,2025-05-01,too small\n", DEALS)
    lead.journey.refresh_from_db()
    journey = Journey.objects.get()
    assert (journey.closed_as, journey.closed_at) == ("lost", day("2025-05-01"))
    assert Opportunity.objects.get(external_id="d1").reason_text == "too small"


def test_a_changed_outcome_is_said_and_corrects_only_when_asked(lead: Lead) -> None:
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,,2025-04-01,,\n", DEALS)
    made, told = bring("opportunities", f"{DEAL_HEAD}1,d1,10,,2025-04-03,,\n", DEALS)
    assert told == counts(unchanged=1)
    assert len(made.said) == 1
    _, told = bring("opportunities", f"{DEAL_HEAD}1,d1,10,,2025-04-03,,\n", DEALS, correct=True)
    assert told == counts(updated=1)
    assert Opportunity.objects.get().won_at == day("2025-04-03")
    assert Transition.objects.get(to_stage__role="customer").at == day("2025-04-03")
    assert lead.journey.entered_at == day("2025-04-03")


def stands(lead: Lead) -> tuple[str | None, str]:
    journey = Journey.objects.get(lead=lead)
    return journey.stage.role, journey.closed_as


def correct(deals: str) -> None:
    bring("opportunities", DEAL_HEAD + deals, DEALS, correct=True)


def test_a_win_corrected_to_a_loss_is_the_end_of_the_journey(lead: Lead) -> None:
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,2025-03-01,2025-04-01,,\n", DEALS)
    correct("1,d1,10,2025-03-01,,2025-04-02,price\n")
    assert stands(lead) == ("opportunity", "lost")
    assert steps(lead)[-1] == ("opportunity", None, "04-02")
    assert lead.journey.closed_at == day("2025-04-02")
    step = Transition.objects.get(lead=lead, to_stage=None)
    assert step.reason == Reason.objects.get(kind="lost", key="price")
    changes = dict(Change.objects.of("transition", step.pk).values_list("field", "old"))
    assert changes["to_stage_id"] == Stage.objects.role("customer").pk
    assert changes["at"].startswith("2025-04-01")


def test_a_win_corrected_to_a_loss_beside_another_contract_leaves_the_customer(lead: Lead) -> None:
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,,2025-04-01,,\n1,d2,10,,2025-05-01,,\n", DEALS)
    correct("1,d1,10,,,2025-04-01,\n")
    assert stands(lead) == ("customer", "")
    assert steps(lead)[-1] == ("lead", "customer", "05-01")


def test_a_win_corrected_to_a_loss_beside_an_open_deal_leads_back_to_it(lead: Lead) -> None:
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,2025-03-01,2025-04-01,,\n1,d2,10,2025-03-02,,,\n", DEALS)
    correct("1,d1,10,2025-03-01,,2025-04-01,\n")
    assert stands(lead) == ("opportunity", "")
    assert steps(lead)[-1] == ("lead", "opportunity", "03-01")


def test_a_loss_corrected_to_a_win_makes_a_customer(lead: Lead) -> None:
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,2025-03-01,,2025-04-02,\n", DEALS)
    correct("1,d1,10,2025-03-01,2025-04-01,,\n")
    assert stands(lead) == ("customer", "")
    assert steps(lead)[-1] == ("opportunity", "customer", "04-01")


def test_a_corrected_opening_and_loss_redate_their_steps(lead: Lead) -> None:
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,2025-03-01,,2025-04-02,\n", DEALS)
    correct("1,d1,10,2025-03-03,,2025-04-04,\n")
    assert steps(lead)[1:] == [("lead", "opportunity", "03-03"), ("opportunity", None, "04-04")]
    assert Journey.objects.get().closed_at == day("2025-04-04")


def test_more_sold_to_a_customer_moves_nobody(lead: Lead) -> None:
    mapping = {"lead": "lead.external_id", "kind": "kind", "opened": "opened_at", "won": "won_at", "lost": "lost_at"}
    head = "lead,kind,opened,won,lost\n"
    bring("opportunities", f"{head}1,up-sell,2025-03-01,,2025-04-01\n", mapping)
    bring("opportunities", f"{head}1,cross-sell,2025-03-02,2025-04-01,\n", mapping)
    assert stands(lead) == ("lead", "")
    bring("opportunities", f"{head}1,new,2025-05-01,,2025-06-01\n", mapping)
    assert stands(lead) == ("opportunity", "lost")


def test_a_loss_closes_no_customer(lead: Lead) -> None:
    Journey.of(lead).move_to(Stage.objects.role("customer"), because="Signed", at=day("2025-02-01"))
    bring("opportunities", f"{DEAL_HEAD}1,d1,10,2025-03-01,,2025-04-01,\n", DEALS)
    assert stands(lead) == ("customer", "")


def test_a_corrected_stage_date_keeps_what_it_was() -> None:
    bring("leads", f"{HEAD}1,,2025-01-05,,\n", STAGES)
    bring("leads", f"{HEAD}1,,2025-01-06,,\n", STAGES, correct=True)
    changes = Change.objects.filter(subject="transition").values_list("field", "old", "new")
    assert {(field, str(old)[:10], str(new)[:10]) for field, old, new in changes} == {
        (field, "2025-01-05", "2025-01-06") for field in ("at", "day")
    }


def test_bad_deals_are_rejected(lead: Lead) -> None:
    text = f"{DEAL_HEAD}9,d1,10,,,,\n1,d2,lots,,,,\n1,d3,1,,2025-01-01,2025-01-02,\n1,d4,1,,,,\n"
    made, told = bring("opportunities", text, DEALS)
    assert told == counts(created=1, rejected=3)
    assert [row.line for row in made.rejected_rows.all()] == [2, 3, 4]


def test_owners_kinds_and_deals_without_an_id(lead: Lead) -> None:
    rosa = make.user(Role.REP, email="rosa@example.org")
    mapping = {"mail": "lead.email", "deal": "name", "kind": "kind", "who": "owner.email", "won": "won_at"}
    text = "mail,deal,kind,who,won\nA@x.example,Pilot,Up-sell,rosa@example.org,\n"
    text += "a@x.example,Pilot,アップセル,,2025-05-01\n"
    _, told = bring("opportunities", text, mapping)
    assert told == counts(created=1, updated=1)
    deal = Opportunity.objects.get()
    assert (deal.name, deal.kind, deal.owner, deal.won_at) == ("Pilot", "up_sell", rosa, day("2025-05-01"))
    assert bring("opportunities", text, mapping)[1] == counts(unchanged=2)
