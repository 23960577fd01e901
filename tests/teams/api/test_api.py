"""The door of the API: who comes in, and how it says no."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import now

from teams.models import Role, Scope, Token
from tests import make
from tests.api import PROBLEM, Program, faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer() -> Program:
    return Program(make.user(Role.MARKETER))


def test_without_a_token_nobody_comes_in() -> None:
    answer = Client().get("/api/v1/leads/")
    assert faults(answer, 401) == {}
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer smk_unknown", "Bearer \xe9", "Basic abc"])
def test_a_wrong_token_is_told_so(header: str) -> None:
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


def test_a_token_that_may_read_does_not_write() -> None:
    program = Program(make.user(Role.MARKETER), Scope.READ)
    assert program.get("leads/").status_code == 200
    faults(program.post("leads/", {"email": "a@example.org"}), 403)


def test_the_roles_are_those_of_the_pages() -> None:
    administrator = Program(make.user(Role.ADMINISTRATOR))
    assert administrator.get("leads/").status_code == 200
    faults(administrator.post("leads/", {"email": "a@example.org"}), 403)
    faults(administrator.get("handoffs/"), 403)


def test_what_an_address_does_not_take_is_405(marketer: Program) -> None:
    answer = marketer.client.delete("/api/v1/leads/")
    faults(answer, 405)
    assert answer["Allow"] == "GET, HEAD, POST"


def test_an_unknown_address_is_answered_as_the_api_answers(marketer: Program) -> None:
    for path in ("nothing/here/", "nothing", "metrics/a%0Ab/"):
        faults(marketer.get(path), 404)
    faults(marketer.get("leads/999999/"), 404)
    faults(marketer.get(f"leads/{10**30}/"), 404)


def test_an_address_without_its_last_slash_leads_there(marketer: Program) -> None:
    answer = marketer.get("leads?size=2")
    assert (answer.status_code, answer["Location"]) == (308, "/api/v1/leads/?size=2")


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


@pytest.mark.parametrize(
    "body",
    [
        '{"email": ',
        '{"email": "a\\u0000@example.org"}',
        '{"family_name": "\\ud800"}',
        '{"custom": {"a\\u0000": 1}}',
        '{"custom": {"a": 1e999}}',
        '{"custom": {"a": NaN}}',
        '{"custom": {"a": ' + "9" * 5000 + "}}",
        "[" * 100_000,
        '{"custom": {"a": ' + "[" * 30 + "]" * 30 + "}}",
        "\udce9",
    ],
)
@pytest.mark.parametrize("path", ["leads/", "activities/", "opportunities/"])
def test_what_cannot_be_kept_is_refused_and_never_an_error_of_ours(marketer: Program, path: str, body: str) -> None:
    answer = marketer.client.post(
        f"/api/v1/{path}", body.encode("utf-8", "surrogateescape"), content_type="application/json"
    )
    faults(answer, 400)


@pytest.mark.parametrize("body", ["null", "1", '"a"', "[]", "[[]]", "{}"])
@pytest.mark.parametrize("path", ["leads/", "activities/", "opportunities/"])
def test_a_body_of_another_shape_is_refused(marketer: Program, path: str, body: str) -> None:
    answer = marketer.post(path, body)
    if path == "activities/" and body == "[[]]":
        assert answer.json()["created"] == 0
        assert len(answer.json()["rejected"]) == 1
    else:
        assert faults(answer)


def test_too_much_at_once_is_refused(marketer: Program) -> None:
    faults(marketer.post("leads/", '{"email": "' + "a" * 9_000_000 + '"}'), 413)


def test_only_json_is_read_and_written(marketer: Program) -> None:
    answer = marketer.client.post("/api/v1/leads/", "email=a", content_type="application/x-www-form-urlencoded")
    faults(answer, 415)
    faults(marketer.client.get("/api/v1/leads/", headers={"Accept": "text/html"}), 406)


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


def test_the_schema_is_whole_and_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", file="/dev/null")
    assert "arning" not in capsys.readouterr().err


def test_the_schema_is_openapi_3_1() -> None:
    answer = Client().get("/api/v1/schema/", {"format": "json"})
    assert answer.status_code == 200
    assert answer.json()["openapi"] == "3.1.0"
    assert "/api/v1/handoffs/{id}/acceptance/" in answer.json()["paths"]


def test_the_reference_comes_from_here_alone() -> None:
    page = Client().get("/api/v1/")
    assert page.status_code == 200
    assert b"swagger-ui-bundle.js" in page.content
    assert b"//" not in page.content
    assert b"<style" not in page.content
    assert PROBLEM in Client().get("/api/v1/schema/").content.decode()
