"""Lists of the API: their parameters, and the way to the next page."""

import pytest

from teams.models import Role
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


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
