from __future__ import annotations

from datetime import date
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from smarketing.database.zones import first_difference

TODAY = date(2026, 11, 30)


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/Berlin", "America/Vancouver"])
def test_the_database_knows_the_rules_that_we_know(zone: str) -> None:
    assert first_difference(ZoneInfo(zone), TODAY) is None


@pytest.mark.django_db
def test_the_first_day_on_which_it_does_not_is_told() -> None:
    with (files("tzdata.zoneinfo.Europe") / "Berlin").open("rb") as rules:
        summer_time = ZoneInfo.from_file(rules, key="Africa/Lagos")
    assert first_difference(summer_time, TODAY) == date(2027, 3, 28)


@pytest.mark.django_db
def test_a_zone_that_it_does_not_know_differs_at_once() -> None:
    with (files("tzdata.zoneinfo.Europe") / "Berlin").open("rb") as rules:
        unknown = ZoneInfo.from_file(rules, key="Europe/Atlantis")
    with transaction.atomic():
        assert first_difference(unknown, TODAY) == TODAY
        transaction.set_rollback(True)
