from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from scoring.explaining import InterestPart, Part, add_up, digits_for, explain
from scoring.formula import MILLION, rounded_points
from scoring.models import Quadrant, Score
from scoring.rescoring import rescore
from tests import make
from tests.scoring.make import score_model

AT = make.MONDAY_9AM + timedelta(hours=5)
START = make.MONDAY_9AM - timedelta(hours=9)
MANAGER = {"field": "seniority", "op": "=", "value": "Manager"}
JAPAN = {"field": "country", "op": "=", "value": "JP"}


@given(st.lists(st.integers(-200 * MILLION, 200 * MILLION), max_size=12), st.sampled_from([0, 1]))
def test_what_is_shown_adds_up_to_what_is_shown(points: list[int], digits: int):
    score = sum(points)
    parts = add_up([Part("", each) for each in points], score, digits)
    assert sum((part.shown for part in parts), Decimal(0)) == rounded_points(score, digits)
    assert all(abs(part.shown - Decimal(part.points) / MILLION) < Decimal(1).scaleb(-digits) for part in parts)


@given(st.lists(st.integers(0, 40 * MILLION), min_size=1, max_size=5))
def test_the_total_of_the_parts_rounds_to_the_score(points: list[int]):
    parts = [Part("", each) for each in points]
    score = sum(points)
    total = rounded_points(score, digits_for(parts, score))
    assert rounded_points(int(total * MILLION)) == rounded_points(score)


def test_a_second_digit_stands_where_one_would_round_twice():
    assert digits_for([Part("", 9_460_000)], 9_460_000) == 2
    assert digits_for([Part("", 9_440_000)], 9_440_000) == 1
    assert digits_for([Part("", 9_000_000)], 9_000_000) == 0


@pytest.mark.django_db
def test_an_explanation_adds_up_to_the_stored_score():
    score_model(
        fit=[(MANAGER, 30), (JAPAN, -5), ({"field": "country", "op": "=", "value": "US"}, 9)],
        interest={"demo_request": (40, None, 30), "pricing_page_view": (8, 15, 14), "page_view": (1, None, None)},
    )
    lead = make.lead(seniority="Manager", country="JP")
    make.activity(lead, "demo_request", START - timedelta(days=11))
    for days in (1, 2, 3):
        make.activity(lead, "pricing_page_view", START - timedelta(days=days))
    make.activity(lead, "page_view", AT + timedelta(hours=1))
    rescore(at=AT)
    told = explain(lead, AT)
    assert told is not None
    score = Score.objects.get(lead=lead)
    assert (told.fit.score, told.interest.score) == (score.fit, score.interest)
    assert told.quadrant == score.machine_quadrant == Quadrant.DROP
    assert [(part.shown, part.holds) for part in told.rules] == [
        (Decimal(0), True),
        (Decimal(0), True),
        (Decimal(0), False),
    ]
    assert sorted(part.shown for part in told.fit.parts) == [-5, 30]
    kinds = [(part.words, part.count, part.is_capped) for part in told.interest.parts if isinstance(part, InterestPart)]
    assert kinds == [("Demo request", 1, False), ("Pricing page view", 3, True)]
    assert sum(part.shown for part in told.interest.parts) == told.interest.total == Decimal("46.0")


@pytest.mark.django_db
def test_what_lies_beyond_100_or_below_0_is_a_line_of_its_own():
    score_model(fit=[(MANAGER, -30)], interest={"demo_request": (70, None, None)})
    lead = make.lead(seniority="Manager")
    make.activity(lead, "demo_request", START)
    make.activity(lead, "demo_request", START)
    told = explain(lead, AT)
    assert told is not None
    assert [part.shown for part in told.fit.parts] == [-30, 30]
    assert [part.shown for part in told.interest.parts] == [140, -40]
    with translation.override("ja"):
        told = explain(lead, AT)
    assert told is not None
    assert told.interest.parts[-1].words == "100を超えた分は切り捨て"


@pytest.mark.django_db
def test_without_a_model_in_force_there_is_nothing_to_explain():
    assert explain(make.lead(), AT) is None
