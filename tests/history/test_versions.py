"""Every model of versions keeps the same rules: numbered in its series, frozen for good, in force by its dates."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from funnel.models import Stage
from history.frozen import KeepFrozen
from history.versions import DATES, DatedVersion, State, Versioned
from leads.models import Persona
from scoring.models import ScoreModel
from tests import make

AT = make.MONDAY_9AM
DAY = timedelta(days=1)
VERSIONED = [model for model in apps.get_models() if issubclass(model, Versioned)]
DATED = [model for model in VERSIONED if issubclass(model, DatedVersion)]


def stage() -> Stage:
    """A stage of ours, behind all others."""
    last = Stage.objects.aggregate(last=models.Max("position"))["last"]
    return Stage.objects.create(name_en="Demo done", position=last + 10)


# What a version belongs to, and what it cannot do without.
SERIES: dict[str, Callable[[], models.Model]] = {"Definition": stage, "PersonaVersion": Persona.objects.create}
FILLED: dict[str, dict[str, Any]] = {"Definition": {"criteria": {"all": []}}}

each_model = pytest.mark.parametrize("model", VERSIONED, ids=lambda model: model.__name__)
each_dated = pytest.mark.parametrize("model", DATED, ids=lambda model: model.__name__)


def series_of(model: type[Versioned]) -> models.Model | None:
    """Make something for it to be a version of, or nothing where it has but one series."""
    return SERIES[model.__name__]() if model.SERIES else None


def draft(model: type[Versioned], number: int, of: models.Model | None, **fields: Any) -> Any:
    fields = FILLED.get(model.__name__, {}) | fields | ({model.SERIES: of} if of else {})
    return model._default_manager.create(number=number, **fields)


def past(model: type[Versioned], number: int, of: models.Model | None) -> Any:
    """A version that is frozen and no longer on its way, so that any number of them lie beside each other."""
    dates = dict.fromkeys(DATES, AT) if issubclass(model, DatedVersion) else {}
    return draft(model, number, of, **{model.FROZEN_AT: AT}, **dates)


def version(begins: int | None, ends: int | None, *, frozen: bool = True) -> DatedVersion:
    """A version with these days, in memory."""
    moments = dict(zip(DATES, (None if day is None else AT + day * DAY for day in (begins, ends)), strict=True))
    return DATED[0](number=1, **moments, **{DATED[0].FROZEN_AT: AT if frozen else None})


def frozen_column(model: type[Versioned]) -> Any:
    return model._meta.get_field(model.FROZEN_AT)


# What each declares


def test_whatever_is_in_force_or_replaced_is_a_version():
    assert {model.__name__ for model in VERSIONED} == {"Agreement", "Definition", "PersonaVersion", "ScoreModel"}
    dated = [model for model in apps.get_models() if set(DATES) & {field.name for field in model._meta.get_fields()}]
    assert dated == DATED


@each_model
def test_a_series_is_what_a_foreign_key_points_to_or_all_rows(model: type[Versioned]):
    number = model._meta.get_field("number")
    together = [c.fields for c in model._meta.constraints if isinstance(c, models.UniqueConstraint) and not c.condition]
    if model.SERIES:
        assert isinstance(model._meta.get_field(model.SERIES), models.ForeignKey)
        assert (model.SERIES, "number") in together
    else:
        assert isinstance(number, models.Field)
        assert number.unique


@each_model
def test_what_freezes_a_version_is_a_moment_that_the_database_keeps(model: type[Versioned]):
    (trigger,) = [trigger for trigger in model._meta.triggers if isinstance(trigger, KeepFrozen)]
    column, *allowed = trigger.arguments
    assert isinstance(frozen_column(model), models.DateTimeField)
    assert column == model.FROZEN_AT
    assert issubclass(model, DatedVersion) == (set(DATES) <= set(allowed))


@each_dated
def test_dates_exclude_each_other_within_the_series(model: type[DatedVersion]):
    (constraint,) = [c for c in model._meta.constraints if isinstance(c, ExclusionConstraint)]
    keys = [key.name for key, _operator in constraint.expressions[:-1]]
    assert keys == ([model.SERIES] if model.SERIES else [])


# Numbers


@each_model
@pytest.mark.django_db
def test_the_next_number_follows_the_highest_of_its_series(model: type[Versioned]):
    of = series_of(model)
    versions = model._default_manager.lock_series(of)
    assert versions.next_number() == 1
    for number in (1, 5):
        past(model, number, of)
    assert versions.next_number() == 6
    assert versions.newest().number == 5
    if model.SERIES:
        assert model._default_manager.lock_series(series_of(model)).next_number() == 1


@each_model
@pytest.mark.django_db
def test_no_two_versions_of_a_series_have_one_number(model: type[Versioned]):
    of = series_of(model)
    past(model, 1, of)
    with pytest.raises(IntegrityError), transaction.atomic():
        past(model, 1, of)
    if model.SERIES:
        past(model, 1, series_of(model))


@each_model
@pytest.mark.django_db
def test_the_version_before_is_the_nearest_of_its_own_series(model: type[Versioned]):
    of = series_of(model)
    first, third = past(model, 1, of), past(model, 3, of)
    if model.SERIES:
        past(model, 2, series_of(model))
    assert (third.previous(), first.previous()) == (first, None)


@each_model
@pytest.mark.django_db
def test_a_series_is_asked_for_by_what_it_is_of(model: type[Versioned]):
    wrong = None if model.SERIES else Persona.objects.create()
    with pytest.raises(TypeError, match="numbered by"):
        model._default_manager.lock_series(wrong)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_numbers_are_taken_inside_a_transaction():
    with pytest.raises(RuntimeError, match="transaction"):
        ScoreModel.objects.lock_series()


@each_model
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_those_who_make_the_next_version_at_once_get_different_numbers(model: type[Versioned]):
    of, ready, taken = series_of(model), Barrier(4), []

    def make_next() -> None:
        try:
            ready.wait()
            with transaction.atomic():
                taken.append(past(model, model._default_manager.lock_series(of).next_number(), of).number)
        finally:
            connection.close()

    threads = [Thread(target=make_next) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [1, 2, 3, 4]


# Frozen


@each_model
@pytest.mark.django_db
def test_a_draft_is_one_until_it_is_frozen_and_frozen_once(model: type[Versioned]):
    made = draft(model, 1, series_of(model))
    drafts, frozen = model._default_manager.drafts(), model._default_manager.frozen()
    assert (made.state, made.lock_draft(), drafts.get()) == (State.DRAFT, made, made)
    made.freeze(at=AT)
    made.freeze(at=AT + DAY)
    assert (made.state, getattr(made, model.FROZEN_AT), frozen.get()) == (model.ONCE_FROZEN, AT, made)
    assert not drafts.exists()
    with pytest.raises(model.Frozen):
        made.lock_draft()


@each_model
@pytest.mark.django_db
def test_what_is_frozen_is_neither_edited_nor_deleted(model: type[Versioned]):
    made = past(model, 1, series_of(model))
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        model._default_manager.filter(pk=made.pk).update(number=2)
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        model._default_manager.filter(pk=made.pk)._raw_delete("default")


# In force


@each_dated
@pytest.mark.django_db
def test_only_what_is_frozen_is_put_in_force(model: type[DatedVersion]):
    made = draft(model, 1, series_of(model))
    with pytest.raises(IntegrityError, match="violates check constraint"), transaction.atomic():
        model._default_manager.filter(pk=made.pk).update(in_force_from=AT)


@each_dated
@pytest.mark.django_db
def test_the_database_refuses_two_of_a_series_in_force_at_once(model: type[DatedVersion]):
    of = series_of(model)
    past(model, 1, of).put_in_force(from_at=AT)
    second = past(model, 2, of)
    with pytest.raises(IntegrityError, match="exclusion constraint"), transaction.atomic():
        model._default_manager.filter(pk=second.pk).update(in_force_from=AT + DAY, replaced_at=None)


@each_dated
@pytest.mark.django_db
def test_the_next_version_replaces_the_one_before_from_its_moment_on(model: type[DatedVersion]):
    of = series_of(model)
    first, second = past(model, 1, of), past(model, 2, of)
    first.put_in_force(from_at=AT)
    second.put_in_force(from_at=AT + DAY)
    first.refresh_from_db()
    moments = [AT - timedelta(microseconds=1), AT, AT + DAY - timedelta(microseconds=1), AT + DAY]
    assert [list(model._default_manager.in_force(at)) for at in moments] == [[], [first], [first], [second]]
    assert [first.state_at(at) for at in moments] == [State.COMING, State.IN_FORCE, State.IN_FORCE, State.REPLACED]
    with pytest.raises(model.Replaced):
        first.put_in_force(from_at=AT + 2 * DAY)


@each_dated
@pytest.mark.django_db
def test_what_is_ended_before_it_began_is_never_in_force(model: type[DatedVersion]):
    made = past(model, 1, series_of(model))
    made.put_in_force(from_at=AT + DAY)
    model._default_manager.dated().end(at=AT)
    made.refresh_from_db()
    assert (made.in_force_from, made.replaced_at) == (AT + DAY, AT + DAY)
    assert [made.state_at(AT + days * DAY) for days in (0, 1, 2)] == [State.NEVER] * 3
    made.put_in_force(from_at=AT + 2 * DAY)
    assert made.state_at(AT + 2 * DAY) == State.IN_FORCE


# States

days = st.integers(-3, 3)


def state_told_naively(begins: int, ends: int | None, day: int) -> State:
    """Walk through the days, as one would with a finger on a calendar."""
    lasts = range(begins, 99 if ends is None else ends)
    if not lasts:
        return State.NEVER
    if day in lasts:
        return State.IN_FORCE
    return State.COMING if day < lasts[0] else State.REPLACED


@given(days, st.none() | st.integers(0, 3), days)
def test_the_state_of_a_dated_version_follows_from_its_dates(begins: int, lasts: int | None, day: int):
    ends = None if lasts is None else begins + lasts
    made, at = version(begins, ends), AT + day * DAY
    expected = state_told_naively(begins, ends, day)
    assert made.state_at(at) == expected
    assert made.holds(at) == (expected == State.IN_FORCE)


@pytest.mark.parametrize("at", [AT - DAY, AT, AT + DAY])
def test_without_a_date_nothing_is_in_force(at: datetime):
    for frozen, expected in ((False, State.DRAFT), (True, DATED[0].ONCE_FROZEN)):
        made = version(None, None, frozen=frozen)
        assert (made.state_at(at), made.holds(at)) == (expected, False)


def test_a_state_is_told_in_both_languages():
    with override("en"):
        assert State.NEVER.label == "Replaced before it began"
    with override("ja"):
        assert [State.DRAFT.label, State.COMING.label, State.IN_FORCE.label] == ["下書き", "まもなく有効", "有効"]
