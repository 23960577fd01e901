"""What one event costs, from the bell to the rep's notice."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funnel.models import StageRole
from leads.activities.recording import record
from sla.flow.advancing import advance_all
from sla.models import Handoff
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM, NOON, TEN
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db

ASKED = {"did": "demo_request", "at_least": 1}
# How a transaction goes is asked of no table.
BESIDE = ("SAVEPOINT", "RELEASE", "SET LOCAL")


def advance_one(**lead: Any) -> list[str]:
    """The statements that take one lead through the flow, from its event to its offer."""
    made = make.lead(StageRole.LEAD, created_at=MONDAY_9AM, **lead)
    advance_all(at=TEN)
    record(made, "demo_request", NOON, at=NOON)
    with CaptureQueriesContext(connection) as asked:
        assert advance_all(at=NOON) == 1
    handoff = Handoff.objects.get(lead=made)
    assert Notice.objects.filter(user=handoff.rep, about=f"handoff {handoff.pk}").exists()
    return [query["sql"] for query in asked.captured_queries if not query["sql"].startswith(BESIDE)]


@pytest.fixture
def agreed() -> None:
    team = make.team(Team.Kind.SALES)
    for _ in range(3):
        make.user(Role.REP, team=team)
    score_model(interest={"demo_request": (40, None, 30)})
    make.agreement(receiving=team, definitions=[make.definition(criteria=ASKED)])


def test_one_lead_is_offered_by_twenty_five_statements(agreed: None) -> None:
    assert len(advance_one()) <= 25


def test_the_lead_of_a_company_that_others_work_costs_two_more(agreed: None) -> None:
    company = make.company()
    advance_one(company=company)
    assert len(advance_one(company=company)) <= 27
