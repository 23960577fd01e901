"""JSON that cannot be stored is refused before an endpoint sees it."""

import pytest

from teams.models import Role
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer() -> Program:
    return Program(make.user(Role.MARKETER))


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
