"""A restored copy is confirmed once, by somebody; the database holds to it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from history.models import Restoration
from history.restoration import is_copy, keeps_still
from history.restoration_table import RESTORED_SQL
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db


def restored(**fields: Any) -> Restoration:
    moments = {"backed_up_at": MONDAY_9AM - timedelta(days=1), "restored_at": MONDAY_9AM}
    return Restoration.objects.create(**moments | fields)


def test_data_that_were_never_restored_are_no_copy() -> None:
    assert not is_copy()
    assert not keeps_still()


def test_a_copy_is_confirmed_once_and_keeps_still_until_it_is_told() -> None:
    copy, gina = restored(), make.user()
    assert is_copy()
    copy.confirm(by=gina, at=MONDAY_9AM)
    assert not is_copy()
    assert keeps_still()
    with pytest.raises(Restoration.Confirmed):
        copy.confirm(by=make.user(), at=MONDAY_9AM)
    copy.refresh_from_db()
    assert copy.confirmed_by == gina


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"confirmed_at": MONDAY_9AM}, "a_copy_is_confirmed_by_somebody"),
        ({"told_at": MONDAY_9AM}, "told_once_it_is_confirmed"),
    ],
)
def test_what_cannot_be_is_refused_by_the_database(fields: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        restored(**fields)


def test_one_restoration_waits_at_a_time() -> None:
    restored()
    with pytest.raises(IntegrityError, match="one_restoration_waits"):
        restored()


def test_a_second_restore_takes_the_place_of_one_that_waited() -> None:
    restored()
    with connection.cursor() as cursor:
        cursor.execute(RESTORED_SQL.format(backed_up_at="2026-11-01T00:00:00+00:00"))
    assert [copy.backed_up_at.isoformat() for copy in Restoration.objects.all()] == ["2026-11-01T00:00:00+00:00"]
    assert is_copy()
