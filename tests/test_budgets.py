"""No page asks more than a dozen statements, and none asks more where there are more rows."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from dashboards.goals.models import Goal
from funnel.models import DealStage, Definition, Opportunity, StageRole
from leads.models import ActivityKind, Campaign, CustomField, Import, Segment
from scoring.models import FitRule
from sla.models import Calendar, Handoff, Review
from teams.models import Role
from teams.permissions import NOBODY, PUBLIC, WHO_MAY
from tests import make
from tests.filled import FilledCompany
from tests.make import TEN
from tests.test_permissions import PAGES, VIEWS

# Told also for those that only look at what was counted: they belong before whatever empties the database.
pytestmark = pytest.mark.django_db
MOST = 12
# The first who opens them after a change stores what they show.
STORING = {"weekly", "weekly_week", "attainment", "home"}
# How a transaction goes, and how long a statement may take, is asked of no table.
BESIDE = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SELECT set_config")
OBJECTS: dict[str, Callable[[FilledCompany], list[Any]]] = {
    **dict.fromkeys(
        (
            "lead",
            "lead_changes",
            "lead_edit",
            "lead_merge",
            "lead_persona",
            "journey_step",
            "journey_recycling",
            "journey_end",
            "opportunity_new",
        ),
        lambda company: [working(company).lead_id],
    ),
    "lead_merge_with": lambda company: [working(company).lead_id, offered(company).lead_id],
    **dict.fromkeys(("company", "company_edit"), lambda company: [working(company).lead.company_id]),
    "weekly_week": lambda company: ["2026-11-09"],
    "attainment_clause": lambda company: [company.agreement.clauses.earliest("pk").key],
    "review": lambda company: [Review.objects.earliest("pk").pk],
    "review_leads": lambda company: [Review.objects.earliest("pk").pk, in_force().pk],
    "goal": lambda company: [Goal.objects.earliest("pk").pk],
    "metric": lambda company: ["handed_over"],
    "behind": lambda company: ["handed_over"],
    **dict.fromkeys(("team", "team_channel"), lambda company: [company.sales.pk]),
    **dict.fromkeys(("persona", "persona_edit"), lambda company: [agreed_persona(company).persona_id]),
    "persona_version": lambda company: [agreed_persona(company).persona_id, agreed_persona(company).number],
    "handoff": lambda company: [offered(company).pk],
    "calendar_other": lambda company: [Calendar.objects.filter(is_default=False).earliest("pk").pk],
    "territory_new": lambda company: [company.sales.pk],
    "territory": lambda company: [company.sales.territories.earliest("pk").pk],
    **dict.fromkeys(("agreement_version", "agreement_signature"), lambda company: [company.agreement.number]),
    **dict.fromkeys(
        ("stage_definition", "definition_comparison", "definition_draft"), lambda company: [in_force().stage_id]
    ),
    **dict.fromkeys(
        ("definition", "definition_trial", "definition_standing"),
        lambda company: [in_force().stage_id, in_force().number],
    ),
    "score_model": lambda company: [company.model.number],
    "stage_edit": lambda company: [in_force().stage_id],
    "reason_new": lambda company: ["lost"],
    "reason_edit": lambda company: [rejected(company).reason_id],
    "deal_stage_edit": lambda company: [DealStage.objects.earliest("pk").pk],
    **dict.fromkeys(
        ("opportunity", "opportunity_stage", "opportunity_won", "opportunity_lost", "opportunity_reopened"),
        lambda company: [Opportunity.objects.open().earliest("pk").pk],
    ),
    "fit_rule": lambda company: [FitRule.objects.filter(model__published_at=None).latest("model__number").pk],
    **dict.fromkeys(("campaign", "campaign_edit"), lambda company: [Campaign.objects.earliest("pk").pk]),
    "segment_edit": lambda company: [Segment.objects.earliest("pk").pk],
    **dict.fromkeys(
        ("import", "import_mapping", "import_rejected"), lambda company: [Import.objects.earliest("pk").pk]
    ),
    "custom_field_edit": lambda company: [CustomField.objects.earliest("pk").pk],
    "activity_kind_edit": lambda company: [ActivityKind.objects.earliest("pk").pk],
    "person": lambda company: [company.rep.pk],
    "notice": lambda company: [company.rep.notices.earliest("pk").pk],
    **dict.fromkeys(("mail", "mail_html"), lambda company: ["offered"]),
}
NAMES = sorted(name for name in {*PAGES, *OBJECTS} if WHO_MAY[name] not in (PUBLIC, NOBODY))
SEEN = [(name, role) for name in NAMES for role in Role if role.value in WHO_MAY[name]]
# Whether a page asks more where there are more rows is found for two of the roles that see it.
GROWN = sorted(
    {pairs[place] for pairs in ([each for each in SEEN if each[0] == name] for name in NAMES) for place in (0, -1)}
)
Counts = dict[tuple[str, Role], list[int]]


def offered(company: FilledCompany) -> Handoff:
    return Handoff.objects.filter(answer="").earliest("pk")


def working(company: FilledCompany) -> Handoff:
    return Handoff.objects.filter(answer="accepted").earliest("pk")


def rejected(company: FilledCompany) -> Handoff:
    return Handoff.objects.filter(answer="rejected").earliest("pk")


def in_force() -> Definition:
    return Definition.objects.in_force().get(stage__role=StageRole.MQL)


def agreed_persona(company: FilledCompany) -> Any:
    return company.agreement.agreed_personas.earliest("pk").version


@pytest.fixture(scope="module")
def statements(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Counts:
    """How many statements each page asks of each who may see it, with few rows and with three times as many."""
    counts: Counts = {}
    with django_db_blocker.unblock(), time_machine.travel(TEN, tick=False), transaction.atomic():
        company = FilledCompany()
        for rows, pages in ((2, GROWN), (4, SEEN)):
            company.grow(rows)
            settle()
            for name, role in pages:
                address = PAGES.get(name) or reverse(name, args=OBJECTS[name](company))
                count = count_statements(name, address, make.signed_in(company.people[role]))
                counts.setdefault((name, role), []).append(count)
        transaction.set_rollback(True)
    return counts


def settle() -> None:
    """What changed so far is no news: numbers that are stored from now on stay fresh."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM metrics_change")


def count_statements(name: str, address: str, browser: Client) -> int:
    if name in STORING:
        browser.get(address)
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(address)
    assert answer.status_code < 500
    return sum(not query["sql"].startswith(BESIDE) for query in asked.captured_queries)


@pytest.mark.parametrize(("name", "role"), SEEN)
def test_a_page_keeps_its_budget(name: str, role: Role, statements: Counts) -> None:
    assert max(statements[name, role]) <= MOST


@pytest.mark.parametrize(("name", "role"), GROWN)
def test_a_page_asks_the_same_for_few_rows_and_for_many(name: str, role: Role, statements: Counts) -> None:
    few, many = statements[name, role]
    assert few == many


@pytest.mark.parametrize(
    "name", [name for name in sorted(WHO_MAY) if not name.startswith("api-") and WHO_MAY[name] not in (PUBLIC, NOBODY)]
)
def test_every_page_is_counted_or_only_written_to(name: str) -> None:
    if name not in NAMES:
        values = {"str": "2026-11-16", "slug": "lost", "uuid": "0" * 32}
        arguments = {key: values.get(type(of).__name__[:-9].lower(), 1) for key, of in converters(name).items()}
        assert make.signed_in(make.user(*Role)).get(reverse(name, kwargs=arguments)).status_code == 405


def converters(name: str) -> dict[str, Any]:
    return getattr(VIEWS[name].pattern, "converters", {})
