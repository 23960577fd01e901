"""Words are searched for in long logs without reading the whole of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from history.models import AuditEntry, Edit
from teams.logs import log_forms
from teams.logs.audit_forms import AuditFilter
from teams.logs.edit_forms import EditFilter
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 16, tzinfo=UTC)
EDITS = """
INSERT INTO history_edit (at, how, kind, row_id, what, about, changes)
SELECT %s::timestamptz + n * interval '1 minute', 'page', 'leads.campaign', n, 'changed',
    jsonb_build_object('name', 'Campaign ' || md5(n::text)), jsonb_build_object('goal', ARRAY['', md5(-n || 'x')])
FROM generate_series(1, 20000) n
"""
ENTRIES = """
INSERT INTO history_auditentry (at, kind, name, about, browser)
SELECT %s::timestamptz + n * interval '1 minute', 'read_by_token', md5(n::text), '/api/v1/leads/' || n, ''
FROM generate_series(1, 20000) n
"""


@pytest.fixture
def gina() -> User:
    return make.user(Role.ADMINISTRATOR, email="gina@example.org", family_name="Sato", given_name="Gina")


def fill(statement: str, table: str, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [AT])
        # What autovacuum does, sooner or later.
        cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
        cursor.execute(f"ANALYZE {table}")


def plans(rows: QuerySet[Any]) -> list[str]:
    """How the database finds how many there are, and the first page of them."""
    return [rows.order_by().values_list("pk")[:1001].explain(), rows.order_by("-at", "-pk")[:51].explain()]


def test_words_are_found_among_the_changes_without_reading_the_table(
    gina: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(EDITS, "history_edit", "edit_text")
    more: list[dict[str, str]] = [{}, {"kind": "leads.campaign"}, {"first": "2026-11-17", "last": "2026-11-18"}]
    for words in ("harvest", "九州展示会", "gina@", "Sato", "100%", "nothing of the kind"):
        for asked in more:
            for plan in plans(EditFilter({"q": words} | asked).edits()):
                assert "Seq Scan on history_edit" not in plan, plan
        assert "edit_text" in plans(EditFilter({"q": words}).edits())[0]
    # What no index finds is looked for among the latest.
    monkeypatch.setattr(log_forms, "LATEST", 200)
    for words in ("展示", "é", "%", "a-"):
        form = EditFilter({"q": words})
        for plan in plans(form.edits()):
            assert "Seq Scan on history_edit" not in plan, plan
        assert form.latest == 200


def test_words_are_found_in_the_log_of_access_without_reading_the_table(gina: User) -> None:
    fill(ENTRIES, "history_auditentry", "audit_text")
    for words in ("harvest", "gina@", "/api/v1/leads/77"):
        found = plans(AuditFilter({"q": words}).entries())
        assert "Seq Scan on history_auditentry" not in "".join(found), found
        assert "audit_text" in found[0]


def test_the_page_says_that_it_looked_among_the_latest(gina: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_forms, "LATEST", 3)
    browser = make.signed_in(gina)
    Edit.objects.all().delete()
    for day, name in enumerate(["春の展示会", "夏", "秋の展示会", "冬", "梅雨"]):
        at = AT + timedelta(days=day)
        Edit.objects.create(kind="leads.campaign", row_id=day, what="added", at=at, about={"name": name})
    assert names(browser, q="展示") == ["秋の展示会"]
    assert names(browser, q="展示会") == ["秋の展示会", "春の展示会"]
    assert names(browser, q="展示", last="2026-11-17") == ["春の展示会"]
    said = "are looked for among the latest 3 entries"
    assert said in browser.get("/settings/changes/", {"q": "展示"}).content.decode()
    for asked in ({"q": "展示会"}, {"q": "展示", "last": "2026-11-17"}, {}):
        assert said not in browser.get("/settings/changes/", asked).content.decode()


def names(browser: Client, **asked: str) -> list[str]:
    return [line.name for line in browser.get("/settings/changes/", asked).context["lines"]]


def test_who_did_it_is_found_however_long_ago(gina: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_forms, "LATEST", 1)
    User.objects.filter(pk=gina.pk).update(family_name="佐藤")
    for day in range(3):
        AuditEntry.objects.create(at=AT + timedelta(days=day), kind="exported", by=gina if day == 0 else None)
    assert [entry.at for entry in AuditFilter({"q": "佐藤"}).entries()] == [AT]
