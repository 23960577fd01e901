"""An agreement as people read it, and two versions beside each other."""

from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.html import format_html

from funnel.models import Stage, StageRole
from sla import agreements, document, starter
from sla.document import Line, Part, as_text, brief, compare, marked, points
from sla.models import Calendar
from teams.models import Role, Team
from tests import make


def line(key, words):
    return Line(key, format_html("{}", words))


def part(*lines):
    return Part("Words", tuple(lines))


def test_lines_are_compared_by_their_key_wherever_they_stand():
    old = [part(line("a", "One"), line("b", "Two"), line("c", "Three"))]
    new = [part(line("c", "Three"), line("a", "One more"), line("d", "Four"))]
    found = {each.line.key: each.kind for each in compare(old, new)}
    assert found == {"a": "changed", "b": "gone", "c": "same", "d": "new"}


def test_what_changed_is_marked_in_both():
    assert marked("within 8 hours", "within 4 hours") == ("within <del>8 </del>hours", "within <ins>4 </ins>hours")


def test_what_changed_is_said_with_a_few_words_around_it():
    before = "to answer every one of these many hand-offs within 8 opening hours, accepted or rejected with a reason"
    after = before.replace("8", "4")
    assert brief(before, after) == ("… many hand-offs within <del>8</del> <ins>4</ins> opening hours, accepted …")
    assert brief("", "New words") == "<ins>New words</ins>"
    assert brief("Old words", "") == "<del>Old words</del>"


def test_japanese_is_compared_by_runs_of_a_script():
    assert marked("過去90日以内", "過去30日以内") == ("過去<del>90</del>日以内", "過去<ins>30</ins>日以内")


def test_what_people_typed_stays_text():
    assert marked("<script>", "<b>")[1] == "<ins>&lt;b&gt;</ins>"
    assert as_text(format_html("<b>{}</b>", "<i>")) == "<i>"


@pytest.mark.parametrize(("value", "said"), [(30, "+30"), (-30, "−30"), (2.5, "+2.5"), (0, "+0")])
def test_points_carry_their_sign(value, said):
    assert points(value) == said


@pytest.fixture
def signed(db):
    make.team(Team.Kind.MARKETING, name="Marketing", name_ja="マーケティング", head=make.user(Role.MANAGER))
    make.team(Team.Kind.SALES, name="Sales", name_ja="営業", head=make.user(Role.MANAGER))
    return starter.agree_on_starter(at=make.MONDAY_9AM - timedelta(days=400))


def words(agreement):
    return [each.plain for part in document.parts(agreement) for each in part.lines]


def test_every_line_is_numbered_and_has_a_key_of_its_own(signed):
    lines = [each for part in document.parts(signed) for each in part.lines]
    assert len({each.key for each in lines}) == len(lines)
    assert lines[0].number == "1.1"
    assert lines[0].anchor == "c1.1"


def test_each_side_promises_its_part_of_the_hand_off(signed):
    promises = {part.party: [each.plain for each in part.lines] for part in document.parts(signed) if part.party}
    assert promises["marketing"] == [
        "to hand every lead that becomes MQL to Sales, with what it did and why it is one."
    ]
    assert promises["sales"][0].startswith("to answer every hand-off of MQL within 4 opening hours")


def test_it_says_the_same_in_japanese_without_an_english_word_of_its_own(signed):
    with translation.override("ja"):
        said = words(signed)
    assert any("営業時間で4時間以内" in each for each in said)
    assert any(each.startswith("MQL (v1)：適合度が50以上") for each in said)


def test_the_next_version_differs_only_in_what_was_changed(signed):
    draft = agreements.draft_next(at=make.MONDAY_9AM)
    assert document.changes(signed, draft) == []
    draft.policies.update(answer_within=timedelta(hours=8))
    changed = agreements.draft_definition(Stage.objects.role(StageRole.MQL))
    agreements.agree_on_definition(draft, changed)
    assert [each.line.key.split()[0] for each in document.changes(signed, draft)] == ["stage", "hop"]


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        ({"0": [["09:00", "17:30"]]}, "Monday, 9:00–17:30"),
        (
            {"0": [["09:00", "12:00"]], "1": [["09:00", "12:00"]], "5": [["10:00", "14:00"]]},
            "Monday to Tuesday, 9:00–12:00; Saturday, 10:00–14:00",
        ),
    ],
)
def test_opening_hours_are_said_by_runs_of_days(db, windows, said):
    calendar = Calendar.default()
    calendar.windows = windows
    assert document.opening_in_words(calendar.hours()).startswith(said)


def test_what_came_back_is_where_the_next_wording_begins(signed):
    mara = make.user(Role.MARKETER, Role.MANAGER)
    mql = Stage.objects.role(StageRole.MQL)
    first = agreements.draft_definition(mql)
    first.text = "Sharper"
    first.save()
    proposal = agreements.propose_definition(first, by=mara)
    agreements.withdraw(proposal, by=mara)
    again = agreements.draft_definition(mql)
    assert (again.number, again.text) == (first.number + 1, "Sharper")
