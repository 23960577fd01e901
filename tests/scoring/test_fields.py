"""Scores in criteria: today's from their table, of a moment computed for that day."""

from datetime import timedelta

import pytest

from leads.criteria import BadCriteria, check, condition
from leads.models import Lead
from scoring.models import Quadrant, Score
from scoring.rescoring import rescore
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM + timedelta(hours=5)
START = make.MONDAY_9AM - timedelta(hours=9)
KEEN = {"field": "interest", "op": ">=", "value": 20}


def holds(tree, lead: Lead, **when) -> bool:
    return Lead.objects.filter(condition(tree, **when), pk=lead.pk).exists()


def test_thresholds_of_criteria_compare_the_unrounded_score():
    score_model(interest={"page_view": ("49.999999", None, None)})
    lead = make.lead()
    make.activity(lead, "page_view", START)
    rescore(at=AT)
    assert not holds({"field": "interest", "op": ">=", "value": 50}, lead, at=AT)
    assert holds({"field": "interest", "op": ">=", "value": 49.999999}, lead, at=AT)


def test_a_lead_without_a_score_has_no_fit():
    assert holds({"field": "fit", "op": "is_empty"}, make.lead(), at=AT)
    assert not holds({"field": "fit", "op": ">=", "value": 0}, make.lead(), at=AT)


def test_a_person_s_word_is_the_quadrant():
    score_model()
    lead = make.lead()
    rescore(at=AT)
    hot = {"field": "quadrant", "op": "=", "value": "hot"}
    assert not holds(hot, lead, at=AT)
    Score.objects.get().override_quadrant(Quadrant.HOT, reason="Fair", by=make.user(), at=AT)
    assert holds(hot, lead, at=AT)
    assert not holds(hot, lead, as_of=AT - timedelta(hours=1))
    assert holds(hot, lead, as_of=AT + timedelta(hours=1))


def test_as_of_a_moment_scores_are_those_of_that_day_and_its_model():
    score_model(interest={"demo_request": (40, None, 30)})
    score_model(in_force_from=AT)
    lead = make.lead()
    make.activity(lead, "demo_request", START - timedelta(days=60))
    rescore(at=AT)
    assert not holds(KEEN, lead, as_of=START - timedelta(days=61))
    assert holds(KEEN, lead, as_of=START - timedelta(days=30))
    assert not holds(KEEN, lead, as_of=START - timedelta(days=29))
    assert not holds(KEEN, lead, as_of=AT)


def test_as_of_a_moment_fit_looks_at_the_attributes_of_then():
    score_model(fit=[({"field": "seniority", "op": "=", "value": "Manager"}, 30)])
    lead = make.lead(seniority="Manager", created_at=START - timedelta(days=9))
    assert holds({"field": "fit", "op": "=", "value": 30}, lead, as_of=START)


def test_before_any_model_there_are_no_scores():
    score_model(in_force_from=AT)
    lead = make.lead()
    assert not holds({"field": "interest", "op": ">=", "value": 0}, lead, as_of=START)
    assert holds({"field": "quadrant", "op": "is_empty"}, lead, as_of=START)


@pytest.mark.parametrize("name", ["fit", "interest", "quadrant"])
def test_fit_rules_may_not_name_scores(name: str):
    value = "hot" if name == "quadrant" else 5
    check({"field": name, "op": "=", "value": value})
    with pytest.raises(BadCriteria):
        check({"field": name, "op": "=", "value": value}, scope="fit")
