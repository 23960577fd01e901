"""What earlier versions wrote down is found under its new name."""

import importlib

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from history.events import events
from history.models import Outbox

pytestmark = pytest.mark.django_db
NAMES: dict[str, str] = importlib.import_module("history.migrations.0004_events").NAMES


def migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("history", name)])


def test_events_keep_their_rows_under_their_new_names():
    migrate("0003_frozen")
    Outbox.objects.bulk_create(Outbox(kind=old, payload={"lead": 1}) for old in [*NAMES, "unheard_of"])
    before = list(Outbox.objects.order_by("pk").values_list("pk", "at"))

    migrate("0004_events")
    assert list(Outbox.objects.order_by("pk").values_list("pk", "at")) == before
    told = set(Outbox.objects.values_list("kind", flat=True))
    assert told == {*NAMES.values(), "unheard_of"}
    assert told - {"unheard_of"} <= {event.name for event in events()}
    assert Outbox.objects.get(kind="handoff.offered").payload == {"lead": 1, "replaces": None}
    assert Outbox.objects.get(kind="touch.made").payload == {"lead": 1}

    migrate("0003_frozen")
    assert set(Outbox.objects.values_list("kind", flat=True)) == {*NAMES, "unheard_of"}
