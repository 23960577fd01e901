"""How often a program may call."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from pytest_django import Settings

from teams.models import Role
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_a_minute(settings: Settings) -> None:
    cache.clear()
    settings.API_REQUESTS_A_MINUTE = 3


def test_a_token_that_asks_too_often_waits_and_another_does_not() -> None:
    program, other = Program(make.user(Role.MARKETER, language="en")), Program(make.user(Role.MARKETER))
    answers = [program.get("activity-kinds/") for _time in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit"].partition(";t")[0] for answer in answers] == [
        '"token";r=2', '"token";r=1', '"token";r=0', '"token";r=0',
    ]  # fmt: skip
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"token";q=3;w=60'}
    assert 1 <= int(answers[-1]["Retry-After"]) <= 20
    assert faults(answers[-1], 429) == {}
    assert answers[-1].json()["detail"] == f"Too many requests: go on in {answers[-1]['Retry-After']} s."
    assert other.get("activity-kinds/").status_code == 200


def test_what_is_refused_for_its_content_counts_too() -> None:
    program = Program(make.user(Role.MARKETER))
    assert [program.post("leads/", {}).status_code for _time in range(4)] == [400, 400, 400, 429]


def test_without_a_limit_nobody_counts(settings: Settings) -> None:
    settings.API_REQUESTS_A_MINUTE = 0
    answer = Program(make.user(Role.MARKETER)).get("activity-kinds/")
    assert (answer.status_code, answer.has_header("RateLimit")) == (200, False)


def test_without_the_queue_server_nobody_waits(settings: Settings) -> None:
    nowhere = {"LOCATION": "redis://127.0.0.1:1/0", "OPTIONS": {"socket_connect_timeout": 0.2}}
    settings.CACHES = {"default": settings.CACHES["default"] | nowhere}
    program = Program(make.user(Role.MARKETER))
    assert {program.get("activity-kinds/").status_code for _time in range(5)} == {200}
