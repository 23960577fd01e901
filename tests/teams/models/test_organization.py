"""The company that runs this: one row, with its zone."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from teams.models import Organization, stored_time_zone, valid_time_zone

pytestmark = pytest.mark.django_db


def test_there_is_one_company_made_on_first_use():
    assert Organization.ours() == Organization.ours()
    assert Organization.objects.count() == 1
    with pytest.raises(IntegrityError, match="there_is_one_organization"), transaction.atomic():
        Organization.objects.create(pk=2)


def test_a_company_that_said_nothing_is_japanese():
    ours = Organization.ours()
    assert (ours.country, ours.time_zone, ours.currency) == ("JP", "Asia/Tokyo", "JPY")
    assert str(ours) == "Smarketing"


def test_a_company_is_called_by_its_name():
    assert str(Organization(name="山田製作所")) == "山田製作所"


def test_the_stored_zone_is_tokyo_until_another_is_stored():
    Organization.objects.all().delete()
    assert stored_time_zone() == "Asia/Tokyo"
    assert not Organization.objects.exists()
    Organization.objects.create(pk=1, time_zone="Europe/Berlin")
    assert stored_time_zone() == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_is_one_that_the_machine_knows(zone: str):
    valid_time_zone(zone)


@pytest.mark.parametrize("zone", ["", "Mars/Base", "asia/tokyo", "+09:00", "../etc/passwd", "東京"])
def test_another_word_is_no_time_zone(zone: str):
    with pytest.raises(ValidationError, match="is not a time zone"):
        valid_time_zone(zone)
