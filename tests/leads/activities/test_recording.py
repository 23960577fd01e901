"""What leads did, by its one way in: one at a time, in batches, and beside a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from history.models import Change
from leads.activities.recording import ActivityInput, forget, record, record_all
from leads.models import Activity, ActivityIdentity, ActivityKind, Lead, PendingReevaluation
from leads.registering.registration import register
from tests import make

NOW = make.MONDAY_9AM
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db
KINDS = ["page_view", "demo_request", "call"]


def given(lead: Lead, kind: str = "call", at: datetime = NOW, message_id: str = "", **more: Any) -> ActivityInput:
    return ActivityInput(lead, ActivityKind.objects.get(key=kind), at, "crm", message_id, **more)


def one_by_one(activities: list[ActivityInput]) -> list[bool]:
    return [
        record(
            each.lead, each.kind.key, each.occurred_at, system=each.system, message_id=each.message_id,
            properties=each.properties, at=NOW,
        )[1]
        for each in activities
    ]  # fmt: skip


def together(activities: list[ActivityInput]) -> list[bool]:
    return record_all(activities, at=NOW)


# One way, by whichever of its two verbs.
WAYS = pytest.mark.parametrize("way", [one_by_one, together])
Way = Callable[[list[ActivityInput]], list[bool]]


@WAYS
def test_everything_that_was_sent_is_kept(way: Way) -> None:
    aya, ken = make.lead(), make.lead()
    sent = [
        given(aya, "page_view", properties={"path": "/価格", "seconds": 2.5, "ref": None}),
        given(ken, "call", NOW - DAY, "m1"),
        given(aya, "demo_request", NOW + DAY),
    ]
    assert way(sent) == [True, True, True]
    kept = Activity.objects.order_by("pk").values_list("lead", "kind", "occurred_at", "system", "properties")
    assert list(kept) == [(each.lead.pk, each.kind.pk, each.occurred_at, each.system, each.properties) for each in sent]
    named = ActivityIdentity.objects.values_list("system", "message_id", "activity__lead")
    assert list(named) == [("crm", "m1", ken.pk)]


@WAYS
def test_the_same_message_is_kept_once_and_its_first_arrival_stands(way: Way) -> None:
    aya, ken = make.lead(), make.lead()
    assert way([given(aya, message_id="m1"), given(ken, "page_view", NOW - DAY, "m1")]) == [True, False]
    assert way([given(ken, message_id="m2"), given(aya, message_id="m1")]) == [True, False]
    assert list(Activity.objects.order_by("pk").values_list("lead", "occurred_at")) == [(aya.pk, NOW), (ken.pk, NOW)]


@WAYS
def test_a_message_is_of_its_system(way: Way) -> None:
    aya = make.lead()
    other = ActivityInput(aya, ActivityKind.objects.get(key="call"), NOW, "shop", "m1")
    assert way([given(aya, message_id="m1"), other]) == [True, True]


@WAYS
def test_without_a_message_id_equal_ones_are_two(way: Way) -> None:
    aya = make.lead()
    assert way([given(aya), given(aya)]) == [True, True]


@WAYS
def test_what_is_known_has_nobody_evaluated(way: Way) -> None:
    aya = make.lead()
    way([given(aya, message_id="m1")])
    PendingReevaluation.objects.all().delete()
    way([given(aya, message_id="m1")])
    assert not PendingReevaluation.objects.exists()


def test_a_batch_has_each_lead_evaluated_once_with_its_latest_news() -> None:
    aya, ken = make.lead(), make.lead()
    together([given(aya, at=NOW - DAY), given(aya, at=NOW), given(aya, at=NOW - 2 * DAY), given(ken, at=NOW - DAY)])
    assert set(PendingReevaluation.objects.values_list("lead", "due_at", "news_at")) == {
        (aya.pk, NOW, NOW),
        (ken.pk, NOW, NOW - DAY),
    }


@WAYS
def test_what_has_not_happened_yet_is_due_when_it_has(way: Way) -> None:
    aya = make.lead()
    way([given(aya, at=NOW + DAY), given(aya, at=NOW + 2 * DAY)])
    assert set(PendingReevaluation.objects.values_list("due_at", "news_at")) == {
        (NOW + DAY, NOW + DAY),
        (NOW + 2 * DAY, NOW + 2 * DAY),
    }


@WAYS
def test_one_who_unsubscribes_has_withdrawn_consent(way: Way) -> None:
    aya = make.lead(consent="given", consent_at=NOW - DAY)
    way([given(aya, "page_view"), given(aya, "unsubscribe")])
    aya.refresh_from_db()
    assert (aya.consent, aya.consent_at) == ("withdrawn", NOW)
    kept = Change.objects.get()
    assert (kept.field, kept.old, kept.new, kept.how, kept.at) == ("consent", "given", "withdrawn", "unsubscribe", NOW)


def test_nothing_to_keep_costs_nothing() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert record_all([]) == []
    assert not [query for query in asked if "SAVEPOINT" not in query["sql"]]


def test_a_thousand_cost_what_one_costs() -> None:
    leads = [make.lead() for _n in range(20)]

    def cost(count: int, run: str) -> int:
        sent = [given(leads[n % 20], KINDS[n % 3], message_id=f"{run}{n}") for n in range(count)]
        with CaptureQueriesContext(connection) as asked:
            assert sum(record_all(sent, at=NOW)) == count
        return sum("SAVEPOINT" not in query["sql"] for query in asked)

    assert cost(1000, "many") == cost(1, "one")


def test_one_is_given_back_with_its_kind_whether_new_or_known() -> None:
    aya = make.lead()
    first, is_new = record(aya, "call", NOW, system="web", message_id="m1", at=NOW)
    again, is_new_again = record(aya, "page_view", NOW, system="web", message_id="m1", at=NOW)
    assert (is_new, is_new_again) == (True, False)
    assert again == first
    assert again.kind.key == "call"


def test_an_unknown_kind_is_told_and_nothing_is_kept() -> None:
    with pytest.raises(ActivityKind.DoesNotExist):
        record(make.lead(), "dance", NOW)
    assert not Activity.objects.exists()


def test_an_activity_sent_twice_is_one_and_its_first_moment_stands() -> None:
    lead, _ = register({"email": "a@mihon.example"}, at=NOW)
    first, created = record(lead, "demo_request", NOW, system="web", message_id="m1", at=NOW)
    again, created_again = record(lead, "demo_request", NOW + timedelta(hours=1), system="web", message_id="m1", at=NOW)
    assert (created, created_again) == (True, False)
    assert again == first
    assert Activity.objects.get().occurred_at == NOW


def test_an_activity_of_tomorrow_makes_the_lead_due_tomorrow() -> None:
    lead, _ = register({"email": "a@mihon.example"}, at=NOW)
    PendingReevaluation.objects.all().delete()
    record(lead, "webinar_attended", NOW + timedelta(days=1), at=NOW)
    assert PendingReevaluation.objects.get().due_at == NOW + timedelta(days=1)


def test_unsubscribing_takes_consent_back_unless_it_was_given_since() -> None:
    lead, _ = register({"email": "a@mihon.example", "consent": "given"}, at=NOW)
    record(lead, "unsubscribe", NOW - timedelta(days=1), at=NOW)
    assert Lead.objects.get().consent == "given"
    record(lead, "unsubscribe", NOW + timedelta(days=1), at=NOW + timedelta(days=1))
    assert Lead.objects.get().consent == "withdrawn"
    assert Lead.objects.get().consent_at == NOW + timedelta(days=1)


# ---- Forgotten


def test_what_was_written_by_hand_is_taken_back_once() -> None:
    aya = make.lead()
    for _ in range(2):
        record(aya, "call", NOW, at=NOW)
    PendingReevaluation.objects.all().delete()
    assert forget(aya, "call", NOW, at=NOW + DAY)
    assert Activity.objects.count() == 1
    assert PendingReevaluation.objects.get().due_at == NOW + DAY


@pytest.mark.parametrize(
    ("kind", "at", "system"), [("meeting", NOW, ""), ("call", NOW + DAY, ""), ("call", NOW, "crm")]
)
def test_only_the_same_written_by_hand_is_taken_back(kind: str, at: datetime, system: str) -> None:
    aya = make.lead()
    record(aya, kind, at, system=system, at=NOW)
    PendingReevaluation.objects.all().delete()
    assert not forget(aya, "call", NOW, at=NOW)
    assert Activity.objects.exists()
    assert not PendingReevaluation.objects.exists()


# ---- At once


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_batches_with_the_same_messages_at_once_one_keeps_them() -> None:
    lead, kind, at = make.lead(), ActivityKind.objects.get(key="call"), now()
    start, new = Barrier(4), []

    def send(order: int) -> None:
        activities = [ActivityInput(lead, kind, at, "crm", str(n)) for n in range(60)][::order]
        start.wait()
        try:
            new.append(sum(record_all(activities)))
        finally:
            connection.close()

    threads = [Thread(target=send, args=(order,)) for order in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(new) == 4
    assert sum(new) == 60
    assert Activity.objects.count() == ActivityIdentity.objects.count() == 60


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_sent_while_another_keeps_the_same_message_is_known() -> None:
    lead, kept = make.lead(), Barrier(2)

    def keep() -> None:
        try:
            with transaction.atomic():
                record(lead, "call", NOW, system="crm", message_id="m1", at=NOW)
                kept.wait()
                # Long enough for the other to wait for us.
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.2)")
        finally:
            connection.close()

    thread = Thread(target=keep)
    thread.start()
    kept.wait()
    _activity, is_new = record(lead, "call", NOW, system="crm", message_id="m1", at=NOW)
    thread.join()
    assert not is_new
    assert Activity.objects.count() == 1


def test_of_two_equal_ones_the_later_written_is_taken_back() -> None:
    lead = make.lead()
    first, _second = make.activity(lead, "call", NOW), make.activity(lead, "call", NOW)
    assert forget(lead, "call", NOW, at=NOW)
    assert Activity.objects.get() == first
