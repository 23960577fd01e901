"""Scores in criteria: today's from their table, of a moment computed for that day."""

from datetime import timedelta

import pytest

from history.models import Change
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


def test_as_of_the_very_moment_of_an_activity_it_has_happened():
    score_model(interest={"demo_request": (40, None, 30)})
    lead = make.lead()
    make.activity(lead, "demo_request", AT)
    assert holds(KEEN, lead, as_of=AT)
    assert not holds(KEEN, lead, as_of=AT - timedelta(microseconds=1))


def test_as_of_the_very_moment_of_a_person_s_word_it_counts():
    score_model()
    lead = make.lead()
    rescore(at=AT - timedelta(days=1))
    Score.objects.get().override_quadrant(Quadrant.HOT, reason="Fair", by=make.user(), at=AT)
    hot = {"field": "quadrant", "op": "=", "value": "hot"}
    assert holds(hot, lead, as_of=AT)
    assert not holds(hot, lead, as_of=AT - timedelta(microseconds=1))


def test_as_of_a_moment_after_it_was_taken_back_a_word_counts_no_more():
    score_model()
    lead, mara = make.lead(), make.user()
    rescore(at=AT)
    score = Score.objects.get()
    score.override_quadrant(Quadrant.HOT, reason="Fair", by=mara, at=AT)
    score.clear_override(by=mara, at=AT + timedelta(hours=1))
    drop = {"field": "quadrant", "op": "=", "value": "drop"}
    assert not holds(drop, lead, as_of=AT + timedelta(minutes=59))
    assert holds(drop, lead, as_of=AT + timedelta(hours=1))


def test_of_two_words_at_one_moment_the_one_said_last_counts():
    score_model()
    lead, mara = make.lead(), make.user()
    rescore(at=AT)
    score = Score.objects.get()
    for quadrant in (Quadrant.HOT, Quadrant.NURTURE):
        score.override_quadrant(quadrant, reason="Fair", by=mara, at=AT)
    assert holds({"field": "quadrant", "op": "=", "value": "nurture"}, lead, as_of=AT)


def test_as_of_the_very_moment_a_model_begins_it_counts():
    score_model(fit=[({"all": []}, 10)])
    score_model(fit=[({"all": []}, 20)], in_force_from=AT)
    lead = make.lead()
    assert holds({"field": "fit", "op": "=", "value": 20}, lead, as_of=AT)
    assert holds({"field": "fit", "op": "=", "value": 10}, lead, as_of=AT - timedelta(microseconds=1))


def test_as_of_a_moment_a_cap_binds_as_it_does_today():
    score_model(interest={"page_view": (9, 20, None), "call": (-8, 20, None)})
    lead = make.lead()
    for _ in range(4):
        make.activity(lead, "page_view", AT)
    make.activity(lead, "call", AT)
    rescore(at=AT)
    twelve = {"field": "interest", "op": "=", "value": 12}
    assert holds(twelve, lead, at=AT)
    assert holds(twelve, lead, as_of=AT)


def test_as_of_a_moment_scores_stay_between_0_and_100():
    score_model(fit=[({"all": []}, 90), ({"all": []}, 30)], interest={"call": (-8, None, None)})
    lead = make.lead()
    make.activity(lead, "call", AT)
    hundred = {"all": [{"field": "fit", "op": "=", "value": 100}, {"field": "interest", "op": "=", "value": 0}]}
    assert holds(hundred, lead, as_of=AT)


def test_as_of_a_moment_thresholds_compare_the_unrounded_score():
    score_model(fit=[({"all": []}, "49.999999")])
    lead = make.lead()
    assert holds({"field": "quadrant", "op": "=", "value": "drop"}, lead, as_of=AT)


def test_as_of_a_moment_fit_looks_at_the_attributes_of_then():
    score_model(fit=[({"field": "seniority", "op": "=", "value": "Manager"}, 30)])
    lead = make.lead(seniority="Manager", created_at=START - timedelta(days=9))
    assert holds({"field": "fit", "op": "=", "value": 30}, lead, as_of=START)
    Change.objects.write("lead", lead.pk, {"seniority": ("Staff", "Manager")}, at=START)
    assert holds({"field": "fit", "op": "=", "value": 30}, lead, as_of=START)
    assert holds({"field": "fit", "op": "=", "value": 0}, lead, as_of=START - timedelta(microseconds=1))


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
