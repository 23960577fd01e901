from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from smarketing.company import company_zone, knowing


def test_a_given_zone_wins_over_the_stored_one(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    assert company_zone() == ZoneInfo("Europe/Berlin")


@pytest.mark.django_db
def test_the_stored_zone_counts_when_none_is_given(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = ""
    assert company_zone() == ZoneInfo("Asia/Tokyo")


@pytest.mark.django_db
def test_one_request_asks_for_the_stored_zone_once(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = ""
    with knowing("Europe/Paris"):
        assert company_zone() == ZoneInfo("Europe/Paris")
        with knowing(""):
            assert company_zone() == ZoneInfo("Asia/Tokyo")
        settings.COMPANY_TIME_ZONE = "Europe/Berlin"
        assert company_zone() == ZoneInfo("Europe/Berlin")
    settings.COMPANY_TIME_ZONE = ""
    assert company_zone() == ZoneInfo("Asia/Tokyo")
