"""Conditions while somebody works on them."""

import json
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from leads.criteria import TooMany, editor
from leads.criteria.editing.parts import Group, Leaf, group_of
from leads.criteria.editor import FEW, ConditionInput, Editor, every_leaf
from leads.models import ActivityKind, Campaign
from tests import make
from tests.leads.criteria.sentences import CALL, CTO, field

pytestmark = pytest.mark.django_db


def working_on(*parts: Any, **how: Any) -> Editor:
    return Editor(Group("all", list(parts)), "criteria", **how)


def cto() -> Leaf:
    return Leaf("field:title", "=", ["CTO"])


def blank() -> Leaf:
    return Leaf("field:title", "=", [""])


def asked(leaf: Leaf, **how: Any) -> ConditionInput:
    return working_on(leaf, **how).condition_input(leaf)


def groups(leaf: Leaf, **how: Any) -> dict[str, list[str]]:
    offered = working_on(leaf, **how).groups_of_choices(leaf)
    return {label: [value for value, _words in options] for label, options in offered}


# ---- Counting


def test_the_whole_and_each_part_are_counted() -> None:
    make.lead(title="CTO"), make.lead(title="CTO", source="fair"), make.lead()
    title, source = cto(), Leaf("field:source", "=", ["fair"])
    page = working_on(title, source)
    assert (page.total, page.matching) == (3, 1)
    assert (page.root.count, title.count, source.count) == (1, 2, 1)


def test_what_is_not_finished_is_not_counted_and_takes_no_count_from_the_rest() -> None:
    make.lead(title="CTO"), make.lead()
    unfinished, title = blank(), cto()
    page = working_on(unfinished, title)
    assert (page.matching, unfinished.count, title.count) == (1, None, 1)


def test_where_counting_takes_too_long_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*args: Any, **kwargs: Any) -> Any:
        raise TooMany

    monkeypatch.setattr(editor, "counts", late)
    page = working_on(cto())
    assert (page.takes_too_long, page.total, page.matching) == (True, None, None)


# ---- What is wrong


def test_a_blank_condition_is_complained_about_only_when_somebody_saves() -> None:
    quiet, loud = blank(), blank()
    working_on(quiet)
    working_on(loud, complain=True)
    assert (quiet.errors, loud.errors) == ([], ["Write a text."])


def test_what_was_typed_wrong_is_told_at_once() -> None:
    leaf = Leaf("field:company.employees", ">=", ["many"])
    working_on(leaf)
    assert leaf.errors == ["Write a number."]


# ---- What a condition can be about


def test_choices_are_grouped_by_whose_they_are() -> None:
    offered = groups(blank())
    assert list(offered) == ["The lead", "Its company", "Where it stands", "What it did"]
    assert "field:title" in offered["The lead"]
    assert "field:company.employees" in offered["Its company"]
    assert "field:stage" in offered["Where it stands"]
    assert "did:call" in offered["What it did"]


@pytest.mark.parametrize("scope", ["fit", "persona"])
def test_a_fit_rule_and_a_persona_are_not_offered_where_a_lead_stands(scope: str) -> None:
    assert "Where it stands" not in groups(blank(), scope=scope)


def test_a_retired_kind_is_offered_only_where_it_is_chosen_already() -> None:
    ActivityKind.objects.filter(key="call").update(retired_at=make.NOON)
    assert "did:call" not in groups(blank())["What it did"]
    assert "did:call" in groups(Leaf("did:call"))["What it did"]


def test_what_is_gone_stays_chosen() -> None:
    assert groups(Leaf("field:custom.gone", "=", ["x"]))["No longer there"] == ["field:custom.gone"]
    assert groups(Leaf("did:dancing"))["No longer there"] == ["did:dancing"]
    assert "No longer there" not in groups(Leaf())


# ---- The input for a value


@pytest.mark.parametrize(
    ("what", "op", "kind"),
    [
        ("title", "=", "text"),
        ("title", "in", "list"),
        ("title", "is_empty", "none"),
        ("company.employees", ">=", "text"),
        ("company.employees", "between", "pair"),
        ("is_free_mail", "=", "select"),
        ("is_free_mail", "is_empty", "none"),
        ("consent", "=", "select"),
        ("consent", "in", "chips"),
        ("consent", "is_empty", "none"),
    ],
)
def test_the_input_fits_the_attribute_and_the_comparison(what: str, op: str, kind: str) -> None:
    assert asked(Leaf(f"field:{what}", op)).input == kind


@pytest.mark.parametrize(("many", "kind"), [(FEW, "chips"), (FEW + 1, "many")])
def test_a_few_choices_are_chips_and_many_are_a_list(many: int, kind: str) -> None:
    for number in range(many):
        Campaign.objects.create(name=f"Campaign {number:02}")
    assert asked(Leaf("field:campaign", "in")).input == kind


def test_a_choice_that_left_the_list_stays_as_it_was_typed() -> None:
    spring = Campaign.objects.create(name="Spring")
    offered = asked(Leaf("field:campaign", "=", ["12345"])).options
    assert offered == [(str(spring.pk), "Spring"), ("12345", "12345")]


def test_texts_are_suggested_the_most_frequent_first() -> None:
    for source in ("web", "fair", "fair", ""):
        make.lead(source=source)
    assert asked(Leaf("field:source", "=")).suggestions == ["fair", "web"]
    assert asked(Leaf("field:source", "in")).suggestions == ()


def test_a_comparison_is_called_after_what_is_compared() -> None:
    numbers = dict(asked(Leaf("field:company.employees")).operators)
    days = dict(asked(Leaf("field:created_at")).operators)
    texts = dict(asked(Leaf("field:title")).operators)
    assert (numbers["="], texts["="]) == ("=", "is")
    assert (numbers[">="], days[">="]) == ("≥", "is on or after")
    with translation.override("ja"):
        assert str(days[">="]) != "is on or after"


def test_a_day_has_its_input_and_a_number_its_keyboard() -> None:
    assert asked(Leaf("field:created_at")).input_type == "date"
    assert asked(Leaf("field:title")).input_type == "text"
    assert asked(Leaf("field:company.employees")).is_number
    assert not asked(Leaf("field:title")).is_number


def test_values_have_their_places() -> None:
    pair = asked(Leaf("field:title", "=", ["a", "b, c"]))
    assert (pair.first, pair.second, pair.listed) == ("a", "b, c", 'a, "b, c"')
    none = asked(Leaf("field:title", "="))
    assert (none.first, none.second, none.listed) == ("", "", "")


# ---- What differs from before


def test_only_what_was_not_there_before_is_marked() -> None:
    same, other = cto(), Leaf("field:title", "=", ["CFO"])
    page = working_on(same, other, baseline={"any": [CTO]})
    assert [page.condition_input(leaf).is_changed for leaf in (same, other)] == [False, True]


def test_without_anything_to_compare_with_nothing_is_marked() -> None:
    assert not asked(cto()).is_changed
    assert asked(cto(), baseline={"all": []}).is_changed


def test_every_leaf_is_written_as_the_form_writes_it() -> None:
    assert list(every_leaf(None)) == []
    assert list(every_leaf({"not": CALL})) == [{"did": "call", "at_least": 1, "within_days": None}]


# ---- What the page is told


def test_the_sentence_of_the_page_s_language_comes_first() -> None:
    page = working_on(cto(), verdicts={"en": "is an MQL"})
    assert [each["code"] for each in page.sentences()] == ["en", "ja"]
    assert page.sentences()[0]["text"] == "A lead is an MQL when the title is <b>“CTO”</b>."
    with translation.override("ja"):
        assert [each["code"] for each in page.sentences()] == ["ja", "en"]


def test_the_preview_is_told_all_that_it_needs() -> None:
    page = working_on(cto(), scope="fit", verdicts={"en": "is an MQL"}, baseline=CTO)
    told = dict(page.hidden)
    assert told["criteria.scope"] == "fit"
    assert told["criteria.verdict_en"] == "is an MQL"
    assert group_of(CTO) == group_of(json.loads(told["criteria.baseline"]))
    assert "criteria.baseline" not in dict(working_on(cto()).hidden)


def test_each_part_has_a_place_for_its_count() -> None:
    page = working_on(cto(), Group("any", [cto()]))
    assert page.count_ids == "#id_criteria-r-said,#id_criteria-r-0-said,#id_criteria-r-1-said,#id_criteria-r-1-0-said"


def test_a_count_links_to_the_leads_behind_it() -> None:
    leaf = Leaf("field:title", "=", ["CTO"])
    page = working_on(leaf)
    assert page.leads_url(leaf).startswith(f"{reverse('leads')}?criteria=")
    assert field("title", "=", "CTO") == leaf.tree
