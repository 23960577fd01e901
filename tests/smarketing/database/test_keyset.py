"""Lists are paged by key: nothing is left out, nothing comes twice, whatever they are sorted by."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.models import Company
from smarketing.database.keyset import Cursor, Order, Page, fetch_page, past_cursor
from tests import make

pytestmark = pytest.mark.django_db

NEWEST = Order("created_at", descending=True)
BIGGEST = Order("employees", descending=True, nullable=True)
SMALLEST = Order("employees", nullable=True)
NAME = Order("name_key")


def oracle(companies: list[Company], order: Order) -> list[int]:
    def value(company: Company):
        return getattr(company, order.by)

    sign = -1 if order.descending else 1
    given_ones = sorted(companies, key=lambda c: (value(c) is None, c.pk))
    with_value = sorted((c for c in given_ones if value(c) is not None), key=lambda c: (value(c), c.pk))[::sign]
    without = sorted((c for c in given_ones if value(c) is None), key=lambda c: -c.pk)
    return [c.pk for c in [*with_value, *without]]


@pytest.mark.parametrize("order", [NEWEST, BIGGEST, SMALLEST, NAME], ids=lambda order: order.by)
@given(sizes=st.lists(st.none() | st.integers(0, 3), max_size=9), size=st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_there_and_back_again_is_the_whole_list(order: Order, sizes: list[int | None], size: int) -> None:
    Company.objects.all().delete()
    for number, employees in enumerate(sizes):
        day = make.MONDAY_9AM + timedelta(days=employees or 0, microseconds=employees or 0)
        make.company(name=f"c{number % 2}", employees=employees, created_at=day)
    expected = oracle(list(Company.objects.all()), order)
    everything = Company.objects.all()

    page = fetch_page(everything, order, size=size)
    pages = [page]
    while page.next:
        page = fetch_page(everything, order, Cursor.parse(str(page.next)), size=size)
        pages.append(page)
    assert [row.pk for page in pages for row in page.rows] == expected

    back = []
    while page.previous:
        page = fetch_page(everything, order, Cursor.parse(str(page.previous)), size=size)
        back.append(page)
    assert [row.pk for page in reversed(back) for row in page.rows] == [
        row.pk for page in pages[:-1] for row in page.rows
    ]


@pytest.mark.parametrize(
    "value",
    [None, 7, "ö", Decimal("0.10"), date(2026, 3, 1), datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)],
)
@pytest.mark.parametrize("backward", [False, True])
def test_a_cursor_survives_the_address(value: Any, backward: bool) -> None:
    cursor = Cursor.parse(str(Cursor(value, 12, backward)))
    assert cursor
    assert (cursor.key, cursor.backward) == (12, backward)
    assert cursor.value == (value if value is None or isinstance(value, int) else str(value))


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "ö", "bm9uc2Vuc2U", "W10",
        # ["x", "1", 0], [1, 2**63, 0] and ["\0", 1, 0]
        "WyJ4IiwiMSIsMF0", "WzEsOTIyMzM3MjAzNjg1NDc3NTgwOCwwXQ", "WyJcdTAwMDAiLDEsMF0",
    ],
)  # fmt: skip
def test_a_damaged_cursor_is_none(text: str) -> None:
    assert Cursor.parse(text) is None


def test_a_cursor_takes_the_type_of_its_column() -> None:
    everything = Company.objects.all()
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert Cursor(str(moment), 1).in_list(everything, NEWEST) == Cursor(moment, 1)
    assert Cursor("12", 1, True).in_list(everything, BIGGEST) == Cursor(12, 1, True)
    assert Cursor(None, 1).in_list(everything, BIGGEST) == Cursor(None, 1)


@pytest.mark.parametrize(
    ("cursor", "order"),
    [
        (Cursor("x", 1), NEWEST),
        (Cursor("x", 1), BIGGEST),
        (Cursor([1], 1), BIGGEST),
        (Cursor(None, 1), NEWEST),
        (Cursor(1, 1), Order("no_such_column")),
    ],
)
def test_a_cursor_of_another_list_is_none(cursor: Cursor, order: Order) -> None:
    assert cursor.in_list(Company.objects.all(), order) is None


def test_a_page_of_no_rows_leads_nowhere() -> None:
    assert Page[Company].cut([], NEWEST, Cursor(1, 1)) == Page([])


@pytest.mark.parametrize(("order", "index"), [(NEWEST, "leads_compa_created"), (NAME, "company_by_name")])
def test_a_later_page_is_found_by_the_index_itself(order: Order, index: str) -> None:
    """As an index condition: not by walking over the pages before."""
    made = [make.company() for _ in range(3)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;"
            " SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off"
        )
    part = Company.objects.filter(past_cursor(order, Cursor.at(made[1], order), descending=order.descending))
    part = part.order_by(*(f"-{name}" if order.descending else name for name in (order.by, order.key)))
    plan = part.explain()
    assert index in plan.splitlines()[0]
    assert "Index Cond: (ROW(" in plan
    assert "Filter" not in plan
