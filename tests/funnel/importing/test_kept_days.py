"""A fact that a file knows only to the day keeps it beside its moment, and equals every moment of it: RULES, Time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from funnel.journeys.standing import misplaced_leads
from funnel.models import Journey, Opportunity, Stage, StageRole, Transition
from funnel.opportunities.ledger import disagreeing_deals
from history.models import Change
from leads.models import Lead
from tests import make
from tests.leads.importing.importing import bring, counts
from tests.make import MONDAY_9AM, NOON, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
DAY = timedelta(days=1)
TODAY, YESTERDAY = date(2026, 11, 16), date(2026, 11, 15)
MIDNIGHT = MONDAY_9AM - 9 * timedelta(hours=1) - DAY
AFTERNOON = MIDNIGHT + timedelta(hours=15)
STAGES = {"id": "external_id", "lead": "stage.lead", "mql": "stage.mql", "sql": "stage.sql"}
DEALS = {"lead": "lead.email", "name": "name", "opened": "opened_at", "won": "won_at", "lost": "lost_at"}


@pytest.fixture(autouse=True)
def _what_is_kept_agrees(db: None) -> Iterator[None]:
    yield
    assert misplaced_leads() == []
    assert disagreeing_deals() == []


@pytest.fixture
def lead() -> Lead:
    """Somebody who became SQL yesterday afternoon."""
    lead = make.lead(StageRole.MQL, created_at=MIDNIGHT - 30 * DAY)
    Journey.of(lead).move_to(Stage.objects.role("sql"), because="Called", at=AFTERNOON)
    return lead


def stages(row: str, *, at: datetime = NOON, correct: bool = False) -> list[str]:
    job, _counts = bring("leads", f"id,lead,mql,sql\n1,{row}\n", STAGES, at=at, correct=correct)
    return [str(said) for said in job.said]


def deals(*rows: str, at: datetime = NOON, correct: bool = False) -> dict[str, int]:
    text = "\n".join(["lead,name,opened,won,lost", *rows])
    return bring("opportunities", text, DEALS, at=at, correct=correct)[1]


def days() -> list[tuple[str | None, date | None]]:
    return list(Transition.objects.order_by("at", "pk").values_list("to_stage__role", "day"))


def test_a_step_keeps_its_day_and_one_with_a_moment_has_none() -> None:
    stages("2026-11-14 08:00,2026-11-15,2026-11-16")
    assert days() == [("lead", None), ("mql", YESTERDAY), ("sql", TODAY)]
    assert Transition.objects.get(to_stage__role="sql").at == NOON


@pytest.mark.parametrize("told", ["2026-11-15", "2026-11-15 16:00", "2026-11-15 23:59"])
def test_a_step_known_to_the_day_is_every_moment_of_it(told: str) -> None:
    stages("2026-11-15 08:00,2026-11-15,")
    assert Transition.objects.get(to_stage__role="mql").at == MIDNIGHT + timedelta(hours=8)
    assert stages(f"2026-11-15,{told},", at=NOON + DAY) == []
    assert stages(f"2026-11-15 08:00,{told},", correct=True) == []
    assert Transition.objects.get(to_stage__role="mql").day == YESTERDAY


def test_another_day_is_said_as_a_day_and_corrected_to_it() -> None:
    stages("2026-11-10,2026-11-15,")
    (said,) = stages("2026-11-10,2026-11-14,")
    assert "is 2026-11-15 here, the file says 2026-11-14" in said
    assert stages("2026-11-10,2026-11-14,", correct=True) == []
    step = Transition.objects.get(to_stage__role="mql")
    assert (step.at, step.day) == (MIDNIGHT - DAY, date(2026, 11, 14))
    assert {change.field: change.new for change in Change.objects.of("transition", step.pk)}["day"] == "2026-11-14"
    assert stages("2026-11-10,2026-11-13 10:00,", correct=True) == []
    assert Transition.objects.get(to_stage__role="mql").day is None


def test_a_deal_keeps_the_days_of_its_opening_and_its_outcome(lead: Lead) -> None:
    deals(f"{lead.email},Line 3,2026-11-15,2026-11-16,")
    deal = Opportunity.objects.get()
    assert (deal.opened_at, deal.opened_on, deal.won_at, deal.won_on) == (MIDNIGHT, YESTERDAY, NOON, TODAY)
    assert list(deal.steps.values_list("what", "day")) == [("opened", YESTERDAY), ("won", TODAY)]
    assert days()[-2:] == [("opportunity", YESTERDAY), ("customer", TODAY)]
    assert Transition.objects.get(to_stage__role="opportunity").at == AFTERNOON


def test_a_deal_with_moments_has_no_days(lead: Lead) -> None:
    deals(f"{lead.email},Line 3,2026-11-15 16:00,,2026-11-16 10:00")
    deal = Opportunity.objects.get()
    assert (deal.opened_on, deal.lost_on, deal.lost_at) == (None, None, TEN)
    assert set(deal.steps.values_list("day", flat=True)) == {None}


@pytest.mark.parametrize("first", ["2026-11-15", "2026-11-15 10:00"])
@pytest.mark.parametrize("second", ["2026-11-15", "2026-11-15 10:00"])
def test_the_day_and_a_moment_of_it_are_one_deal_in_one_file_and_in_two(lead: Lead, first: str, second: str) -> None:
    rows = [f"{lead.email},Line 3,{opened},," for opened in (first, second)]
    deals(*rows)
    assert deals(rows[1]) == counts(unchanged=1)
    assert Opportunity.objects.get().opened_on == (YESTERDAY if first == "2026-11-15" else None)


def test_two_moments_of_one_day_are_two_deals_in_one_file(lead: Lead) -> None:
    rows = [f"{lead.email},Line 3,2026-11-15 {hour}:00,," for hour in (10, 11, 12)]
    assert deals(*rows) == counts(created=3)
    assert deals(*rows) == counts(unchanged=3)


def test_that_a_row_was_taken_for_the_deal_further_up_is_said_also_of_a_day(lead: Lead) -> None:
    text = f"lead,name,opened\n{lead.email},Line 3,2026-11-15\n{lead.email},Line 3,2026-11-15 10:00\n"
    job, _counts = bring("opportunities", text, {name: DEALS[name] for name in text.split()[0].split(",")}, at=NOON)
    assert ["Line 3: “Line 3” was taken" in said for said in job.said] == [True]


@pytest.mark.parametrize("told", ["2026-11-16", "2026-11-16 08:00", "2026-11-16 17:00"])
def test_a_deal_of_today_is_every_moment_of_it(lead: Lead, told: str) -> None:
    deals(f"{lead.email},Line 3,2026-11-16,,")
    assert deals(f"{lead.email},Line 3,{told},,", at=NOON + DAY) == counts(unchanged=1)
    deal = Opportunity.objects.get()
    assert (deal.opened_at, deal.opened_on) == (NOON, TODAY)


def test_a_deal_that_is_corrected_to_a_day_follows_the_steps_of_that_day(lead: Lead) -> None:
    mapping = {"deal": "external_id", "lead": "lead.email", "opened": "opened_at"}
    for opened in ("2026-11-10", "2026-11-15"):
        text = f"deal,lead,opened\n7,{lead.email},{opened}\n"
        bring("opportunities", text, mapping, at=NOON, correct=opened != "2026-11-10")
    step = Transition.objects.get(to_stage__role="opportunity")
    assert (step.at, step.day, Journey.objects.get(lead=lead).stage.role) == (AFTERNOON, YESTERDAY, "opportunity")


@pytest.mark.parametrize("outcome", ["2026-11-16 10:00,", ",2026-11-16 10:00"])
def test_what_was_opened_today_was_so_before_an_outcome_of_today_whose_moment_is_known(
    lead: Lead, outcome: str
) -> None:
    row = f"{lead.email},Line 3,2026-11-16,{outcome}"
    assert deals(row) == counts(created=1)
    deal = Opportunity.objects.get()
    assert (deal.opened_at, deal.opened_on, deal.won_at or deal.lost_at) == (MIDNIGHT + DAY, TODAY, TEN)
    assert Journey.objects.get(lead=lead).last_step_at == TEN
    assert deals(row, at=NOON + DAY) == counts(unchanged=1)


def test_a_correction_gives_another_day_or_takes_it_away(lead: Lead) -> None:
    mapping = {"deal": "external_id", "lead": "lead.email", "opened": "opened_at", "won": "won_at", "lost": "lost_at"}

    def correct(row: str) -> Opportunity:
        bring("opportunities", f"deal,lead,opened,won,lost\n7,{lead.email},{row}\n", mapping, at=NOON, correct=True)
        return Opportunity.objects.get()

    correct("2026-11-13,2026-11-15,")
    deal = correct("2026-11-12,2026-11-14,")
    assert (deal.opened_on, deal.won_on) == (date(2026, 11, 12), date(2026, 11, 14))
    deal = correct("2026-11-12,,2026-11-15 16:00")
    assert (deal.won_on, deal.lost_at, deal.lost_on) == (None, AFTERNOON + timedelta(hours=1), None)
    assert [day for role, day in days() if role is None] == [None]
