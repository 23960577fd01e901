"""What the SQL of a condition says of leads: how often they did something, and what their activities carry."""

from datetime import timedelta
from typing import Any

import pytest

from leads.criteria import condition
from leads.models import CustomField, Lead
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM


def holds(tree: dict[str, Any], lead: Lead) -> bool:
    return Lead.objects.filter(condition(tree, at=AT), pk=lead.pk).exists()


def calls(times: int, **fields: Any) -> Lead:
    lead = make.lead()
    for _ in range(times):
        make.activity(lead, "call", AT, **fields)
    return lead


# How often


@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_at_most_holds_up_to_that_many_and_no_further(most: int):
    for times in range(5):
        assert holds({"did": "call", "at_most": most}, calls(times)) == (times <= most), times


@pytest.mark.parametrize("least", [1, 2, 3])
def test_at_least_holds_from_that_many_on(least: int):
    for times in range(5):
        assert holds({"did": "call", "at_least": least}, calls(times)) == (times >= least), times


def test_without_a_number_once_is_enough():
    assert not holds({"did": "call"}, calls(0))
    assert holds({"did": "call"}, calls(1))


def test_at_most_counts_within_its_window():
    lead = calls(2)
    make.activity(lead, "call", AT - timedelta(days=7))
    assert holds({"did": "call", "at_most": 2, "within_days": 7}, lead)
    make.activity(lead, "call", AT - timedelta(days=7) + timedelta(microseconds=1))
    assert not holds({"did": "call", "at_most": 2, "within_days": 7}, lead)


def test_other_kinds_and_other_leads_are_not_counted():
    lead = calls(1)
    make.activity(lead, "meeting", AT)
    calls(5)
    assert holds({"did": "call", "at_most": 1}, lead)


def test_at_most_negated_is_more_than_that():
    tree = {"not": {"did": "call", "at_most": 1}}
    assert [holds(tree, calls(times)) for times in (0, 1, 2)] == [False, False, True]


def test_at_most_none_of_what_carries_something_says_nothing_of_the_rest():
    tree = {"did": "call", "at_most": 0, "where": {"field": "topic", "op": "=", "value": "price"}}
    assert holds(tree, calls(2, properties={"topic": "support"}))
    assert not holds(tree, calls(1, properties={"topic": "price"}))


# What activities carry

PRICE = {"field": "topic", "op": "=", "value": "price"}
LONG = {"field": "minutes", "op": ">=", "value": 10}


def carried(where: dict[str, Any], **properties: Any) -> bool:
    return holds({"did": "call", "where": where}, calls(1, properties=properties))


def test_not_inside_where_turns_the_answer_round():
    assert not carried({"not": PRICE}, topic="price")
    assert carried({"not": PRICE}, topic="support")
    assert carried({"not": {"not": PRICE}}, topic="price")


def test_not_inside_where_holds_where_the_property_is_missing():
    """A comparison with a missing value is false before it is negated."""
    assert not carried(PRICE)
    assert not carried({"field": "topic", "op": "!=", "value": "price"})
    assert carried({"not": PRICE})
    assert carried({"not": LONG}, minutes="ten")


def test_not_inside_where_asks_each_activity_not_the_lead():
    """Who called about the price and about support did call about something else than the price."""
    lead = calls(1, properties={"topic": "price"})
    assert not holds({"did": "call", "where": {"not": PRICE}}, lead)
    make.activity(lead, "call", AT, properties={"topic": "support"})
    assert holds({"did": "call", "where": {"not": PRICE}}, lead)
    assert not holds({"not": {"did": "call", "where": PRICE}}, lead)


def test_groups_inside_where():
    both = {"all": [PRICE, {"not": LONG}]}
    either = {"any": [PRICE, LONG]}
    neither = {"not": either}
    asked = [
        (tree, properties)
        for tree in (both, either, neither)
        for properties in ({"topic": "price", "minutes": 5}, {"topic": "price", "minutes": 10}, {"minutes": 9})
    ]
    assert [carried(tree, **properties) for tree, properties in asked] == [
        *(True, False, False),
        *(True, True, False),
        *(False, False, True),
    ]


def test_an_empty_group_inside_where_is_all_or_none():
    assert carried({"all": []})
    assert not carried({"any": []})
    assert carried({"not": {"any": []}})


@pytest.mark.parametrize("held", [10, "10", "10.0", " 10 ", "1e1", "１０", "\u3000１０．５"])
def test_a_number_that_an_activity_carries_is_compared_as_a_number(held: object):
    assert carried(LONG, minutes=held)


@pytest.mark.parametrize("held", [9.99, "9", "９", "ten", "", "10 min", "10,5", "٣٠", "一〇", "\x8510", True])
def test_a_smaller_number_or_none_at_all_breaks_nothing(held: object):
    """An Arabic digit, a control character that counts as a space: what PostgreSQL cannot read as a number is none."""
    assert not carried(LONG, minutes=held)
    assert carried({"not": LONG}, minutes=held)


SIGNED = {"field": "signed", "op": ">=", "value": "2026-11-01"}
PAID = {"field": "paid", "op": "=", "value": True}


@pytest.mark.parametrize(
    "held",
    ["2026-11-01", "2026-11-01T10:00", "２０２６-１１-０１", "２０２６－１１－０１", "２０２６－１１－０１　１０時"],
)
def test_a_day_that_an_activity_carries_is_compared_as_a_day(held: str):
    assert carried(SIGNED, signed=held)


@pytest.mark.parametrize(
    "held",
    [
        "2026-10-31",
        "２０２６-１０-３１",
        "٢٠٢٦-١١-٠١",
        "2026-13-01",
        "２０２６-１３-０１",
        "\u00a02026-11-01",
        "0000-00-00",
    ],
)
def test_an_earlier_day_or_none_at_all_breaks_nothing(held: str):
    assert not carried(SIGNED, signed=held)
    assert carried({"not": SIGNED}, signed=held)


@pytest.mark.parametrize(
    ("held", "is_paid"), [("ＴＲＵＥ", True), ("True", True), ("１", False), ("\u00a0true", False)]
)
def test_a_yes_that_an_activity_carries(held: str, is_paid: bool):
    assert carried(PAID, paid=held) == is_paid


@pytest.mark.parametrize("subject", [CustomField.Subject.LEAD, CustomField.Subject.COMPANY])
@pytest.mark.parametrize("type_", [CustomField.Type.NUMBER, CustomField.Type.DATE, CustomField.Type.BOOLEAN])
@pytest.mark.parametrize("held", ["٣", "٢٠٢٦-١١-٠١", "\u00a0", "\u200b12", "∞", "1" * 200, "9999999-01-01"])
def test_an_odd_value_of_a_custom_field_is_none(subject: str, type_: str, held: str):
    """A field that was a text before may hold anything."""
    make.custom_field("odd", type_, subject=subject)
    company = make.company(custom={"odd": held} if subject == CustomField.Subject.COMPANY else {})
    lead = make.lead(company=company, custom={"odd": held} if subject == CustomField.Subject.LEAD else {})
    name = "custom.odd" if subject == CustomField.Subject.LEAD else "company.custom.odd"
    value: object = {"number": 0, "date": "2020-01-01", "boolean": False}[type_]
    tree = {"field": name, "op": "!=", "value": value}
    assert not holds(tree, lead)
    assert not Lead.objects.filter(condition(tree, as_of=AT), pk=lead.pk).exists()


@pytest.mark.parametrize("held", ["PRICE", "ｐｒｉｃｅ", "Price"])
def test_a_text_that_an_activity_carries_is_folded(held: str):
    assert carried(PRICE, topic=held)


def test_two_conditions_inside_where_are_about_one_activity():
    lead = calls(1, properties={"topic": "price", "minutes": 1})
    make.activity(lead, "call", AT, properties={"topic": "support", "minutes": 30})
    assert not holds({"did": "call", "where": {"all": [PRICE, LONG]}}, lead)
    assert holds({"all": [{"did": "call", "where": PRICE}, {"did": "call", "where": LONG}]}, lead)
