"""JSON that cannot be stored is refused before an endpoint sees it."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.db import DataError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from smarketing.api.parsing import MAX_DEPTH, StorableJSONParser, unstorable_json
from teams.models import Role
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db

TOO_DEEP = f"Nested deeper than {MAX_DEPTH} levels."


def nested(levels: int, innermost: Any = None) -> Any:
    """Lists in lists, so many levels deep, around what is innermost."""
    value: Any = [] if innermost is None else [innermost]
    for _level in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, 10**400, 1.5, 1.7976931348623157e308, "", "ö", "中村", "😀", "\x01", [], {}, {"": ""},
        {"a": [{"b": None}]}, nested(MAX_DEPTH), nested(MAX_DEPTH - 1, innermost="a"),
    ],
)  # fmt: skip
def test_what_can_be_stored_has_no_fault(value: Any) -> None:
    assert unstorable_json(value) == ""


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("\0", "A NUL character cannot be kept."),
        ({"a": ["b\0"]}, "A NUL character cannot be kept."),
        ({"a\0": 1}, "A NUL character cannot be kept."),
        ("\ud800", "Half a surrogate pair is no character."),
        ({"中\udfff": 1}, "Half a surrogate pair is no character."),
        (float("inf"), "A number is too large."),
        ([float("-inf")], "A number is too large."),
        ({"a": float("nan")}, "A number is too large."),
        (nested(MAX_DEPTH + 1), TOO_DEEP),
        (nested(MAX_DEPTH, innermost="a"), TOO_DEEP),
        ([1, nested(MAX_DEPTH)], TOO_DEEP),
    ],
)
def test_what_cannot_be_stored_is_described(value: Any, fault: str) -> None:
    assert unstorable_json(value) == fault


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\0", "\ud800", "😀"])
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


def is_taken_by_the_database(text: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT %s::jsonb", [text])
    except DataError:
        return False
    return True


@given(document=documents)
@settings(max_examples=150, deadline=None)
def test_a_document_has_a_fault_when_and_only_when_the_database_refuses_it(document: Any) -> None:
    text = json.dumps(document)
    assert (unstorable_json(json.loads(text)) == "") == is_taken_by_the_database(text)


@pytest.mark.parametrize("text", ['{"a": [1, "ö"]}', "null", '"\\ud83d\\ude00"', " [] "])
def test_the_parser_gives_what_it_read(text: str) -> None:
    assert StorableJSONParser().parse(BytesIO(text.encode())) == json.loads(text)


@pytest.mark.parametrize(
    "text", ["", "{", "[1,]", "nul", "NaN", "1e999", '"\\u0000"', "[" * 25 + "]" * 25, "[" * 10**5]
)
def test_the_parser_refuses_what_is_no_json_or_cannot_be_stored(text: str) -> None:
    with pytest.raises(ParseError):
        StorableJSONParser().parse(BytesIO(text.encode()))


@pytest.fixture
def marketer() -> Program:
    return Program(make.user(Role.MARKETER))


@pytest.mark.parametrize(
    "body",
    [
        '{"email": ',
        '{"email": "a\\u0000@example.org"}',
        '{"family_name": "\\ud800"}',
        '{"custom": {"a\\u0000": 1}}',
        '{"custom": {"a": 1e999}}',
        '{"custom": {"a": NaN}}',
        '{"custom": {"a": ' + "9" * 5000 + "}}",
        "[" * 100_000,
        '{"custom": {"a": ' + "[" * 30 + "]" * 30 + "}}",
        "\udce9",
    ],
)
@pytest.mark.parametrize("path", ["leads/", "activities/", "opportunities/"])
def test_what_cannot_be_kept_is_refused_and_never_an_error_of_ours(marketer: Program, path: str, body: str) -> None:
    answer = marketer.client.post(
        f"/api/v1/{path}", body.encode("utf-8", "surrogateescape"), content_type="application/json"
    )
    faults(answer, 400)


@pytest.mark.parametrize("body", ["null", "1", '"a"', "[]", "[[]]", "{}"])
@pytest.mark.parametrize("path", ["leads/", "activities/", "opportunities/"])
def test_a_body_of_another_shape_is_refused(marketer: Program, path: str, body: str) -> None:
    answer = marketer.post(path, body)
    if path == "activities/" and body == "[[]]":
        assert answer.json()["created"] == 0
        assert len(answer.json()["rejected"]) == 1
    else:
        assert faults(answer)


def test_too_much_at_once_is_refused(marketer: Program) -> None:
    faults(marketer.post("leads/", '{"email": "' + "a" * 9_000_000 + '"}'), 413)


def test_only_json_is_read_and_written(marketer: Program) -> None:
    answer = marketer.client.post("/api/v1/leads/", "email=a", content_type="application/x-www-form-urlencoded")
    faults(answer, 415)
    faults(marketer.client.get("/api/v1/leads/", headers={"Accept": "text/html"}), 406)
