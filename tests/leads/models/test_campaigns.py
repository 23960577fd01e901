"""What the database itself keeps true of campaigns."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from leads.models import Campaign

pytestmark = pytest.mark.django_db
MAY = date(2026, 5, 1)


@pytest.mark.parametrize(("starts", "ends"), [(MAY, MAY), (MAY, None), (None, MAY), (None, None)])
def test_a_campaign_may_last_a_day_or_have_an_open_end(starts: date | None, ends: date | None) -> None:
    assert Campaign.objects.create(name="Spring", starts_on=starts, ends_on=ends).pk


def test_a_campaign_does_not_end_before_it_starts() -> None:
    with pytest.raises(IntegrityError, match="campaign_ends_after_it_starts"), transaction.atomic():
        Campaign.objects.create(name="Spring", starts_on=MAY, ends_on=date(2026, 4, 30))


def test_campaigns_are_listed_by_name() -> None:
    for name in ("Summer", "Autumn"):
        Campaign.objects.create(name=name)
    assert [str(campaign) for campaign in Campaign.objects.all()] == ["Autumn", "Summer"]
