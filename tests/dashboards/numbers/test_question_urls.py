"""A question in an address, and read from one."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from dashboards.numbers.behind_views import previous_count
from dashboards.numbers.question_urls import behind_url, count_of_part, parse_moment, parse_question, to_query
from metrics.period import Period
from metrics.question import BadQuestion, Question
from metrics.rate import Rate, Row
from tests.make import MONDAY_9AM

JUNE = {"start": "2026-06-01", "end": "2026-07-01"}


@pytest.fixture(autouse=True)
def _in_tokyo(in_tokyo: None) -> None:
    pass


def june(**parts) -> Question:
    return Question(Period(date(2026, 6, 1), date(2026, 7, 1)), at=MONDAY_9AM, **parts)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


# To an address


def test_a_plain_question_has_its_days_and_its_moment_only():
    assert to_query(june()) == {**JUNE, "at": "2026-11-16T00:00:00+00:00"}


def test_every_part_of_a_question_is_in_its_query():
    asked = june(view="cohort", from_role="mql", to_role="sal", window_days=30, by="month", filters={"source": "Expo"})
    assert to_query(asked) == {
        **JUNE,
        "view": "cohort",
        "from": "mql",
        "to": "sal",
        "window": "30",
        "by": "month",
        "source": "Expo",
        "at": "2026-11-16T00:00:00+00:00",
    }


def test_an_address_leaves_out_what_goes_without_saying():
    assert query_of(behind_url("entered", june(), "all", "numerator")).keys() == {"start", "end", "at"}


def test_an_address_names_the_row_the_part_and_what_the_page_showed():
    query = query_of(behind_url("conversion", june(by="source"), "Expo & Fair", "denominator", was=12))
    assert (query["key"], query["part"], query["was"]) == ("Expo & Fair", "denominator", "12")


def test_a_number_that_was_zero_is_still_told():
    assert query_of(behind_url("entered", june(), was=0))["was"] == "0"


def test_the_row_without_a_source_has_an_empty_key_in_its_address():
    assert query_of(behind_url("entered", june(by="source"), ""))["key"] == ""


# From an address


@given(
    st.builds(
        Question,
        st.tuples(st.dates(date(1900, 1, 1), date(2190, 1, 1)), st.integers(1, 3650)).map(
            lambda days: Period(days[0], days[0] + timedelta(days=days[1]))
        ),
        view=st.sampled_from(["", "cohort", "period", "stock"]),
        from_role=st.sampled_from(["", "lead", "mql"]),
        to_role=st.sampled_from(["", "sal", "customer"]),
        window_days=st.none() | st.integers(1, 36500),
        by=st.sampled_from(["", "week", "source"]),
        filters=st.dictionaries(st.sampled_from(["source", "country"]), st.text(max_size=8), max_size=2),
        at=st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    )
)
def test_a_question_read_from_its_own_query_is_the_same_question(asked):
    assert parse_question(to_query(asked)) == asked


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "start"),
        ({"start": "2026-06-01"}, "end"),
        ({**JUNE, "start": "1 June"}, "start"),
        ({**JUNE, "start": "2026-02-30"}, "start"),
        ({**JUNE, "start": "1899-12-31"}, "start"),
        ({**JUNE, "end": "2201-01-01"}, "end"),
        ({**JUNE, "end": "2026-06-01"}, "end"),
        ({**JUNE, "end": "2026-05-31"}, "end"),
        ({**JUNE, "window": "-1"}, "window"),
        ({**JUNE, "window": "3.5"}, "window"),
        ({**JUNE, "window": "٣٠"}, "window"),
        ({**JUNE, "window": "³"}, "window"),
    ],
)
def test_what_is_no_question_is_refused_with_the_name_of_the_wrong_part(query, field):
    with pytest.raises(BadQuestion) as refused:
        parse_question(query)
    assert refused.value.field == field


def test_the_first_and_last_years_that_can_be_asked_for_are_asked_for():
    asked = parse_question({"start": "1900-01-01", "end": "2200-12-31"})
    assert (asked.period.start.year, asked.period.end.year) == (1900, 2200)


def test_what_is_no_dimension_is_no_filter():
    assert parse_question({**JUNE, "source": "Expo", "month": "2026-06", "shoe": "42"}).filters == {"source": "Expo"}


def test_a_filter_for_leads_without_a_source_is_kept():
    assert parse_question({**JUNE, "source": ""}).filters == {"source": ""}


# Its moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-15T00:00:00+00:00", MONDAY_9AM - timedelta(days=1)),
        ("2026-11-15T09:00:00+09:00", MONDAY_9AM - timedelta(days=1)),
        ("2026-11-15T09:00:00 09:00", MONDAY_9AM - timedelta(days=1)),
        ("2026-11-16T00:00:01+00:00", MONDAY_9AM),
        ("2026-11-15T00:00:00", MONDAY_9AM),
        ("", MONDAY_9AM),
        ("yesterday", MONDAY_9AM),
        ("2026-02-30T00:00:00+00:00", MONDAY_9AM),
    ],
    ids=["utc", "another zone", "a plus that became a blank", "to come", "no zone", "none", "a word", "no such day"],
)
def test_a_question_is_asked_as_of_a_moment_that_was(text, expected):
    with time_machine.travel(MONDAY_9AM, tick=False):
        assert parse_moment(text) == expected


# Counts


@pytest.mark.parametrize(
    ("part", "count"), [("numerator", 3), ("denominator", 8), ("flagged", 2)], ids=["counted", "out of", "flagged"]
)
def test_each_part_of_a_rate_has_its_count(part, count):
    assert count_of_part(Row.of_rate("all", Rate(3, 8), flagged=2), part) == count


def test_a_count_is_out_of_nothing():
    assert count_of_part(Row.of_count("all", 3), "denominator") == 0


@pytest.mark.parametrize(
    ("was", "shown"),
    [("3", None), ("4", 4), ("0", 0), ("", None), ("-4", None), ("4.0", None), ("four", None), ("²", None)]
    + [("1" * 19, 1_111_111_111_111_111_111), ("9" * 19, None), ("1" * 20, None)],
)
def test_the_number_that_a_page_showed_is_told_if_it_differs_and_is_a_number(was, shown):
    assert previous_count(was, 3) == shown
