"""What every endpoint shares, and the answer where there is none."""

from typing import Any

import pytest
from django.test import Client, RequestFactory
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from smarketing.api.endpoint import Endpoint
from teams.models import Role
from tests import make
from tests.api import PROBLEM, Program, faults

pytestmark = pytest.mark.django_db


class Echo(Endpoint):
    """An endpoint that is open to everyone and does nothing."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response(request.query_params)

    def put(self, request: Request) -> Response:
        return Response({})

    post = get


def echo(method: str = "get", **query: str) -> Any:
    return Echo.as_view()(RequestFactory().generic(method.upper(), "/", query_params=query)).render()


def test_an_endpoint_answers_in_json() -> None:
    answer = echo(a="ö")
    assert (answer.status_code, answer["Content-Type"], answer.data["a"]) == (200, "application/json", "ö")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("query", "name"), [({"a": "b\0"}, "a"), ({"a\0": "b"}, "a"), ({"a": "b", "c": "\0"}, "c"), ({"\0": ""}, "")]
)
def test_no_parameter_has_a_nul(method: str, query: dict[str, str], name: str) -> None:
    answer = echo(method, **query)
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
    (fault,) = answer.data["errors"]
    assert fault["detail"] == "A NUL character cannot be kept."
    assert fault.get("parameter", fault.get("pointer", "").removeprefix("#/")) == name


@pytest.mark.parametrize("method", ["put", "delete", "options", "trace"])
def test_an_endpoint_takes_four_methods_even_where_it_has_more(method: str) -> None:
    answer = echo(method)
    assert (answer.status_code, answer["Content-Type"]) == (405, PROBLEM)
    assert answer["Allow"] == "GET, HEAD, POST"


METHODS = ["get", "head", "post", "put", "patch", "delete"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["nothing", "nothing/", "leads/x/", "leads//", "metrics/a%0Ab/", "%20", "schema/x"])
def test_where_there_is_no_endpoint_everyone_is_answered_404(method: str, path: str) -> None:
    answer = getattr(Client(), method)(f"/api/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)
    if method != "head":
        assert answer.json()["detail"] == "There is nothing here."


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["leads", "leads/7", "activities", "handoffs/7/acceptance", "schema"])
def test_an_address_without_its_last_slash_is_redirected_to_it_with_its_method(method: str, path: str) -> None:
    answer = getattr(Client(), method)(f"/api/v1/{path}")
    assert (answer.status_code, answer["Location"]) == (308, f"/api/v1/{path}/")


def test_the_redirect_keeps_the_query_as_it_was_written() -> None:
    answer = Client().get("/api/v1/leads", query_params={"size": "2", "search": "ö &/"})
    assert answer["Location"] == "/api/v1/leads/?size=2&search=%C3%B6+%26%2F"


@pytest.fixture
def marketer() -> Program:
    return Program(make.user(Role.MARKETER))


def test_an_unknown_address_is_answered_as_the_api_answers(marketer: Program) -> None:
    for path in ("nothing/here/", "nothing", "metrics/a%0Ab/"):
        faults(marketer.get(path), 404)
    faults(marketer.get("leads/999999/"), 404)
    faults(marketer.get(f"leads/{10**30}/"), 404)


def test_an_address_without_its_last_slash_leads_there(marketer: Program) -> None:
    answer = marketer.get("leads?size=2")
    assert (answer.status_code, answer["Location"]) == (308, "/api/v1/leads/?size=2")
