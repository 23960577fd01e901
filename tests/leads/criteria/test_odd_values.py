"""Whatever an activity carries and a condition asks: an odd value is missing or refused, and breaks nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leads.criteria import BadCriteria, check, condition, counts, explain, sentence
from leads.models import Lead
from tests import make
from tests.api import Program
from tests.make import MONDAY_9AM, NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]

ODD: list[Any] = [
    "５００",
    "٣",
    "\u00a012",
    "12\u3000",
    "−5",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "inf",
    "1_000",
    "0x10",
    "9" * 20_000,
    "0." + "9" * 20_000,
    "1e131071",
    "1e-16383",
    "1,5",
    "½",
    "+-5",
    ".5",
    "5.",
    "--5",
    "1e",
    "",
    " ",
    "\t7\n",
    "7\v",
    "\x857",
    "2026-02-30",
    "0000-01-01",
    "10000-01-01",
    "2026-1-1",
    "２０２６-01-01",
    "infinity",
    "today",
    "2026-01-01T25:00:00Z",
    "2026-01-01T09:00:00+09:00",
    "2026-01-01T23:00:00-12:00",
    "2026-02-29",
    "-2026-01-01",
    "2026-01-01 BC",
    "99999999999-01-01",
    True,
    None,
    10**400,
    -(10**400),
    1.5e300,
    [],
    {},
    [5],
    {"a": 1},
    "ｔｒｕｅ",
    "İ",
]
ASKED: list[tuple[str, Any]] = [
    *[(op, 5) for op in ("=", "!=", "<", "<=", ">", ">=")], ("between", [1, 9]), ("in", [5, 6]), ("not_in", [5]),
    *[(op, "a") for op in ("=", "!=", "contains", "starts_with")], ("in", ["a"]), ("not_in", ["a"]),
    *[(op, "2026-01-01") for op in ("<", "<=", ">", ">=")], ("between", ["2026-01-01", "2026-12-31"]),
    ("=", True), ("!=", True), ("is_empty", None),
]  # fmt: skip


def who(tree: dict[str, Any], **when: Any) -> set[int]:
    return set(Lead.objects.filter(condition(tree, **when)).values_list("pk", flat=True))


@pytest.mark.parametrize(("op", "value"), ASKED, ids=str)
def test_an_odd_property_is_compared_or_missing_and_never_breaks_a_list(op: str, value: Any) -> None:
    leads = [make.lead() for _ in ODD]
    for lead, odd in zip(leads, ODD, strict=True):
        make.activity(lead, "form_submission", MONDAY_9AM, properties={"p": odd})
    where = {"field": "p", "op": op} | ({} if value is None else {"value": value})
    tree = {"did": "form_submission", "at_least": 1, "where": where}
    check(tree)
    found = who(tree, at=NOON)
    assert who(tree, as_of=NOON) == found
    # What is missing is denied, before any "not".
    denied = {"did": "form_submission", "at_least": 1, "where": {"not": where}}
    assert who(denied, at=NOON) == {lead.pk for lead in leads} - found
    assert counts(tree, at=NOON)[""] == len(found)
    for lead in leads[::7]:
        assert explain(tree, lead.pk, NOON).holds == (lead.pk in found)


FIELDS = [
    "company.employees",
    "custom.num",
    "custom.day",
    "custom.flag",
    "custom.tier",
    "title",
    "created_at",
    "fit",
    "p",
]
VALUES: list[Any] = [
    "５",
    "٣",
    "NaN",
    float("nan"),
    float("inf"),
    -float("inf"),
    10**400,
    True,
    None,
    [],
    {},
    "2026-02-30",
    "0000-00-00",
    "2026-01-01T09:00:00+09:00",
    "２０２６-０１-０１",
    "10000-01-01",
    "\x00",
    "a\x00b",
    "\ud800",
    "9" * 100_000,
    " ",
    "\u3000",
]


@pytest.mark.parametrize("field", FIELDS)
def test_an_odd_value_of_a_condition_is_refused_or_can_be_asked(field: str) -> None:
    for key, type_ in (("num", "number"), ("day", "date"), ("flag", "boolean")):
        make.custom_field(key, type_)
    make.custom_field("tier", "choice", choices=["a"])
    lead = make.lead()
    make.activity(lead, "form_submission", MONDAY_9AM, properties={"p": 5})
    for value in VALUES:
        for op in ("=", "<", ">=", "between", "in", "not_in", "contains", "starts_with"):
            several = op in ("between", "in", "not_in")
            asked: dict[str, Any] = {"field": field, "op": op, "value": [value, value] if several else value}
            tree = {"did": "form_submission", "where": asked} if field == "p" else asked
            try:
                check(tree)
            except BadCriteria:
                continue
            who(tree, at=NOON)
            who(tree, as_of=NOON)
            explain(tree, lead.pk, NOON)
            sentence(tree)


@pytest.mark.parametrize(
    "said",
    [
        '{"x": NaN}', '{"x": Infinity}', '{"x": 1e400}', '{"x": "a\\u0000b"}', '{"x": "\\ud800"}', '{"a\\u0000": 1}',
        '{"\\ud800": 1}', '{"x": ' + "9" * 5000 + "}", '{"x": ' + "[" * 3000 + "]" * 3000 + "}",
    ],
    ids=lambda said: said[:16],
)  # fmt: skip
def test_what_no_database_keeps_is_refused_where_it_comes_in(program: Program, said: str) -> None:
    lead = make.lead()
    act = {"lead": {"id": lead.pk}, "kind": "call", "occurred_at": "2026-11-01T00:00:00Z", "properties": "SAID"}
    answer = program.post("activities/", json.dumps([act]).replace('"SAID"', said))
    assert answer.status_code == 400
    assert not lead.activities.exists()
