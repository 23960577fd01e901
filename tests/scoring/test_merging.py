"""What becomes of two scores when two records of one person become one."""

from datetime import timedelta

import pytest
from django.db import transaction

from history.models import Change
from leads.models import Lead, PendingReevaluation
from scoring.merging import merge_scores
from scoring.models import Quadrant, Score
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN


@pytest.fixture
def gina() -> User:
    return make.user(Role.MANAGER)


def merged(kept: Lead, other: Lead, by: User) -> Score | None:
    with transaction.atomic():
        merge_scores(kept, other, by=by, at=AT)
    assert not Score.objects.filter(lead=other).exists()
    return Score.objects.filter(lead=kept).first()


def word(lead: Lead, quadrant: Quadrant, by: User, reason: str = "Fair") -> None:
    make.score(lead).override_quadrant(quadrant, reason=reason, by=by, at=AT - timedelta(days=1))


def test_the_kept_lead_s_own_word_stays(gina: User):
    kept, other = make.lead(), make.lead()
    word(kept, Quadrant.NURTURE, gina, "Next year")
    word(other, Quadrant.HOT, gina)
    score = merged(kept, other, gina)
    assert (score.override, score.override_reason) == (Quadrant.NURTURE, "Next year")


def test_the_other_s_word_comes_along_as_that_person_s(gina: User):
    kept, other, mara = make.lead(), make.lead(), make.user(Role.MARKETER)
    make.score(kept)
    word(other, Quadrant.HOT, mara)
    score = merged(kept, other, gina)
    assert (score.override, score.override_reason, score.override_by) == (Quadrant.HOT, "Fair", mara)


def test_a_word_of_nobody_we_know_is_of_who_merges(gina: User):
    kept, other = make.lead(), make.lead()
    make.score(kept)
    make.score(other, override=Quadrant.HOT, override_reason="From the old system")
    assert merged(kept, other, gina).override_by == gina


def test_a_word_that_comes_along_is_in_the_kept_lead_s_history_and_has_it_evaluated(gina: User):
    kept, other = make.lead(), make.lead()
    make.score(kept)
    word(other, Quadrant.HOT, gina)
    PendingReevaluation.objects.all().delete()
    merged(kept, other, gina)
    assert Change.objects.of("lead", kept.pk).filter(field="quadrant_override").get().new == "hot"
    assert PendingReevaluation.objects.get().lead == kept


def test_a_kept_lead_without_a_score_has_the_other_s_until_it_is_scored_anew(gina: User):
    kept, other = make.lead(), make.lead()
    theirs = make.score(other, fit=70, interest=20, machine_quadrant=Quadrant.NURTURE)
    score = merged(kept, other, gina)
    assert (score.fit, score.interest, score.machine_quadrant) == (70_000_000, 20_000_000, Quadrant.NURTURE)
    assert (score.model, score.scored_on, score.override) == (theirs.model, theirs.scored_on, "")


def test_a_kept_lead_without_a_score_takes_the_other_s_word_too(gina: User):
    kept, other = make.lead(), make.lead()
    word(other, Quadrant.HOT, gina)
    assert merged(kept, other, gina).quadrant == Quadrant.HOT


def test_points_are_never_added_up(gina: User):
    kept, other = make.lead(), make.lead()
    make.score(kept, fit=10, interest=10), make.score(other, fit=20, interest=20)
    score = merged(kept, other, gina)
    assert (score.fit, score.interest) == (10_000_000, 10_000_000)


def test_an_other_without_a_score_changes_nothing(gina: User):
    kept, other = make.lead(), make.lead()
    assert merged(kept, other, gina) is None
    word(kept, Quadrant.HOT, gina)
    assert merged(kept, other, gina).override == Quadrant.HOT
