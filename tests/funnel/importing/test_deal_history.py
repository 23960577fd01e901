"""The history of the deals that files bring."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from funnel.models import Opportunity, Reason
from funnel.opportunities.ledger import disagreeing_deals
from history.models import Change
from tests import make
from tests.leads.importing.importing import bring, counts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]

NOW = make.MONDAY_9AM
DAY = timedelta(days=1)
COLUMNS = {
    "id": "external_id", "mail": "lead.email", "name": "name", "amount": "amount", "opened": "opened_at",
    "won": "won_at", "lost": "lost_at", "why": "won_reason", "whynot": "lost_reason", "stage": "stage",
    "owner": "owner",
}  # fmt: skip
HEAD = ",".join(COLUMNS)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.fixture(autouse=True)
def lead() -> None:
    make.lead(email="a@x.example", created_at=day("2025-01-01"))


def come(*lines: str, at: datetime = NOW, correct: bool = False) -> tuple[list[str], dict[str, int]]:
    """Bring deals in; what was said, and how many."""
    text = "\n".join([HEAD, *lines, ""])
    job, counted = bring("opportunities", text, COLUMNS, at=at, correct=correct)
    assert disagreeing_deals() == []
    return job.said, counted


def rows() -> list[tuple[str, datetime]]:
    return list(Opportunity.objects.get().steps.values_list("what", "at"))


def test_a_deal_comes_with_its_opening_its_stage_and_its_outcome() -> None:
    come("1,a@x.example,Line,100,2025-02-01,2025-03-01,,Price,,提案,")
    assert rows() == [("opened", day("2025-02-01")), ("won", day("2025-03-01"))]
    opened, won = Opportunity.objects.get().steps.all()
    assert opened.stage
    assert (opened.stage.key, opened.amount, opened.recorded_at) == ("proposal", 100, NOW)
    assert (won.reason, won.how.partition(" ")[0]) == (Reason.objects.get(kind="won", key="price"), "import")


def test_a_deal_without_a_day_of_opening_was_opened_no_later_than_it_was_won() -> None:
    come("1,a@x.example,Line,100,,2025-03-01,,,,,")
    assert rows() == [("opened", day("2025-03-01")), ("won", day("2025-03-01"))]
    come("1,a@x.example,Line,100,2025-02-01,,,,,,", at=NOW + DAY)
    assert rows() == [("opened", day("2025-02-01")), ("won", day("2025-03-01"))]


def test_what_a_later_file_changes_changed_when_it_came_and_what_it_tells_held_then() -> None:
    sam = make.user(email="sam@example.org")
    come("1,a@x.example,Line,100,2025-02-01,,,,,Discovery,")
    come("1,a@x.example,Line,120,2025-02-01,,,,,Negotiation,", at=NOW + DAY)
    come("1,a@x.example,Line,150,2025-02-01,2026-11-17,,,,,sam@example.org", at=NOW + 3 * DAY)
    assert rows() == [
        ("opened", day("2025-02-01")), ("moved", NOW + DAY), ("changed", NOW + DAY), ("changed", NOW + DAY),
        ("won", day("2026-11-17")),
    ] or rows() == [
        ("opened", day("2025-02-01")), ("won", day("2026-11-17")), ("moved", NOW + DAY), ("changed", NOW + DAY),
        ("changed", NOW + DAY),
    ]  # fmt: skip
    deal = Opportunity.objects.get()
    assert (deal.amount, deal.owner, deal.stage and deal.stage.key) == (Decimal(150), sam, "negotiation")


def test_the_same_file_again_leaves_no_row() -> None:
    lines = ("1,a@x.example,Line,100,2025-02-01,2025-03-01,,Price,,提案,", ",a@x.example,Other,5,2025-02-01,,,,,,")
    come(*lines)
    before = list(Opportunity.objects.values_list("steps", flat=True))
    assert come(*lines, at=NOW + DAY)[1] == counts(unchanged=2)
    assert list(Opportunity.objects.values_list("steps", flat=True)) == before


@pytest.mark.parametrize("correct", [False, True])
def test_a_win_that_was_taken_back_is_not_taken_again_from_the_same_file(correct: bool) -> None:
    line = "1,a@x.example,Line,100,2025-02-01,2025-03-01,,Price,,,"
    come(line)
    Opportunity.objects.get().reopen(at=NOW + DAY)
    said, counted = come(line, at=NOW + 2 * DAY, correct=correct)
    deal = Opportunity.objects.get()
    assert (deal.is_open, deal.reason, counted) == (True, None, counts(unchanged=1))
    assert any("was opened again" in each for each in said)
    come("1,a@x.example,Line,100,2025-02-01,2026-11-18,,Price,,,", at=NOW + 3 * DAY)
    assert rows()[-2:] == [("reopened", NOW + DAY), ("won", day("2026-11-18"))]


def test_a_correction_changes_the_row_that_is_there_and_history_keeps_what_it_was() -> None:
    come("1,a@x.example,Line,100,2025-02-01,2025-03-01,,Price,,,")
    come("1,a@x.example,Line,100,2025-02-02,,2025-03-05,,Price,,", at=NOW + DAY, correct=True)
    assert rows() == [("opened", day("2025-02-02")), ("lost", day("2025-03-05"))]
    lost = Opportunity.objects.get().steps.get(what="lost")
    assert (lost.reason, Opportunity.objects.get().reason) == (Reason.objects.get(kind="lost", key="price"),) * 2
    kept = Change.objects.filter(subject="opportunity_step").order_by("pk")
    assert {(each.field, str(each.old)[:10]) for each in kept} == {
        # Days of Tokyo.
        ("at", "2025-01-31"), ("what", "won"), ("at", "2025-02-28"), ("day", "2025-02-01"), ("day", "2025-03-01"),
        ("reason", str(Reason.objects.get(kind="won", key="price").pk)),
    }  # fmt: skip


def test_a_stage_that_is_none_is_left_open_and_said() -> None:
    said, counted = come("1,a@x.example,Line,100,2025-02-01,,,,,appointmentscheduled,")
    assert (counted, Opportunity.objects.get().stage) == (counts(created=1), None)
    assert any("appointmentscheduled" in each for each in said)


def test_two_rows_that_nothing_tells_apart_are_one_deal_and_that_is_said() -> None:
    said, counted = come(",a@x.example,Renewal,100,,,,,,,", ",a@x.example,Renewal,250,,,,,,,")
    assert (Opportunity.objects.get().amount, sum(counted.values())) == (250, 2)
    assert any("Line 3" in each and "Renewal" in each for each in said)


def test_a_new_name_is_history() -> None:
    come("1,a@x.example,Line,100,2025-02-01,,,,,,")
    come("1,a@x.example,Line 2,100,2025-02-01,,,,,,", at=NOW + DAY)
    change = Change.objects.get(subject="opportunity")
    assert (change.field, change.old, change.new) == ("name", "Line", "Line 2")
