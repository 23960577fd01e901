"""An agreement as people read it, and two versions beside each other."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.html import format_html

from funnel.models import Reason, Stage, StageRole
from sla.agreement import definition_drafts, drafting, returning
from sla.agreement.document import building, opening_hours
from sla.agreement.document.comparing import compare, mark_differences, summarise_difference
from sla.agreement.document.lines import Line, Part, as_text
from sla.agreement.document.scores import format_points
from sla.agreement.starter import first_agreement
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
    assert mark_differences("within 8 hours", "within 4 hours") == (
        "within <del>8 </del>hours",
        "within <ins>4 </ins>hours",
    )


def test_a_difference_is_summarised_with_a_few_words_around_it():
    before = "to answer every one of these many hand-offs within 8 opening hours, accepted or rejected with a reason"
    after = before.replace("8", "4")
    assert summarise_difference(before, after) == (
        "… many hand-offs within <del>8</del> <ins>4</ins> opening hours, accepted …"
    )
    assert summarise_difference("", "New words") == "<ins>New words</ins>"
    assert summarise_difference("Old words", "") == "<del>Old words</del>"


def test_japanese_is_compared_by_runs_of_a_script():
    assert mark_differences("過去90日以内", "過去30日以内") == ("過去<del>90</del>日以内", "過去<ins>30</ins>日以内")


def test_what_people_typed_stays_text():
    assert mark_differences("<script>", "<b>")[1] == "<ins>&lt;b&gt;</ins>"
    assert as_text(format_html("<b>{}</b>", "<i>")) == "<i>"


@pytest.mark.parametrize(("value", "said"), [(30, "+30"), (-30, "−30"), (2.5, "+2.5"), (0, "+0")])
def test_points_carry_their_sign(value, said):
    assert format_points(value) == said


@pytest.fixture
def signed(db):
    make.team(Team.Kind.MARKETING, name="Marketing", name_ja="マーケティング", head=make.user(Role.MANAGER))
    make.team(Team.Kind.SALES, name="Sales", name_ja="営業", head=make.user(Role.MANAGER))
    return first_agreement.sign_first_agreement(at=make.MONDAY_9AM - timedelta(days=400))


def lines(agreement):
    return [each for part in building.parts(agreement) for each in part.lines]


def words(agreement):
    return [each.plain for each in lines(agreement)]


def test_every_line_is_numbered_and_has_a_key_of_its_own(signed):
    found = lines(signed)
    assert len({each.key for each in found}) == len(found)
    assert all(len(each.key) <= 120 for each in found)
    assert found[0].number == "1.1"
    assert found[0].anchor == "c1.1"


def test_each_side_commits_to_its_part_of_the_hand_off(signed):
    promises = {part.party: [each.plain for each in part.lines] for part in building.parts(signed) if part.party}
    assert promises["marketing"][0] == (
        "to hand every lead that becomes MQL to Sales, with what it did and why it is one."
    )
    assert promises["sales"][0].startswith("to answer every hand-off of MQL: accepted, or rejected with a reason.")


def test_a_policy_is_one_line_with_what_happens_on_the_way(signed):
    hot, rest = [each for each in lines(signed) if each.key.startswith("policy")]
    assert as_text(hot.words) == (
        "Hot leads: answer within 2 opening hours; first touch within 8 opening hours of the acceptance;"
        " 6 touches in 10 open days before a lead may be given up."
    )
    assert as_text(rest.words).startswith("Every other hand-off: answer within 4 opening hours;")
    gina = signed.parties.get(team__kind="sales").head
    assert [as_text(item) for item in hot.items] == [
        "At 80% of the time to answer: whoever has it is reminded",
        f"When the answer is due: {gina} is told",
        "At 150% of the time to answer: it is offered to somebody else",
        "At 80% of the time to the first touch: whoever has it is reminded",
    ]


def test_each_team_reads_only_the_policies_that_its_hand_offs_come_to(db):
    for kind in (Team.Kind.MARKETING, Team.Kind.SDR, Team.Kind.SALES):
        make.team(kind, head=make.user(Role.MANAGER))
    by_way_of_sdr = first_agreement.sign_first_agreement(at=make.MONDAY_9AM - timedelta(days=400))
    said = {
        part.title.split()[0]: [as_text(each.words).split(":")[0] for each in part.lines if "policy" in each.key]
        for part in building.parts(by_way_of_sdr)
        if part.party
    }
    assert said == {"Marketing": [], "SDR": ["MQL, hot leads", "Every other hand-off"], "Sales": ["SQL"]}


def test_a_named_contact_is_notified_in_place_of_the_head(signed):
    draft = drafting.draft_next(at=make.MONDAY_9AM)
    rosa = make.user(Role.MANAGER, given_name="Rosa")
    draft.parties.filter(team__kind="sales").update(escalates_to=rosa)
    said = words(draft)
    assert "When the answer is due: Rosa is told" in " ".join(said)
    assert "When one of these promises is in danger, Rosa is told." in said


def test_required_fields_and_reasons_to_reject_are_listed(signed):
    draft = drafting.draft_next(at=make.MONDAY_9AM)
    reasons = list(Reason.objects.offered(Reason.Kind.REJECTED)[:2])
    draft.hops.update(ready_fields=["phone", "company.name"], reason_keys=[each.key for each in reasons])
    said = " ".join(words(draft))
    assert "Before it is offered, these are filled in: Phone, Company: name." in said
    assert f"It may be rejected because of: {reasons[0]}, {reasons[1]}." in said


def test_meetings_and_reviews_are_described(signed):
    assert [each.plain for each in lines(signed) if each.key in ("meeting", "reviews", "disputes")] == [
        "Every week, on Monday at 9:30, both sides look at the same numbers.",
        "The goals are reviewed every month, the whole agreement every 6 months.",
        "A rejection may be disputed within 5 days; a manager settles it at the weekly meeting.",
    ]


# Promises in numbers


def clause(agreement, metric, target, kind="sales", **fields):
    team = agreement.parties.get(team__kind=kind).team
    return agreement.clauses.create(team=team, metric=metric, target=target, position=99, **fields)


@pytest.mark.parametrize(
    ("metric", "fields", "said"),
    [
        ("answered_in_time", {"target": "0.95", "every": "week"}, "to answer at least 95% of the hand-offs in time,"),
        ("acceptance", {"target": "0.825"}, "that at least 82.5% of the answered hand-offs are accepted, every month."),
        ("contracts", {"target": 5, "every": "quarter"}, "to win at least 5 contracts, every quarter."),
        (
            "time_to_answer",
            {"target": 7200, "comparator": "<="},
            "Time to answer: at most 2 opening hours, every month.",
        ),
        (
            "conversion",
            {"target": "0.04", "from_role": "mql", "to_role": "customer", "window_days": 90},
            "Conversion from stage to stage (from MQL to Customer, within 90 days): at least 4%, every month.",
        ),
        (
            "contracts",
            {"target": 2, "filters": {"quadrant": "hot", "source": "Trade fair"}},
            "to win at least 2 contracts (Quadrant: Hot, Source: Trade fair), every month.",
        ),
        ("gone", {"target": 3}, "gone: at least 3, every month."),
    ],
)
def test_a_clause_reads_as_a_sentence(signed, metric, fields, said):
    draft = drafting.draft_next(at=make.MONDAY_9AM)
    made = clause(draft, metric, **fields)
    made.refresh_from_db()
    found = next(each for each in lines(draft) if each.key == f"clause {made.key}")
    assert as_text(found.words).startswith(said)


def test_a_clause_describes_its_metric_and_names_its_owner(signed):
    draft = drafting.draft_next(at=make.MONDAY_9AM)
    sam = make.user(Role.REP, given_name="Sam")
    made = clause(draft, "conversion", "0.04", from_role="mql", to_role="sql", window_days=30, owner=sam)
    found = next(each for each in lines(draft) if each.key == f"clause {made.key}")
    assert "Cohort: of the leads that first entered A in the period" in found.notes[0]
    assert found.notes[1:] == (
        "Each lead has 30 days; what came of a period is decided when they are over for all.",
        "Sam looks after it.",
    )


def test_two_versions_compare_clause_by_clause(signed):
    draft = drafting.draft_next(at=make.MONDAY_9AM)
    kept = clause(draft, "contracts", 5)
    moved = clause(draft, "answered_in_time", "0.9")
    gone = clause(draft, "acceptance", "0.8")
    older = building.parts(draft)
    moved.refresh_from_db()
    moved.target, moved.position = Decimal("0.95"), 0
    moved.save()
    gone.delete()
    new = clause(draft, "persona_fit", "0.7", kind="marketing")
    compared = compare(older, building.parts(draft))
    found = {each.line.key: each for each in compared if each.line.key.startswith("clause")}
    assert {key: each.kind for key, each in found.items() if each.kind != "same"} == {
        f"clause {moved.key}": "changed",
        f"clause {gone.key}": "gone",
        f"clause {new.key}": "new",
    }
    assert found[f"clause {kept.key}"].kind == "same"
    assert "<del>90% </del>" in found[f"clause {moved.key}"].marked_before
    assert "<ins>95% </ins>" in found[f"clause {moved.key}"].marked_after


def test_a_clause_keeps_its_key_from_version_to_version(signed):
    draft = drafting.draft_next(at=make.MONDAY_9AM)
    keys = {each.key for each in lines(signed) if each.key.startswith(("clause", "policy", "hop", "told"))}
    assert keys <= {each.key for each in lines(draft)}


def test_it_reads_the_same_in_japanese_without_an_english_word_of_its_own(signed):
    with translation.override("ja"):
        said = words(signed)
    assert any("営業時間で4時間以内に回答" in each for each in said)
    assert any(each.startswith("毎月、リードを60件以上引き渡します。") for each in said)
    assert any(each.startswith("MQL (v1)：適合度が50以上") for each in said)


def test_the_next_version_differs_only_in_what_was_changed(signed):
    draft = drafting.draft_next(at=make.MONDAY_9AM)
    assert building.changes(signed, draft) == []
    draft.policies.update(answer_within=timedelta(hours=8))
    changed = definition_drafts.draft_definition(Stage.objects.role(StageRole.MQL))
    drafting.adopt_definition(draft, changed)
    assert [each.line.key.split()[0] for each in building.changes(signed, draft)] == ["stage", "policy", "policy"]


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
def test_opening_hours_are_described_by_runs_of_days(db, windows, said):
    calendar = Calendar.default()
    calendar.windows = windows
    assert opening_hours.describe_opening_hours(calendar.hours()).startswith(said)


def test_what_came_back_is_where_the_next_wording_begins(signed):
    mara = make.user(Role.MARKETER, Role.MANAGER)
    mql = Stage.objects.role(StageRole.MQL)
    first = definition_drafts.draft_definition(mql)
    first.text = "Sharper"
    first.save()
    proposal = definition_drafts.propose_definition(first, by=mara)
    returning.withdraw(proposal, by=mara)
    again = definition_drafts.draft_definition(mql)
    assert (again.number, again.text) == (first.number + 1, "Sharper")


def test_a_changed_preamble_is_a_change_of_the_document(signed):
    draft = drafting.draft_next(at=make.MONDAY_9AM)
    draft.preamble = "Both sides share one goal."
    (change,) = building.changes(signed, draft)
    assert (change.line.key, change.line.plain) == ("preamble", "Both sides share one goal.")
    with translation.override("en"):
        assert change.line.place == "Preamble"
    assert building.changes(draft, draft) == []
