"""The pages of a list: their addresses, and how many rows there are."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from leads.models import Company
from smarketing.database.keyset import Cursor
from smarketing.pages.paging import ListPage, Sort, chosen_sort, list_page
from tests import make

pytestmark = pytest.mark.django_db

NEWEST = Sort(name="newest", label="Newest", by="created_at", descending=True)
NAME = Sort(name="name", label="Name", by="name_key")


@pytest.mark.parametrize("after", ["", "x", "bm9uc2Vuc2U", "W10", "WyJ4IiwxLDBd", "W251bGwsMSwwXQ"])
def test_a_damaged_address_shows_the_beginning(after: str) -> None:
    made = make.company()
    request = RequestFactory().get("/", {"after": after, "q": "ö"})
    assert list_page(request, Company.objects.all(), NEWEST).rows == [made]


def test_the_address_keeps_what_was_asked_for() -> None:
    make.company(), make.company()
    page = list_page(RequestFactory().get("/", {"q": "ö"}), Company.objects.all(), NEWEST, size=1)
    assert page.next_url == f"?q=%C3%B6&after={page.next}"
    assert page.previous_url == ""


def test_a_page_whose_rows_are_gone_is_the_first() -> None:
    made = make.company()
    past = Cursor.at(made, NEWEST)
    page = list_page(RequestFactory().get("/", {"after": str(past)}), Company.objects.all(), NEWEST)
    assert (page.rows, page.previous_url, page.note) == ([made], "", "1 in all")


@pytest.mark.parametrize(("asked", "sort"), [({"sort": "name"}, NAME), ({"sort": "nonsense"}, NEWEST), ({}, NEWEST)])
def test_a_sort_is_chosen_by_its_name_and_else_the_first(asked: dict[str, str], sort: Sort) -> None:
    assert chosen_sort(RequestFactory().get("/", asked), [NEWEST, NAME]) == sort


def test_a_capped_count_says_that_there_are_more() -> None:
    assert ListPage([], count=1000).number == "1,000"
    assert ListPage([], count=1000, count_is_capped=True).number == "1,000+"


def test_an_empty_list_does_not_count_its_rows() -> None:
    made = make.company()
    for rows, said in (([made], "1 in all"), ([], "")):
        page = ListPage(rows, count=len(rows))
        assert " ".join(re.sub(r"<[^>]*>", "", render_to_string("_paging.html", {"page": page})).split()) == said
