"""A draft of a score model: what it begins as, and until when it may be edited."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from scoring.drafts.drafting import begin_draft, current_model, get_draft, next_model
from scoring.models import ScoreModel
from teams.models import Role
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db
AT = make.TEN
MANAGER = {"field": "seniority", "op": "=", "value": "Manager"}


def test_the_first_draft_is_the_first_version_and_empty():
    mara = make.user(Role.MARKETER)
    draft = begin_draft(by=mara, at=AT)
    assert (draft.number, draft.created_by, draft.created_at, draft.published_at) == (1, mara, AT, None)
    assert not draft.fit_rules.exists()
    assert not draft.interest_rules.exists()


def test_a_draft_that_is_there_is_the_one_to_go_on_with():
    first = begin_draft(by=make.user(), at=AT)
    assert begin_draft(by=make.user(), at=AT + timedelta(days=1)) == first
    assert ScoreModel.objects.count() == 1


def test_a_draft_says_all_that_the_model_in_force_says():
    score_model(
        fit=[(MANAGER, "12.345678"), ({"all": []}, -3)],
        interest={"demo_request": (40, 60, "3.5"), "call": (-2, None, None)},
        fit_threshold=Decimal("33.333333"),
        interest_threshold=20,
    )
    draft = begin_draft(at=AT)
    draft.refresh_from_db()
    assert (draft.fit_threshold, draft.interest_threshold) == (Decimal("33.333333"), Decimal(20))
    rules = draft.fit_rules.values_list("criteria", "points", "position")
    assert list(rules) == [(MANAGER, Decimal("12.345678"), 0), ({"all": []}, Decimal(-3), 1)]
    worth = {rule.kind.key: (rule.points, rule.cap, rule.half_life_days) for rule in draft.interest_rules.all()}
    assert worth == {"demo_request": (40, 60, Decimal("3.5")), "call": (-2, None, None)}


def test_a_draft_keeps_the_names_of_the_rules():
    score_model(fit=[(MANAGER, 5)], in_force_from=None).fit_rules.update(name="管理職")
    with transaction.atomic():
        ScoreModel.objects.get().put_in_force(from_at=AT)
    assert begin_draft(at=AT).fit_rules.get().name == "管理職"


def test_a_draft_begins_as_the_model_that_will_count_where_one_is_set():
    """Else publishing the draft would take back what was decided for tomorrow."""
    score_model(fit_threshold=10)
    score_model(fit_threshold=20, in_force_from=AT + timedelta(days=1))
    assert begin_draft(at=AT).fit_threshold == 20


def test_a_draft_begins_as_the_newest_where_none_is_in_force():
    score_model(fit_threshold=30, in_force_from=None).freeze(at=AT)
    assert begin_draft(at=AT).fit_threshold == 30


def test_editing_a_draft_leaves_the_model_in_force_alone():
    model = score_model(fit=[(MANAGER, 30)])
    draft = begin_draft(at=AT)
    draft.fit_rules.update(points=1)
    draft.interest_rules.all().delete()
    assert model.fit_rules.get().points == 30


def test_the_model_that_counts_is_that_of_the_moment():
    old = score_model()
    new = score_model(in_force_from=AT)
    assert current_model(AT - timedelta(microseconds=1)) == old
    assert current_model(AT) == new


def test_the_model_to_come_is_no_longer_to_come_once_it_holds():
    score_model()
    coming = score_model(in_force_from=AT)
    assert next_model(AT - timedelta(microseconds=1)) == coming
    assert next_model(AT) is None


def test_a_model_replaced_before_it_began_is_not_to_come():
    never = score_model(in_force_from=AT + timedelta(days=2))
    coming = score_model(in_force_from=AT + timedelta(days=1))
    assert next_model(AT) == coming
    assert current_model(AT + timedelta(days=2)) == coming
    never.refresh_from_db()
    assert never.replaced_at == never.in_force_from


def test_what_is_proposed_is_no_draft_any_more():
    draft = begin_draft(at=AT)
    draft.freeze(at=AT)
    assert get_draft() is None
    assert begin_draft(at=AT).number == draft.number + 1


def test_a_draft_is_held_for_editing_until_it_is_published():
    draft = begin_draft(at=AT)
    with transaction.atomic():
        assert draft.lock_draft() == draft
    ScoreModel.objects.get(pk=draft.pk).freeze(at=AT)
    with pytest.raises(ScoreModel.Frozen), transaction.atomic():
        draft.lock_draft()
