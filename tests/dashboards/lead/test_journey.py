"""The stages as one lead went through them."""

from datetime import timedelta

import pytest

from dashboards.lead.journey import StageVisit, stage_visits
from funnel.models import Journey, Stage, StageRole, Transition
from leads.models import Lead
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM
HOUR = timedelta(hours=1)


def visits(lead: Lead) -> dict[str, StageVisit]:
    steps = list(Transition.objects.filter(lead=lead).order_by("at", "pk").select_related("definition"))
    journey = Journey.objects.filter(lead=lead).first()
    return {visit.stage.role or "": visit for visit in stage_visits(journey, steps)}


def move(lead: Lead, role: StageRole, hours: int) -> None:
    lead.journey.refresh_from_db()
    lead.journey.move_to(Stage.objects.role(role), because="", at=AT + hours * HOUR, how=Transition.How.PERSON)


def test_a_lead_without_a_journey_was_nowhere():
    found = visits(make.lead())
    assert list(found) == list(StageRole.values)
    assert {(visit.state, visit.entered_at, visit.times) for visit in found.values()} == {("", None, 0)}


def test_a_stage_is_behind_it_the_one_it_stands_in_or_still_ahead():
    found = visits(make.mql(at=AT))
    assert [found[role].state for role in ("lead", "mql", "sal")] == ["past", "here", ""]
    assert found["mql"].entered_at == AT


def test_a_stage_that_was_entered_again_has_its_last_entry_and_how_often():
    lead = make.mql(at=AT)
    move(lead, StageRole.LEAD, 1)
    move(lead, StageRole.MQL, 2)
    found = visits(lead)
    assert (found["mql"].times, found["mql"].entered_at) == (2, AT + 2 * HOUR)
    assert found["lead"].times == 2


def test_a_lead_that_went_back_was_further_already():
    lead = make.mql(at=AT)
    move(lead, StageRole.LEAD, 1)
    found = visits(lead)
    assert (found["lead"].state, found["mql"].state) == ("here", "past")


def test_the_definition_is_named_where_the_lead_stands_by_it():
    lead = make.mql(at=AT)
    definition = make.definition()
    Transition.objects.filter(lead=lead, to_stage__role="mql").update(definition=definition)
    assert visits(lead)["mql"].definition == definition
    move(lead, StageRole.SAL, 1)
    assert visits(lead)["mql"].definition is None


def test_closing_a_journey_enters_no_stage():
    lead = make.mql(at=AT)
    Transition.objects.create(lead=lead, from_stage=lead.journey.stage, at=AT + HOUR, how=Transition.How.PERSON)
    assert sum(visit.times for visit in visits(lead).values()) == 2
