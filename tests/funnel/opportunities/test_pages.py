"""The pages of a deal and of the stages of deals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from funnel.models import DealStage, Opportunity, StageRole
from funnel.opportunities.ledger import disagreeing_deals
from history.models import Change
from teams.models import Role
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]

NOW = make.MONDAY_9AM


@pytest.fixture
def deal() -> Opportunity:
    return Opportunity.open(make.lead(StageRole.SQL), name="Line 3", amount=Decimal(1000), opened_at=NOW)


def typed(deal: Opportunity, **more: object) -> dict[str, object]:
    terms = {"name": deal.name, "kind": deal.kind, "amount": "1000", "currency": "JPY", "expected_close_on": ""}
    return {**terms, "owner": "", **more}


def test_what_a_person_changes_on_the_page_is_history(deal: Opportunity) -> None:
    rosa = make.user(Role.MANAGER)
    browser = make.signed_in(rosa)
    url = reverse("opportunity", args=[deal.pk])
    assert 'value="1000"' in browser.get(url).content.decode()
    assert browser.post(url, typed(deal, name="Line 4", amount="2000", owner=rosa.pk)).status_code == 302
    deal.refresh_from_db()
    assert (deal.name, deal.amount, deal.owner) == ("Line 4", 2000, rosa)
    changed = deal.steps.get(what="changed")
    assert (changed.by, changed.how, changed.amount) == (rosa, "page", 2000)
    assert Change.objects.get(subject="opportunity").by == rosa
    page = browser.get(url).content.decode()
    assert "¥1,000 → ¥2,000" in page
    assert disagreeing_deals() == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"amount": "1000.5"}, "amount"),
        ({"amount": "1.005", "currency": "USD"}, "amount"),
        ({"currency": "XYZ"}, "currency"),
    ],
)
def test_an_amount_has_no_more_decimals_than_its_currency(deal: Opportunity, said: dict[str, str], field: str) -> None:
    browser = make.signed_in(make.user(Role.MANAGER))
    answer = browser.post(reverse("opportunity", args=[deal.pk]), typed(deal, **said))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not deal.steps.filter(what="changed").exists()


def test_a_deal_is_opened_at_a_stage_and_moved_to_another(deal: Opportunity) -> None:
    browser = make.signed_in(make.user(Role.MANAGER))
    proposal = DealStage.objects.get(key="proposal")
    new = {"name": "Line 5", "kind": "new", "stage": proposal.pk, "amount": "", "currency": "", "owner": ""}
    browser.post(reverse("opportunity_new", args=[deal.lead_id]), new)
    made = Opportunity.objects.get(name="Line 5")
    assert (made.stage, made.steps.get().how) == (proposal, "page")
    url = reverse("opportunity_stage", args=[deal.pk])
    browser.post(url, {"stage": proposal.pk})
    browser.post(url, {"stage": proposal.pk})
    assert [step.stage for step in deal.steps.filter(what="moved")] == [proposal]
    page = browser.get(reverse("opportunity", args=[deal.pk])).content.decode()
    assert "Moved to “Proposal”" in page


@pytest.mark.parametrize("decided", [False, True])
def test_a_deal_is_not_moved_to_a_stage_that_is_retired_nor_after_it_was_decided(
    deal: Opportunity, decided: bool
) -> None:
    proposal = DealStage.objects.get(key="proposal")
    if decided:
        deal.win(at=NOW)
    else:
        DealStage.objects.filter(pk=proposal.pk).update(retired_at=NOW)
    make.signed_in(make.user(Role.MANAGER)).post(reverse("opportunity_stage", args=[deal.pk]), {"stage": proposal.pk})
    assert not deal.steps.filter(what="moved").exists()


def test_the_page_of_a_deal_costs_the_same_however_long_its_history(deal: Opportunity) -> None:
    browser = make.signed_in(make.user(Role.REP))
    url = reverse("opportunity", args=[deal.pk])
    browser.get(url)
    with CaptureQueriesContext(connection) as short:
        browser.get(url)
    for n in range(8):
        deal.change({"amount": Decimal(n), "owner": make.user()}, by=make.user(), at=NOW + timedelta(days=n))
    with CaptureQueriesContext(connection) as long:
        browser.get(url)
    assert len(long) == len(short) <= 14


# The list of stages


def test_who_manages_edits_the_list_and_everybody_reads_it() -> None:
    for person, may in (
        (make.user(Role.MANAGER), True),
        (make.user(Role.ADMINISTRATOR), True),
        (make.user(Role.REP), False),
    ):
        browser = make.signed_in(person)
        assert browser.get(reverse("deal_stages")).status_code == 200
        status = browser.post(reverse("deal_stage_new"), {"name_en": f"Trial {person.pk}", "name_ja": ""}).status_code
        assert status == (302 if may else 403)
        assert DealStage.objects.filter(name_en=f"Trial {person.pk}").exists() is may


def test_a_stage_is_made_renamed_ordered_and_retired_and_never_deleted(deal: Opportunity) -> None:
    browser = make.signed_in(make.user(Role.MANAGER))
    browser.post(reverse("deal_stage_new"), {"name_en": "Trial run", "name_ja": "試用"})
    trial = DealStage.objects.get(key="trial_run")
    assert DealStage.objects.last() == trial
    assert browser.post(reverse("deal_stage_new"), {"name_en": "trial RUN", "name_ja": ""}).status_code == 422
    browser.post(reverse("deal_stage_edit", args=[trial.pk]), {"name_en": "Pilot", "name_ja": "試用"})
    browser.post(reverse("deal_stage_order", args=[trial.pk]), {"to": "up"})
    keys = list(DealStage.objects.values_list("key", flat=True))
    assert keys == ["discovery", "proposal", "negotiation", "trial_run", "decision"]
    browser.post(reverse("deal_stage_retirement", args=[deal.stage_id]))
    assert DealStage.objects.offered().first() == DealStage.objects.get(key="proposal")
    deal.refresh_from_db()
    assert deal.stage == DealStage.objects.get(key="discovery")
    page = browser.get(reverse("deal_stages")).content.decode()
    assert all(text in page for text in ("Pilot", "retired"))


def test_the_last_stage_is_not_retired() -> None:
    browser = make.signed_in(make.user(Role.MANAGER))
    for stage in DealStage.objects.all():
        browser.post(reverse("deal_stage_retirement", args=[stage.pk]))
    assert DealStage.objects.offered().count() == 1
