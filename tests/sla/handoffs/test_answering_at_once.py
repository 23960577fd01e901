"""Two who answer at once: one wins, and no answer lies before the lock that it waited for."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event

import pytest
import time_machine
from django.db import connections, transaction
from django.utils.timezone import now

from sla.models import Handoff, Timer
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def open_one() -> Handoff:
    return make.handoff(at=MONDAY_9AM)


def accept(handoff: Handoff) -> bool:
    try:
        Handoff.objects.get(pk=handoff.pk).accept(by=handoff.rep)
        return True
    except Handoff.Answered:
        return False
    finally:
        connections.close_all()


def test_the_moment_of_an_answer_is_taken_under_the_lock(open_one: Handoff):
    with time_machine.travel(MONDAY_9AM, tick=True), ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Handoff.objects.select_for_update().get(pk=open_one.pk)
            answering = pool.submit(accept, open_one)
            time.sleep(0.5)
            assert not answering.done()
            released: datetime = now()
        assert answering.result(30)
    timer = Timer.objects.get(handoff=open_one, kind=Timer.Kind.ANSWER)
    answered_at = Handoff.objects.get(pk=open_one.pk).answered_at
    assert answered_at is not None
    assert answered_at >= released
    assert timer.stopped_at == timer.kept_at == answered_at


def test_of_many_who_accept_at_once_one_does(open_one: Handoff):
    start = Event()

    def come(_nth: int) -> bool:
        start.wait(30)
        return accept(open_one)

    with time_machine.travel(MONDAY_9AM, tick=True), ThreadPoolExecutor(6) as pool:
        coming = [pool.submit(come, nth) for nth in range(6)]
        start.set()
        assert sum(each.result(30) for each in coming) == 1
    assert open_one.lead.transitions.filter(to_stage=open_one.hop.accepted_stage).count() == 1
