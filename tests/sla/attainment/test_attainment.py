"""Attainment of clauses: which version judges which period, what changes it, and who is notified."""

from __future__ import annotations

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from funnel.models import Opportunity, Reason, StageRole
from leads.models import Lead
from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.attainment import computing
from sla.attainment.computing import compute, is_computation_requested, refresh, request_computation
from sla.attainment.periods import judged_clauses
from sla.models import Attainment, Clause, Handoff
from sla.notices import AT_RISK
from smarketing.database.locks import Lock
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM
from tests.others import Others, await_waiting
from tests.sla.metrics import oracle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]

TOKYO = ZoneInfo("Asia/Tokyo")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# An agreement from the second day of a month, which is a Monday: its first whole month is December.
NOVEMBER_2 = datetime(2026, 11, 2, tzinfo=TOKYO)
LEADS = {"side": "marketing", "metric": "handed_over", "target": 2}


def tokyo(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=TOKYO)  # type: ignore[arg-type,misc]


def rows() -> dict[tuple[str, str], Attainment]:
    """By metric and first day."""
    found = Attainment.objects.select_related("clause")
    return {(row.clause.metric, row.starts_on.isoformat()): row for row in found}


def plain(at: datetime) -> dict[tuple[int, date], oracle.Attained]:
    """What is kept, in the oracle's words."""
    return {
        (row.clause_id, row.starts_on): (
            int(row.numerator or 0),
            None if row.denominator is None else int(row.denominator),
            row.value,
            row.state,
        )
        for row in Attainment.objects.all()
    }


def test_a_clause_begins_with_the_first_whole_period_of_its_version():
    make.agreement(
        in_force_from=NOVEMBER_2,
        clauses=[LEADS | {"every": every} for every in ("week", "month", "quarter")],
    )
    found = {one.clause.every: [str(p.start) for p in one.periods] for one in judged_clauses(tokyo(2027, 1, 5))}
    assert found["month"] == ["2026-12-01", "2027-01-01"]
    assert found["quarter"] == ["2027-01-01"]
    assert (found["week"][0], found["week"][-1], len(found["week"])) == ("2026-11-02", "2027-01-04", 10)


@pytest.mark.parametrize(
    ("every", "last", "first"),
    [
        ("week", tokyo(2026, 11, 15, 23, 59, 59), tokyo(2026, 11, 16)),
        ("month", tokyo(2026, 11, 30, 23, 59, 59), tokyo(2026, 12, 1)),
        ("quarter", tokyo(2026, 12, 31, 23, 59, 59), tokyo(2027, 1, 1)),
    ],
)
def test_a_period_ends_at_the_companys_midnight(every, last, first):
    make.agreement(in_force_from=tokyo(2026, 10, 1), clauses=[LEADS | {"every": every}])
    for moment in (last, first, first):
        make.handoff(at=moment)
    compute(at=first + 20 * DAY)
    found = {row.starts_on: int(row.numerator or 0) for row in Attainment.objects.filter(numerator__gt=0)}
    assert found[first.date()] == 2
    assert sorted(found.values()) == [1, 2]


def test_a_later_version_changes_nothing_of_the_past():
    before = make.agreement(in_force_from=tokyo(2026, 9, 1), clauses=[LEADS])
    key = before.clauses.get().key
    make.handoff(at=tokyo(2026, 9, 10))
    make.handoff(at=tokyo(2026, 9, 11))
    make.handoff(at=tokyo(2026, 10, 22))
    make.next_agreement(
        before,
        from_at=tokyo(2026, 10, 20),
        clauses=[{"key": key, "target": 1}, {"metric": "contracts", "target": 1}],
    )
    compute(at=tokyo(2026, 12, 2))
    found = rows()
    # October began under the old version: its target of two holds to the end.
    states = [found["handed_over", day].state for day in ("2026-09-01", "2026-10-01", "2026-11-01")]
    assert states == ["met", "missed", "missed"]
    assert found["handed_over", "2026-10-01"].clause.agreement == before
    assert found["handed_over", "2026-11-01"].clause.target == 1
    # A promise that is new begins with the next whole month.
    assert min(day for metric, day in found if metric == "contracts") == "2026-11-01"


def test_a_clause_that_is_dropped_is_judged_to_the_end_of_its_period_and_no_further():
    before = make.agreement(in_force_from=tokyo(2026, 9, 1), clauses=[LEADS])
    make.next_agreement(
        before, from_at=tokyo(2026, 10, 20), clauses=[{"key": before.clauses.get().key, "target": None}]
    )
    compute(at=tokyo(2026, 12, 2))
    assert [row.starts_on.month for row in Attainment.objects.all()] == [9, 10]


def test_a_version_that_never_began_judges_nothing():
    before = make.agreement(in_force_from=tokyo(2026, 9, 1), clauses=[LEADS])
    never = make.next_agreement(before, from_at=tokyo(2026, 10, 1), clauses=[LEADS])
    make.next_agreement(never, from_at=tokyo(2026, 10, 1))
    compute(at=tokyo(2026, 10, 12))
    assert not never.clauses.filter(attainments__isnull=False).exists()


def test_a_late_fact_changes_the_value_and_what_was_decided_stays_beside_it():
    make.agreement(in_force_from=tokyo(2026, 10, 1), clauses=[LEADS])
    make.handoff(at=tokyo(2026, 10, 10))
    compute(at=tokyo(2026, 11, 1))
    assert rows()["handed_over", "2026-10-01"].state == "missed"
    make.handoff(at=tokyo(2026, 10, 31, 12))
    compute(at=tokyo(2026, 11, 1, 10))
    # Decided this very day: looked at again tomorrow, or at once when all is asked for.
    assert rows()["handed_over", "2026-10-01"].value == 1
    compute(at=tokyo(2026, 11, 2))
    late = rows()["handed_over", "2026-10-01"]
    assert (late.value, late.state, late.decided_value, late.decided_at) == (2, "met", 1, tokyo(2026, 11, 1))


@pytest.mark.parametrize(
    ("done", "day", "state"),
    # 38 leads in the 19 open days of November 2026 in Japan: two a day, six by the sixth.
    [(0, 1, "no_data"), (1, 2, "no_data"), (7, 6, "on_track"), (6, 6, "on_track"), (5, 6, "at_risk"), (4, 6, "behind")],
)
def test_a_count_is_held_against_the_open_days_that_have_passed(done, day, state):
    make.agreement(in_force_from=tokyo(2026, 11, 1), clauses=[LEADS | {"target": 38}])
    for _ in range(done):
        make.handoff(at=tokyo(2026, 11, 2, 10))
    compute(at=tokyo(2026, 11, day, 18))
    assert Attainment.objects.get().state == state


def a_reason() -> Reason:
    return Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False, disqualifies=False)[0]


def rate(**more: Any) -> dict[str, Any]:
    return {"metric": "acceptance", "target": Decimal("0.8")} | more


def answered(accepted: int, rejected: int, at: datetime = MONDAY_9AM) -> None:
    for n in range(accepted + rejected):
        handoff = make.handoff(at=at)
        if n < accepted:
            handoff.accept(by=handoff.rep, at=at + HOUR)
        else:
            handoff.reject(by=handoff.rep, reason=a_reason(), verdict=Handoff.Verdict.FITS, at=at + HOUR)


@pytest.mark.parametrize(
    ("accepted", "rejected", "state"), [(4, 1, "on_track"), (2, 1, "at_risk"), (1, 1, "behind"), (0, 0, "no_data")]
)
def test_a_rate_is_held_against_its_whole_target_from_the_first_day(accepted, rejected, state):
    make.agreement(in_force_from=tokyo(2026, 11, 1), clauses=[rate()])
    answered(accepted, rejected)
    compute(at=MONDAY_9AM + DAY)
    assert Attainment.objects.get().state == state


@pytest.mark.parametrize(
    ("target", "state"),
    [("0.6", "on_track"), ("0.5", "on_track"), ("0.45", "at_risk"), ("0.4", "at_risk"), ("0.39", "behind")],
)
def test_what_is_so_much_at_most_is_held_the_other_way_round(target, state):
    make.agreement(in_force_from=tokyo(2026, 11, 1), clauses=[rate(comparator="<=", target=Decimal(target))])
    answered(1, 1)
    compute(at=MONDAY_9AM + DAY)
    assert Attainment.objects.get().state == state


def test_over_nothing_there_is_no_rate_and_nothing_is_met_or_missed():
    make.agreement(in_force_from=tokyo(2026, 10, 1), clauses=[rate(), rate(comparator="<=")])
    compute(at=tokyo(2026, 11, 5))
    assert {(row.state, row.value, row.decided_at) for row in Attainment.objects.all()} == {("no_data", None, None)}


def test_a_cohort_with_a_window_matures_until_its_last_lead_has_had_its_days():
    make.agreement(
        in_force_from=tokyo(2026, 11, 1),
        clauses=[{"metric": "close_rate", "target": Decimal("0.5"), "window_days": 20}],
    )
    handoff = make.handoff()
    deal = Opportunity.open(handoff.lead, opened_at=MONDAY_9AM + DAY)
    deal.win(at=MONDAY_9AM + 2 * DAY)
    states = []
    for at in (MONDAY_9AM + 3 * DAY, tokyo(2026, 12, 20, 23), tokyo(2026, 12, 21)):
        compute(at=at)
        states.append(rows()["close_rate", "2026-11-01"].state)
    assert states == ["maturing", "maturing", "met"]


def test_a_metric_that_is_no_more_gives_no_data():
    make.agreement(in_force_from=tokyo(2026, 11, 1), clauses=[LEADS | {"metric": "once_was"}])
    compute(at=MONDAY_9AM)
    assert Attainment.objects.get().state == "no_data"


def behind(**more: Any) -> Clause:
    """A promise that nothing was done for, in the middle of its month."""
    made = make.agreement(in_force_from=tokyo(2026, 11, 1), clauses=[LEADS | more])
    return made.clauses.get()


def told() -> list[tuple[str, str]]:
    found = Notice.objects.of(AT_RISK).select_related("user")
    return [(notice.user.email, notice.text) for notice in found]


def test_the_owner_is_notified_once_a_period_while_something_can_be_done():
    owner = make.user(Role.MARKETER, email="mara@example.org", language="en")
    clause = behind(owner=owner)
    for at in (MONDAY_9AM, MONDAY_9AM + HOUR, MONDAY_9AM + 9 * DAY, tokyo(2026, 12, 1)):
        compute(at=at)
    ((email, text),) = told()
    assert email == "mara@example.org"
    assert text.startswith("At risk: ")
    assert "<" not in text
    assert Notice.objects.get().address == f"/attainment/{clause.key}/"
    with override("ja"):
        assert told()[0][1] == f"要注意の約束：{as_text(describe_clause(clause))}"
    compute(at=tokyo(2026, 12, 10))
    assert len(told()) == 2


def test_without_an_owner_the_contact_of_the_party_is_notified_else_the_head_of_its_team():
    clause = behind()
    gina, helen = make.user(Role.MANAGER), make.user(Role.MANAGER)
    Team.objects.filter(pk=clause.team_id).update(head=gina)
    compute(at=MONDAY_9AM)
    assert [email for email, _text in told()] == [gina.email]
    make.next_agreement(clause.agreement, from_at=tokyo(2026, 12, 1), escalates_to=helen)
    compute(at=tokyo(2026, 12, 10))
    assert [email for email, _text in told()] == [gina.email, helen.email]


def test_nobody_is_notified_of_a_period_that_was_missed_before_it_was_computed():
    behind(owner=make.user(Role.MARKETER))
    compute(at=tokyo(2026, 12, 1))
    assert told() == []


def random_events(rng: random.Random, begin: datetime, days: int) -> list[tuple[datetime, str]]:
    kinds = ["offer", "offer", "offer", "accept", "accept", "reject", "win", "touch", "leave"]
    return sorted((begin + timedelta(minutes=rng.randrange(days * 1440)), rng.choice(kinds)) for _ in range(days))


CLAUSES = [
    LEADS | {"target": 8, "every": "week"},
    LEADS | {"target": 30},
    rate(every="week"),
    rate(every="quarter", comparator="<=", target=Decimal("0.5")),
    {"metric": "contracts", "target": 3},
    {"metric": "close_rate", "target": Decimal("0.2"), "window_days": 14},
    {"side": "marketing", "metric": "free_mail", "target": Decimal("0.1"), "comparator": "<="},
    {"metric": "answered_in_time", "target": Decimal("0.9"), "every": "week"},
    {"metric": "handed_over", "target": 3, "filters": {"source": "Expo"}},
]


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(2, 7))])
def test_day_by_day_it_comes_to_what_a_computation_from_scratch_and_a_plain_count_say(seed):
    rng = random.Random(seed)
    begin = tokyo(2026, 9, 15)
    before = make.agreement(in_force_from=begin, clauses=CLAUSES)
    events = random_events(rng, begin, 50)
    at = begin
    for n in range(55):
        at = begin + n * DAY + 20 * HOUR
        while events and events[0][0] <= at:
            happen(rng, *events.pop(0))
        if n == 30:
            first = before.clauses.earliest("position")
            changed = [{"key": first.key, "target": 5}, {"metric": "worked", "target": 1}]
            make.next_agreement(before, from_at=begin + 31 * DAY, clauses=changed)
        if n % 3 == 0:
            compute(at=at)
    compute(at=at + 6 * HOUR)
    at += 6 * HOUR
    kept = plain(at)
    assert kept == oracle.attainments(at, TOKYO)
    # Which of them chance met is its own affair; that some were decided, and some are not old enough, is ours.
    states = {state for *_, state in kept.values()}
    assert "maturing" in states
    assert states & {"met", "missed"}
    Attainment.objects.all().delete()
    compute(at=at, full=True)
    assert plain(at) == kept


def happen(rng: random.Random, at: datetime, what: str) -> None:
    """One event, perhaps dated earlier than it comes in."""
    open_ones = list(Handoff.objects.open().filter(offered_at__lt=at))
    if what == "offer":
        late = rng.choice([timedelta(0), timedelta(0), 5 * DAY])
        handoff = make.handoff(at=max(at - late, tokyo(2026, 9, 15, 1)))
        Lead.objects.filter(pk=handoff.lead_id).update(source=rng.choice(["", "Expo"]), is_free_mail=rng.random() < 0.2)
    elif what == "win":
        lead = Lead.objects.exclude(handoffs=None).order_by("?").first()
        if lead is not None:
            deal = Opportunity.open(lead, opened_at=at)
            deal.win(at=at)
    elif what == "leave" and open_ones:
        Lead.objects.filter(pk=rng.choice(open_ones).lead_id).update(source="Elsewhere")
    elif what in ("accept", "reject") and open_ones:
        handoff = rng.choice(open_ones)
        if handoff.lead.journey.stage.role != StageRole.MQL or handoff.lead.journey.closed_at:
            return
        if what == "accept":
            handoff.accept(by=handoff.rep, at=at)
        else:
            handoff.reject(by=handoff.rep, reason=a_reason(), verdict=rng.choice(list(Handoff.Verdict)), at=at)


def test_it_does_nothing_while_it_is_fresh_and_everything_once_a_day():
    make.agreement(in_force_from=tokyo(2026, 9, 1), clauses=[LEADS, LEADS | {"key": uuid.uuid4(), "every": "week"}])
    assert refresh(at=MONDAY_9AM) > 10
    assert refresh(at=MONDAY_9AM + timedelta(minutes=4)) == 0
    assert refresh(at=MONDAY_9AM + timedelta(minutes=6)) == 2
    with CaptureQueriesContext(connection) as few:
        assert refresh(at=MONDAY_9AM + timedelta(minutes=7)) == 0
    assert len(few) <= 8
    assert refresh(at=MONDAY_9AM + DAY) > 10


def test_what_was_asked_for_while_it_was_computed_is_asked_for_still():
    make.agreement(in_force_from=NOVEMBER_2, clauses=[LEADS])
    compute(at=tokyo(2026, 12, 2))
    request_computation(at=tokyo(2026, 12, 3) + HOUR)
    compute(at=tokyo(2026, 12, 3), full=True)
    assert is_computation_requested()
    compute(at=tokyo(2026, 12, 3) + HOUR, full=True)
    assert not is_computation_requested()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_waited_for_another_computes_nothing_again():
    make.agreement(in_force_from=tokyo(2026, 9, 1), clauses=[LEADS])
    with ThreadPoolExecutor(3) as pool, transaction.atomic():
        Lock.ATTAINMENT.acquire()
        waiting = [Others(pool).do(partial(refresh, at=MONDAY_9AM)) for _ in range(3)]
        await_waiting(3)
    first, second, third = sorted(each.result() for each in waiting)
    assert first == second == 0 < third


def test_a_clause_costs_one_statement_however_many_periods_it_has():
    make.agreement(in_force_from=tokyo(2026, 1, 5), clauses=[LEADS | {"every": "week"}])
    with CaptureQueriesContext(connection) as first:
        compute(at=tokyo(2026, 1, 20), full=True)
    with CaptureQueriesContext(connection) as later:
        assert compute(at=tokyo(2026, 12, 20), full=True) == 50
    assert len(later) == len(first)


def test_a_period_that_no_version_calls_for_any_more_is_forgotten_by_a_full_computation():
    agreement = make.agreement(in_force_from=datetime(2026, 11, 1, tzinfo=UTC), clauses=[LEADS])
    clause = agreement.clauses.get()
    stray = Attainment.objects.create(
        clause=clause, starts_on=date(2026, 10, 31), ends_on=date(2026, 11, 30), state="met", computed_at=MONDAY_9AM
    )
    compute(at=MONDAY_9AM + 30 * DAY)
    assert Attainment.objects.filter(pk=stray.pk).exists()
    compute(at=MONDAY_9AM + 30 * DAY, full=True)
    assert not Attainment.objects.filter(pk=stray.pk).exists()


def test_a_clause_that_breaks_holds_up_no_other_and_is_told_once_a_day(monkeypatch: pytest.MonkeyPatch):
    admin = make.user(Role.ADMINISTRATOR)
    make.agreement(in_force_from=NOVEMBER_2, clauses=[LEADS, {"metric": "acceptance", "target": 1}])
    real = computing.values_by_period

    def fail_for_one(clause: Clause, *more: Any) -> Any:
        if clause.metric == "acceptance":
            raise RuntimeError("a defect")
        return real(clause, *more)

    monkeypatch.setattr(computing, "values_by_period", fail_for_one)
    assert compute(at=tokyo(2026, 12, 15)) > 0
    assert {row.clause.metric for row in Attainment.objects.select_related("clause")} == {"handed_over"}
    compute(at=tokyo(2026, 12, 15) + DAY / 4)
    compute(at=tokyo(2026, 12, 16))
    told = Notice.objects.filter(kind="clause_failed").order_by("pk")
    assert [(notice.user, notice.params["clause"]["metric"]) for notice in told] == [(admin, "acceptance")] * 2
    assert {notice.address for notice in told} == {f"/attainment/{told[0].params['key']}/"}
