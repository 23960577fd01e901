"""Reading whole numbers out of addresses and forms."""

import pytest

from smarketing.requests.whole_numbers import LARGEST, parse_whole_number


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("0", 0), ("007", 7), (str(LARGEST), 2**63 - 1)])
def test_digits_are_a_number(text: str, number: int):
    assert parse_whole_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "-7", "+7", " 7", "7 ", "7.0", "seven", "１", "²", "①", "٣", str(LARGEST + 1), "1" * 30, "1" * 5000]
)
def test_what_no_column_holds_is_none(text: str):
    assert parse_whole_number(text) is None
