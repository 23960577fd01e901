"""The kinds of activity, read by programs."""

import pytest

from tests.api import Program

pytestmark = pytest.mark.django_db


def test_the_kinds_are_told(program: Program) -> None:
    kinds = {kind["key"]: kind for kind in program.get("activity-kinds/").json()}
    assert kinds["demo_request"]["name_en"]
    assert kinds["demo_request"]["name_ja"]
