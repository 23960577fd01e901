"""A week is asked together: to the letter what its questions answer each alone."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.goals.models import Goal
from dashboards.weekly import computing
from dashboards.weekly.computing import compute_week
from funnel.models import Opportunity, Reason, StageRole
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric, metrics
from sla.models import Handoff
from smarketing.database.together import Asked
from tests import make
from tests.filled import FilledCompany
from tests.make import MONDAY_9AM, TEN

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MONDAYS = ("2026-11-09", "2026-11-16", "2026-11-23")
WEEKS = [Period(monday, monday + 7 * DAY, ZoneInfo("Asia/Tokyo")) for monday in map(date.fromisoformat, MONDAYS)]


@pytest.fixture
def company() -> FilledCompany:
    """Leads, hand-offs with every answer, deals won and lost for a reason, with amounts that have decimals."""
    with time_machine.travel(TEN, tick=False):
        company = FilledCompany()
        company.grow(3)
        for number, deal in enumerate(Opportunity.objects.open().order_by("pk")):
            reason = Reason.objects.filter(kind="lost" if number % 3 == 0 else "won").order_by("pk")[number % 2]
            if number % 3 == 0:
                deal.lose(reason=reason, at=TEN)
            else:
                deal.win(reason=reason, at=TEN)
        for number in range(4):
            deal = make.opportunity(make.lead(StageRole.SQL), opened_at=MONDAY_9AM - 9 * DAY, amount="1234.50")
            deal.win(at=MONDAY_9AM + (number * 4 - 6) * DAY)
        week = WEEKS[1]
        Goal.objects.create(measure="revenue", starts_on=week.start, ends_on=week.end, target=1000)
        Goal.objects.create(measure="contracts", starts_on=week.start - 20 * DAY, ends_on=week.end + 20 * DAY, target=9)
    assert set(Handoff.objects.values_list("answer", flat=True)) >= {"", "accepted", "rejected"}
    return company


def each_alone(*asked: Asked[Any]) -> list[Any]:
    return [each.fetch() for each in asked]


@pytest.mark.parametrize("as_seen", [False, True])
def test_a_week_asked_together_is_the_week_asked_apart(
    company: FilledCompany, as_seen: bool, monkeypatch: pytest.MonkeyPatch
):
    moments = (TEN, TEN + 5 * DAY, TEN + 30 * DAY)
    together = [compute_week(week, at, as_seen=as_seen) for week in WEEKS for at in moments]
    monkeypatch.setattr(computing, "ask", each_alone)
    apart = [compute_week(week, at, as_seen=as_seen) for week in WEEKS for at in moments]
    assert json.dumps(together) == json.dumps(apart)
    assert len({json.dumps(numbers) for numbers in together}) > 4


def test_every_cut_of_every_metric_asked_together_is_what_it_is_alone(company: FilledCompany):
    month = Period.month_of(MONDAY_9AM)
    for each in metrics():
        start, end = ("lead", "customer") if each.stages == "pair" else ("", "")
        questions = [
            Question(month, at=TEN + 30 * DAY, by=by, view=view, from_role=start, to_role=end)
            for by in ("", *each.dimensions)
            for view in each.views
        ]
        asked = [each.asked(question) for question in questions]
        assert Asked.all_of(asked).fetch() == [metric(each.name).rows(question) for question in questions]


def test_a_week_takes_the_statements_of_its_subjects_not_of_its_numbers(company: FilledCompany):
    counts = []
    for days in (1, 2):
        with CaptureQueriesContext(connection) as asked:
            numbers = compute_week(WEEKS[1], TEN)
        counts.append((len(numbers["goals"]), len(asked)))
        Goal.objects.create(measure="contracts", starts_on=WEEKS[1].start, ends_on=WEEKS[1].end + days * DAY, target=1)
    assert counts[0][0] < counts[1][0]
    assert counts[0][1] == counts[1][1] <= 30
