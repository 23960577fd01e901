"""The page of changes: searched by administrators, in both languages, taken out as a file."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import override

from history.edit_words import lines
from history.edits import kind_of, kinds
from history.models import AuditEntry, Edit
from leads.models import Campaign
from sla.models import Absence, Calendar
from smarketing.database.authors import writing
from teams.models import Organization, Role, Team, User
from tests import make

pytestmark = pytest.mark.django_db
PAGE = "/settings/changes/"
DAY = timedelta(days=1)


@pytest.fixture
def gina() -> User:
    return make.user(Role.ADMINISTRATOR, email="gina@example.org", family_name="Sato", given_name="Gina", language="en")


@pytest.fixture
def admin(gina: User) -> Client:
    browser = make.signed_in(gina)
    Edit.objects.all().delete()
    return browser


def edit(what: str = "changed", *, kind: str = "leads.campaign", row_id: int = 1, **fields: Any) -> Edit:
    fields.setdefault("about", {"name": "Spring"})
    return Edit.objects.create(**{"kind": kind, "row_id": row_id, "what": what, "at": now(), **fields})


def in_words(*edits: Edit) -> list[str]:
    """Each as one line: the thing, and what of it."""
    return [
        " | ".join([f"{line.what} {line.kind} {line.name}", *(f"{v.label}: {v.old} → {v.new}" for v in line.values)])
        for line in lines(edits or list(Edit.objects.order_by("pk")))
    ]


# In words


def test_a_change_is_a_sentence_in_both_languages(admin: Client) -> None:
    rosa = make.user(family_name="Rossi", given_name="Rosa")
    team = make.team(Team.Kind.SALES, name="Sales", name_ja="営業部")
    Edit.objects.all().delete()
    team.head, team.kind = rosa, Team.Kind.SDR
    team.save()
    assert in_words() == ["Changed Team Sales | Kind: Sales → SDR | Head: – → Rosa Rossi"]
    with override("ja"):
        assert in_words() == ["変更 チーム 営業部 | 種類: 営業 → SDR | 責任者: – → Rossi Rosa"]


@pytest.mark.parametrize(
    ("kind", "column", "old", "new", "words"),
    [
        ("leads.campaign", "starts_on", "2026-11-16", None, "Starts: 16 November 2026 → –"),
        ("teams.user", "roles", ["rep"], ["rep", "manager"], "Roles: Sales rep → Sales rep, Manager"),
        ("teams.user", "is_active", True, False, "Active: Yes → No"),
        ("sla.policy", "answer_within", "04:00:00", "1 day 02:00:00", "Answer within: 4 h → 26 h"),
        ("sla.agreement", "meeting_at", "09:30:00", "10:00:00", "Time of the weekly meeting: 09:30 → 10:00"),
        ("scoring.fitrule", "points", 12.5, 1000, "Points: 12.5 → 1,000"),
        ("leads.customfield", "choices", [], ["A", "B"], 'Choices: – → ["A", "B"]'),
        ("sla.clause", "metric", "handed_over", "gone", "What is measured: Leads handed over → gone"),
        (
            "sla.calendar",
            "windows",
            {"0": [["09:00", "12:00"]]},
            {"0": [["09:00", "12:00"], ["13:00", "18:00"]]},
            "Opening hours: Mon 09:00–12:00 → Mon 09:00–12:00, 13:00–18:00",
        ),
        ("leads.campaign", "a_column_that_is_gone", "a", "b", "a_column_that_is_gone: a → b"),
    ],
)
def test_values_are_written_as_people_write_them(kind: str, column: str, old: Any, new: Any, words: str) -> None:
    changed = edit(kind=kind, changes={column: [old, new]}, about={})
    assert in_words(changed)[0].split(" | ")[1] == words


def test_a_secret_is_said_to_have_changed(admin: Client) -> None:
    edit(kind="teams.user", changes={"password": []}, about={"family_name": "Sato", "given_name": "Gina"})
    assert in_words() == ["Changed Member Gina Sato | Password:  → (not shown)"]


def test_conditions_are_sentences() -> None:
    tree = {"all": [{"field": "title", "op": "contains", "value": "CTO"}]}
    words = in_words(edit(kind="leads.segment", changes={"criteria": [tree, {"of": "long ago"}]}))[0]
    assert "CTO" in words
    assert "long ago" in words


def test_a_thing_without_a_name_of_its_own_is_named_by_others(admin: Client) -> None:
    sam = make.user(family_name="Ito", given_name="Sam")
    Absence.objects.create(user=sam, from_on="2026-11-16", until_on="2026-11-17")
    assert in_words()[-1] == "Added Absence Sam Ito · 16 November 2026 · 17 November 2026"


def test_what_is_gone_is_named_by_its_number(admin: Client) -> None:
    gone = edit(kind="sla.calendarday", about={"calendar_id": 77, "day": "2026-12-24", "name": ""})
    assert in_words(gone) == ["Changed Closed day #77 · 24 December 2026"]
    assert in_words(edit(kind="leads.forgotten", about={})) == ["Changed leads.forgotten #1"]


def test_each_way_has_words() -> None:
    ways = ["page", "api", "import 7", "command", "demo", "database", "", "pigeon"]
    assert [line.how for line in lines([edit(how=way) for way in ways])] == [
        "by hand",
        "by the API",
        "by an import (7)",
        "by a command",
        "by the demo",
        "in the database itself",
        "by the machine",
        "pigeon",
    ]


# The page


def test_it_lists_the_latest_first_with_links_to_what_is_still_there(admin: Client, gina: User) -> None:
    with writing(how="page", by=gina.pk):
        spring, summer = (Campaign.objects.create(name=name) for name in ("Spring", "Summer"))
        summer_id = summer.pk
        summer.delete()
    page = admin.get(PAGE)
    found = [(line.what, line.name, line.url) for line in page.context["lines"]]
    assert found == [
        ("Deleted", "Summer", ""),
        ("Added", "Summer", ""),
        ("Added", "Spring", f"/campaigns/{spring.pk}/"),
    ]
    assert f"/campaigns/{summer_id}/" not in page.content.decode()
    assert "Gina Sato" in page.content.decode()


@pytest.mark.usefixtures("in_tokyo")
def test_an_administrator_searches_by_words_kind_person_and_days(admin: Client, gina: User) -> None:
    edit(at=make.MONDAY_9AM, by=gina, changes={"goal": ["", "展示会"]})
    edit(at=make.MONDAY_9AM + DAY, kind="funnel.stage", about={"name_en": "Talk 100%"})
    edit(at=make.MONDAY_9AM + 2 * DAY, about={"name": "Winter"})
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["Winter", "Talk 100%", "Spring"]),
        ({"q": "wint"}, ["Winter"]),
        ({"q": "展示"}, ["Spring"]),
        ({"q": "GINA@"}, ["Spring"]),
        ({"q": "%"}, ["Talk 100%"]),
        ({"kind": "funnel.stage"}, ["Talk 100%"]),
        ({"by": gina.pk}, ["Spring"]),
        ({"first": "2026-11-17"}, ["Winter", "Talk 100%"]),
        ({"last": "2026-11-17"}, ["Talk 100%", "Spring"]),
    ]
    for words, found in asked:
        assert [line.name for line in admin.get(PAGE, words).context["lines"]] == found, words


def test_a_search_that_cannot_be_read_says_so(admin: Client) -> None:
    page = admin.get(PAGE, {"first": "yesterday", "kind": "shoes", "by": "nobody"})
    assert set(page.context["form"].errors) == {"first", "kind", "by"}


def test_nothing_and_nothing_found_are_said_apart(admin: Client) -> None:
    assert "Nothing was changed yet" in admin.get(PAGE).content.decode()
    assert "Nothing of the kind was changed" in admin.get(PAGE, {"q": "shoes"}).content.decode()


def test_the_demos_changes_say_why_they_carry_one_moment(admin: Client) -> None:
    assert "The demo" not in admin.get(PAGE).content.decode()
    Organization.ours()
    Organization.objects.update(is_demo=True, demo_built_at=now())
    assert "The demo's year was written in the minutes before" in unescape(admin.get(PAGE).content.decode())


def test_pages_go_on_by_key(admin: Client) -> None:
    at = now()
    Edit.objects.bulk_create(
        Edit(kind="leads.campaign", row_id=n, what="added", at=at, about={"name": str(n)}) for n in range(120)
    )
    seen, address = [], PAGE
    while address:
        page = admin.get(address)
        seen += [line.name for line in page.context["lines"]]
        following = page.context["page"].next_url
        address = f"{PAGE}{following}" if following else ""
    assert seen == [str(n) for n in range(119, -1, -1)]


def test_a_page_of_every_kind_costs_at_most_twelve_statements(admin: Client) -> None:
    """Also the same for one row and for fifty."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            admin.get(PAGE)
        return len(asked)

    make.agreement()
    Edit.objects.exclude(pk=Edit.objects.latest("pk").pk).delete()
    admin.get(PAGE)
    one = queries()
    make.opportunity(owner=make.user())
    Calendar.objects.update(name="Elsewhere")
    for kind in kinds():
        edit(kind=kind.key, about={column: 1 for column in kind.named if column.endswith("_id")})
    assert Edit.objects.count() > 40
    many = queries()
    assert one <= many <= 12


def test_it_is_taken_out_as_csv_which_is_logged(admin: Client, gina: User) -> None:
    edit(by=gina, how="page", about={"name": "=cmd()"}, changes={"goal": ["a", "b"], "channel": ["", "Fair"]})
    edit(kind="funnel.stage")
    answer: Any = admin.get(f"{PAGE}export/", {"kind": "leads.campaign"})
    text = b"".join(answer.streaming_content).decode()
    assert "'=cmd()" in text
    assert "Channel: – → Fair\nGoal: a → b" in text
    assert "gina@example.org,by hand,Changed,Campaign" in text
    assert len(text.strip().splitlines()) == 3
    assert AuditEntry.objects.get(kind=AuditEntry.Kind.EXPORTED).by == gina


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SDR, Role.REP, Role.MANAGER])
def test_nobody_else_reads_it(role: Role) -> None:
    browser = make.signed_in(make.user(role))
    for name in ("changes", "changes_export"):
        assert browser.get(reverse(name)).status_code == 403


def test_every_kind_has_a_name_in_japanese_and_a_page_that_exists(admin: Client) -> None:
    for kind in kinds():
        with override("en"):
            english = str(kind.label)
        with override("ja"):
            assert str(kind.label) != english, kind.key
        if kind.link:
            made = edit(kind=kind.key, about={kind.link_by: 1})
            assert lines([made])[0].url, kind.key
    assert kind_of("leads.lead") is None
