"""Batches of activities that come at the same moment."""

from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils.timezone import now

from leads.activities.recording import ActivityInput, record_all
from leads.models import Activity, ActivityIdentity, ActivityKind
from tests import make


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_batches_with_the_same_messages_at_once_one_keeps_them() -> None:
    lead, kind, at = make.lead(), ActivityKind.objects.get(key="call"), now()
    together, new = Barrier(4), []

    def send(order: int) -> None:
        activities = [ActivityInput(lead, kind, at, "crm", str(n)) for n in range(60)][::order]
        together.wait()
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
