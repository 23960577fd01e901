"""What a program may do: what its token and the permission table open."""

import pytest

from teams.models import Role, Scope
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer() -> Program:
    return Program(make.user(Role.MARKETER))


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


def test_a_token_that_may_only_write_does_not_read() -> None:
    program = Program(make.user(Role.MARKETER), Scope.WRITE)
    faults(program.get("leads/"), 403)
    assert program.post("leads/", {"email": "a@example.org"}).status_code == 201


def test_somebody_without_a_role_opens_no_endpoint() -> None:
    program = Program(make.user())
    for path in ("leads/", "activities/", "handoffs/", "metrics/"):
        faults(program.get(path), 403)


def test_the_reason_of_a_refusal_is_the_scope_before_the_role() -> None:
    reader = Program(make.user(), Scope.READ)
    assert reader.post("leads/", {}).json()["detail"] == "This token may only read."
    assert reader.get("leads/").json()["detail"] == "Your roles do not open this."
