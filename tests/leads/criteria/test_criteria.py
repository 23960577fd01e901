"""The language of conditions, against an oracle and against its rules."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Case, IntegerField, Value, When
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnel.models import Journey, StageRole
from history.models import Change
from leads.criteria import (
    BadCriteria,
    check,
    condition,
    condition_sql,
    counts,
    explain,
    fields,
    sentence,
    todays_values,
)
from leads.models import CustomField, Lead
from leads.text.folding import fold
from tests import make
from tests.leads.criteria.drawn import AT, agree_with_the_oracle

pytestmark = pytest.mark.django_db


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_sql_says_what_the_oracle_says(data: st.DataObject) -> None:
    agree_with_the_oracle(data)


@pytest.mark.proof
@given(data=st.data())
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_sql_says_what_the_oracle_says_at_length(data: st.DataObject) -> None:
    agree_with_the_oracle(data)


# Rules, one by one.


def lead_ids(tree: dict[str, Any], **asked: Any) -> set[int]:
    asked = asked or {"at": AT}
    return set(Lead.objects.unmerged().filter(condition(tree, **asked)).values_list("pk", flat=True))


def field(name: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": name, "op": op} | ({} if value is None else {"value": value})


def faults(tree: Any, scope: str = "all") -> list[tuple[str, str]]:
    with pytest.raises(BadCriteria) as refused:
        check(tree, scope=scope)
    return refused.value.errors


def test_an_empty_all_matches_everyone_and_an_empty_any_nobody() -> None:
    lead = make.lead()
    assert lead_ids({"all": []}) == {lead.pk}
    assert lead_ids({"any": []}) == set()


def test_a_comparison_with_a_missing_value_is_false_before_it_is_negated() -> None:
    lead = make.lead(title="")
    for op in ("=", "!=", "contains"):
        assert lead_ids(field("title", op, "CTO")) == set()
        assert lead_ids({"not": field("title", op, "CTO")}) == {lead.pk}
    assert lead_ids(field("company.employees", "<", 5)) == set()
    assert lead_ids(field("company.employees", "is_empty")) == {lead.pk}


@pytest.mark.parametrize("held", ["ＣＴＯ", "cto", "Cto"])
def test_full_width_and_case_make_no_difference(held: str) -> None:
    lead = make.lead(title=held)
    assert lead_ids(field("title", "=", "CTO")) == {lead.pk}


def test_a_window_opens_after_its_first_moment_and_closes_with_its_last() -> None:
    inside, on_the_edge, ahead = make.lead(), make.lead(), make.lead()
    make.activity(inside, "demo_request", AT - timedelta(days=7) + timedelta(microseconds=1))
    make.activity(on_the_edge, "demo_request", AT - timedelta(days=7))
    make.activity(ahead, "demo_request", AT + timedelta(microseconds=1))
    assert lead_ids({"did": "demo_request", "within_days": 7}) == {inside.pk}
    assert lead_ids({"did": "demo_request", "within_days": None}) == {inside.pk, on_the_edge.pk}


def test_at_most_none_asks_who_did_not() -> None:
    did, did_not = make.lead(), make.lead()
    make.activity(did, "demo_request", AT)
    assert lead_ids({"did": "demo_request", "at_most": 0}) == {did_not.pk}


@pytest.mark.parametrize(("at_most", "found"), [(1, {0, 1}), (2, {0, 1, 2}), (3, {0, 1, 2, 3}), (4, {0, 1, 2, 3})])
def test_at_most_so_many_takes_exactly_so_many_and_no_more(at_most: int, found: set[int]) -> None:
    leads = [make.lead() for _times in range(4)]
    for times, lead in enumerate(leads):
        for nth in range(times):
            make.activity(lead, "demo_request", AT - timedelta(hours=nth))
    assert lead_ids({"did": "demo_request", "at_most": at_most}) == {leads[times].pk for times in found}


@pytest.mark.parametrize(("at_least", "found"), [(1, {1, 2, 3}), (2, {2, 3}), (3, {3}), (4, set())])
def test_at_least_so_many_takes_exactly_so_many_and_more(at_least: int, found: set[int]) -> None:
    leads = [make.lead() for _times in range(4)]
    for times, lead in enumerate(leads):
        for nth in range(times):
            make.activity(lead, "demo_request", AT - timedelta(hours=nth))
    assert lead_ids({"did": "demo_request", "at_least": at_least}) == {leads[times].pk for times in found}


def test_not_inside_where_holds_for_what_an_activity_does_not_carry() -> None:
    carries, other, nothing = make.lead(), make.lead(), make.lead()
    make.activity(carries, "page_view", AT, properties={"url": "/pricing"})
    make.activity(other, "page_view", AT, properties={"url": "/about"})
    make.activity(nothing, "page_view", AT)
    tree = {"did": "page_view", "where": {"not": field("url", "=", "/pricing")}}
    assert lead_ids(tree) == {other.pk, nothing.pk}
    assert lead_ids({"did": "page_view", "where": {"not": tree["where"]}}) == {carries.pk}


def test_as_of_a_moment_that_moment_counts_and_nothing_after_it() -> None:
    before, then, after = make.lead(), make.lead(), make.lead()
    make.activity(before, "demo_request", AT - timedelta(days=2))
    make.activity(then, "demo_request", AT - timedelta(days=1))
    make.activity(after, "demo_request", AT - timedelta(days=1) + timedelta(microseconds=1))
    found = lead_ids({"did": "demo_request"}, as_of=AT - timedelta(days=1))
    assert found == {before.pk, then.pk}


def test_as_of_a_moment_an_attribute_is_what_it_was_then() -> None:
    lead = make.lead(title="CTO")
    Change.objects.write("lead", lead.pk, {"title": ("Engineer", "CTO")}, at=AT)
    just_before = AT - timedelta(microseconds=1)
    assert lead_ids(field("title", "=", "Engineer"), as_of=just_before) == {lead.pk}
    assert lead_ids(field("title", "=", "CTO"), as_of=just_before) == set()
    assert lead_ids(field("title", "=", "CTO"), as_of=AT) == {lead.pk}


def test_a_company_of_the_past_is_asked_for_its_own_past() -> None:
    small, large = make.company(employees=10), make.company(employees=5000)
    mover = make.lead(company=large)
    Change.objects.write("lead", mover.pk, {"company": (small.pk, large.pk)}, at=AT)
    Change.objects.write("company", small.pk, {"employees": (8, 10)}, at=AT - timedelta(days=5))
    assert lead_ids(field("company.employees", "=", 5000)) == {mover.pk}
    assert lead_ids(field("company.employees", "=", 10), as_of=AT - timedelta(days=1)) == {mover.pk}
    assert lead_ids(field("company.employees", "=", 8), as_of=AT - timedelta(days=6)) == {mover.pk}


def test_the_answer_says_which_conditions_used_todays_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fields._fields, "mood", fields.Field("mood", fields.Type.TEXT, "Mood", "''::text"))
    tree = {"all": [field("title", "=", "CTO"), field("mood", "is_empty"), {"did": "call"}]}
    known, dated_back = make.lead(created_at=AT, recorded_at=AT), make.lead(created_at=AT)
    assert todays_values(tree, AT) == ["/all/0", "/all/1"]
    for lead, title_is_todays in ((known, False), (dated_back, True)):
        explained = explain(tree, lead.pk, as_of=AT)
        assert [leaf.from_today for leaf in explained.leaves()] == [title_is_todays, True, False]
    Lead.objects.filter(pk=dated_back.pk).update(recorded_at=AT)
    assert todays_values(tree, AT) == ["/all/1"]


def test_leaves_say_in_words_which_of_them_hold() -> None:
    lead = make.lead(title="Head of Quality")
    tree = {"all": [field("title", "contains", "quality"), {"not": {"any": [{"did": "call"}]}}, {"did": "meeting"}]}
    told = explain(tree, lead.pk, AT)
    assert not told.holds
    assert [(leaf.words, leaf.holds) for leaf in told.leaves()] == [
        ("The title contains “quality”", True),
        ("It did “Call”", False),
        ("It did “Meeting”", False),
    ]
    assert told.children[1].holds


def test_counting_tells_how_many_each_part_matches_in_one_query(django_assert_num_queries: Any) -> None:
    make.lead(title="CTO")
    make.lead(title="CTO", source="fair")
    make.lead(source="fair")
    tree = {"all": [field("title", "=", "cto"), {"not": field("source", "=", "fair")}]}
    with django_assert_num_queries(1):
        found = counts(tree, at=AT)
    assert found == {"*": 3, "": 1, "/all/0": 2, "/all/1": 1, "/all/1/not": 2}


def test_a_condition_stands_in_other_queries() -> None:
    tree = {"all": [field("title", "=", "cto"), field("company.employees", ">", 5)]}
    hit, miss = make.lead(StageRole.LEAD, title="CTO", company=make.company(employees=9)), make.lead(StageRole.LEAD)
    assert [journey.lead_id for journey in Journey.objects.filter(condition(tree, at=AT, lead="lead"))] == [hit.pk]
    points = Case(When(condition(tree, at=AT), then=Value(10)), default=Value(0), output_field=IntegerField())
    assert dict(Lead.objects.annotate(points=points).values_list("pk", "points")) == {hit.pk: 10, miss.pk: 0}
    sql, params = condition_sql(tree, at=AT, lead="l", company="c")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT l.id FROM leads_lead l LEFT JOIN leads_company c ON c.id = l.company_id WHERE {sql}", params
        )
        assert cursor.fetchall() == [(hit.pk,)]


def test_a_custom_field_that_was_removed_is_missing_for_everybody() -> None:
    lead = make.lead(custom={"budget": 5})
    CustomField.objects.create(key="budget", name_en="Budget", type=CustomField.Type.NUMBER)
    tree = {"not": field("custom.budget", ">=", 3)}
    assert lead_ids(tree) == set()
    CustomField.objects.all().delete()
    assert lead_ids(tree) == {lead.pk}
    assert [path for path, _message in faults(tree)] == ["/not"]


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ([], ""),
        ({}, ""),
        ({"all": {}}, ""),
        ({"all": [], "any": []}, ""),
        ({"all": [{"any": [{"field": "titel", "op": "=", "value": "x"}]}]}, "/all/0/any/0"),
        ({"not": {"field": "title", "op": "~", "value": "x"}}, "/not"),
        (field("title", ">", "x"), ""),
        (field("title", "=", 5), ""),
        (field("title", "=", ""), ""),
        (field("title", "=", "nul\0"), ""),
        (field("title", "=", "\ud800"), ""),
        (field("title", "in", []), ""),
        (field("title", "in", "CTO"), ""),
        (field("company.employees", "=", "5"), ""),
        (field("company.employees", "=", True), ""),
        (field("company.employees", "=", float("nan")), ""),
        (field("company.employees", "between", [5, 1]), ""),
        (field("company.employees", "between", [5]), ""),
        (field("created_at", ">=", "01.04.2026"), ""),
        (field("created_at", ">=", "2026-02-30"), ""),
        (field("is_free_mail", "=", "yes"), ""),
        (field("consent", "=", "maybe"), ""),
        (field("campaign", "=", 12345), ""),
        (field("title", "is_empty", "yes"), ""),
        ({"field": "title", "op": "=", "value": "x", "extra": 1}, ""),
        ({"did": "dancing"}, ""),
        ({"did": "call", "at_least": 0}, ""),
        ({"did": "call", "at_least": 1, "at_most": 2}, ""),
        ({"did": "call", "within_days": 1.5}, ""),
        ({"did": "call", "within_days": True}, ""),
        ({"did": "call", "where": {"any": [{"did": "call"}]}}, "/where/any/0"),
        ({"did": "call", "where": {"field": "", "op": "=", "value": "x"}}, "/where"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_path_to_it(tree: Any, path: str) -> None:
    assert [at for at, _message in faults(tree)] == [path]


def test_every_fault_is_named_at_once() -> None:
    tree = {"all": [field("titel", "=", "x"), field("title", "=", "x"), {"did": "dancing"}]}
    assert [path for path, _message in faults(tree)] == ["/all/0", "/all/2"]


def test_a_tree_may_be_neither_too_deep_nor_too_large() -> None:
    deep: dict[str, Any] = {"all": []}
    for _ in range(2000):
        deep = {"not": deep}
    assert len(faults(deep)) == 1
    assert len(faults({"all": [{"all": []}] * 1000})) == 1


def test_fit_rules_and_personas_name_only_who_a_lead_is() -> None:
    stage = field("stage", "=", "mql")
    check(stage)
    assert faults(stage, "fit")
    check(field("persona", "is_empty"), "fit")
    assert faults(field("persona", "is_empty"), "persona")


NESTED = {
    "all": [
        field("company.employees", ">=", 300),
        {"any": [{"did": "demo_request", "within_days": 90}, {"did": "webinar_attended", "at_least": 2}]},
        {"not": {"any": [field("company.industry", "in", ["school", "club"]), field("title", "is_empty")]}},
    ]
}


def test_a_tree_reads_as_an_english_sentence() -> None:
    assert sentence(NESTED, language="en", verdict="is an MQL") == (
        "A lead is an MQL when the company's number of employees is 300 or more and either it did “Demo request” in the"
        " last 90 days or it did “Webinar attended” at least twice, unless the company's industry is “school” or “club”"
        " or the title is empty."
    )


def test_a_tree_reads_as_a_japanese_sentence() -> None:
    assert sentence(NESTED, language="ja", verdict="MQLになります") == (
        "会社の従業員数が300以上で、（過去90日以内に「デモ依頼」を行ったか、「ウェビナー参加」を2回以上行ったか）のいずれかを満たすリードは"
        "MQLになります。ただし、会社の業種が「school」または「club」である場合、または役職が未設定である場合を除きます。"
    )


def test_what_people_wrote_stays_text_in_a_sentence() -> None:
    assert "<b>“&lt;script&gt;”</b>" in sentence(field("title", "=", "<script>"), language="en", html=True)


@pytest.mark.parametrize("text", ["ＣＴＯ", "Straße", "İstanbul", "ﬃ", "ΑΣ", "㌔", "ｶﾞ", "Å", "ǅ", "ß" * 50])
def test_sql_and_python_fold_alike(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT fold(%s)", [text])
        assert cursor.fetchone()[0] == fold(text)
