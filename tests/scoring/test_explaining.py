from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Lead
from scoring.explaining import InterestPart, Part, digits_for, explain, round_parts
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
    parts = round_parts([Part("", each) for each in points], score, digits)
    assert sum((part.rounded for part in parts), Decimal(0)) == rounded_points(score, digits)
    assert all(abs(part.rounded - Decimal(part.points) / MILLION) < Decimal(1).scaleb(-digits) for part in parts)


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


def test_what_is_shown_stands_on_the_score_s_side_of_the_threshold():
    assert digits_for([Part("", 39_970_000)], 39_970_000, threshold=40_000_000) == 2
    assert digits_for([Part("", 40_040_000)], 40_040_000, threshold=40_000_000) == 1


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
    assert [(part.rounded, part.holds) for part in told.rules] == [
        (Decimal(0), True),
        (Decimal(0), True),
        (Decimal(0), False),
    ]
    assert sorted(part.rounded for part in told.fit.parts) == [-5, 30]
    kinds = [(part.words, part.count, part.is_capped) for part in told.interest.parts if isinstance(part, InterestPart)]
    assert kinds == [("Demo request", 1, False), ("Pricing page view", 3, True)]
    assert sum(part.rounded for part in told.interest.parts) == told.interest.total == Decimal("46.0")


@pytest.mark.django_db
def test_what_lies_beyond_100_or_below_0_is_a_line_of_its_own():
    score_model(fit=[(MANAGER, -30)], interest={"demo_request": (70, None, None)})
    lead = make.lead(seniority="Manager")
    make.activity(lead, "demo_request", START)
    make.activity(lead, "demo_request", START)
    told = explain(lead, AT)
    assert told is not None
    assert [part.rounded for part in told.fit.parts] == [-30, 30]
    assert [part.rounded for part in told.interest.parts] == [140, -40]
    with translation.override("ja"):
        told = explain(lead, AT)
    assert told is not None
    assert told.interest.parts[-1].words == "100を超えた分は切り捨て"


@pytest.mark.django_db
def test_without_a_model_in_force_there_is_nothing_to_explain():
    assert explain(make.lead(), AT) is None


@pytest.mark.django_db
def test_a_cap_on_points_below_zero_is_not_said_to_bind():
    score_model(interest={"demo_request": (40, 40, None), "call": (-8, 5, None)})
    lead = make.lead()
    make.activity(lead, "demo_request", START)
    make.activity(lead, "call", START)
    told = explain(lead, AT)
    assert told is not None
    parts = [part for part in told.interest.parts if isinstance(part, InterestPart)]
    assert [(part.words, part.points, part.is_capped) for part in parts] == [
        ("Demo request", 40_000_000, False),
        ("Call", -8_000_000, False),
    ]
    assert told.interest.score == 32_000_000


@pytest.mark.django_db
def test_an_explanation_is_as_of_its_moment():
    score_model(interest={"demo_request": (40, None, None)})
    lead = make.lead()
    make.activity(lead, "demo_request", AT)
    before, after = explain(lead, AT - timedelta(microseconds=1)), explain(lead, AT)
    assert before is not None
    assert after is not None
    assert (before.interest.score, after.interest.score) == (0, 40_000_000)
    assert before.interest.parts == []


@pytest.mark.django_db
@pytest.mark.parametrize("activities", [0, 1, 2])
def test_a_model_without_rules_of_interest_explains_the_fit_whatever_the_lead_did(activities: int):
    score_model(fit=[(MANAGER, 30)])
    lead = make.lead(seniority="Manager")
    for _ in range(activities):
        make.activity(lead, "call", START)
    told = explain(lead, AT)
    assert told is not None
    assert (told.fit.score, told.interest.score) == (30_000_000, 0)


@pytest.mark.django_db
def test_a_draft_explains_a_lead_before_it_counts():
    score_model(fit=[(MANAGER, 30)])
    draft = score_model(fit=[(MANAGER, 60)], in_force_from=None)
    told = explain(make.lead(seniority="Manager"), AT, model=draft)
    assert told is not None
    assert (told.fit.score, told.quadrant, told.fit.is_high) == (60_000_000, Quadrant.NURTURE, True)


@pytest.mark.django_db
def test_what_adds_the_most_comes_first():
    score_model(interest={"page_view": (1, None, None), "demo_request": (40, None, None), "call": (5, None, None)})
    lead = make.lead()
    for kind in ("page_view", "call", "demo_request"):
        make.activity(lead, kind, START)
    told = explain(lead, AT)
    assert told is not None
    assert [part.words for part in told.interest.parts] == ["Demo request", "Call", "Page view"]


@pytest.mark.django_db
def test_a_lead_that_is_gone_has_done_nothing():
    score_model(fit=[(MANAGER, 30)], interest={"call": (5, None, None)})
    lead = make.lead(seniority="Manager")
    Lead.objects.filter(pk=lead.pk).delete()
    told = explain(lead, AT)
    assert told is not None
    assert (told.fit.score, told.interest.score) == (0, 0)


@pytest.mark.django_db
def test_an_explanation_looks_once(django_assert_num_queries):
    model = score_model(fit=[(MANAGER, 30), (JAPAN, 5)], interest={"call": (5, 9, 7), "page_view": (1, 2, 3)})
    lead = make.lead(seniority="Manager")
    make.activity(lead, "call", START)
    with django_assert_num_queries(4):  # Its fit rules, its kinds, the company's zone, and the lead.
        explain(lead, AT, model=model)
