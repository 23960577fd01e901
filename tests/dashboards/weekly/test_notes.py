"""What needs attention, in words: each note with its title, its text and its link, in both languages."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from dashboards.weekly.notes import WRITERS, Note, describe_notes
from metrics.period import Period
from metrics.question import Question
from teams.models import Role
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
WEEK = Period.week_of(date(2026, 11, 16), ZoneInfo("Asia/Tokyo"))
QUESTION = Question(WEEK, at=make.NOON)
STORED: dict[str, dict[str, Any]] = {
    "overdue": {"n": 2, "handoffs": []},
    "unoffered": {"n": 2},
    "disputed": {"n": 2},
    "unsigned": {"number": 7},
    "queue": {"rep": "0", "n": 9},
    "falling": {"from": "lead", "to": "mql", "rate": [1, 20], "before": [40, 80]},
    "source": {"source": "Expo", "rate": [10, 10], "all": [10, 25]},
    "import": {"import": 1, "file": "leads.csv", "n": 2},
}


def note(kind: str, **stored: Any) -> Note:
    (only,) = describe_notes([{"kind": kind, "tone": "risk"} | STORED[kind] | stored], QUESTION)
    return only


def test_every_kind_of_note_has_an_example_here():
    assert STORED.keys() == WRITERS.keys()


@pytest.mark.parametrize("kind", STORED)
def test_a_note_is_written_in_both_languages(kind: str):
    english = note(kind)
    with translation.override("ja"):
        japanese = note(kind)
    assert english.title != japanese.title
    assert not japanese.title.isascii()
    assert english.title.replace("–", "").isascii()
    assert english.tone == "risk"


@pytest.mark.parametrize("kind", ["overdue", "unoffered", "disputed", "import"])
def test_one_is_not_said_in_the_plural(kind: str):
    assert note(kind, n=1).title.startswith("1 ")
    assert note(kind, n=1).title.replace("1", "2", 1) != note(kind, n=2).title


def test_an_overdue_hand_off_is_named_with_its_rep_and_its_moment():
    sam = make.user(Role.REP, given_name="Sam", family_name="Sato")
    handoff = make.handoff(to=sam, at=make.MONDAY_9AM)
    told = note("overdue", n=1, handoffs=[handoff.pk])
    assert "offered to Sam Sato, fell due" in told.text
    assert "/behind/overdue/" in told.text


def test_an_overdue_hand_off_that_is_gone_is_left_out():
    told = note("overdue", n=1, handoffs=[404])
    assert "fell due" not in told.text
    assert "All 1" in told.text


def test_a_queue_names_its_rep_and_opens_its_hand_offs():
    sam = make.user(Role.REP, given_name="Sam", family_name="Sato")
    told = note("queue", rep=str(sam.pk))
    assert told.title == "Sam Sato has a long queue"
    assert f"key={sam.pk}" in told.text


def test_a_falling_step_names_its_stages_and_both_rates():
    told = note("falling")
    assert told.title.startswith("Fewer go from Lead to MQL")
    for part in ("5.0%", "1 / 20", "50.0%", "from=lead", "to=mql"):
        assert part in told.text


def test_leads_of_no_source_are_said_to_be_so():
    assert "no known source" in note("source", source="").title
    assert "key=&amp;" in note("source", source="").text


def test_what_a_file_is_called_is_no_html():
    told = note("import", file="<b>x</b>.csv")
    assert "<b>" not in told.text
    assert "&lt;b&gt;x&lt;/b&gt;.csv" in told.text
    told = note("source", source="<i>Expo</i>")
    assert "<i>" not in told.text


def test_notes_keep_their_order():
    stored = [{"kind": kind, "tone": "risk"} | STORED[kind] for kind in reversed(STORED)]
    assert [each.title for each in describe_notes(stored, QUESTION)] == [note(kind).title for kind in reversed(STORED)]


def test_ten_notes_cost_as_many_queries_as_one(django_assert_max_num_queries):
    sam = make.user(Role.REP)
    handoffs = [make.handoff(to=sam).pk for _ in range(10)]
    stored = [{"kind": "overdue", "tone": "risk", "n": 1, "handoffs": [pk]} for pk in handoffs]
    stored += [{"kind": "queue", "tone": "risk", "rep": str(sam.pk), "n": 9}] * 10
    stored += [{"kind": "falling", "tone": "risk"} | STORED["falling"]] * 10
    with django_assert_max_num_queries(4):
        assert len(describe_notes(stored, QUESTION)) == 30
