"""The history of a deal: all that happened to it, and that its columns are the last rows of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from funnel.models import DealStage, Opportunity, OpportunityStep, Reason, StageRole
from funnel.opportunities.ledger import disagreeing_deals, report_disagreeing
from history.models import Change, Outbox
from leads.models import Lead
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric
from sla.flow.advancing import begin_day
from sla.flow.merging import merge
from teams.models import Role
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]

NOW = make.MONDAY_9AM
DAY = timedelta(days=1)
TOKYO = ZoneInfo("Asia/Tokyo")
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1), TOKYO)


@pytest.fixture
def lead() -> Lead:
    return make.lead(StageRole.SQL, created_at=NOW - 60 * DAY)


def stage(key: str) -> DealStage:
    return DealStage.objects.get(key=key)


def asked(name: str, at: datetime, period: Period = NOVEMBER, **filters: str) -> Any:
    return metric(name).value(Question(period, at=at, filters=filters)).value


def rows(deal: Opportunity) -> list[tuple[str, datetime]]:
    return list(deal.steps.values_list("what", "at"))


def test_a_deal_keeps_all_that_happened_to_it_with_who_and_how(lead: Lead) -> None:
    rosa = make.user(Role.REP)
    deal = Opportunity.open(lead, amount=Decimal(100), opened_at=NOW, by=rosa, how="page")
    assert deal.stage == stage("discovery")
    deal.move(stage("proposal"), by=rosa, how="api", at=NOW + DAY)
    deal.change({"amount": Decimal(150), "kind": "up_sell"}, by=rosa, how="page", at=NOW + 2 * DAY)
    deal.win(reason=Reason.objects.get(kind="won", key="fit"), text="Quick", by=rosa, how="page", at=NOW + 3 * DAY)
    deal.reopen(because="Cancelled", by=rosa, how="page", at=NOW + 4 * DAY)
    deal.lose(by=rosa, how="page", at=NOW + 5 * DAY)
    whats = ["opened", "moved", "changed", "won", "reopened", "lost"]
    assert rows(deal) == [(what, NOW + n * DAY) for n, what in enumerate(whats)]
    assert {(step.by, step.how) for step in deal.steps.all()} == {(rosa, "page"), (rosa, "api")}
    opened, moved, changed, won, reopened, _lost = deal.steps.all()
    assert (opened.amount, opened.kind, opened.stage) == (100, "new", stage("discovery"))
    assert (moved.stage, moved.kind) == (stage("proposal"), "")
    assert (changed.amount, changed.kind, changed.owner, changed.stage) == (150, "up_sell", rosa, None)
    assert (won.reason, won.text, reopened.text) == (Reason.objects.get(kind="won", key="fit"), "Quick", "Cancelled")
    assert [kind.removeprefix("opportunity.") for kind in Outbox.objects.values_list("kind", flat=True)
            if kind.startswith("opportunity")] == whats  # fmt: skip
    assert disagreeing_deals() == []


def test_what_does_not_change_leaves_no_row(lead: Lead) -> None:
    deal = Opportunity.open(lead, name="Line 3", amount=Decimal(100), opened_at=NOW)
    assert deal.change({"name": "Line 3", "amount": Decimal("100.00")}, at=NOW + DAY) == []
    assert not deal.move(stage("discovery"), at=NOW + DAY)
    assert deal.change({"name": "Line 4"}, at=NOW + DAY) == ["name"]
    assert rows(deal) == [("opened", NOW)]
    renamed = Change.objects.get(subject="opportunity", subject_id=deal.pk)
    assert (renamed.field, renamed.old, renamed.new) == ("name", "Line 3", "Line 4")
    with pytest.raises(ValueError, match="won_at"):
        deal.change({"won_at": NOW})


def test_only_an_open_deal_is_moved(lead: Lead) -> None:
    deal = Opportunity.open(lead, opened_at=NOW)
    deal.win(at=NOW + DAY)
    with pytest.raises(Opportunity.Decided):
        deal.move(stage("proposal"))


def test_a_contract_that_was_reopened_was_one_until_then(lead: Lead) -> None:
    deal = Opportunity.open(lead, amount=Decimal(100), opened_at=NOW - 14 * DAY)
    deal.win(at=NOW - 12 * DAY)
    deal.reopen(at=NOW - 2 * DAY)
    assert asked("contracts", NOW - 10 * DAY) == 1
    assert asked("revenue", NOW - 10 * DAY) == 100
    assert asked("contracts", NOW) == 0
    assert asked("revenue", NOW) == 0


def test_won_reopened_and_won_again_is_one_contract_at_its_last_win(lead: Lead) -> None:
    deal = Opportunity.open(lead, opened_at=NOW - 40 * DAY)
    deal.win(at=NOW - 30 * DAY)
    deal.reopen(at=NOW - 20 * DAY)
    deal.win(at=NOW - 3 * DAY)
    october = Period(date(2026, 10, 1), date(2026, 11, 1))
    assert (asked("contracts", NOW), asked("contracts", NOW, october)) == (1, 0)
    assert asked("contracts", NOW - 25 * DAY, october) == 1
    year = metric("contracts").rows(Question(Period(date(2026, 1, 1), date(2027, 1, 1)), by="month", at=NOW))
    assert sum(row.numerator for row in year) == 1


def test_revenue_pipeline_and_losses_are_as_of_their_moment(lead: Lead) -> None:
    deal = Opportunity.open(lead, amount=Decimal(100), opened_at=NOW - 10 * DAY)
    deal.change({"amount": Decimal(300)}, at=NOW - 8 * DAY)
    deal.lose(at=NOW - 6 * DAY)
    deal.reopen(at=NOW - 4 * DAY)
    deal.win(at=NOW - 2 * DAY)
    deal.change({"amount": Decimal(400)}, at=NOW - DAY)
    moments = [NOW - days * DAY + timedelta(hours=1) for days in (10, 8, 6, 4, 2, 1)]
    assert [asked("pipeline", at) for at in moments] == [100, 300, 0, 300, 0, 0]
    assert [asked("open_opportunities", at) for at in moments] == [1, 1, 0, 1, 0, 0]
    assert [asked("lost", at) for at in moments] == [0, 0, 1, 0, 0, 0]
    assert [asked("revenue", at) for at in moments] == [0, 0, 0, 0, 300, 400]


def test_as_seen_a_win_that_is_told_later_was_still_open(lead: Lead) -> None:
    with time_machine.travel(NOW - 10 * DAY, tick=False):
        deal = Opportunity.open(lead, amount=Decimal(100))
    with time_machine.travel(NOW, tick=False):
        deal.win(at=NOW - 5 * DAY)
        deal.change({"amount": Decimal(300)})

    def seen(name: str, at: datetime) -> Any:
        return metric(name).value(Question(NOVEMBER, at=at, as_seen=True)).value

    assert [asked(name, NOW - 2 * DAY) for name in ("contracts", "pipeline")] == [1, 0]
    assert [seen(name, NOW - 2 * DAY) for name in ("contracts", "pipeline")] == [0, 100]
    assert [seen(name, NOW + DAY) for name in ("contracts", "revenue")] == [1, 300]


def test_pipeline_by_month_is_what_was_open_at_the_end_of_each(lead: Lead) -> None:
    first = Opportunity.open(lead, amount=Decimal(100), opened_at=NOW - 40 * DAY)
    Opportunity.open(lead, amount=Decimal(7), currency="EUR", opened_at=NOW - 40 * DAY)
    first.win(at=NOW - 2 * DAY)
    found = metric("pipeline").rows(Question(Period(date(2026, 10, 1), date(2026, 12, 1)), by="month", at=NOW))
    assert [(row.key, row.value, row.numerator, row.flagged) for row in found] == [
        ("2026-10", 100, 1, 1), ("2026-11", 0, 0, 1),
    ]  # fmt: skip


def test_deals_are_cut_by_owner_at_the_win_kind_stage_and_reason(lead: Lead) -> None:
    rosa, sam = make.user(Role.REP), make.user(Role.REP)
    deal = Opportunity.open(lead, amount=Decimal(100), owner=rosa, opened_at=NOW - 5 * DAY)
    deal.move(stage("decision"), at=NOW - 4 * DAY)
    deal.win(reason=Reason.objects.get(kind="won", key="price"), at=NOW - 3 * DAY)
    deal.change({"owner": sam}, at=NOW - 2 * DAY)
    more = Opportunity.open(lead, amount=Decimal(5), kind=Opportunity.Kind.UP_SELL, owner=sam, opened_at=NOW - 5 * DAY)
    more.lose(reason=Reason.objects.get(kind="lost", key="competitor"), at=NOW - DAY)
    Opportunity.open(lead, amount=Decimal(9), owner=sam, opened_at=NOW - DAY)

    def cut(name: str, by: str) -> dict[str, Any]:
        return {row.key: row.value for row in metric(name).rows(Question(NOVEMBER, by=by, at=NOW))}

    assert cut("contracts", "rep") == {str(rosa.pk): 1}
    assert cut("revenue", "kind") == {"new": 100}
    assert cut("contracts", "won_reason") == {"price": 1}
    assert cut("lost", "lost_reason") == {"competitor": 1}
    assert cut("lost", "kind") == {"up_sell": 1}
    assert cut("lost", "deal_stage") == {"discovery": 1}
    assert cut("pipeline", "rep") == {str(sam.pk): 9}
    assert cut("pipeline", "deal_stage") == {"discovery": 9}
    assert asked("contracts", NOW, kind="up_sell") == 0
    behind = metric("contracts").behind(Question(NOVEMBER, by="rep", at=NOW), str(rosa.pk))
    assert list(Lead.objects.filter(pk__in=behind)) == [lead]


@pytest.mark.parametrize("decide", ["win", "lose"])
def test_no_deal_is_decided_before_it_was_reopened(lead: Lead, decide: str) -> None:
    deal = Opportunity.open(lead, opened_at=NOW - 5 * DAY)
    getattr(deal, decide)(at=NOW - 4 * DAY)
    deal.reopen(at=NOW - 2 * DAY)
    with pytest.raises(Opportunity.BeforeOpened):
        getattr(deal, decide)(at=NOW - 3 * DAY)
    assert disagreeing_deals() == []


def test_a_deal_that_is_written_as_it_is_has_the_history_it_tells_of() -> None:
    won = make.opportunity(won_at=NOW, amount=7)
    lost = make.opportunity(opened_at=NOW - DAY, lost_at=NOW, reason_text="Too dear")
    back = make.opportunity(opened_at=NOW - DAY, reopened_at=NOW)
    assert rows(won) == [("opened", NOW), ("won", NOW)]
    assert (rows(lost), lost.steps.get(what="lost").text) == ([("opened", NOW - DAY), ("lost", NOW)], "Too dear")
    assert rows(back) == [("opened", NOW - DAY), ("reopened", NOW)]
    assert disagreeing_deals() == []


@pytest.mark.parametrize("decide", ["win", "lose"])
def test_a_deal_whose_opening_nobody_knows_began_by_when_it_was_decided(lead: Lead, decide: str) -> None:
    deal = make.opportunity(lead, created_at=NOW)
    begun = deal.steps.get()
    getattr(deal, decide)(at=NOW - 3 * DAY, by=make.user(), how="page")
    decided = {"win": "won", "lose": "lost"}[decide]
    assert rows(deal) == [("opened", NOW - 3 * DAY), (decided, NOW - 3 * DAY)]
    kept = Change.objects.get(subject="opportunity_step", subject_id=begun.pk)
    assert (kept.field, datetime.fromisoformat(str(kept.old)), kept.how) == ("at", NOW, "page")
    assert disagreeing_deals() == []


def test_a_deal_is_opened_once(lead: Lead) -> None:
    deal = Opportunity.open(lead, opened_at=NOW)
    with pytest.raises(IntegrityError, match="a_deal_is_opened_once"), transaction.atomic():
        OpportunityStep.objects.create(opportunity=deal, what="opened", kind="new", at=NOW)


# How each column of a deal may be changed behind its history's back.
BEHIND_ITS_BACK: dict[str, Callable[[Opportunity], dict[str, Any]]] = {
    "amount": lambda deal: {"amount": 5},
    "owner": lambda deal: {"owner": make.user()},
    "kind": lambda deal: {"kind": "up_sell"},
    "currency": lambda deal: {"currency": "EUR"},
    "close": lambda deal: {"expected_close_on": date(2027, 1, 1)},
    "stage": lambda deal: {"stage": stage("decision")},
    "won": lambda deal: {"won_at": None},
    "when": lambda deal: {"won_at": NOW + DAY},
    "lost": lambda deal: {"won_at": None, "lost_at": NOW},
    "reason": lambda deal: {"reason_text": "x"},
    "opened": lambda deal: {"opened_at": NOW - 9 * DAY},
    "reopened": lambda deal: {"reopened_at": NOW},
}


@pytest.mark.parametrize("change", BEHIND_ITS_BACK.values(), ids=BEHIND_ITS_BACK)
def test_a_deal_that_is_not_as_its_history_says_is_told_to_the_administrator(
    lead: Lead, change: Callable[[Opportunity], dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    deal = Opportunity.open(lead, opened_at=NOW - DAY)
    deal.win(at=NOW)
    begin_day(at=NOW + DAY)
    assert not caplog.records
    Opportunity.objects.filter(pk=deal.pk).update(**change(deal))
    assert disagreeing_deals() == [deal.pk]
    begin_day(at=NOW + 2 * DAY)
    assert f"1 deals are not as their history says: {deal.pk}" in caplog.text


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_to_deals_they_are_as_their_history_says(lead: Lead, seed: int) -> None:
    rng = random.Random(seed)
    people = [make.user(), make.user()]
    deals = [Opportunity.open(lead, opened_at=NOW), Opportunity.open(make.lead(StageRole.CUSTOMER), opened_at=NOW)]
    acts: list[Callable[[Opportunity, datetime], object]] = [
        lambda deal, at: deal.win(at=at, by=rng.choice(people)),
        lambda deal, at: deal.lose(at=at, text="x"),
        lambda deal, at: deal.reopen(at=at),
        lambda deal, at: deal.move(rng.choice(list(DealStage.objects.all())), at=at),
        lambda deal, at: deal.change({"amount": Decimal(rng.randrange(3)), "owner": rng.choice(people)}, at=at),
    ]
    for _n in range(25):
        # Sometimes of the past, as a page lets people say.
        at = NOW + timedelta(hours=rng.randrange(-30, 200))
        with suppress(Opportunity.Decided, Opportunity.BeforeOpened):
            rng.choice(acts)(Opportunity.objects.get(pk=rng.choice(deals).pk), at)
        assert disagreeing_deals() == []


def test_a_merge_takes_the_deals_with_their_histories(lead: Lead) -> None:
    other = make.lead(StageRole.SQL)
    deal = Opportunity.open(other, amount=Decimal(100), opened_at=NOW - DAY)
    deal.win(at=NOW)
    merge(lead, other, by=make.user(Role.MANAGER), at=NOW + DAY)
    assert (Opportunity.objects.get().lead, disagreeing_deals()) == (lead, [])
    assert asked("contracts", NOW + DAY) == 1
    Opportunity.objects.get().reopen(at=NOW + 2 * DAY)
    assert disagreeing_deals() == []


def test_an_upgrade_writes_what_is_known_of_the_deals_that_are_there(lead: Lead) -> None:
    upgrade = import_module("funnel.migrations.0010_deals_known")
    opened, won = make.opportunity(opened_at=NOW, amount=9), make.opportunity(won_at=NOW, reason_text="Fits")
    lost = make.opportunity(opened_at=NOW - DAY, lost_at=NOW)
    back = Opportunity.open(lead, opened_at=NOW - 9 * DAY)
    back.win(at=NOW - 5 * DAY)
    back.reopen(at=NOW - 2 * DAY)
    Outbox.objects.all().delete()
    again = Opportunity.open(make.lead(), kind=Opportunity.Kind.UP_SELL, opened_at=NOW - 9 * DAY)
    again.lose(at=NOW - 5 * DAY)
    again.reopen(at=NOW - 2 * DAY)
    again.win(at=NOW - DAY)
    late = make.opportunity(opened_at=NOW - 9 * DAY, won_at=NOW - 5 * DAY)
    Opportunity.objects.filter(pk=late.pk).update(reopened_at=NOW)
    # At which stage they stood is not known.
    Opportunity.objects.update(stage=None)
    OpportunityStep.objects.all().delete()
    with connection.cursor() as cursor:
        for _twice in range(2):
            for statement in (upgrade.STAGES, upgrade.MEND, upgrade.FILL):
                cursor.execute(statement)
    assert (rows(opened), rows(won)) == ([("opened", NOW)], [("opened", NOW), ("won", NOW)])
    assert rows(lost) == [("opened", NOW - DAY), ("lost", NOW)]
    told = [("opened", NOW - 9 * DAY), ("won", NOW - 5 * DAY), ("reopened", NOW - 2 * DAY)]
    assert rows(back) == told
    assert rows(again) == [told[0], ("lost", NOW - 5 * DAY), told[2], ("won", NOW - DAY)]
    assert rows(late) == [told[0], ("reopened", NOW - 5 * DAY), ("won", NOW - 5 * DAY)]
    assert Change.objects.get(subject="opportunity", subject_id=late.pk).field == "reopened_at"
    assert disagreeing_deals() == []
    assert set(OpportunityStep.objects.values_list("how", flat=True)) == {"upgrade"}


def test_nobody_is_told_where_all_deals_are_as_they_should_be(caplog: pytest.LogCaptureFixture) -> None:
    report_disagreeing()
    assert not caplog.records
