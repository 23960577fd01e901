"""Facts known only to the day stay on it when the company's zone changes: RULES, Time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from funnel.journeys.standing import misplaced_leads
from funnel.models import Journey, Opportunity, Stage, StageRole, Transition
from funnel.opportunities.days import Row, laid_anew, lay_on_their_days, mislaid_leads
from funnel.opportunities.ledger import disagreeing_deals
from history.models import Change
from leads.models import Lead
from sla.flow.advancing import begin_day
from smarketing.company import bounds_of, day_of
from tests import make
from tests.leads.importing.importing import bring, counts
from tests.make import MONDAY_9AM, NOON

pytestmark = pytest.mark.usefixtures("in_tokyo")
DAY = timedelta(days=1)
TOKYO = ZoneInfo("Asia/Tokyo")
YESTERDAY, BEFORE = date(2026, 11, 15), date(2026, 11, 12)
STAGES = {"id": "external_id", "lead": "stage.lead", "mql": "stage.mql", "sql": "stage.sql"}
FILE = "id,lead,mql,sql\n1,2026-11-10,2026-11-12,2026-11-15\n"
DEALS = {"lead": "lead.external_id", "name": "name", "opened": "opened_at", "won": "won_at"}
ZONES = ("Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland")


@pytest.fixture
def _everything_agrees(db: None) -> Iterator[None]:
    yield
    assert misplaced_leads() == []
    assert disagreeing_deals() == []


def move_to(zone: str, settings: Settings, *, at: datetime = NOON) -> None:
    """The company's zone changes, and the machine sees it."""
    begin_day(at=at)
    settings.COMPANY_TIME_ZONE = zone
    begin_day(at=at + timedelta(minutes=5))


def on_days() -> list[tuple[str | None, date | None]]:
    steps = Transition.objects.order_by("at", "pk").values_list("to_stage__role", "at")
    return [(role, day_of(at)) for role, at in steps]


@pytest.mark.usefixtures("_everything_agrees")
@pytest.mark.parametrize("zone", ZONES)
def test_the_steps_and_deals_of_a_file_stay_on_their_days(zone: str, settings: Settings) -> None:
    bring("leads", FILE, STAGES, at=NOON)
    deals = "lead,name,opened,won\n1,Line 3,2026-11-12,2026-11-15\n"
    bring("opportunities", deals, DEALS, at=NOON)
    before = on_days()
    move_to(zone, settings)
    assert on_days() == before
    assert [day for _role, day in before if day] == list(
        Transition.objects.order_by("at", "pk").values_list("day", flat=True)
    )
    deal = Opportunity.objects.get()
    assert deal.won_at
    assert (deal.opened_at, day_of(deal.won_at)) == (bounds_of(BEFORE)[0], YESTERDAY)
    assert Journey.objects.get().last_step_at == Transition.objects.order_by("at", "pk")[4].at
    assert mislaid_leads(TOKYO) == []
    # The same files again tell nothing new.
    assert bring("leads", FILE, STAGES, at=NOON + DAY)[0].said == []
    again, counted = bring("opportunities", deals, DEALS, at=NOON + DAY)
    assert (again.said, counted) == ([], counts(unchanged=1))


@pytest.mark.usefixtures("_everything_agrees")
def test_each_correction_is_a_row_of_history_and_none_is_made_twice(settings: Settings) -> None:
    bring("leads", FILE, STAGES, at=NOON)
    step = Transition.objects.get(to_stage__role="mql")
    before = step.at
    move_to("Europe/Berlin", settings)
    (change,) = Change.objects.of("transition", step.pk)
    step.refresh_from_db()
    assert (change.field, change.how) == ("at", "zone Europe/Berlin")
    assert [datetime.fromisoformat(str(moment)) for moment in (change.old, change.new)] == [before, step.at]
    many = Change.objects.count()
    lay_on_their_days([step.lead_id], TOKYO, at=NOON + DAY)
    assert Change.objects.count() == many
    # And back again.
    settings.COMPANY_TIME_ZONE = "Asia/Tokyo"
    begin_day(at=NOON + DAY)
    step.refresh_from_db()
    assert step.at == before


@pytest.fixture
def lead(db: None) -> Lead:
    """Somebody who became SQL three days ago, at five in the morning of Tokyo."""
    lead = make.lead(StageRole.MQL, created_at=MONDAY_9AM - 30 * DAY)
    at = datetime(2026, 11, 13, 5, tzinfo=TOKYO)
    Journey.of(lead).move_to(Stage.objects.role("sql"), because="Called", at=at)
    return lead


@pytest.mark.usefixtures("_everything_agrees")
def test_what_has_a_moment_keeps_it_and_its_place_among_days(lead: Lead, settings: Settings) -> None:
    """In Los Angeles the step lies on the day before, and the deal goes on following it."""
    deal = Opportunity.open(lead, opened_on=date(2026, 11, 13))
    sql = lead.transitions.get(to_stage__role="sql")
    assert deal.opened_at == sql.at
    move_to("America/Los_Angeles", settings)
    deal.refresh_from_db()
    assert deal.opened_at == bounds_of(date(2026, 11, 13))[0]
    assert lead.transitions.get(to_stage__role="sql").at == sql.at
    assert Journey.objects.get(lead=lead).stage.role == "opportunity"


@pytest.mark.usefixtures("_everything_agrees")
def test_a_fact_of_today_lies_no_later_than_it_was_told(lead: Lead, settings: Settings) -> None:
    deal = Opportunity.open(lead, opened_at=MONDAY_9AM - DAY)
    deal.win(at=NOON)
    Opportunity.objects.update(won_on=date(2026, 11, 16))
    deal.steps.filter(what="won").update(day=date(2026, 11, 16), recorded_at=NOON)
    move_to("America/Los_Angeles", settings)  # where the day has not begun
    deal.refresh_from_db()
    assert (deal.won_at, deal.won_on) == (NOON, date(2026, 11, 16))


def test_rows_that_know_their_moment_stay_where_they_are(lead: Lead, settings: Settings) -> None:
    Opportunity.open(lead, opened_at=MONDAY_9AM - DAY).win(at=MONDAY_9AM - timedelta(hours=1))
    before = list(Transition.objects.order_by("pk").values_list("at", flat=True))
    move_to("Europe/Berlin", settings)
    assert list(Transition.objects.order_by("pk").values_list("at", flat=True)) == before
    assert not Change.objects.filter(subject="transition").exists()


BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = st.integers(0, 100).map(lambda hours: BEGIN + timedelta(hours=hours))
TOLD = st.tuples(HOURS, st.integers(1, 50), st.booleans(), st.integers(0, 60))


@given(st.lists(TOLD, max_size=8), st.sampled_from(ZONES))
def test_the_order_of_a_ledger_stays_and_nothing_lies_later_than_it_was_told(
    told: list[tuple[datetime, int, bool, int]], zone: str
) -> None:
    unique = {pk: (at, is_day, later) for at, pk, is_day, later in told}
    rows = [
        Row(1, pk, at, at.astimezone(TOKYO).date() if is_day else None, at + timedelta(hours=later))
        for pk, (at, is_day, later) in unique.items()
    ]
    rows.sort(key=lambda row: (row.at, row.id))
    laid = [(at, row.id) for row, at in laid_anew(rows, TOKYO, ZoneInfo(zone))]
    assert laid == sorted(laid)
    for row, (at, _id) in zip(rows, laid, strict=True):
        assert at <= row.recorded_at
        assert row.day or at == row.at
