"""Operations of migrations that change no column: models that were made for earlier ones serve on.

Django makes every related model anew after each operation, which is nearly all of the time that a new database takes.
Nothing asks a rendered model for its triggers, constraints or indexes before a later operation makes it anew; the state
itself, from which `makemigrations` compares, is complete.
"""

from __future__ import annotations

from typing import Any

import pgtrigger.migrations
from django.db import migrations
from django.db.migrations.state import ProjectState


class OfNoColumn:
    """Keeps the models that are there."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        rendered: dict[str, Any] = {name: vars(state).pop(name) for name in ("apps",) if name in vars(state)}
        super().state_forwards(app_label, state)  # type: ignore[misc]
        vars(state).update(rendered)


class AddTrigger(OfNoColumn, pgtrigger.migrations.AddTrigger):
    pass


class RemoveTrigger(OfNoColumn, pgtrigger.migrations.RemoveTrigger):
    pass


class AddConstraint(OfNoColumn, migrations.AddConstraint):
    pass


class RemoveConstraint(OfNoColumn, migrations.RemoveConstraint):
    pass


class AddIndex(OfNoColumn, migrations.AddIndex):
    pass


class RemoveIndex(OfNoColumn, migrations.RemoveIndex):
    pass
