"""Deals, and what they do to their lead's journey."""

from datetime import datetime, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from funnel.journeys.standing import misplaced_leads, report_misplaced
from funnel.models import Journey, Opportunity, Reason, Stage, StageRole, Transition
from history.models import Change, Outbox
from leads.models import Lead, PendingReevaluation
from smarketing.company import start_of_day
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


@pytest.fixture
def customer():
    """A customer by a file, whose deals nobody wrote down."""
    return make.lead(StageRole.CUSTOMER, created_at=NOW - 30 * DAY)


MORE = [Opportunity.Kind.UP_SELL, Opportunity.Kind.CROSS_SELL]


@pytest.mark.parametrize("kind", Opportunity.Kind)
def test_a_customer_by_a_file_stays_one_whatever_comes_of_a_deal(customer, kind):
    Opportunity.open(customer, kind=kind, opened_at=NOW).lose(at=NOW + DAY)
    won = Opportunity.open(customer, kind=kind, opened_at=NOW)
    won.win(at=NOW + DAY)
    for decided in Opportunity.objects.all():
        decided.reopen(at=NOW + 2 * DAY)
    assert stands(customer) == ("customer", "")
    assert Transition.objects.filter(lead=customer).count() == 1


@pytest.mark.parametrize("kind", MORE)
def test_more_that_is_sold_moves_nobody(lead, kind):
    deal = Opportunity.open(lead, kind=kind, opened_at=NOW)
    deal.lose(at=NOW + DAY)
    deal.reopen(at=NOW + 2 * DAY)
    deal.win(at=NOW + 3 * DAY)
    deal.reopen(at=NOW + 4 * DAY)
    assert stands(lead) == ("sql", "")


@pytest.mark.parametrize("kind", MORE)
def test_only_new_business_holds_a_customer_and_a_journey(lead, kind):
    more = Opportunity.open(lead, kind=kind, opened_at=NOW)
    first = Opportunity.open(lead, opened_at=NOW)
    first.win(at=NOW + DAY)
    more.win(at=NOW + DAY)
    first.reopen(at=NOW + 2 * DAY)
    assert stands(lead) == ("opportunity", "")
    first.lose(at=NOW + 3 * DAY)
    assert stands(lead) == ("opportunity", "lost")


def test_a_win_of_somebody_made_a_customer_by_hand_takes_nobody_back(lead):
    lead.journey.move_to(Stage.objects.role("customer"), because="Signed on paper", at=NOW)
    deal = Opportunity.open(lead, opened_at=NOW + DAY)
    deal.win(at=NOW + DAY)
    deal.reopen(at=NOW + 2 * DAY)
    assert stands(lead) == ("customer", "")


def test_how_a_lead_became_a_customer_the_last_time_counts(lead):
    deal = Opportunity.open(lead, opened_at=NOW)
    deal.win(at=NOW + DAY)
    deal.reopen(at=NOW + 2 * DAY)
    Journey.objects.get(lead=lead).move_to(Stage.objects.role("customer"), because="Signed on paper", at=NOW + 3 * DAY)
    deal.win(at=NOW + 4 * DAY)
    deal.reopen(at=NOW + 5 * DAY)
    assert stands(lead) == ("customer", "")


def test_a_reopened_loss_opens_the_journey_again(lead):
    deal = Opportunity.open(lead, opened_at=NOW)
    deal.lose(at=NOW + DAY)
    deal.reopen(at=NOW + 2 * DAY)
    assert stands(lead) == ("opportunity", "")


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


# A day taken for a moment


def test_opened_on_the_day_of_an_earlier_step_it_follows_that_step(in_tokyo):
    lead = make.mql(at=NOW)
    deal = Opportunity.open(lead, opened_at=start_of_day(NOW))
    assert (deal.opened_at, entries(lead, "opportunity")) == (NOW, [NOW])
    deal.win(at=start_of_day(NOW))
    assert (deal.won_at, entries(lead, "customer")) == (NOW, [NOW])
    assert (stands(lead), misplaced_leads()) == (("customer", ""), [])


@pytest.mark.parametrize("decide", ["win", "lose"])
def test_what_lies_before_the_last_step_moves_its_lead_when_it_is_told(in_tokyo, decide):
    lead = make.mql(at=NOW)
    with time_machine.travel(NOW + 2 * DAY, tick=False):
        deal = Opportunity.open(lead, opened_at=start_of_day(NOW - 3 * DAY))
    assert (deal.opened_at, entries(lead, "opportunity")) == (start_of_day(NOW - 3 * DAY), [NOW + 2 * DAY])
    with time_machine.travel(NOW + 3 * DAY, tick=False):
        getattr(deal, decide)(at=start_of_day(NOW - 2 * DAY))
    assert start_of_day(NOW - 2 * DAY) in (deal.won_at, deal.lost_at)
    last = Transition.objects.filter(lead=lead).order_by("at", "pk").last()
    assert (last.at, misplaced_leads()) == (NOW + 3 * DAY, [])


@pytest.mark.parametrize("decide", ["win", "lose"])
def test_no_deal_is_decided_before_it_was_opened(lead, decide):
    deal = Opportunity.open(lead, opened_at=NOW)
    with pytest.raises(Opportunity.BeforeOpened):
        getattr(deal, decide)(at=NOW - timedelta(microseconds=1))
    with pytest.raises(IntegrityError, match="decided_after_it_was_opened"), transaction.atomic():
        make.opportunity(opened_at=NOW, won_at=NOW - DAY)
    assert deal.is_open


def test_an_upgrade_lets_a_deal_open_when_it_was_decided_and_keeps_what_it_said(lead):
    upgrade = import_module("funnel.migrations.0006_decided_after_opened")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE funnel_opportunity DROP CONSTRAINT decided_after_it_was_opened")
        wrong = make.opportunity(lead, opened_at=NOW, lost_at=NOW - DAY)
        right = make.opportunity(lead, opened_at=NOW, won_at=NOW)
        cursor.execute(upgrade.MEND)
        # The keys of rows of this very transaction wait to be checked; those that an upgrade finds do not.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with connection.schema_editor() as editor:
        editor.add_constraint(Opportunity, upgrade.Migration.operations[1].constraint)
    for deal in (wrong, right):
        deal.refresh_from_db()
    assert (wrong.opened_at, right.opened_at) == (NOW - DAY, NOW)
    change = Change.objects.get(subject="opportunity", subject_id=wrong.pk)
    assert (change.field, str(change.old)[:10], str(change.new)[:10]) == ("opened_at", "2026-11-16", "2026-11-15")


def test_no_verb_writes_a_step_before_the_one_it_follows(lead):
    journey = lead.journey
    journey.move_to(Stage.objects.role("mql"), because="x", at=NOW)
    journey.close(Journey.Ended.LOST, because="x", at=NOW - DAY)
    journey.reopen(because="x", at=NOW - 2 * DAY)
    assert set(Transition.objects.filter(lead=lead).order_by("pk").values_list("at", flat=True)[1:]) == {NOW}
    assert misplaced_leads() == []


def test_a_lead_that_does_not_stand_at_its_last_step_is_told_to_the_administrator(lead, caplog):
    report_misplaced()
    assert not caplog.records
    Journey.objects.filter(pk=lead.pk).update(stage=Stage.objects.role("mql"))
    closed = make.lead(StageRole.SQL)
    Journey.objects.filter(pk=closed.pk).update(closed_at=NOW, closed_as="lost")
    assert misplaced_leads() == [lead.pk, closed.pk]
    report_misplaced()
    assert f"2 leads do not stand at the last step of their ledger: {lead.pk}, {closed.pk}" in caplog.text


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
    PendingReevaluation.objects.all().delete()
    Opportunity.open(lead, opened_at=NOW)
    assert PendingReevaluation.objects.filter(lead=lead, due_at=NOW, news_at=None).exists()
