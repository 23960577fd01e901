"""Conditions in Japanese."""

from typing import Any

import pytest

from leads.criteria import sentence
from tests.leads.criteria.sentences import CALL, CTO, MEETING, field

pytestmark = pytest.mark.django_db


def lead_that(tree: Any) -> str:
    """What stands before 「リードは当てはまります。」"""
    text = sentence(tree, language="ja")
    assert text.endswith("リードは当てはまります。")
    return text.removesuffix("リードは当てはまります。")


@pytest.mark.parametrize(
    ("op", "value", "text"),
    [
        ("=", 5, "が5である"),
        ("!=", 5, "が5以外である"),
        ("<", 5, "が5未満である"),
        (">", 5, "が5を上回る"),
        (">=", 12345, "が12,345以上である"),
        ("between", [5, 10], "が5以上10以下である"),
        ("in", [1, 2], "が1または2である"),
        ("not_in", [1, 2, 3], "が1、2、3のいずれか以外である"),
        ("is_empty", None, "が未設定である"),
    ],
)
def test_numbers_are_compared(op: str, value: Any, text: str) -> None:
    assert lead_that(field("company.employees", op, value)) == f"会社の従業員数{text}"


@pytest.mark.parametrize(
    ("op", "text"),
    [("=", "である"), ("<", "より前である"), ("<=", "以前である"), (">", "より後である"), (">=", "以降である")],
)
def test_days_are_before_and_after(op: str, text: str) -> None:
    assert lead_that(field("created_at", op, "2026-04-01")) == f"登録日が2026年4月1日{text}"


def test_a_stretch_of_days_is_from_and_to() -> None:
    text = lead_that(field("created_at", "between", ["2026-04-01", "2026-04-30"]))
    assert text == "登録日が2026年4月1日から2026年4月30日までである"


@pytest.mark.parametrize(
    ("op", "goes_on", "denied"),
    [
        ("contains", "に「CTO」を含み", "に「CTO」を含まない"),
        ("starts_with", "が「CTO」で始まり", "が「CTO」で始まらない"),
        ("=", "が「CTO」で", "が「CTO」でない"),
    ],
)
def test_a_comparison_goes_on_and_is_denied(op: str, goes_on: str, denied: str) -> None:
    leaf = field("title", op, "CTO")
    assert lead_that({"all": [leaf, CALL]}) == f"役職{goes_on}、「電話」を行った"
    assert lead_that({"not": leaf}) == f"役職{denied}"


def test_what_is_not_empty_is_set() -> None:
    assert lead_that({"not": field("title", "is_empty")}) == "役職が設定されている"


@pytest.mark.parametrize(
    ("bounds", "text", "denied"),
    [
        ({}, "「電話」を行った", "「電話」を行っていない"),
        ({"at_least": 2}, "「電話」を2回以上行った", "「電話」を行った回数が1回以下である"),
        ({"at_most": 0}, "「電話」を行っていない", "「電話」を行った"),
        ({"at_most": 2}, "「電話」を行った回数が2回以下である", "「電話」を3回以上行った"),
        ({"within_days": 7}, "過去7日以内に「電話」を行った", "過去7日以内に「電話」を行っていない"),
    ],
)
def test_a_denied_number_of_times_is_the_number_beside_it(bounds: dict[str, int], text: str, denied: str) -> None:
    assert lead_that(CALL | bounds) == text
    assert lead_that({"not": CALL | bounds}) == denied


def test_what_an_activity_carries_stands_before_it() -> None:
    tree = CALL | {"within_days": 7, "where": field("url", "contains", "/p")}
    assert lead_that(tree) == "過去7日以内に、urlに「/p」を含む「電話」を行った"


def test_a_group_in_the_middle_goes_on() -> None:
    text = lead_that({"all": [{"any": [CALL, MEETING]}, CTO]})
    assert text == "（「電話」を行ったか、「打ち合わせ」を行ったか）のいずれかを満たし、役職が「CTO」である"


def test_neither_of_several() -> None:
    assert lead_that({"not": {"any": [CALL, MEETING]}}) == "「電話」を行ったことも、「打ち合わせ」を行ったこともない"


def test_what_leaves_out_comes_last() -> None:
    text = sentence({"all": [CTO, {"not": {"any": [CALL, MEETING]}}]}, language="ja")
    assert text == (
        "役職が「CTO」であるリードは当てはまります。"
        "ただし、「電話」を行った場合、または「打ち合わせ」を行った場合を除きます。"
    )


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"all": []}, "すべてのリードはMQLになります。"),
        ({"not": {"any": []}}, "すべてのリードはMQLになります。"),
        ({"any": []}, "どのリードも対象になりません（MQLになります：なし）。"),
        ({"not": {"all": []}}, "どのリードも対象になりません（MQLになります：なし）。"),
    ],
)
def test_without_a_condition_it_is_everybody_or_nobody(tree: Any, text: str) -> None:
    assert sentence(tree, language="ja", verdict="MQLになります") == text
