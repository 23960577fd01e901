"""What the page of quadrants says is what was signed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from scoring.models import Quadrant
from sla.agreement.document.lines import as_text
from sla.agreement.document.quadrants import policies_of, quadrant_actions
from sla.models import Policy
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db
TWO_HOURS, FOUR_HOURS = timedelta(hours=2), timedelta(hours=4)


def actions(quadrant: Quadrant) -> list[str]:
    return [as_text(words) for words in quadrant_actions(at=MONDAY_9AM)[quadrant]]


def test_without_an_agreement_nothing_is_promised():
    assert quadrant_actions(at=MONDAY_9AM) == {quadrant: [] for quadrant in Quadrant}


def test_the_limits_are_those_of_the_policy_in_force():
    make.agreement(answer_within=TWO_HOURS, policy={"touch_within": FOUR_HOURS})
    (words,) = actions(Quadrant.HOT)
    assert words == (
        "Once handed over: answer within 2 opening hours; first touch within 4 opening hours of the acceptance."
    )
    assert actions(Quadrant.DROP) == [words]


def test_a_policy_of_a_quadrant_is_said_of_that_quadrant_alone():
    make.agreement(answer_within=FOUR_HOURS, policy={"quadrant": "hot"})
    assert [len(actions(quadrant)) for quadrant in Quadrant] == [1, 0, 0, 0]
    assert actions(Quadrant.HOT) == ["Hot leads: answer within 4 opening hours."]


def test_a_policy_of_one_source_leaves_the_others_to_the_next():
    by_source = Policy(position=1, source="Trade fair", quadrant="hot", answer_within=TWO_HOURS)
    of_hot = Policy(position=2, quadrant="hot", answer_within=FOUR_HOURS)
    of_all = Policy(position=3, answer_within=FOUR_HOURS)
    policies = [by_source, of_hot, of_all]
    assert policies_of(Quadrant.HOT, policies, {1}) == [by_source, of_hot]
    assert policies_of(Quadrant.DROP, policies, {1}) == [of_all]


def test_the_page_says_it_and_no_other_hours():
    make.agreement(answer_within=TWO_HOURS)
    make.score(make.lead())
    page = make.signed_in(make.user(Role.REP)).get(reverse("quadrants")).content.decode()
    assert "2 opening hours" in page
    assert "24 hours" not in page
