"""Operations that change no column leave the models alone that Django made for the operations before."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.db import models
from django.db.migrations.state import ModelState, ProjectState

from smarketing.database import operations

SLOW = re.compile(r"\b(?:pgtrigger\.)?migrations\.(?:Add|Remove)(?:Trigger|Constraint|Index)\(")


@pytest.fixture
def state() -> ProjectState:
    found = ProjectState()
    found.add_model(ModelState("leads", "Thing", [("id", models.AutoField(primary_key=True))], {"indexes": []}))
    return found


def test_models_are_not_made_anew_and_the_state_knows(state: ProjectState) -> None:
    rendered = state.apps.get_model("leads", "Thing")
    index = models.Index(fields=["id"], name="thing_by_id")
    operations.AddIndex("Thing", index).state_forwards("leads", state)
    assert state.apps.get_model("leads", "Thing") is rendered
    assert [each.name for each in state.models["leads", "thing"].options["indexes"]] == ["thing_by_id"]


def test_models_that_nobody_asked_for_are_not_made(state: ProjectState) -> None:
    operations.AddIndex("Thing", models.Index(fields=["id"], name="thing_by_id")).state_forwards("leads", state)
    assert "apps" not in vars(state)


def test_migrations_use_the_quick_operations() -> None:
    found = settings.BASE_DIR.glob("*/migrations/*.py")
    slow = [str(path) for path in found if SLOW.search(path.read_text())]
    assert slow == [], "Write operations.Add… of smarketing.database, as docs/decisions says."
