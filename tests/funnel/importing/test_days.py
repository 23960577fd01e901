"""Facts of a file of which only the day is known: RULES, Time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from pytest_django import Settings

from funnel.journeys.standing import misplaced_leads
from funnel.models import DealStage, Journey, Opportunity, StageRole, Transition
from funnel.opportunities.ledger import disagreeing_deals
from teams.models import Role
from tests import make
from tests.api import Program
from tests.leads.importing.importing import bring, counts
from tests.make import MONDAY_9AM, NOON, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
TODAY, YESTERDAY = "2026-11-16", "2026-11-15"
DAY = timedelta(days=1)
STAGES = {"id": "external_id", "lead": "stage.lead", "mql": "stage.mql", "sql": "stage.sql"}
DEALS = {
    "lead": "lead.email", "deal": "external_id", "name": "name", "opened": "opened_at", "won": "won_at",
    "lost": "lost_at",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _every_lead_stands_at_its_last_step(db: None) -> Iterator[None]:
    yield
    assert misplaced_leads() == []
    assert disagreeing_deals() == []


def stages(row: str, *, at: datetime = NOON) -> list[tuple[str | None, datetime]]:
    bring("leads", f"id,lead,mql,sql\n1,{row}\n", STAGES, at=at)
    return list(Transition.objects.order_by("at", "pk").values_list("to_stage__role", "at"))


def deals(*rows: str, at: datetime = NOON) -> dict[str, int]:
    return bring("opportunities", "\n".join(["lead,deal,name,opened,won,lost", *rows]), DEALS, at=at)[1]


def test_today_means_now() -> None:
    start = MONDAY_9AM - 9 * timedelta(hours=1)
    assert stages(f"{YESTERDAY},{TODAY},{TODAY}") == [("lead", start - DAY), ("mql", NOON), ("sql", NOON)]
    # The same file again knows them by their day.
    assert bring("leads", f"id,lead,mql,sql\n1,{YESTERDAY},{TODAY},{TODAY}\n", STAGES, at=NOON + DAY)[0].said == []


def test_today_lies_before_a_later_step_of_today_whose_moment_is_known() -> None:
    assert stages(f"2026-11-16 08:00,{TODAY},2026-11-16 10:00") == [
        ("lead", MONDAY_9AM - timedelta(hours=1)), ("mql", MONDAY_9AM - timedelta(hours=1)), ("sql", TEN),
    ]  # fmt: skip


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_deal_that_was_opened_and_decided_today_was_so_now(outcome: str) -> None:
    lead = make.lead(StageRole.SQL, created_at=MONDAY_9AM)
    row = f"{lead.email},7,,{TODAY},{TODAY if outcome == 'won' else ''},{TODAY if outcome == 'lost' else ''}"
    assert deals(row) == counts(created=1)
    deal = Opportunity.objects.get()
    assert (deal.opened_at, deal.won_at or deal.lost_at) == (NOON, NOON)
    assert Journey.objects.get().last_step_at == NOON
    # Told again an hour later, and on another day, it is the same.
    assert deals(row, at=NOON + timedelta(hours=1)) == counts(unchanged=1)
    assert deals(row, at=NOON + DAY) == counts(unchanged=1)
    assert Opportunity.objects.get().opened_at == NOON


def test_without_an_id_the_day_of_today_is_one_deal_in_one_file_and_in_the_next() -> None:
    lead = make.lead(StageRole.SQL, created_at=MONDAY_9AM)
    row = f"{lead.email},,Line 3,{TODAY},,"
    deals(row, row)
    deals(row, at=NOON + timedelta(minutes=1))
    assert Opportunity.objects.get().opened_at == NOON


def test_a_known_deal_that_is_won_today_is_won_now_and_not_when_it_was_opened() -> None:
    lead = make.lead(StageRole.SQL, created_at=MONDAY_9AM)
    Opportunity.open(lead, opened_at=TEN, system="crm", external_id="7")
    assert deals(f"{lead.email},7,,,{TODAY},") == counts(updated=1)
    assert Opportunity.objects.get().won_at == NOON


def test_a_win_of_today_that_was_taken_back_today_is_not_taken_again() -> None:
    lead = make.lead(StageRole.SQL, created_at=MONDAY_9AM)
    deal = Opportunity.open(lead, opened_at=MONDAY_9AM, system="crm", external_id="7")
    deal.win(at=TEN)
    deal.reopen(at=TEN + timedelta(minutes=1))
    assert deals(f"{lead.email},7,,,{TODAY},") == counts(unchanged=1)
    assert Opportunity.objects.get().is_open


def test_a_past_day_is_the_moment_of_the_steps_of_that_day() -> None:
    assert stages(f"2026-11-15 08:00,{YESTERDAY},{YESTERDAY}") == [
        (role, MONDAY_9AM - DAY - timedelta(hours=1)) for role in ("lead", "mql", "sql")
    ]


# In Havana and on the Azores a midnight comes twice; in Cairo and in Beirut a day begins at one.
ODD_DAYS = [
    ("America/Havana", "2025-11-02", datetime(2025, 11, 2, 4, tzinfo=UTC)),
    ("Atlantic/Azores", "2025-10-26", datetime(2025, 10, 26, 0, tzinfo=UTC)),
    ("Africa/Cairo", "2026-04-24", datetime(2026, 4, 23, 22, tzinfo=UTC)),
    ("Asia/Beirut", "2026-03-29", datetime(2026, 3, 28, 22, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "day", "begins"), ODD_DAYS)
def test_a_day_is_one_where_the_clocks_skip_or_repeat_its_midnight(
    settings: Settings, zone: str, day: str, begins: datetime
) -> None:
    """By a file, on a page and by a program it is one deal, which follows the step of that day."""
    settings.COMPANY_TIME_ZONE = zone
    afternoon = begins + timedelta(hours=15)
    lead = make.mql(at=afternoon)
    deals(f"{lead.email},,Line 3,{day},,")
    rosa = make.user(Role.MANAGER)
    said = {"lead": {"id": lead.pk}, "name": "Line 3"}
    for opened_at in (day, begins.isoformat(), afternoon.isoformat()):
        assert Program(rosa).post("opportunities/", said | {"opened_at": opened_at}).status_code == 200, opened_at
    deal = Opportunity.objects.get()
    assert deal.opened_at == begins
    assert list(lead.transitions.order_by("at", "pk").values_list("to_stage__role", "at"))[1:] == [
        ("mql", afternoon), ("opportunity", afternoon),
    ]  # fmt: skip
    assert deals(f"{lead.email},,Line 3,{day},{day},") == counts(updated=1)

    other = make.mql(at=afternoon)
    page = make.signed_in(rosa)
    stage = DealStage.objects.offered()[0].pk
    typed = {"name": "Line 4", "kind": "new", "amount": "1", "currency": "JPY", "opened_on": day, "stage": stage}
    assert page.post(reverse("opportunity_new", args=[other.pk]), typed).status_code == 302
    assert Opportunity.objects.get(lead=other).opened_at == afternoon
