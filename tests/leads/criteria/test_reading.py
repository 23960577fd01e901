"""A tree as people read it: by which names, and leaf by leaf."""

from typing import Any

import pytest

from leads.criteria import BadCriteria, sentence
from leads.criteria.parsing import read
from leads.criteria.reading import words_of
from leads.models import ActivityKind, Campaign
from tests import make

pytestmark = pytest.mark.django_db
TITLE = {"field": "title", "op": "=", "value": "CTO"}
CALL = {"did": "call"}


def test_what_cannot_be_read_is_told() -> None:
    with pytest.raises(BadCriteria):
        sentence({"field": "gone", "op": "=", "value": 1})


def test_a_verdict_with_marks_stays_text() -> None:
    assert "is &lt;hot&gt; when" in sentence(TITLE, language="en", html=True, verdict="is <hot>")


def test_each_list_of_choices_is_asked_for_once(django_assert_num_queries: Any) -> None:
    spring, autumn = (Campaign.objects.create(name=name) for name in ("Spring", "Autumn"))
    tree = {"any": [{"field": "campaign", "op": "=", "value": each.pk} for each in (spring, autumn)]}
    with django_assert_num_queries(1):
        told = sentence(tree, language="en")
    assert "the campaign is “Spring”" in told
    assert "the campaign is “Autumn”" in told


def test_a_kind_is_called_by_its_name_in_the_language_of_the_sentence() -> None:
    ActivityKind.objects.filter(key="call").update(name_en="Phone call", name_ja="電話")
    assert "“Phone call”" in sentence(CALL, language="en")
    assert "「電話」" in sentence(CALL, language="ja")


def test_a_custom_field_of_the_company_says_whose_it_is() -> None:
    make.custom_field("tier", name_en="Tier")
    make.custom_field("tier", name_en="Rank", subject="company")
    told = sentence({"field": "company.custom.tier", "op": "=", "value": "gold"}, language="en")
    assert "the company's “Rank” is “gold”" in told


def test_each_leaf_is_put_in_words_by_its_path() -> None:
    node = read({"all": [TITLE, {"not": CALL}]})
    assert words_of(node) == {"/all/0": "The title is “CTO”", "/all/1/not": "It did “Call”"}
