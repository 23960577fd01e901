"""Rows that are frozen stay as they are, and so do the rows that belong to them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from history.frozen import KeepChildrenFrozen, KeepFrozen
from leads.models import Persona, PersonaVersion
from scoring.models import FitRule, ScoreModel
from sla.models import Agreement
from tests import make

AT = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def rule(model: ScoreModel) -> FitRule:
    return FitRule.objects.create(model=model, criteria={"all": []}, points=5)


@pytest.fixture
def draft() -> ScoreModel:
    return ScoreModel.objects.create(number=1)


@pytest.fixture
def published() -> ScoreModel:
    model = ScoreModel.objects.create(number=2)
    rule(model)
    model.freeze(at=AT)
    return model


def test_the_arguments_are_the_column_and_what_may_change():
    trigger = KeepFrozen("published_at", "in_force_from", "replaced_at")
    assert trigger.render_execute(ScoreModel) == "keep_frozen('published_at', 'in_force_from', 'replaced_at')"


def test_the_arguments_of_children_name_the_table_of_their_parent():
    trigger = KeepChildrenFrozen("model", "published_at")
    execute = trigger.render_execute(FitRule)
    assert execute == "keep_children_frozen('scoring_scoremodel', 'model_id', 'published_at')"


def test_a_draft_changes_and_goes(draft: ScoreModel):
    rule(draft)
    ScoreModel.objects.filter(pk=draft.pk).update(note="Else", fit_threshold=1)
    FitRule.objects.update(points=1)
    assert draft.delete()[0] == 2


@pytest.mark.parametrize("change", [{"note": "Else"}, {"number": 9}, {"published_at": None}])
def test_what_is_frozen_is_not_edited(published: ScoreModel, change: dict[str, Any]):
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        ScoreModel.objects.filter(pk=published.pk).update(**change)


def test_what_is_allowed_still_changes(published: ScoreModel):
    ScoreModel.objects.filter(pk=published.pk).update(in_force_from=AT)
    ScoreModel.objects.filter(pk=published.pk).update(replaced_at=AT + timedelta(days=1))
    published.refresh_from_db()
    assert published.replaced_at == AT + timedelta(days=1)


def test_what_is_frozen_is_not_deleted(published: ScoreModel):
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        ScoreModel.objects.filter(pk=published.pk)._raw_delete("default")


def test_children_of_a_frozen_row_are_neither_made_changed_nor_deleted(published: ScoreModel):
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        rule(published)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        FitRule.objects.update(points=1)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        FitRule.objects.all().delete()


def test_a_child_is_not_moved_below_a_frozen_row(draft: ScoreModel, published: ScoreModel):
    made = rule(draft)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        FitRule.objects.filter(pk=made.pk).update(model=published)


def test_only_what_may_be_unfrozen_is_and_only_before_it_was_in_force():
    agreement = Agreement.objects.create(number=1, proposed_at=AT)
    Agreement.objects.filter(pk=agreement.pk).update(proposed_at=None)
    Agreement.objects.filter(pk=agreement.pk).update(preamble="Else", proposed_at=AT)
    Agreement.objects.filter(pk=agreement.pk).update(in_force_from=AT)
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(proposed_at=None)


def test_a_persona_version_that_an_agreement_names_changes_in_nothing():
    version = PersonaVersion.objects.create(persona=Persona.objects.create(), name="Quality")
    version.freeze(at=AT)
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        PersonaVersion.objects.filter(pk=version.pk).update(frozen_at=AT + timedelta(days=1))
