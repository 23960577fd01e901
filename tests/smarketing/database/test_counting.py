"""Counting stops where it tells no more."""

import pytest
from django.db.models import OuterRef

from leads.models import Company, Lead
from smarketing.database.counting import CountOf, count_up_to, narrow_when_few
from tests import make

pytestmark = pytest.mark.django_db


def test_counting_stops_at_its_limit() -> None:
    make.company(), make.company()
    assert count_up_to(Company.objects.all(), 2) == (2, False)
    make.company()
    assert count_up_to(Company.objects.all(), 2) == (2, True)


def test_few_rows_are_named_by_their_keys_and_many_are_not() -> None:
    made = [make.company() for _ in range(3)]
    queryset, count, capped = narrow_when_few(Company.objects.all(), 3)
    assert (set(queryset), count, capped) == (set(made), 3, False)
    assert '"id" IN' in str(queryset.query)
    queryset, count, capped = narrow_when_few(Company.objects.all(), 2)
    assert (queryset.count(), count, capped) == (3, 2, True)


@pytest.mark.parametrize(("limit", "count"), [(2, 2), (3, 3), (None, 3)])
def test_the_rows_of_another_table_are_counted_for_each_row(limit: int | None, count: int) -> None:
    company = make.company()
    for _ in range(3):
        make.lead(company=company)
    leads = Lead.objects.filter(company=OuterRef("pk"))
    assert Company.objects.annotate(leads_seen=CountOf(leads, limit)).get().leads_seen == count
