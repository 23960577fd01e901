"""Every event is declared, and written in one way."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import TypedDict

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from history import events, tasks
from history.events import Event
from history.models import Outbox
from smarketing.database.payloads import BadPayload
from smarketing.queue.schedule import SCHEDULE

AT = datetime(2026, 11, 16, 0, tzinfo=UTC)


class Boiled(TypedDict):
    egg: int
    minutes: Decimal


BOILED = Event("egg.boiled", Boiled, "An egg was boiled.")


@pytest.mark.django_db
def test_what_is_emitted_is_one_row_with_the_declared_name_and_members():
    BOILED.emit({"egg": 7, "minutes": Decimal("4.5")}, at=AT)
    assert Outbox.objects.values_list("kind", "payload", "at", "told_at").get() == (
        "egg.boiled",
        {"egg": 7, "minutes": "4.5"},
        AT,
        None,
    )


@pytest.mark.django_db
def test_many_are_emitted_by_one_statement(django_assert_num_queries: DjangoAssertNumQueries):
    with django_assert_num_queries(1):
        BOILED.emit_many(({"egg": egg, "minutes": Decimal(4)} for egg in range(3)), at=AT)
    assert [row.payload["egg"] for row in Outbox.objects.order_by("pk")] == [0, 1, 2]


@pytest.mark.django_db
def test_sql_writes_the_same_rows():
    sql = BOILED.insert_sql({"egg": "number", "minutes": "'4'"}, at="%s", rows="generate_series(1, 2) number")
    with connection.cursor() as cursor:
        cursor.execute(sql, [AT])
    assert list(Outbox.objects.order_by("pk").values_list("kind", "payload", "at")) == [
        ("egg.boiled", {"egg": number, "minutes": "4"}, AT) for number in (1, 2)
    ]


@pytest.mark.parametrize("members", [{"egg": "1"}, {"egg": "1", "minutes": "2", "salt": "3"}])
def test_members_that_are_not_declared_are_refused(members: dict[str, str]):
    with pytest.raises(BadPayload):
        BOILED.insert_sql(members, at="now()", rows="eggs")
    with pytest.raises(BadPayload):
        BOILED.emit(members)  # type: ignore[arg-type]
    with pytest.raises(BadPayload):
        BOILED.emit_many([members])  # type: ignore[list-item]


@pytest.mark.parametrize("name", ["boiled", "Egg.boiled", "egg_boiled", "egg.was.boiled"])
def test_an_event_is_named_by_a_noun_and_a_verb(name: str):
    with pytest.raises(ValueError, match="noun"):
        Event(name, Boiled, "An egg was boiled.")


def test_an_event_is_declared_once():
    known = events.events()[0]
    assert events.register(known) is known
    with pytest.raises(ValueError, match="twice"):
        events.register(Event(known.name, Boiled, "An egg was boiled."))


def test_every_event_has_a_sentence_in_both_languages():
    for event in events.events():
        with override("en"):
            english = str(event.sentence)
        with override("ja"):
            japanese = str(event.sentence)
        assert english.endswith(".")
        assert re.fullmatch(r"[^A-Za-z]+。", japanese), event.name


def test_the_page_of_events_is_what_is_declared():
    out = StringIO()
    call_command("events", stdout=out)
    assert Path(settings.BASE_DIR, "docs/events.md").read_text() == out.getvalue()


@pytest.mark.django_db
def test_what_is_a_month_old_goes_told_or_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "BATCH", 2)
    for days in (40, 31, 30, 0):
        for told_at in (None, AT):
            Outbox.objects.create(kind="egg.boiled", at=AT - timedelta(days=days), told_at=told_at)
    late = Outbox.objects.create(kind="egg.boiled", at=AT - timedelta(days=31))
    assert events.delete_expired(at=AT) == 5
    assert not Outbox.objects.filter(pk=late.pk).exists()
    assert Outbox.objects.filter(at__gte=AT - timedelta(days=30)).count() == Outbox.objects.count() == 4
    assert events.delete_expired(at=AT) == 0


@pytest.mark.django_db
def test_the_hourly_task_deletes_what_is_old():
    Outbox.objects.create(kind="egg.boiled", at=AT - timedelta(days=4000))
    tasks.delete_expired()
    assert not Outbox.objects.exists()
    assert "history.tasks.delete_expired" in SCHEDULE


@pytest.mark.django_db
def test_what_concerns_nobody_outside_is_marked_as_told():
    BOILED.emit({"egg": 1, "minutes": Decimal(4)}, at=AT)
    assert events.mark_told(at=AT) == 1
    assert Outbox.objects.get().told_at == AT


def sources() -> Iterator[Path]:
    """The modules of the product, without those that made the table, what alone may write it, and what says that nobody
    edits it."""
    apps = (app.split(".")[0] for app in settings.INSTALLED_APPS)
    folders = {folder for app in apps if (folder := Path(settings.BASE_DIR, app)).is_dir()}
    allowed = {Path(settings.BASE_DIR, "history", name) for name in ("models.py", "events.py", "own_edits.py")}
    for folder in sorted(folders):
        yield from (path for path in folder.rglob("*.py") if "migrations" not in path.parts and path not in allowed)


def names_in(tree: ast.AST) -> Iterator[str]:
    """Every name and every text of a module."""
    for node in ast.walk(tree):
        match node:
            case ast.alias(name=str(text)) | ast.Name(id=str(text)) | ast.Attribute(attr=str(text)):
                yield text
            case ast.Constant(value=str(text)):
                yield text


def test_nothing_else_touches_the_outbox():
    paths = list(sources())
    assert {path.relative_to(settings.BASE_DIR).parts[0] for path in paths} >= {"leads", "scoring", "funnel", "sla"}
    touching = [
        str(path)
        for path in paths
        if any(re.search(r"\bOutbox\b|outbox", name) for name in names_in(ast.parse(path.read_text())))
    ]
    assert touching == []
