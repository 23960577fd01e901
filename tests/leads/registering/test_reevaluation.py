"""Leads wait to be evaluated anew as rows: appended one by one, merged where they come in masses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from leads.models import Lead, PendingReevaluation
from leads.registering import reevaluation
from leads.registering.reevaluation import dequeue, enqueue_merged, enqueue_reevaluation, enqueue_selected
from tests import make

NOW = make.MONDAY_9AM
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db
SELECTED = "SELECT * FROM unnest(%(leads)s::bigint[], %(due)s::timestamptz[], %(news)s::timestamptz[])"
ROWS = f"SELECT lead_id, due_at, news_at FROM ({SELECTED}) q (lead_id, due_at, news_at)"


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were asked for."""
    asked: list[str] = []
    monkeypatch.setattr(reevaluation, "wake", asked.append)
    return asked


def queue(lead: Lead) -> list[tuple[datetime, datetime | None]]:
    return sorted(PendingReevaluation.objects.filter(lead=lead).values_list("due_at", "news_at"), key=str)


def rows(*marks: tuple[Lead, datetime, datetime | None]) -> dict[str, Any]:
    return {
        "leads": [lead.pk for lead, _due, _news in marks],
        "due": [due for _lead, due, _news in marks],
        "news": [news for _lead, _due, news in marks],
    }


def test_each_lead_waits_once_a_call_and_the_worker_is_woken_once(woken: list[str]) -> None:
    aya, ken = make.lead(), make.lead()
    enqueue_reevaluation([aya.pk, ken.pk], at=NOW, news_at=NOW)
    assert queue(aya) == queue(ken) == [(NOW, NOW)]
    assert len(woken) == 1


def test_what_waits_is_appended_never_updated(woken: list[str]) -> None:
    aya = make.lead()
    enqueue_reevaluation([aya.pk], at=NOW)
    enqueue_reevaluation([aya.pk], at=NOW, news_at=NOW)
    assert len(queue(aya)) == 2


def test_nobody_to_evaluate_wakes_nobody(woken: list[str]) -> None:
    enqueue_reevaluation([], at=NOW)
    enqueue_selected(ROWS, rows(), at=NOW)
    assert not woken
    assert not PendingReevaluation.objects.exists()


def test_what_is_due_later_wakes_nobody_now(woken: list[str]) -> None:
    aya, ken = make.lead(), make.lead()
    enqueue_reevaluation([aya.pk], at=NOW, due_at=NOW + DAY)
    assert not woken
    assert queue(aya) == [(NOW + DAY, None)]
    enqueue_selected(ROWS, rows((aya, NOW + DAY, None), (ken, NOW, None)), at=NOW)
    assert len(woken) == 1


def test_many_that_come_again_become_one_with_the_latest_news(woken: list[str]) -> None:
    aya = make.lead()
    enqueue_reevaluation([aya.pk], at=NOW - DAY, news_at=NOW - DAY)
    enqueue_reevaluation([aya.pk], at=NOW - DAY, news_at=NOW - 2 * DAY)
    woken.clear()
    enqueue_merged(ROWS, rows((aya, NOW, None)), at=NOW)
    assert queue(aya) == [(NOW, NOW - DAY)]
    assert not woken


@pytest.mark.parametrize(
    ("waiting", "coming", "news"),
    [(None, None, None), (NOW, None, NOW), (None, NOW, NOW), (NOW - DAY, NOW, NOW), (NOW, NOW - DAY, NOW)],
)
def test_of_two_news_the_later_counts(waiting: Any, coming: Any, news: Any) -> None:
    aya = make.lead()
    enqueue_reevaluation([aya.pk], at=NOW, news_at=waiting)
    enqueue_merged(ROWS, rows((aya, NOW, coming)), at=NOW)
    assert queue(aya) == [(NOW, news)]


def test_a_moment_to_come_keeps_its_place_and_one_that_passed_is_now() -> None:
    aya = make.lead()
    enqueue_reevaluation([aya.pk], at=NOW, due_at=NOW + DAY)
    enqueue_merged(ROWS, rows((aya, NOW - DAY, None), (aya, NOW + 2 * DAY, NOW)), at=NOW)
    assert queue(aya) == [(NOW, None), (NOW + DAY, None), (NOW + 2 * DAY, NOW)]


def test_others_stay_as_they_wait() -> None:
    aya, ken = make.lead(), make.lead()
    enqueue_reevaluation([ken.pk, ken.pk], at=NOW)
    enqueue_merged(ROWS, rows((aya, NOW, None)), at=NOW)
    assert len(queue(ken)) == 2
    assert len(queue(aya)) == 1


def test_a_lead_that_takes_part_in_nothing_is_taken_out() -> None:
    aya, ken = make.lead(), make.lead()
    enqueue_reevaluation([aya.pk, ken.pk], at=NOW)
    dequeue(aya.pk)
    assert list(PendingReevaluation.objects.values_list("lead", flat=True)) == [ken.pk]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_somebody_works_on_is_left_to_them() -> None:
    aya = make.lead()
    enqueue_reevaluation([aya.pk], at=NOW)
    other = connection.copy()
    try:
        with transaction.atomic():
            with other.cursor() as worker:
                worker.execute("BEGIN; SELECT FROM leads_stalelead FOR UPDATE")
            enqueue_merged(ROWS, rows((aya, NOW, NOW)), at=NOW)
        assert queue(aya) == [(NOW, None), (NOW, NOW)]
    finally:
        other.close()
