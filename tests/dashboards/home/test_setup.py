"""What an administrator sets up before the first agreement, and when each step is done."""

from datetime import date, timedelta
from typing import cast

import pytest
from django.test import RequestFactory
from django.utils import translation

from dashboards.home.setup import SetupStep, calendar_was_checked, setup_steps
from leads.models import Persona
from scoring.models import ScoreModel
from sla.models import Calendar
from teams.http import UserRequest
from teams.models import Organization, Role, Team, User
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN


def steps(person: User | None = None) -> dict[str, SetupStep]:
    request = cast(UserRequest, RequestFactory().get("/"))
    request.user = person or User(roles=["administrator"])
    names = ("organization", "people", "calendar", "imports", "personas", "scoring", "agreement")
    return dict(zip(names, setup_steps(request, AT), strict=True))


def done() -> set[str]:
    return {name for name, step in steps().items() if step.is_done}


def test_at_first_nothing_is_done():
    assert done() == set()


def test_a_company_with_a_name_said_who_it_is():
    Organization.objects.update_or_create(pk=1, defaults={"name": "北浜食品"})
    assert done() == {"organization"}


def test_both_sides_have_a_head_and_members():
    for kind in (Team.Kind.MARKETING, Team.Kind.SALES):
        assert "people" not in done()
        team = make.team(kind, head=make.user(Role.MANAGER))
        make.user(Role.REP, team=team)
    assert done() == {"people"}


def test_sdrs_are_a_side_that_sells_and_a_team_without_a_head_is_none():
    for kind, head in ((Team.Kind.MARKETING, make.user()), (Team.Kind.SALES, None)):
        make.user(team=make.team(kind, head=head))
    assert done() == set()
    make.user(team=make.team(Team.Kind.SDR, head=make.user()))
    assert done() == {"people"}


def test_opening_hours_are_checked_once_somebody_changed_them_or_closed_a_day():
    assert not calendar_was_checked()
    calendar = Calendar.default()
    day = calendar.days.create(day=date(2026, 12, 29), name="年末休業")
    assert done() == {"calendar"}
    day.delete()
    assert not calendar_was_checked()
    Calendar.objects.filter(pk=calendar.pk).update(windows={"0": [["09:00", "12:00"]]})
    assert calendar_was_checked()


def test_leads_personas_and_a_score_model_are_there():
    make.lead()
    Persona.objects.create()
    model = ScoreModel.objects.create(number=1)
    assert done() == {"imports", "personas"}
    model.put_in_force(from_at=AT + timedelta(seconds=1))
    assert done() == {"imports", "personas"}
    model.put_in_force(from_at=AT)
    assert done() == {"imports", "personas", "scoring"}


def test_with_an_agreement_in_force_the_hours_were_checked_too():
    make.agreement()
    assert {"agreement", "calendar"} <= done()


def test_a_step_leads_only_to_where_the_person_may_go():
    urls = {name: bool(step.url) for name, step in steps().items()}
    assert urls["people"]
    assert not any(step.url for name, step in steps(User(roles=["rep"])).items() if name in ("people", "organization"))


def test_the_steps_are_read_in_japanese():
    with translation.override("ja"):
        assert not any(step.text.isascii() or step.note.isascii() for step in steps().values())
