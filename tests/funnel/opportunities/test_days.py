"""What is told of a deal as of a day keeps it beside its moment, by pages and programs: RULES, Time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from funnel.models import DealStage, Journey, Opportunity, Reason, Stage, StageRole, Transition
from funnel.opportunities.ledger import disagreeing_deals
from funnel.opportunities.registering import register
from leads.models import Lead
from sla.flow.merging import merge
from teams.models import Role
from tests import make
from tests.api import Program
from tests.make import MONDAY_9AM, NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
DAY = timedelta(days=1)
TODAY, YESTERDAY = date(2026, 11, 16), date(2026, 11, 15)
MIDNIGHT = MONDAY_9AM - 9 * timedelta(hours=1) - DAY
AFTERNOON = MIDNIGHT + timedelta(hours=15)


@pytest.fixture
def lead() -> Lead:
    """Somebody who became SQL yesterday afternoon."""
    lead = make.lead(StageRole.MQL, created_at=MIDNIGHT - 30 * DAY)
    Journey.of(lead).move_to(Stage.objects.role("sql"), because="Called", at=AFTERNOON)
    return lead


@pytest.fixture
def program() -> Program:
    return Program(make.user(Role.MANAGER))


def tell(program: Program, lead: Lead, **said: Any) -> dict[str, Any]:
    answer = program.post("opportunities/", {"lead": {"id": lead.pk}, "name": "Line 3", **said})
    assert answer.status_code in (200, 201), answer.json()
    told: dict[str, Any] = answer.json()
    return told


@time_machine.travel(NOON, tick=False)
def test_a_page_keeps_the_day_and_shows_it_alone(lead: Lead) -> None:
    page = make.signed_in(make.user(Role.MANAGER))
    stage = DealStage.objects.offered()[0].pk
    typed = {"name": "Line 3", "kind": "new", "amount": "1", "currency": "JPY", "stage": stage}
    page.post(reverse("opportunity_new", args=[lead.pk]), typed | {"opened_on": YESTERDAY})
    deal = Opportunity.objects.get()
    assert (deal.opened_at, deal.opened_on) == (AFTERNOON, YESTERDAY)
    reason = Reason.objects.offered(Reason.Kind.WON).filter(needs_text=False)[0].pk
    page.post(reverse("opportunity_won", args=[deal.pk]), {"reason": reason, "on": TODAY})
    deal.refresh_from_db()
    assert (deal.won_at, deal.won_on) == (NOON, TODAY)
    assert list(deal.steps.values_list("what", "at", "day")) == [
        ("opened", AFTERNOON, YESTERDAY), ("won", NOON, TODAY),
    ]  # fmt: skip
    steps = Transition.objects.filter(lead=lead, day__isnull=False).order_by("at")
    assert list(steps.values_list("to_stage__role", "at", "day")) == [
        ("opportunity", AFTERNOON, YESTERDAY), ("customer", NOON, TODAY),
    ]  # fmt: skip
    for name, pk in (("opportunity", deal.pk), ("lead", lead.pk)):
        text = page.get(reverse(name, args=[pk])).content.decode()
        assert 'datetime="2026-11-16"' in text, name
        assert 'datetime="2026-11-15"' in text, name
        assert 'datetime="2026-11-16T12' not in text, name
    assert disagreeing_deals() == []


@time_machine.travel(NOON, tick=False)
def test_without_a_day_a_page_knows_the_moment(lead: Lead) -> None:
    page = make.signed_in(make.user(Role.MANAGER))
    deal = Opportunity.open(lead, opened_at=AFTERNOON)
    reason = Reason.objects.offered(Reason.Kind.LOST).filter(needs_text=False)[0].pk
    page.post(reverse("opportunity_lost", args=[deal.pk]), {"reason": reason, "on": ""})
    deal.refresh_from_db()
    assert (deal.opened_on, deal.lost_at, deal.lost_on) == (None, NOON, None)
    assert not Transition.objects.filter(day__isnull=False).exists()


@time_machine.travel(NOON, tick=False)
def test_a_program_is_given_the_day_beside_the_moment(lead: Lead, program: Program) -> None:
    told = tell(program, lead, opened_at="2026-11-15")
    assert (told["opened_on"], told["won_on"], told["lost_on"]) == ("2026-11-15", None, None)
    assert datetime.fromisoformat(told["opened_at"]) == AFTERNOON
    told = tell(program, lead, name="Line 4", opened_at="2026-11-16")
    assert (datetime.fromisoformat(told["opened_at"]), told["opened_on"]) == (NOON, "2026-11-16")
    assert tell(program, lead, name="Line 5", opened_at=NOON.isoformat())["opened_on"] is None
    assert tell(program, lead, name="Line 6")["opened_on"] is None


@pytest.mark.parametrize("first", ["2026-11-15", "2026-11-15T10:00:00+09:00"])
@pytest.mark.parametrize("second", ["2026-11-15", "2026-11-15T10:00:00+09:00"])
def test_the_day_and_a_moment_of_it_are_one_deal(lead: Lead, program: Program, first: str, second: str) -> None:
    with time_machine.travel(NOON, tick=False):
        assert tell(program, lead, opened_at=first) == tell(program, lead, opened_at=second)


def test_today_is_every_moment_of_it(lead: Lead, program: Program) -> None:
    with time_machine.travel(NOON, tick=False):
        told = tell(program, lead, opened_at="2026-11-16")
    with time_machine.travel(NOON + DAY, tick=False):
        for opened_at in ("2026-11-16", "2026-11-16T08:00:00+09:00", "2026-11-16T23:00:00+09:00"):
            assert tell(program, lead, opened_at=opened_at) == told, opened_at
        assert tell(program, lead, opened_at="2026-11-17T08:00:00+09:00") != told


def test_a_reopened_deal_has_no_day_of_its_outcome(lead: Lead) -> None:
    deal = Opportunity.open(lead, opened_on=YESTERDAY)
    deal.lose(on=YESTERDAY)
    assert (deal.lost_at, deal.lost_on) == (AFTERNOON, YESTERDAY)
    deal.reopen()
    deal.refresh_from_db()
    assert (deal.opened_on, deal.lost_on, disagreeing_deals()) == (YESTERDAY, None, [])


def test_a_fact_that_moves_its_lead_when_it_is_told_is_a_step_of_that_moment(lead: Lead) -> None:
    deal = Opportunity.open(lead, opened_on=YESTERDAY - DAY)
    assert (deal.opened_at, deal.opened_on) == (MIDNIGHT - DAY, YESTERDAY - DAY)
    step = Transition.objects.get(lead=lead, to_stage__role="opportunity")
    assert (step.day, step.at > AFTERNOON) == (None, True)


def test_whoever_is_merged_brings_the_days_along(lead: Lead) -> None:
    Opportunity.open(lead, opened_on=YESTERDAY)
    kept = make.lead(StageRole.LEAD, created_at=MIDNIGHT - 30 * DAY)
    merge(kept, lead, by=make.user(Role.MANAGER), at=NOON)
    assert kept.transitions.get(to_stage__role="opportunity").day == YESTERDAY
    assert kept.opportunities.get().steps.get().day == kept.opportunities.get().opened_on == YESTERDAY
    with time_machine.travel(NOON, tick=False):
        assert register(kept, {}, opened_at=AFTERNOON + timedelta(hours=3))[1] is False


@pytest.mark.parametrize("language", ["en", "ja"])
def test_its_history_shows_the_day_alone(lead: Lead, language: str) -> None:
    with time_machine.travel(NOON, tick=False):
        deal = Opportunity.open(lead, opened_on=TODAY)
        page = make.signed_in(make.user(Role.MANAGER, language=language))
        with translation.override(language):
            text = page.get(reverse("opportunity", args=[deal.pk])).content.decode()
        (when,) = set(text.split('class="timeline__when">')[1:])
        assert (">today</time>" in when, ">今日</time>" in when) == (language == "en", language == "ja")
