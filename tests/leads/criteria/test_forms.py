"""Conditions as a form field."""

import json
import time
from typing import Any

import pytest
from django import forms

from leads.criteria.forms import CriteriaField, CriteriaWidget, WithCriteria, from_json, is_deep, is_large
from leads.criteria.parsing import MOST_NODES
from tests.leads.criteria.sentences import CTO

pytestmark = pytest.mark.django_db


class Rule(WithCriteria, forms.Form):
    criteria = CriteriaField(scope="fit", required=False)


class Needed(WithCriteria, forms.Form):
    criteria = CriteriaField()


POSTED = {
    "criteria.r.join": "all",
    "criteria.r-0.what": "field:title",
    "criteria.r-0.op": "=",
    "criteria.r-0.value": "CTO",
}


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('{"all": []}', {"all": []}),
        ("", None),
        (" \n", None),
        ("{", "{"),
        (None, None),
        ({"all": []}, {"all": []}),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_json_is_read_and_what_is_none_stays_as_it_is(text: Any, tree: Any) -> None:
    assert from_json(text) == tree


@pytest.mark.parametrize(("depth", "deep"), [(1, False), (3, False), (4, True), (40, True)])
def test_what_nests_deeper_than_any_tree_is_deep(depth: int, deep: bool) -> None:
    in_lists, in_objects = 1, 1
    for _ in range(depth):
        in_lists, in_objects = [in_lists], {"not": in_objects}  # type: ignore[assignment]
    assert is_deep(in_lists, limit=4) is is_deep(in_objects, limit=4) is deep


CONDITION = {"field": "title", "op": "=", "value": "CTO"}


@pytest.mark.parametrize(("more", "large"), [(-1, False), (0, True), (3_000, True)])
def test_more_conditions_than_a_tree_may_have_are_large(more: int, large: bool) -> None:
    assert is_large({"all": [CONDITION] * (MOST_NODES + more)}) is large
    assert is_large({"any": [{"not": CONDITION}] * ((MOST_NODES + more) // 2)}) is large


@pytest.mark.parametrize("way", ["json", "form"])
def test_three_thousand_conditions_cost_no_more_than_the_line_that_refuses_them(way: str) -> None:
    if way == "json":
        data = {"criteria": json.dumps({"all": [CONDITION] * 3_000})}
    else:
        data = {"criteria.r.join": "all"}
        for number in range(3_000):
            data |= {f"criteria.r-{number}.{name}": text for name, text in
                     (("what", "field:title"), ("op", "="), ("value", "CTO"))}  # fmt: skip
    began = time.process_time()
    form = Needed(data)
    assert not form.is_valid()
    page = str(form)
    assert f"That is more than {MOST_NODES} conditions." in page
    assert time.process_time() - began < 6


def test_a_field_is_there_in_either_of_its_forms() -> None:
    widget = CriteriaWidget()
    assert not widget.value_omitted_from_data({"criteria.r.join": "all"}, {}, "criteria")
    assert not widget.value_omitted_from_data({"criteria": "{}"}, {}, "criteria")
    assert widget.value_omitted_from_data({"criteriax": "{}", "c.r.join": "all"}, {}, "criteria")


def test_conditions_are_posted_as_fields_or_as_json() -> None:
    for data in (POSTED, {"criteria": '{"all": [{"field": "title", "op": "=", "value": "CTO"}]}'}):
        form = Rule(data)
        assert form.is_valid()
        assert form.cleaned_data["criteria"] == {"all": [CTO]}


@pytest.mark.parametrize("data", [{}, {"criteria": ""}, {"criteria": '{"all": []}'}, {"criteria.r.join": "all"}])
def test_no_condition_is_none_where_it_may_be(data: dict[str, str]) -> None:
    form = Rule(data)
    assert form.is_valid()
    assert form.cleaned_data["criteria"] is None
    assert Needed(data).errors == {"criteria": ["Add at least one condition."]}


def test_groups_without_a_condition_are_no_condition() -> None:
    assert Needed({"criteria": '{"any": [{"all": []}, {"not": {"any": []}}]}'}).errors


def test_a_condition_that_is_not_finished_is_told_once() -> None:
    form = Rule(POSTED | {"criteria.r-0.value": ""})
    assert form.errors == {"criteria": ["Some conditions are not finished: they are marked."]}


def test_a_fault_in_json_is_told_with_its_place() -> None:
    form = Rule({"criteria": '{"all": [{"field": "title", "op": ">", "value": "x"}]}'})
    assert form.errors == {"criteria": ["/all/0: “>” does not fit this attribute."]}


@pytest.mark.parametrize("name", ["stage", "fit"])
def test_a_fit_rule_names_neither_stage_nor_score_in_either_form(name: str) -> None:
    assert Rule({"criteria": f'{{"field": "{name}", "op": "is_empty"}}'}).errors
    assert Rule(POSTED | {"criteria.r-0.what": f"field:{name}", "criteria.r-0.op": "is_empty"}).errors


def test_a_form_is_worked_on_while_one_of_its_own_buttons_is_pressed() -> None:
    form = Rule(POSTED | {"criteria.do": "add:r"})
    assert form.is_being_edited
    assert (form.is_valid(), dict(form.errors)) == (False, {})
    assert not Rule(POSTED | {"other.do": "add:r"}).is_being_edited
    assert not Rule().is_being_edited


def test_a_prefix_goes_with_the_button_and_the_fields() -> None:
    data = {f"a-{name}": value for name, value in POSTED.items()}
    assert Rule(data, prefix="a").is_valid()
    assert Rule(data | {"a-criteria.do": "add:r"}, prefix="a").is_being_edited
    assert not Rule(data | {"criteria.do": "add:r"}, prefix="a").is_being_edited
