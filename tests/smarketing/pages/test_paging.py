"""Lists are turned by key: nothing is left out, nothing comes twice, whatever they are sorted by."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.models import Company
from smarketing.pages.paging import Cursor, Page, Sort, beyond, counted, cursor_at, few, page_of, turn
from tests import make

pytestmark = pytest.mark.django_db

NEWEST = Sort("newest", "Newest", "created_at", descending=True)
BIGGEST = Sort("biggest", "Biggest", "employees", descending=True, nullable=True)
SMALLEST = Sort("smallest", "Smallest", "employees", nullable=True)
NAME = Sort("name", "Name", "name_key")


def oracle(companies: list[Company], sort: Sort) -> list[int]:
    def value(company: Company):
        return getattr(company, sort.by)

    sign = -1 if sort.descending else 1
    given_ones = sorted(companies, key=lambda c: (value(c) is None, c.pk))
    with_value = sorted((c for c in given_ones if value(c) is not None), key=lambda c: (value(c), c.pk))[::sign]
    without = sorted((c for c in given_ones if value(c) is None), key=lambda c: -c.pk)
    return [c.pk for c in [*with_value, *without]]


@pytest.mark.parametrize("sort", [NEWEST, BIGGEST, SMALLEST, NAME], ids=lambda sort: sort.name)
@given(sizes=st.lists(st.none() | st.integers(0, 3), max_size=9), size=st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_there_and_back_again_is_the_whole_list(sort: Sort, sizes: list[int | None], size: int) -> None:
    Company.objects.all().delete()
    for number, employees in enumerate(sizes):
        day = make.MONDAY_9AM + timedelta(days=employees or 0, microseconds=employees or 0)
        make.company(name=f"c{number % 2}", employees=employees, created_at=day)
    expected = oracle(list(Company.objects.all()), sort)
    everything = Company.objects.all()

    page = turn(everything, sort, size=size)
    pages = [page]
    while page.next:
        page = turn(everything, sort, Cursor.read(str(page.next)), size=size)
        pages.append(page)
    assert [row.pk for page in pages for row in page.rows] == expected

    back = []
    while page.previous:
        page = turn(everything, sort, Cursor.read(str(page.previous)), size=size)
        back.append(page)
    assert [row.pk for page in reversed(back) for row in page.rows] == [
        row.pk for page in pages[:-1] for row in page.rows
    ]


@pytest.mark.parametrize("after", ["", "x", "bm9uc2Vuc2U", "W10", "WyJ4IiwxLDBd", "W251bGwsMSwwXQ"])
def test_a_damaged_address_shows_the_beginning(after: str) -> None:
    made = make.company()
    request = RequestFactory().get("/", {"after": after, "q": "ö"})
    assert page_of(request, Company.objects.all(), NEWEST).rows == [made]


def test_the_address_keeps_what_was_asked_for() -> None:
    make.company(), make.company()
    page = page_of(RequestFactory().get("/", {"q": "ö"}), Company.objects.all(), NEWEST, size=1)
    assert page.next_url == f"?q=%C3%B6&after={page.next}"
    assert page.previous_url == ""


def test_counting_stops_where_it_tells_no_more() -> None:
    make.company(), make.company()
    assert counted(Company.objects.all(), 2) == (2, False)
    make.company()
    assert counted(Company.objects.all(), 2) == (2, True)
    assert Page([], count=1000, count_is_capped=True).number == "1,000+"


@pytest.mark.parametrize(("sort", "index"), [(NEWEST, "leads_compa_created"), (NAME, "company_by_name")])
def test_a_later_page_is_found_by_the_index_itself(sort: Sort, index: str) -> None:
    """As an index condition: not by walking over the pages before."""
    made = [make.company() for _ in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
    part = Company.objects.filter(beyond(sort, cursor_at(made[1], sort), sort.descending))
    part = part.order_by(*(f"-{name}" if sort.descending else name for name in (sort.by, sort.key)))
    plan = part.explain()
    assert index in plan.splitlines()[0]
    assert "Index Cond: (ROW(" in plan
    assert "Filter" not in plan


def test_few_rows_are_named_by_their_keys_and_many_are_not() -> None:
    made = [make.company() for _ in range(3)]
    queryset, count, capped = few(Company.objects.all(), 3)
    assert (set(queryset), count, capped) == (set(made), 3, False)
    assert '"id" IN' in str(queryset.query)
    queryset, count, capped = few(Company.objects.all(), 2)
    assert (queryset.count(), count, capped) == (3, 2, True)
