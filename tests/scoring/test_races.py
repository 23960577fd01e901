"""Two who rescore the same lead: the later to look is the later to write."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep
from typing import TypeVar

import pytest
from django.db import connections, transaction

from leads.models import Activity, ActivityKind
from scoring.drafts import previewing
from scoring.drafts.drafting import begin_draft
from scoring.models import Score, ScoreModel
from scoring.rescoring import RANGE, rescore
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
AT = make.MONDAY_9AM + timedelta(hours=5)
T = TypeVar("T")


@pytest.mark.parametrize("is_scored", [False, True])
def test_a_rescore_waits_for_the_one_before_and_sees_what_it_saw(is_scored: bool):
    score_model(interest={"page_view": (1, None, None)})
    lead = make.lead()
    if is_scored:
        rescore([lead.pk], at=AT)

    def later() -> int:
        try:
            return rescore([lead.pk], at=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            rescore([lead.pk], at=AT)
            waiting = pool.submit(later)
            sleep(0.2)
            make.activity(lead, "page_view", AT)
        assert waiting.result() == 1
    assert Score.objects.get().interest == 1_000_000


def in_another_thread(act: Callable[[], T]) -> Callable[[], T]:
    def acted() -> T:
        try:
            return act()
        finally:
            connections.close_all()

    return acted


def test_what_one_looked_at_before_does_not_overwrite_what_another_wrote_since():
    """Nothing to write is no reason not to hold the lead: who looks later writes later."""
    score_model(interest={"page_view": (1, None, None)})
    lead = make.lead()
    rescore([lead.pk], at=AT)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert rescore([lead.pk], at=AT) == 0
            waiting = pool.submit(in_another_thread(lambda: rescore([lead.pk], at=AT)))
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        assert waiting.result() == 0


def test_a_rebuild_waits_for_the_increment_and_for_no_lead_of_another_range():
    score_model(interest={"page_view": (1, None, None)})
    near, far = make.lead(), make.lead(pk=5 * RANGE)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            rescore([near.pk], at=AT)
            assert pool.submit(in_another_thread(lambda: rescore([far.pk], at=AT))).result(timeout=5) == 1
            rebuild = pool.submit(in_another_thread(lambda: rescore(at=AT)))
            with pytest.raises(TimeoutError):
                rebuild.result(timeout=0.3)
        rebuild.result()


def test_of_two_who_begin_a_draft_at_once_both_get_the_same():
    score_model()
    with ThreadPoolExecutor(4) as pool:
        begun = [pool.submit(in_another_thread(begin_draft)) for _ in range(4)]
        assert len({draft.result().pk for draft in begun}) == 1
    assert ScoreModel.objects.drafts().count() == 1


def test_of_two_who_finish_a_preview_each_range_is_compared_by_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(previewing, "RANGES_AT_ONCE", 0)
    score_model()
    for nth in range(4):
        make.lead(pk=nth * RANGE + 1)
    preview = previewing.request_preview(begin_draft(at=AT), at=AT)
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(in_another_thread(previewing.finish_previews)) for _ in range(3)]
        assert sum(each.result() for each in done) == 4
    preview.refresh_from_db()
    assert (preview.leads, preview.finished_at is None) == (4, False)


@pytest.mark.parametrize("rounds", [8, pytest.param(60, marks=pytest.mark.proof)])
def test_everybody_rescoring_at_once_ends_with_what_is_true(rounds: int):
    """Increments of overlapping leads, new leads among them, and rebuilds, all at once."""
    score_model(interest={"page_view": (1, None, None)})
    leads = [make.lead() for _ in range(6)]
    kind = ActivityKind.objects.get(key="page_view")

    def increments(nth: int) -> None:
        try:
            for turn in range(rounds):
                some = [leads[(nth + turn) % 6], leads[(nth * 5 + turn * 3) % 6]]
                Activity.objects.bulk_create(Activity(lead=lead, kind=kind, occurred_at=AT) for lead in some)
                rescore([lead.pk for lead in some], at=AT)
        finally:
            connections.close_all()

    def rebuilds() -> None:
        try:
            for _ in range(rounds):
                rescore(at=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(rebuilds), *(pool.submit(increments, nth) for nth in range(3))]:
            done.result()
    for lead in leads:
        assert Score.objects.get(lead=lead).interest == lead.activities.count() * 1_000_000
