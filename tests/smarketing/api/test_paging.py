"""Lists of the API: their parameters, and the way to the next page."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import Company
from smarketing.api.paging import MAX_SIZE, NEWEST, list_response
from smarketing.database.keyset import PAGE_SIZE, Cursor
from teams.models import Role
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


class Name(serializers.Serializer[Any]):
    name = serializers.CharField()


def page(path: str = "/list/", **query: Any) -> Response:
    """The page of companies, the newest first, that a request asks for."""
    request = RequestFactory().get(path, query)
    return list_response(Request(request), Company.objects.all(), NEWEST, Name)


def names(response: Response) -> list[str]:
    return [row["name"] for row in response.data["results"]]


@pytest.fixture
def companies() -> list[str]:
    """Five companies by name, the newest first."""
    for number in range(5):
        make.company(name=f"c{number}", created_at=make.MONDAY_9AM + timedelta(days=number // 2))
    return ["c4", "c3", "c2", "c1", "c0"]


def test_following_next_leads_through_the_whole_list(companies: list[str]) -> None:
    seen, response = [], page(size=2)
    while True:
        seen.append(names(response))
        if response.data["next"] is None:
            break
        response = page(response.data["next"])
    assert seen == [companies[:2], companies[2:4], companies[4:]]


def test_next_is_absolute_and_keeps_what_was_asked_for(companies: list[str]) -> None:
    following = urlsplit(page(size=2, q="ö&a", after="").data["next"])
    assert (following.scheme, following.netloc, following.path) == ("http", "testserver", "/list/")
    query = parse_qs(following.query)
    assert (query["size"], query["q"], len(query["after"])) == (["2"], ["ö&a"], 1)


def test_a_list_without_rows_has_no_next() -> None:
    assert page().data == {"results": [], "next": None}


def test_a_page_that_holds_all_rows_has_no_next(companies: list[str]) -> None:
    assert page(size=5).data["next"] is None
    assert page(size=4).data["next"]


def test_a_page_has_fifty_rows_unless_another_size_is_asked_for() -> None:
    for _number in range(PAGE_SIZE + 1):
        make.company()
    assert len(page().data["results"]) == PAGE_SIZE
    assert len(page(size=MAX_SIZE).data["results"]) == PAGE_SIZE + 1


@pytest.mark.parametrize("size", ["1", "0001", "200"])
def test_a_size_within_its_bounds_is_taken(companies: list[str], size: str) -> None:
    assert names(page(size=size)) == companies[: int(size)]


@pytest.mark.parametrize(
    "size", ["", "0", "201", "00001", "-1", "+1", "1.5", "1e1", " 5", "1_0", "１", "ten", "9" * 20]
)
def test_a_wrong_size_is_refused_with_its_bounds(companies: list[str], size: str) -> None:
    with pytest.raises(serializers.ValidationError) as refused:
        page(size=size)
    assert refused.value.detail == {"size": ["Write a number from 1 to 200."]}


@pytest.mark.parametrize("after", ["nonsense", "W10", "WzEsSW5maW5pdHksMF0", "ö", " "])
def test_a_damaged_place_in_the_list_is_refused(companies: list[str], after: str) -> None:
    with pytest.raises(serializers.ValidationError) as refused:
        page(after=after)
    assert refused.value.detail == {"after": ["This is no place in the list."]}


def test_a_place_in_another_list_is_its_beginning(companies: list[str]) -> None:
    assert names(page(after=str(Cursor("no moment", 1)))) == companies


def test_few_rows_are_named_by_their_keys_where_something_is_searched_for(
    companies: list[str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert names(page(size=5)) == companies
    with django_assert_num_queries(2):
        assert names(page(size=5, search="c")) == companies


@pytest.fixture
def marketer() -> Program:
    return Program(make.user(Role.MARKETER))


@pytest.mark.parametrize("path", ["leads/", "activities/", "opportunities/"])
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("search", "\0"),
        ("\0", "a"),
        ("size", "0"),
        ("size", "201"),
        ("size", "00500"),
        ("size", "１"),
        ("after", "nonsense"),
        ("after", "WzEsSW5maW5pdHksMF0"),
    ],
)
def test_a_wrong_parameter_is_named(marketer: Program, path: str, parameter: str, value: str) -> None:
    assert list(faults(marketer.get(path, **{parameter: value}))) == [parameter.replace("\0", "")]
