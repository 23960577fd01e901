"""Conditions on a page: typed, added and removed, with and without a script."""

from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from leads.criteria import TooMany, counts
from leads.criteria.editing.buttons import press
from leads.criteria.editing.parts import group_of
from leads.criteria.editing.posting import posted
from leads.criteria.editing.writing import number, written
from leads.criteria.forms import CriteriaField, WithCriteria
from leads.models import Lead
from teams.models import Role
from tests import make
from tests.leads.criteria.criteria_oracle import meets
from tests.leads.criteria.drawn import AT, leads_drawn, setting, trees, undone
from tests.leads.criteria.forms import buttons_of, fields_of

pytestmark = pytest.mark.django_db


class Rule(WithCriteria, forms.Form):
    name = forms.CharField()
    criteria = CriteriaField(required=False)


TREE: dict[str, Any] = {
    "all": [
        {"field": "company.employees", "op": ">=", "value": 300},
        {
            "any": [
                {"did": "call", "at_least": 2, "within_days": 90},
                {"field": "title", "op": "in", "value": ["a, b", "c"]},
            ]
        },
        {"not": {"any": [{"field": "is_free_mail", "op": "=", "value": True}]}},
        {"field": "created_at", "op": "between", "value": ["2026-01-01", "2026-02-01"]},
        {"field": "consent", "op": "in", "value": ["given"]},
        {"field": "title", "op": "is_empty"},
        {
            "did": "page_view",
            "at_most": 3,
            "within_days": None,
            "where": {"all": [{"field": "url", "op": "contains", "value": "pricing"}]},
        },
    ]
}


def page(form: forms.Form) -> str:
    return str(form["criteria"])


def sent_back(tree: dict[str, Any]) -> Rule:
    """The form as a browser without any script sends it back."""
    data = fields_of(page(Rule(initial={"criteria": tree})))
    data["name"] = "A rule"
    return Rule(data)


def test_a_tree_goes_through_the_form_and_comes_back_the_same() -> None:
    form = sent_back(TREE)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["criteria"] == TREE


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_tree_comes_back_meaning_the_same(data: st.DataObject) -> None:
    with undone():
        campaigns, personas = setting()
        tree = data.draw(trees(campaigns, personas))
        assume("CTO " not in str(tree))  # A form takes spaces off the ends.
        drawn: list[dict[str, Any]] = data.draw(leads_drawn)
        form = sent_back(tree)
        assert form.is_valid(), form.errors
        again = form.cleaned_data["criteria"] or {"all": []}
        for lead in drawn:
            lead["companies"] = {}
            lead["now"] |= {"company": None, "persona": None, "created_at": AT.date()}
            assert meets(again, lead, AT, past=False) == meets(tree, lead, AT, past=False)


def test_no_condition_at_all_is_none_or_refused() -> None:
    assert sent_back({"all": []}).is_valid()

    class Needed(WithCriteria, forms.Form):
        criteria = CriteriaField()

    form = Needed(fields_of(page(Needed())))
    assert form.errors == {"criteria": ["Add at least one condition."]}


def test_what_is_wrong_is_said_at_its_condition_and_what_was_typed_stays() -> None:
    tree = {
        "all": [{"field": "title", "op": "=", "value": "CTO"}, {"field": "company.employees", "op": ">=", "value": 5}]
    }
    data = fields_of(page(Rule(initial={"criteria": tree})))
    data["criteria.r-1.value"] = "lots"
    form = Rule(data)
    assert not form.is_valid()
    html = page(form)
    assert 'value="lots"' in html
    assert html.count("Write a number.") == 1
    assert html.index('id="id_criteria-r-1-said"') < html.index("Write a number.")


def test_an_unfinished_condition_is_not_complained_about_until_somebody_saves() -> None:
    data = fields_of(page(Rule()))
    data["criteria.do"] = "add:r"
    assert "field__error" not in page(Rule(data))


@pytest.mark.parametrize(
    "posted_tree",
    [
        '{"field": "title", "op": "~", "value": "x"}',
        '{"field": "company.employees", "op": ">=", "value": "5"}',
        '{"fields": []}',
        "[]",
        "nonsense",
        '"text"',
    ],
)
def test_a_tree_posted_as_json_is_judged_as_it_is(posted_tree: str) -> None:
    form = Rule({"name": "A rule", "criteria": posted_tree})
    assert list(form.errors) == ["criteria"]
    assert page(form)


def test_while_buttons_are_pressed_the_form_is_neither_valid_nor_wrong() -> None:
    data = fields_of(page(Rule()))
    data["criteria.do"] = "add:r"
    form = Rule(data)
    assert not form.is_valid()
    assert not form.errors
    assert ("criteria.do", "remove:r-0") in buttons_of(page(form))


def pressed(tree: Any, button: str) -> Any:
    root = group_of(tree)
    press(root, button)
    return written(root)[0]


def test_buttons_add_and_remove_conditions_and_groups() -> None:
    inner = {"any": [{"did": "call", "at_least": 1, "within_days": None}]}
    blank = {"field": "", "op": "", "value": ""}
    assert pressed({"all": []}, "add:r") == {"all": [blank]}
    assert pressed({"all": []}, "group:r") == {"all": [{"any": [blank]}]}
    assert pressed({"all": [inner]}, "remove:r-0-0") == {"all": [{"any": []}]}
    assert pressed({"all": [inner]}, "remove:r-0") == {"all": []}
    assert pressed({"all": [inner]}, "where:r-0-0")["all"][0]["any"][0]["where"]["all"]
    assert pressed({"all": [inner]}, "remove:r") == {"all": [inner]}
    assert pressed({"all": [inner]}, "burn:r-0") == {"all": [inner]}


def test_the_last_condition_on_an_activity_takes_its_group_with_it() -> None:
    root = group_of({"did": "call", "where": {"field": "url", "op": "=", "value": "x"}})
    press(root, "remove:r-0-w-0")
    assert written(root)[0] == {"all": [{"did": "call", "at_least": 1, "within_days": None}]}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("5,000", 5000),
        ("５０００", 5000),
        ("2.5", 2.5),
        ("-3", -3),
        ("lots", "lots"),
        ("nan", "nan"),
        ("1_0", "1_0"),
        ("1e999", "1e999"),
    ],
)
def test_numbers_are_read_as_people_write_them(typed: str, read: Any) -> None:
    assert number(typed) == read


def test_lists_are_typed_with_commas_of_any_kind() -> None:
    data = QueryDict(mutable=True)
    data.update(
        {"c.r.join": "all", "c.r-0.what": "field:title", "c.r-0.op": "in", "c.r-0.list": '部長、課長,"Head, IT"'}
    )
    assert written(posted(data, "c"))[0]["all"][0]["value"] == ["部長", "課長", "Head, IT"]


def test_another_attribute_brings_its_own_comparisons() -> None:
    data = QueryDict(mutable=True)
    data.update(
        {"c.r.join": "all", "c.r-0.what": "field:company.employees", "c.r-0.op": "contains", "c.r-0.value": "5"}
    )
    assert written(posted(data, "c"))[0] == {"all": [{"field": "company.employees", "op": ">=", "value": 5}]}


def test_what_differs_from_before_is_marked() -> None:
    form = Rule(initial={"criteria": TREE})
    criteria = form.fields["criteria"]
    assert isinstance(criteria, CriteriaField)
    criteria.compare_with({"all": TREE["all"][1:]})
    assert page(form).count("criteria__changed") == 1


def signed_in(client: Client, *roles: Role) -> Client:
    client.force_login(make.user(*roles))
    return client


def test_the_preview_answers_with_counts_and_the_sentence_in_both_languages(client: Client) -> None:
    make.lead(title="CTO")
    make.lead()
    tree = {"all": [{"field": "title", "op": "=", "value": "cto"}]}
    data = fields_of(page(Rule(initial={"criteria": tree})))
    data["criteria"] = "criteria"
    answer = signed_in(client, Role.REP).post(reverse("criteria_preview"), data)
    html = answer.content.decode()
    assert "of 2 leads match now" in html
    assert "the title is <b>“cto”</b>" in html
    assert "役職が「<b>cto</b>」である" in html


def test_the_preview_stands_anything_that_is_sent(client: Client) -> None:
    signed_in(client, Role.REP)
    for data in (
        {},
        {"criteria": "c", "c.scope": "nonsense", "c.baseline": "{", "c.do": "add:r-9-9"},
        {"criteria": "c", "c.r.join": "what", "c.r-x.what": "field:title", "c.r-0-w-0.property": "url"},
        {"criteria": "c", "c.r.join": "all", "c.r-0.what": "did:", "c.r-0.times": "\0", "c.r-1.what": "field:nothing"},
        {"criteria": "c", "c.r.join": "all", **{f"c.{'-'.join('r' + '0' * 40)}.join": "all"}},
    ):
        assert client.post(reverse("criteria_preview"), data).status_code == 200


def test_a_tree_deeper_than_anything_said_is_not_walked(client: Client) -> None:
    deep = '{"not":' * 5000 + '{"all": []}' + "}" * 5000
    signed_in(client, Role.REP)
    assert client.get(reverse("segment_new"), {"criteria": deep[:20000]}).status_code == 200
    assert client.post(reverse("segment_new"), {"name": "Deep", "criteria": deep}).status_code == 422
    path = "r" + "-0" * 60
    assert client.post(reverse("criteria_preview"), {"criteria": "c", f"c.{path}.join": "all"}).status_code == 200


def test_a_count_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # First in the joins: whatever the plan, it is waited for.
    everyone = "pg_sleep(1) LEFT JOIN leads_lead ON TRUE LEFT JOIN leads_company ON TRUE"
    monkeypatch.setattr("leads.criteria.asking.EVERYONE", everyone)
    with pytest.raises(TooMany):
        counts(TREE, at=AT, patience=timedelta(milliseconds=20))
    assert list(Lead.objects.all()) == []
