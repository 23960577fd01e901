"""What is in force at a moment is decided by dates; no two versions hold at once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from funnel.models import Definition, Stage, StageRole
from scoring.models import ScoreModel
from tests import make

NOW = make.MONDAY_9AM
DAY = timedelta(days=1)


def version(number, role=StageRole.MQL):
    made = make.definition(role, number=number)
    made.freeze(at=NOW - 100 * DAY)
    return made


def holding(at):
    return [d.number for d in Definition.objects.in_force(at)]


@pytest.mark.django_db
def test_the_next_version_holds_from_its_moment_on_and_the_one_before_until_then():
    first, second = version(1), version(2)
    first.put_in_force(from_at=NOW)
    second.put_in_force(from_at=NOW + DAY)
    assert holding(NOW - timedelta(microseconds=1)) == []
    assert holding(NOW) == [1]
    assert holding(NOW + DAY - timedelta(microseconds=1)) == [1]
    assert holding(NOW + DAY) == [2]


@pytest.mark.django_db
def test_a_version_that_is_replaced_before_it_began_never_holds():
    first, second, third = version(1), version(2), version(3)
    first.put_in_force(from_at=NOW)
    second.put_in_force(from_at=NOW + 30 * DAY)
    third.put_in_force(from_at=NOW + 2 * DAY)
    assert [holding(NOW + days * DAY) for days in (0, 1, 2, 29, 30, 60)] == [[1], [1], [3], [3], [3], [3]]


@pytest.mark.django_db
def test_a_version_replaced_at_the_very_moment_it_should_begin_never_holds():
    first, second = version(1), version(2)
    first.put_in_force(from_at=NOW)
    second.put_in_force(from_at=NOW)
    assert holding(NOW) == [2]


@pytest.mark.django_db
def test_one_that_holds_goes_on_when_it_is_agreed_on_again():
    first, second = version(1), version(2)
    first.put_in_force(from_at=NOW)
    second.put_in_force(from_at=NOW + 30 * DAY)
    first.put_in_force(from_at=NOW + 10 * DAY)
    first.refresh_from_db()
    assert (first.in_force_from, first.replaced_at) == (NOW, None)
    assert holding(NOW + 40 * DAY) == [1]


@pytest.mark.django_db
def test_one_that_was_replaced_does_not_come_back():
    first, second = version(1), version(2)
    first.put_in_force(from_at=NOW)
    second.put_in_force(from_at=NOW + DAY)
    with pytest.raises(Definition.Replaced):
        first.put_in_force(from_at=NOW + 2 * DAY)
    assert holding(NOW + 3 * DAY) == [2]


@pytest.mark.django_db
def test_definitions_of_two_stages_hold_beside_each_other():
    version(1).put_in_force(from_at=NOW)
    version(1, StageRole.SQL).put_in_force(from_at=NOW)
    assert Definition.objects.in_force(NOW).count() == 2


@pytest.mark.django_db
def test_the_database_refuses_two_at_once():
    version(1).put_in_force(from_at=NOW)
    second = version(2)
    with pytest.raises(IntegrityError, match="one_definition_in_force_per_stage"), transaction.atomic():
        Definition.objects.filter(pk=second.pk).update(in_force_from=NOW + DAY)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"criteria": {"any": []}}, {"text": "Otherwise"}, {"cool_off_days": 1}, {"frozen_at": None}]
)
def test_a_frozen_definition_is_never_edited(change):
    frozen = version(1)
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        Definition.objects.filter(pk=frozen.pk).update(**change)
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        frozen.delete()


@pytest.mark.django_db
def test_a_score_model_begins_and_ends_by_the_same_rule():
    models = [ScoreModel.objects.create(number=number) for number in (1, 2, 3)]
    for model, days in zip(models, (0, 30, 2), strict=True):
        model.put_in_force(from_at=NOW + days * DAY)
    found = [ScoreModel.objects.in_force(NOW + days * DAY).get().number for days in (0, 1, 2, 40)]
    assert found == [1, 1, 3, 3]


class AnyOrder(TestCase):
    """Whatever is agreed, in whatever order: the one agreed on last among those that have begun holds."""

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(0, 12), min_size=1, max_size=6))
    def test_the_last_word_counts_from_its_day_on(self, days):
        Stage.objects.role(StageRole.MQL)
        versions = [version(number) for number in range(1, len(days) + 1)]
        for made, day in zip(versions, days, strict=True):
            made.put_in_force(from_at=NOW + day * DAY)
        for day in range(14):
            # Signed later beats signed earlier; what begins later than `day` does not hold yet, and whatever was
            # signed before it and begins later still, never will.
            expected = oracle(days, day)
            assert holding(NOW + day * DAY) == ([expected] if expected else [])


def oracle(days, day):
    """The number of the version that holds that day, told naively."""
    holds: dict[int, int] = {}
    for number, begins in enumerate(days, 1):
        holds = {d: n for d, n in holds.items() if d < begins}
        holds |= {d: number for d in range(begins, 14)}
    return holds.get(day)
