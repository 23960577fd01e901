"""Whoever comes second begins again; what keeps failing is told."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from leads.models import Identity, Lead
from leads.registering.races import TRIES, Raced, constraint_of, repeat_when_raced
from tests import make

pytestmark = pytest.mark.django_db


def failing(times: int, fail: Callable[[], object]) -> Callable[[], int]:
    """Work that fails so many times, and then says how often it was tried."""
    tries: list[Lead] = []

    def work() -> int:
        tries.append(Lead.objects.create(email=f"m{len(tries)}@x.example"))
        if len(tries) <= times:
            fail()
        return len(tries)

    return work


def race() -> None:
    raise Raced


def same_id_twice() -> None:
    for _ in range(2):
        Identity.objects.create(lead=make.lead(), system="crm", external_id="1")


@pytest.mark.parametrize("times", range(TRIES))
@pytest.mark.parametrize("fail", [race, same_id_twice])
def test_work_that_raced_is_done_again_from_the_beginning(times: int, fail: Callable[[], None]) -> None:
    assert repeat_when_raced(failing(times, fail), "one_lead_per_external_id") == times + 1
    # What the earlier tries wrote is taken back.
    assert list(Lead.objects.values_list("email", flat=True)) == [f"m{times}@x.example"]


@pytest.mark.parametrize(("fail", "told"), [(race, Raced), (same_id_twice, IntegrityError)])
def test_after_three_tries_it_is_told(fail: Callable[[], None], told: type[Exception]) -> None:
    with pytest.raises(told):
        repeat_when_raced(failing(TRIES, fail), "one_lead_per_external_id")
    assert not Lead.objects.exists()


def test_another_constraint_is_told_at_once() -> None:
    work = failing(1, same_id_twice)
    with pytest.raises(IntegrityError):
        repeat_when_raced(work, "one_lead_per_email")
    assert work() == 2


def test_the_constraint_is_read_from_the_database_s_answer() -> None:
    with pytest.raises(IntegrityError) as clash, transaction.atomic():
        same_id_twice()
    assert constraint_of(clash.value) == "one_lead_per_external_id"
    assert constraint_of(IntegrityError("something else")) == ""
