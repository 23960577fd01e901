"""What every endpoint shares, and the answer where there is none."""

import pytest

from teams.models import Role
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


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
