"""Score models, their rules, and a person's word on a score."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import translation

from history.models import Change
from leads.models import ActivityKind, PendingReevaluation
from scoring.formula import KindPoints
from scoring.models import FitRule, InterestRule, Preview, Quadrant, Score, ScoreModel
from teams.models import Role
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db
AT = make.TEN
DAY = timedelta(days=1)


# Quadrants


@pytest.mark.parametrize("quadrant", Quadrant)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_both_teams_read_what_the_leads_of_each_quadrant_are(quadrant: Quadrant, language: str):
    with translation.override(language):
        meaning = str(quadrant.meaning)
    assert meaning.isascii() == (language == "en")


def test_the_hot_are_for_sales_and_the_dropped_are_nobody_s():
    assert {each.value: each.party for each in Quadrant} == {
        "hot": "sales",
        "nurture": "marketing",
        "opportunistic": "marketing",
        "drop": "",
    }


# Models


def test_a_threshold_is_compared_in_millionths():
    model = ScoreModel(number=1, fit_threshold=Decimal("33.333333"), interest_threshold=Decimal("0.000001"))
    assert (model.fit_from, model.interest_from) == (33_333_333, 1)


def test_a_model_holds_from_its_first_moment_and_no_longer_at_its_last():
    old = score_model(in_force_from=AT)
    new = score_model(in_force_from=AT + DAY)
    in_force = ScoreModel.objects.in_force
    assert in_force(AT - timedelta(microseconds=1)).first() is None
    assert in_force(AT).get() == old
    assert in_force(AT + DAY - timedelta(microseconds=1)).get() == old
    assert in_force(AT + DAY).get() == new


def test_putting_a_draft_in_force_publishes_it():
    model = score_model(in_force_from=None)
    with transaction.atomic():
        model.put_in_force(from_at=AT)
    assert model.published_at is not None
    assert not ScoreModel.objects.drafts().exists()


def test_no_model_is_in_force_without_being_published():
    with pytest.raises(IntegrityError, match="a_score_model_in_force_is_published"), transaction.atomic():
        ScoreModel.objects.create(number=1, in_force_from=AT)


def test_two_models_do_not_hold_at_once_but_may_touch():
    ScoreModel.objects.create(number=1, published_at=AT, in_force_from=AT, replaced_at=AT + DAY)
    ScoreModel.objects.create(number=2, published_at=AT, in_force_from=AT + DAY)
    with pytest.raises(IntegrityError, match="one_score_model_in_force"), transaction.atomic():
        ScoreModel.objects.create(number=3, published_at=AT, in_force_from=AT, replaced_at=AT + DAY / 2)


def test_two_models_do_not_share_a_number():
    ScoreModel.objects.create(number=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoreModel.objects.create(number=1)


def test_a_model_is_called_by_its_number():
    assert str(ScoreModel(number=12)) == "v12"


def test_a_model_that_scored_a_lead_stays():
    score = make.score(make.lead())
    with pytest.raises(ProtectedError):
        score.model.delete()


# Rules


def test_fit_rules_are_read_in_their_order():
    model = ScoreModel.objects.create(number=1)
    rules = [FitRule.objects.create(model=model, position=nth, criteria={"all": []}, points=1) for nth in (2, 0, 1)]
    assert list(model.fit_rules.all()) == [rules[1], rules[2], rules[0]]


def test_a_rule_of_interest_is_worth_whole_millionths_and_seconds():
    rule = InterestRule(points=Decimal("0.333333"), cap=Decimal("2.5"), half_life_days=Decimal("0.01"))
    assert rule.worth == KindPoints(points=333_333, cap=2_500_000, half_life_seconds=864)


def test_a_cap_of_0_is_a_cap_and_no_cap_is_none():
    assert InterestRule(points=Decimal(1), cap=Decimal(0)).worth.cap == 0
    assert InterestRule(points=Decimal(1)).worth == KindPoints(points=1_000_000)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"cap": -1}, "a_cap_is_not_negative"),
        ({"half_life_days": 0}, "a_half_life_is_positive"),
        ({"half_life_days": -7}, "a_half_life_is_positive"),
    ],
)
def test_the_database_refuses_worth_that_is_none(fields: dict[str, Any], constraint: str):
    kind = ActivityKind.objects.get(key="call")
    model = ScoreModel.objects.create(number=1)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        InterestRule.objects.create(model=model, kind=kind, points=1, **fields)


def test_a_kind_is_worth_one_thing_in_a_model():
    model = score_model(interest={"call": (1, None, None)}, in_force_from=None)
    with pytest.raises(IntegrityError, match="one_interest_rule_per_kind"), transaction.atomic():
        InterestRule.objects.create(model=model, kind=ActivityKind.objects.get(key="call"), points=2)


# Scores


@pytest.mark.parametrize(("fit", "interest"), [(-1, 0), (0, 101), (101, 100)])
def test_a_score_outside_0_to_100_is_refused(fit: int, interest: int):
    with pytest.raises(IntegrityError, match="scores_lie_between_0_and_100"), transaction.atomic():
        make.score(make.lead(), fit=fit, interest=interest)


@pytest.fixture
def score() -> Score:
    return make.score(make.lead(), machine_quadrant=Quadrant.DROP)


def test_a_person_s_word_counts_before_the_machine_s_which_stays(score: Score):
    mara = make.user(Role.MARKETER)
    score.override_quadrant(Quadrant.HOT, reason=" 展示会で会った ", by=mara, at=AT)
    score.refresh_from_db()
    assert (score.quadrant, score.machine_quadrant) == (Quadrant.HOT, Quadrant.DROP)
    assert (score.override_reason, score.override_by, score.override_at) == ("展示会で会った", mara, AT)


@pytest.mark.parametrize("reason", ["", "  ", "\n\t", "\u3000"])
def test_a_word_without_a_reason_is_refused(score: Score, reason: str):
    with pytest.raises(Score.NeedsAReason):
        score.override_quadrant(Quadrant.HOT, reason=reason, by=make.user(), at=AT)
    score.refresh_from_db()
    assert score.override == ""


def test_the_database_asks_for_the_reason_too(score: Score):
    with pytest.raises(IntegrityError, match="quadrant_override_has_a_reason"), transaction.atomic():
        Score.objects.filter(pk=score.pk).update(override=Quadrant.HOT)


def test_a_word_is_kept_in_the_lead_s_history(score: Score):
    mara = make.user()
    score.override_quadrant(Quadrant.HOT, reason="Fair", by=mara, at=AT)
    score.override_quadrant(Quadrant.NURTURE, reason="Next year", by=mara, at=AT + DAY)
    told = Change.objects.of("lead", score.lead_id).values_list("field", "old", "new", "at", "by", "how")
    assert set(told) == {
        ("quadrant_override", "", "hot", AT, mara.pk, "page"),
        ("quadrant_reason", "", "Fair", AT, mara.pk, "page"),
        ("quadrant_override", "hot", "nurture", AT + DAY, mara.pk, "page"),
        ("quadrant_reason", "Fair", "Next year", AT + DAY, mara.pk, "page"),
    }


def test_a_word_has_its_lead_evaluated_anew(score: Score):
    score.override_quadrant(Quadrant.HOT, reason="Fair", by=make.user(), at=AT)
    mark = PendingReevaluation.objects.get()
    assert (mark.lead, mark.due_at, mark.news_at) == (score.lead, AT, AT)


def test_saying_the_same_again_is_no_news(score: Score):
    mara = make.user()
    score.override_quadrant(Quadrant.HOT, reason="Fair", by=mara, at=AT)
    score.override_quadrant(Quadrant.HOT, reason="Fair ", by=make.user(), at=AT + DAY)
    score.refresh_from_db()
    assert (score.override_by, score.override_at) == (mara, AT)
    assert PendingReevaluation.objects.count() == 1


def test_taking_a_word_back_lets_the_machine_s_count_again(score: Score):
    mara = make.user()
    score.override_quadrant(Quadrant.HOT, reason="Fair", by=mara, at=AT)
    score.clear_override(by=mara, at=AT + DAY)
    score.refresh_from_db()
    assert score.quadrant == Quadrant.DROP
    assert (score.override, score.override_reason, score.override_by, score.override_at) == ("", "", None, None)
    newest = Change.objects.of("lead", score.lead_id).filter(field="quadrant_override").first()
    assert (newest.old, newest.new, newest.at) == ("hot", "", AT + DAY)


def test_there_is_nothing_to_take_back_where_nobody_said_a_word(score: Score):
    score.clear_override(by=make.user(), at=AT)
    assert not Change.objects.exists()
    assert not PendingReevaluation.objects.exists()


def test_a_word_leaves_alone_what_was_scored_meanwhile(score: Score):
    Score.objects.filter(pk=score.pk).update(fit=7_000_000, machine_quadrant=Quadrant.NURTURE)
    score.override_quadrant(Quadrant.HOT, reason="Fair", by=make.user(), at=AT)
    score.refresh_from_db()
    assert (score.fit, score.machine_quadrant) == (7_000_000, Quadrant.NURTURE)


def test_the_old_word_is_the_one_in_the_database_not_the_one_on_the_page(score: Score):
    stale = Score.objects.get(pk=score.pk)
    score.override_quadrant(Quadrant.HOT, reason="Fair", by=make.user(), at=AT)
    stale.override_quadrant(Quadrant.NURTURE, reason="Later", by=make.user(), at=AT + DAY)
    assert Change.objects.of("lead", score.lead_id).filter(field="quadrant_override").first().old == "hot"


# Previews


def test_a_preview_without_anybody_counts_nobody():
    preview = Preview(counts={})
    assert (preview.changing, preview.leads, preview.scored_first) == (0, 0, 0)


def test_who_gets_a_first_score_is_not_changing():
    preview = Preview(counts={"": {"hot": 5}, "drop": {"drop": 7, "hot": 2}, "hot": {"nurture": 1}})
    assert (preview.changing, preview.leads, preview.scored_first) == (3, 15, 5)
