"""The score model between two agreements: replaced where the agreement allows it, from the next company day on."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from history.models import Outbox
from scoring.models import ScoreModel
from scoring.rescoring import rescore_day
from sla.agreement.scoring import current_score_model, may_replace_score_model, replace_score_model
from sla.models import Agreement
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db
AT = make.TEN
TOMORROW = datetime(2026, 11, 17, tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.fixture
def new() -> ScoreModel:
    return score_model(in_force_from=None)


def agreed(may_change: bool, **dates: Any) -> Agreement:
    return make.agreement(agreed={"score_model_may_change": may_change}, **dates)


def test_a_model_is_not_replaced_where_the_agreement_wants_signatures(new: ScoreModel):
    old = score_model()
    agreed(False)
    with pytest.raises(Agreement.Frozen):
        replace_score_model(new, at=AT)
    new.refresh_from_db()
    old.refresh_from_db()
    assert (new.published_at, new.in_force_from, old.replaced_at) == (None, None, None)
    assert not Outbox.objects.filter(kind="score_model.replaced").exists()


def test_a_model_begins_with_the_next_company_day_and_the_old_one_ends_there(new: ScoreModel):
    old = score_model()
    agreed(True)
    replace_score_model(new, at=AT)
    old.refresh_from_db()
    assert (new.published_at, new.in_force_from, old.replaced_at) == (AT, TOMORROW, TOMORROW)
    assert ScoreModel.objects.in_force(TOMORROW - timedelta(microseconds=1)).get() == old
    assert ScoreModel.objects.in_force(TOMORROW).get() == new


def test_the_day_is_the_company_s(new: ScoreModel, settings: Settings):
    settings.COMPANY_TIME_ZONE = "America/Los_Angeles"
    replace_score_model(new, at=AT)
    # Ten in Tokyo is Sunday evening there.
    assert new.in_force_from == datetime(2026, 11, 16, tzinfo=ZoneInfo("America/Los_Angeles"))


def test_programs_outside_are_told_which_model_and_when(new: ScoreModel):
    replace_score_model(new, at=AT)
    told = Outbox.objects.get(kind="score_model.replaced")
    assert (told.payload, told.at) == ({"score_model": new.pk, "number": new.number}, AT)


def test_the_morning_after_everybody_is_scored_by_the_new_model(new: ScoreModel):
    score_model()
    leads = [make.lead(), make.lead()]
    assert rescore_day(AT) == 2
    replace_score_model(new, at=AT)
    assert rescore_day(TOMORROW - timedelta(microseconds=1)) == 0
    assert rescore_day(TOMORROW) == 2
    assert {lead.score.model for lead in leads} == {new}


def test_before_any_agreement_is_signed_nobody_is_asked():
    assert may_replace_score_model(AT)


def test_an_agreement_still_to_begin_asks_for_signatures_already():
    """What both heads signed is not taken back the day before."""
    agreed(True, in_force_from=AT + timedelta(days=1))
    assert not may_replace_score_model(AT)


def test_the_agreement_in_force_decides_from_its_first_moment_on():
    agreed(True, in_force_from=AT)
    assert not may_replace_score_model(AT - timedelta(microseconds=1))
    assert may_replace_score_model(AT)


def test_the_current_model_is_the_last_one_set(new: ScoreModel):
    assert current_score_model() is None
    old = score_model()
    assert current_score_model() == old
    replace_score_model(new, at=AT)
    assert current_score_model() == new
