"""Words that stand in a cell where nothing is known."""

import pytest

from leads.text.placeholders import is_error, is_placeholder


@pytest.mark.parametrize(
    "text",
    [
        "N/A",
        "ｎ／ａ",
        "NULL",
        " none ",
        "なし",
        "無し",
        "不明",
        "#N/A",
        "#REF!",
        "0",
        "000",
        "０",
        "-",
        "—",
        "?",
        "",
        "00-00",
    ],
)
def test_words_for_nothing_identify_nothing(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["1.23E+10", "1,23E+10", "１E+10", "-5e-07"])
def test_a_long_number_that_a_spreadsheet_cut_identifies_nothing(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["10", "0001", "12e5", "1e+", "#1", "A", "な", "nullable", "なしこ", "0@x.example"])
def test_whatever_else_has_a_letter_or_a_digit_identifies(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize("text", ["#N/A", " #ref! ", "#div/0!", "#ＮＡＭＥ?"])
def test_a_spreadsheet_that_had_nothing_to_write_made_an_error(text: str) -> None:
    assert is_error(text)


@pytest.mark.parametrize("text", ["N/A", "なし", "#1", "#", "", "REF!", "0"])
def test_a_word_for_none_is_no_error(text: str) -> None:
    assert not is_error(text)
