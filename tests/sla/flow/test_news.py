"""Correcting a typo wakes nobody; what the definition rests on does, and so does what a lead did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from funnel.models import Journey, StageRole
from funnel.qualification.qualifying import begin_missing
from leads.models import Lead
from leads.registering.companies import change_company
from leads.registering.reevaluation import enqueue_reevaluation
from leads.registering.registration import change
from scoring.models import Quadrant, Score
from scoring.rescoring import rescore
from sla.flow.advancing import advance_all
from tests import make
from tests.leads.importing.importing import bring
from tests.scoring.make import score_model

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM
DAY = timedelta(days=1)
TITLE: dict[str, Any] = {"field": "title", "op": "!=", "value": "Student"}
SIZE: dict[str, Any] = {"field": "company.employees", "op": ">=", "value": 5}
FIT: dict[str, Any] = {"field": "fit", "op": ">=", "value": 1}


def standing(criteria: dict[str, Any]) -> Lead:
    """A lead that meets the definition where it stood before that came into force, so that it waits for news."""
    definition = make.definition(criteria=criteria)
    make.agreement(definitions=[definition], in_force_from=NOW - 30 * DAY)
    company = make.company(employees=10)
    lead = make.lead(StageRole.LEAD, title="Buyer", company=company, created_at=NOW - 90 * DAY, email="ann@example.org")
    advance_all(at=NOW - DAY)
    assert stage_of(lead) == "lead"
    return lead


def stage_of(lead: Lead) -> str | None:
    return Journey.objects.get(lead=lead).stage.role


def correct_name(lead: Lead) -> None:
    change(lead, {"family_name": "Satō"}, at=NOW)


def correct_company(lead: Lead) -> None:
    assert lead.company is not None
    change_company(lead.company, {"name": "Satō"}, at=NOW)


def change_title(lead: Lead) -> None:
    change(lead, {"title": "Head of purchasing"}, at=NOW)


def grow(lead: Lead) -> None:
    assert lead.company is not None
    change_company(lead.company, {"employees": 20}, at=NOW)


def ask(lead: Lead) -> None:
    make.activity(lead, "demo_request", NOW)
    enqueue_reevaluation([lead.pk], at=NOW, news_at=NOW)


def ask_and_be_corrected(lead: Lead) -> None:
    ask(lead)
    change(lead, {"family_name": "Satō"}, at=NOW + timedelta(seconds=1))


def bring_asked(lead: Lead) -> None:
    bring("leads", "Email,Family name\nann@example.org,Satō\n", at=NOW, qualify_at_once=True)


@pytest.mark.parametrize(
    ("criteria", "what", "stage"),
    [
        (TITLE, correct_name, "lead"),
        (TITLE, correct_company, "lead"),
        (SIZE, change_title, "lead"),
        (TITLE, grow, "lead"),
        (TITLE, change_title, "mql"),
        (SIZE, grow, "mql"),
        (FIT, correct_name, "lead"),
        (FIT, change_title, "mql"),
        (TITLE, ask, "mql"),
        (TITLE, ask_and_be_corrected, "mql"),
        (TITLE, bring_asked, "mql"),
    ],
)
def test_only_what_the_definition_rests_on_is_news(
    criteria: dict[str, Any], what: Callable[[Lead], None], stage: str
) -> None:
    score_model(fit=[(TITLE, 50)], in_force_from=NOW - 60 * DAY)
    lead = standing(criteria)
    what(lead)
    advance_all(at=NOW + timedelta(minutes=1))
    assert stage_of(lead) == stage


def test_a_person_s_word_on_the_quadrant_is_news_where_the_definition_names_it() -> None:
    score_model(in_force_from=NOW - 60 * DAY)
    lead = standing({"field": "quadrant", "op": "=", "value": "hot"})
    rescore([lead.pk], at=NOW - DAY)
    Score.objects.get(pk=lead.pk).override_quadrant(Quadrant.HOT, reason="Met at a fair", by=make.user(), at=NOW)
    advance_all(at=NOW + timedelta(minutes=1))
    assert stage_of(lead) == "mql"


def test_what_an_import_placed_is_not_put_forward_by_a_typo() -> None:
    definition = make.definition(criteria=TITLE)
    make.agreement(definitions=[definition], in_force_from=NOW - 30 * DAY)
    lead = make.lead(title="Buyer", created_at=NOW - 90 * DAY)
    begin_missing([lead.pk], at=NOW - DAY, news={lead.pk: None})
    correct_name(lead)
    advance_all(at=NOW + timedelta(minutes=1))
    assert stage_of(lead) == "lead"
    change(lead, {"title": "Head of purchasing"}, at=NOW + DAY)
    advance_all(at=NOW + DAY)
    assert stage_of(lead) == "mql"
