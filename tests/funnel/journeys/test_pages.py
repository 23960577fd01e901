"""Stages, reasons, steps and opportunities, as people edit them."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django.utils.timezone import now

from funnel.journeys.standing import misplaced_leads
from funnel.models import DealStage, Journey, Opportunity, Reason, Stage, StageRole
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_manager(client):
    client.force_login(make.user(Role.MANAGER, Role.REP, language="en"))
    return client


def order() -> list[str]:
    return [stage.role or stage.name_en for stage in Stage.objects.all()]


# Stages


def test_the_list_shows_the_six_in_their_order_and_who_stands_there(as_manager):
    make.lead(StageRole.SAL)
    page = as_manager.get(reverse("stages"))
    assert [stage.role for stage in page.context["stages"]] == list(StageRole)
    assert {stage.role: stage.here for stage in page.context["stages"]}["sal"] == 1


def test_a_stage_of_our_own_stands_where_it_was_put(as_manager):
    sal = Stage.objects.role(StageRole.SAL)
    data = {"name_en": "Meeting booked", "name_ja": "面談予定", "owner_team": "sales", "after": sal.pk}
    assert as_manager.post(reverse("stage_new"), data).status_code == 302
    assert order() == ["lead", "mql", "sal", "Meeting booked", "sql", "opportunity", "customer"]
    made = Stage.objects.get(role=None)
    sql = Stage.objects.role(StageRole.SQL)
    as_manager.post(reverse("stage_edit", args=[made.pk]), data | {"after": sql.pk, "name_en": "Moved"})
    assert order() == ["lead", "mql", "sal", "sql", "Moved", "opportunity", "customer"]


def test_the_six_are_renamed_but_neither_moved_nor_removed(as_manager):
    sal = Stage.objects.role(StageRole.SAL)
    customer = Stage.objects.role(StageRole.CUSTOMER)
    data = {"name_en": "Accepted", "name_ja": "受入", "owner_team": "sales", "after": customer.pk}
    as_manager.post(reverse("stage_edit", args=[sal.pk]), data)
    sal.refresh_from_db()
    assert sal.name_en == "Accepted"
    assert order() == list(StageRole)
    assert as_manager.post(reverse("stage_delete", args=[sal.pk])).status_code == 404


def test_a_stage_where_leads_stood_stays(as_manager):
    unused = Stage.objects.create(name_en="Unused", position=500)
    used = Stage.objects.create(name_en="Used", position=510)
    make.lead(StageRole.LEAD).journey.move_to(used, because="A meeting")
    for stage in (unused, used):
        as_manager.post(reverse("stage_delete", args=[stage.pk]))
    assert list(Stage.objects.filter(role=None)) == [used]


def test_a_rep_reads_stages_and_reasons_but_does_not_edit_them(client):
    client.force_login(make.user(Role.REP))
    assert client.get(reverse("stages")).status_code == 200
    assert client.get(reverse("reasons")).status_code == 200
    assert client.get(reverse("stage_new")).status_code == 403
    assert client.get(reverse("reason_new", args=["lost"])).status_code == 403


# Reasons


def newest() -> str:
    return Reason.objects.offered("lost").order_by("position").values_list("key", flat=True).reverse()[0]


def test_a_reason_gets_a_key_of_its_own_and_the_last_place(as_manager):
    for name, key in (("Too dear", "too_dear"), ("価格", "reason")):
        as_manager.post(reverse("reason_new", args=["lost"]), {"name_en": name, "needs_text": "on"})
        assert newest() == key
    as_manager.post(reverse("reason_new", args=["lost"]), {"name_en": "予算"})
    assert newest() == "reason_2"


def test_a_name_is_there_once_in_a_list(as_manager):
    answer = as_manager.post(reverse("reason_new", args=["lost"]), {"name_en": "price"})
    assert answer.status_code == 422
    assert "This list has “price” already." in answer.content.decode()


def test_reasons_are_moved_and_retired_but_one_stays(as_manager):
    first, second, *_rest = Reason.objects.offered("won")
    as_manager.post(reverse("reason_order", args=[second.pk]), {"to": "up"})
    assert list(Reason.objects.offered("won"))[:2] == [second, first]
    for reason in Reason.objects.offered("won"):
        as_manager.post(reverse("reason_retirement", args=[reason.pk]))
    assert Reason.objects.offered("won").count() == 1


# Steps


def test_a_person_moves_a_lead_and_says_why(as_manager):
    lead = make.lead(StageRole.SAL)
    url = reverse("journey_step", args=[lead.pk])
    assert as_manager.post(url, {"stage": Stage.objects.role("sql").pk}).status_code == 422
    as_manager.post(url, {"stage": Stage.objects.role("sql").pk, "because": "A talk took place"})
    step = lead.transitions.get(to_stage__role="sql")
    assert (step.because, step.how) == ("A talk took place", "person")


def test_recycling_and_disqualifying_need_a_reason_and_other_a_word(as_manager):
    lead = make.lead(StageRole.SAL)
    other = Reason.objects.get(kind="recycled", key="other")
    url = reverse("journey_recycling", args=[lead.pk])
    answer = as_manager.post(url, {"reason": other.pk, "text": ""})
    assert answer.status_code == 422
    assert "says nothing by itself" in answer.content.decode()
    answer = as_manager.post(url, {"reason": other.pk, "text": "Moves house", "wake_on": "2020-01-01"})
    assert "Choose a day after today." in answer.content.decode()
    as_manager.post(url, {"reason": other.pk, "text": "Moves house", "wake_on": "2099-01-01"})
    assert Journey.objects.filter(lead=lead, wake_at__gt=now() + timedelta(days=9)).exists()

    no_buyer = Reason.objects.get(kind="disqualified", key="no_buyer")
    as_manager.post(reverse("journey_end", args=[lead.pk]), {"reason": no_buyer.pk})
    assert Journey.objects.get(lead=lead).closed_as == "disqualified"


def test_a_closed_journey_is_opened_again_at_a_stage(as_manager):
    lead = make.lead(StageRole.SAL)
    lead.journey.close(Journey.Ended.LOST, because="No budget")
    data = {"stage": Stage.objects.role("sal").pk, "because": "A budget"}
    as_manager.post(reverse("journey_step", args=[lead.pk]), data)
    assert Journey.objects.get(lead=lead).closed_at is None


# Opportunities


def test_a_deal_is_opened_won_and_reopened_by_the_pages(as_manager):
    lead = make.lead(StageRole.SQL, created_at=now() - timedelta(days=9))
    data = {"name": "Line 3", "kind": "new", "amount": "1200000", "currency": "jpy", "opened_on": ""}
    data["stage"] = str(DealStage.objects.offered()[0].pk)
    as_manager.post(reverse("opportunity_new", args=[lead.pk]), data)
    deal = Opportunity.objects.get()
    assert (deal.amount, deal.currency, deal.lead) == (Decimal(1_200_000), "JPY", lead)
    won = Reason.objects.get(kind="won", key="fit")
    as_manager.post(reverse("opportunity_won", args=[deal.pk]), {"reason": won.pk})
    assert Journey.objects.get(lead=lead).stage.role == "customer"
    again = as_manager.post(reverse("opportunity_won", args=[deal.pk]), {"reason": won.pk})
    assert again.status_code == 409
    as_manager.post(reverse("opportunity_reopened", args=[deal.pk]), {"because": "Cancelled"})
    assert Journey.objects.get(lead=lead).stage.role == "opportunity"
    assert as_manager.get(reverse("opportunity", args=[deal.pk])).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"currency": "Y1N"}, "three letters"),
        ({"amount": "-5"}, "not below 0"),
        ({"opened_on": "2099-01-01"}, "still to come"),
        ({"name": ""}, "required"),
    ],
)
def test_wrong_input_is_said_at_the_field(as_manager, wrong, said):
    lead = make.lead(StageRole.SQL)
    data = {"name": "Line 3", "kind": "new", "amount": "1", "currency": "JPY"} | wrong
    answer = as_manager.post(reverse("opportunity_new", args=[lead.pk]), data)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Opportunity.objects.exists()


def decide(browser, deal: Opportunity, outcome: str, on: str) -> dict[str, list[str]]:
    """The errors of the page on which a deal is said to be won or lost on a day."""
    reason = Reason.objects.offered(outcome).filter(needs_text=False)[0]
    answer = browser.post(reverse(f"opportunity_{outcome}", args=[deal.pk]), {"reason": reason.pk, "on": on})
    return answer.context["form"].errors if answer.status_code == 422 else {}


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_day_before_the_deal_was_opened_is_refused_at_its_place(in_tokyo, as_manager, outcome):
    deal = Opportunity.open(make.lead(StageRole.SQL, created_at=make.MONDAY_9AM), opened_at=make.TEN)
    assert list(decide(as_manager, deal, outcome, "2026-11-15")) == ["on"]
    deal.refresh_from_db()
    assert deal.is_open
    assert decide(as_manager, deal, outcome, "2026-11-16") == {}
    deal.refresh_from_db()
    assert make.TEN in (deal.won_at, deal.lost_at)


def test_a_loss_on_a_day_before_the_last_step_is_refused(in_tokyo, as_manager):
    lead = make.lead(StageRole.SQL, created_at=make.MONDAY_9AM)
    with time_machine.travel(make.MONDAY_9AM + timedelta(days=3), tick=False):
        deal = Opportunity.open(lead, opened_at=make.MONDAY_9AM - timedelta(days=3))
    assert list(decide(as_manager, deal, "lost", "2026-11-17")) == ["on"]
    assert decide(as_manager, deal, "lost", "2026-11-19") == {}
    assert Journey.objects.get(lead=lead).closed_as == "lost"


def test_a_win_on_a_day_before_the_last_step_moves_the_lead_now(in_tokyo, as_manager):
    lead = make.lead(StageRole.SQL, created_at=make.MONDAY_9AM)
    deal = Opportunity.open(lead, opened_at=make.MONDAY_9AM - timedelta(days=3))
    assert decide(as_manager, deal, "won", "2026-11-14") == {}
    assert Journey.objects.get(lead=lead).stage.role == "customer"
    assert misplaced_leads() == []
