"""Deals, and what they do to their lead's journey."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from funnel.models import Journey, Opportunity, Reason, Stage, StageRole, Transition
from history.models import Outbox
from leads.models import Lead, StaleLead
from tests import make

pytestmark = pytest.mark.django_db

NOW = make.MONDAY_9AM
DAY = timedelta(days=1)


@pytest.fixture
def lead():
    return make.lead(StageRole.SQL, created_at=NOW - 30 * DAY)


def reason(kind: str, key: str) -> Reason:
    return Reason.objects.get(kind=kind, key=key)


def stands(lead: Lead) -> tuple[str | None, str]:
    journey = Journey.objects.get(lead=lead)
    return journey.stage.role, journey.closed_as


def entries(lead: Lead, role: str) -> list[datetime]:
    return list(Transition.objects.filter(lead=lead, to_stage__role=role).order_by("at").values_list("at", flat=True))


def test_opening_enters_the_opportunity_stage_at_that_moment(lead):
    rep = make.user()
    deal = Opportunity.open(lead, name="Line 3", amount=Decimal(1_200_000), opened_at=NOW - DAY, by=rep)
    assert (deal.currency, deal.owner) == ("JPY", rep)
    assert entries(lead, "opportunity") == [NOW - DAY]
    assert Outbox.objects.filter(kind="opportunity.opened").count() == 1


def test_winning_enters_customer_when_it_was_won(lead):
    deal = Opportunity.open(lead, opened_at=NOW - 5 * DAY)
    deal.win(reason=reason("won", "fit"), at=NOW)
    deal.refresh_from_db()
    assert (deal.won_at, deal.reason) == (NOW, reason("won", "fit"))
    assert stands(lead) == ("customer", "")
    assert entries(lead, "customer") == [NOW]
    assert Opportunity.objects.won().get() == deal
    assert Outbox.objects.get(kind="opportunity.won").payload["opportunity"] == deal.pk


def test_the_first_win_counts(lead):
    first, second = Opportunity.open(lead, opened_at=NOW), Opportunity.open(lead, opened_at=NOW)
    first.win(at=NOW + DAY)
    second.win(at=NOW + 2 * DAY)
    assert entries(lead, "customer") == [NOW + DAY]
    assert Opportunity.objects.won().count() == 2


def test_a_customer_who_is_offered_more_stays_a_customer(lead):
    Opportunity.open(lead, opened_at=NOW).win(at=NOW + DAY)
    more = Opportunity.open(lead, kind=Opportunity.Kind.UP_SELL, opened_at=NOW + 2 * DAY)
    assert stands(lead) == ("customer", "")
    more.lose(reason=reason("lost", "price"), at=NOW + 3 * DAY)
    assert stands(lead) == ("customer", "")


def test_losing_the_only_deal_closes_the_journey(lead):
    Opportunity.open(lead, opened_at=NOW).lose(reason=reason("lost", "no_decision"), at=NOW + DAY)
    assert stands(lead) == ("opportunity", "lost")
    closing = Transition.objects.get(lead=lead, to_stage=None)
    assert (closing.at, closing.reason) == (NOW + DAY, reason("lost", "no_decision"))
    assert closing.from_stage == Stage.objects.role("opportunity")


def test_losing_one_of_two_deals_leaves_the_journey_open(lead):
    first = Opportunity.open(lead, opened_at=NOW)
    Opportunity.open(lead, opened_at=NOW)
    first.lose(at=NOW + DAY)
    assert stands(lead) == ("opportunity", "")


def test_a_new_deal_opens_a_lost_journey_again(lead):
    Opportunity.open(lead, opened_at=NOW).lose(at=NOW + DAY)
    Opportunity.open(lead, opened_at=NOW + 90 * DAY)
    assert stands(lead) == ("opportunity", "")
    assert entries(lead, "opportunity") == [NOW, NOW + 90 * DAY]


def test_a_reopened_win_is_a_row_back_and_no_contract(lead):
    deal = Opportunity.open(lead, opened_at=NOW)
    deal.win(at=NOW + DAY)
    deal.reopen(because="Cancelled before it began", at=NOW + 2 * DAY)
    assert stands(lead) == ("opportunity", "")
    assert not Opportunity.objects.won().exists()
    back = Transition.objects.get(lead=lead, at=NOW + 2 * DAY, from_stage__role="customer")
    assert (back.to_stage, back.because) == (Stage.objects.role("opportunity"), "Cancelled before it began")
    deal.win(at=NOW + 3 * DAY)
    assert entries(lead, "customer") == [NOW + DAY, NOW + 3 * DAY]


def test_reopening_one_of_two_contracts_keeps_the_customer(lead):
    first, second = Opportunity.open(lead, opened_at=NOW), Opportunity.open(lead, opened_at=NOW)
    first.win(at=NOW + DAY)
    second.win(at=NOW + DAY)
    first.reopen(at=NOW + 2 * DAY)
    assert stands(lead) == ("customer", "")


def test_of_two_who_decide_one_wins(lead):
    deal = Opportunity.open(lead, opened_at=NOW)
    stale = Opportunity.objects.get(pk=deal.pk)
    deal.win(at=NOW + DAY)
    with pytest.raises(Opportunity.Decided):
        stale.lose(at=NOW + DAY)
    with pytest.raises(Opportunity.Decided):
        stale.win(at=NOW + DAY)
    assert stands(lead) == ("customer", "")


def test_an_open_deal_cannot_be_reopened(lead):
    with pytest.raises(Opportunity.Decided):
        Opportunity.open(lead, opened_at=NOW).reopen(at=NOW)


def test_other_needs_a_word_and_nothing_is_written_without_it(lead):
    deal = Opportunity.open(lead, opened_at=NOW)
    with pytest.raises(Reason.NeedsText):
        deal.lose(reason=reason("lost", "other"), text="  ", at=NOW)
    with pytest.raises(ValueError, match="another list"):
        deal.lose(reason=reason("won", "price"), at=NOW)
    deal.refresh_from_db()
    assert deal.is_open
    deal.lose(reason=reason("lost", "other"), text="Bankrupt", at=NOW)
    assert Transition.objects.get(lead=lead, to_stage=None).because == "Bankrupt"


def test_a_deal_of_a_lead_without_a_journey_begins_it():
    lead = make.lead(created_at=NOW - DAY)
    Opportunity.open(lead, opened_at=NOW)
    assert (entries(lead, "lead"), entries(lead, "opportunity")) == ([NOW - DAY], [NOW])


# Ways out


def test_recycling_goes_back_to_nurture_with_a_reason_and_a_wake_up(lead):
    lead.journey.recycle(reason("recycled", "budget"), wake_at=NOW + 90 * DAY, at=NOW)
    journey = Journey.objects.get(lead=lead)
    assert (journey.stage.role, journey.recycled_at, journey.wake_at) == ("lead", NOW, NOW + 90 * DAY)
    step = Transition.objects.get(lead=lead, to_stage__role="lead")
    assert (step.reason, step.because) == (reason("recycled", "budget"), "No budget for now")


def test_recycled_until_it_does_something_new_it_waits_for_news(lead):
    lead.journey.recycle(reason("recycled", "budget"), only_with_news=True, at=NOW)
    journey = Journey.objects.get(lead=lead)
    assert (journey.news_count_from, journey.waits_for_news) == (NOW, True)
    journey.news_at = NOW + DAY
    assert not journey.waits_for_news


def test_what_is_in_nurture_already_is_not_recycled():
    journey = make.lead(StageRole.LEAD).journey
    with pytest.raises(Journey.AlreadyThere):
        journey.recycle(reason("recycled", "timing"), at=NOW)
    assert Transition.objects.count() == 1


def test_recycling_for_other_needs_a_word(lead):
    with pytest.raises(Reason.NeedsText):
        lead.journey.recycle(reason("recycled", "other"), at=NOW)
    assert stands(lead) == ("sql", "")


def test_a_disqualified_lead_is_closed_until_it_is_reopened(lead):
    journey = lead.journey
    journey.disqualify(reason("disqualified", "no_buyer"), at=NOW)
    assert stands(lead) == ("sql", "disqualified")
    with pytest.raises(Journey.Closed):
        journey.recycle(reason("recycled", "timing"), at=NOW)
    journey.reopen(because="A new owner", at=NOW + DAY)
    assert stands(lead) == ("sql", "")
    assert entries(lead, "sql")[-1] == NOW + DAY


def test_who_enters_a_stage_is_looked_at_at_once(lead):
    StaleLead.objects.all().delete()
    Opportunity.open(lead, opened_at=NOW)
    assert StaleLead.objects.filter(lead=lead, due_at=NOW, news_at=None).exists()
