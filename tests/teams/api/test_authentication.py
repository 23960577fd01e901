"""Who calls the API: the bearer of a token that lives."""

from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.utils.timezone import now
from rest_framework.request import Request

from teams.api.authentication import BearerTokenAuthentication, caller
from teams.models import Role, Token
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer() -> Program:
    return Program(make.user(Role.MARKETER))


def test_without_a_token_nobody_comes_in() -> None:
    answer = Client().get("/api/v1/leads/")
    assert faults(answer, 401) == {}
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer smk_unknown", "Bearer \xe9", "Basic abc"])
def test_a_wrong_token_is_reported(header: str) -> None:
    faults(Client(headers={"Authorization": header}).get("/api/v1/leads/"), 401)


def test_a_signed_in_browser_is_no_program() -> None:
    browser = make.signed_in(make.user(Role.MARKETER))
    faults(browser.get("/api/v1/leads/"), 401)


@pytest.mark.parametrize(
    "end",
    [
        {"revoked_at": now()},
        {"expires_at": now()},
    ],
)
def test_a_token_that_is_over_opens_nothing(marketer: Program, end: dict[str, object]) -> None:
    assert marketer.get("leads/").status_code == 200
    Token.objects.filter(pk=marketer.token.pk).update(**end)
    faults(marketer.get("leads/"), 401)


def test_a_deactivated_person_s_token_opens_nothing(marketer: Program) -> None:
    type(marketer.person).objects.get_queryset().filter(pk=marketer.person.pk).update(is_active=False)
    faults(marketer.get("leads/"), 401)


def test_the_last_use_is_written_down_by_the_minute(marketer: Program) -> None:
    marketer.get("leads/")
    first = Token.objects.get(pk=marketer.token.pk).last_used_at
    marketer.get("leads/")
    assert Token.objects.get(pk=marketer.token.pk).last_used_at == first
    Token.objects.filter(pk=marketer.token.pk).update(last_used_at=now() - timedelta(minutes=2))
    marketer.get("leads/")
    second = Token.objects.get(pk=marketer.token.pk).last_used_at
    assert first
    assert second
    assert second > first


def test_problems_are_told_in_the_language_asked_for_then_the_person_s(marketer: Program) -> None:
    type(marketer.person).objects.get_queryset().filter(pk=marketer.person.pk).update(language="ja")
    assert marketer.get("leads/", size=0).json()["detail"] == "送られた内容はそのままでは受け取れません。"
    asked = marketer.client.get("/api/v1/leads/?size=0", headers={"Accept-Language": "en"})
    assert asked.json()["detail"] == "What was sent cannot be taken as it is."


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_written_in_any_case(marketer: Program, scheme: str) -> None:
    program = Client(headers={"Authorization": f"{scheme} {marketer.secret}"})
    assert program.get("/api/v1/leads/").status_code == 200


def test_the_caller_is_the_person_of_the_token(marketer: Program) -> None:
    request = Request(RequestFactory().get("/", headers={"Authorization": f"Bearer {marketer.secret}"}))
    request.authenticators = [BearerTokenAuthentication()]
    assert caller(request) == marketer.person
    assert request.auth == marketer.token


def test_without_a_token_there_is_no_caller() -> None:
    with pytest.raises(AssertionError):
        caller(Request(RequestFactory().get("/")))
