"""What conditions speak of, in the words of a language."""

from typing import Any

import pytest
from django.utils import translation

from leads.criteria import sentence, speaker
from leads.criteria.english import English
from leads.criteria.fields import Field, Type
from leads.criteria.japanese import Japanese
from leads.criteria.reading import plain
from leads.criteria.words import BEGIN, END, clean
from leads.models import ActivityKind
from tests import make
from tests.leads.criteria.sentences import CALL, CTO, MEETING, field

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (5000, "5,000"),
        (-3, "-3"),
        (2.5, "2.5"),
        (0.1, "0.1"),
        (1e15, "1,000,000,000,000,000"),
        (1.23456789, "1.234568"),
    ],
)
def test_a_number_has_as_many_digits_as_it_needs(value: float, text: str) -> None:
    assert English().number(value).replace("−", "-") == text


@pytest.mark.parametrize(
    ("language", "class_"), [("en", English), ("ja", Japanese), ("ja-jp", Japanese), ("de", English)]
)
def test_the_speaker_is_of_the_language_of_the_page(language: str, class_: type) -> None:
    with translation.override(language):
        assert isinstance(speaker(), class_)


def test_a_language_that_is_asked_for_counts_before_that_of_the_page() -> None:
    with translation.override("ja"):
        assert sentence(CALL, language="en") == "A lead matches when it did “Call”."
        assert sentence(CALL) == "「電話」を行ったリードは当てはまります。"


def test_a_choice_is_called_by_its_words_and_a_reference_by_its_name() -> None:
    sam = make.user(given_name="Sam", family_name="Miller")
    assert sentence(field("owner", "=", sam.pk), language="en") == "A lead matches when the owner is “Sam Miller”."
    assert "「あり」" in sentence(field("consent", "=", "given"), language="ja")


def test_one_that_is_gone_is_called_by_its_number() -> None:
    assert "“#12345”" in sentence(field("owner", "=", 12345), language="en")


def test_yes_and_no_are_words() -> None:
    assert "is “yes”" in sentence(field("is_free_mail", "=", True), language="en")
    assert "「いいえ」" in sentence(field("is_free_mail", "=", False), language="ja")


def test_a_custom_attribute_is_called_in_the_language_of_the_sentence() -> None:
    make.custom_field("erp", name_en="ERP", name_ja="基幹システム")
    tree = field("custom.erp", "=", "SAP")
    assert "“ERP” is “SAP”" in sentence(tree, language="en")
    assert "基幹システム" in sentence(tree, language="ja")


def test_many_trees_with_one_speaker_ask_for_words_once(django_assert_num_queries: Any) -> None:
    owner = field("owner", "=", make.user().pk)
    says = English()
    with django_assert_num_queries(2):
        for tree in (CALL, owner, MEETING, {"all": [owner, CALL]}):
            sentence(tree, language="en", says=says)


def test_what_people_wrote_cannot_emphasise_nor_be_markup() -> None:
    ActivityKind.objects.filter(key="call").update(name_en=f"{BEGIN}Call{END} & <b>")
    assert sentence(CALL, language="en", html=True) == "A lead matches when it did <b>“Call &amp; &lt;b&gt;”</b>."


def test_marks_of_emphasis_go_from_plain_text() -> None:
    assert plain(f"a {BEGIN}b{END}") == "a b"
    assert clean(f"{END}{BEGIN}") == ""


def test_the_noun_is_the_label_where_there_is_none() -> None:
    assert English().noun(Field("x", Type.TEXT, "Shoe size", "x")) == "Shoe size"
    assert English().noun(Field("x", Type.TEXT, "Shoe size", "x", noun="the size")) == "the size"


def test_no_tree_is_everybody() -> None:
    assert sentence(None, language="en") == "Every lead matches."


def test_a_verdict_is_what_follows() -> None:
    assert sentence(CTO, language="en", verdict="goes to Sam") == "A lead goes to Sam when the title is “CTO”."
