"""Two who rescore the same lead: the later to look is the later to write."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from django.db import connections, transaction

from leads.models import Activity, ActivityKind
from scoring.models import Score
from scoring.rescoring import rescore
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
AT = make.MONDAY_9AM + timedelta(hours=5)


def test_a_rescore_waits_for_the_one_before_and_sees_what_it_saw():
    score_model(interest={"page_view": (1, None, None)})
    lead = make.lead()

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
