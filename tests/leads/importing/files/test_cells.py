"""What a cell says, by the kind of its column."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leads.importing.files import cells
from leads.importing.files.cells import Reading, Refused

TOKYO = ZoneInfo("Asia/Tokyo")
READING = Reading(TOKYO)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("架空 太郎", ("架空", "太郎")),
        ("髙﨑　花子", ("髙﨑", "花子")),
        ("架空太郎", ("架空太郎", "")),
        ("Aya Nakamura", ("Nakamura", "Aya")),
        ("Mary Jane Watson", ("Watson", "Mary Jane")),
        ("Nakamura, Aya", ("Nakamura", "Aya")),
        ("Cher", ("Cher", "")),
    ],
)
def test_a_name_in_one_cell_is_divided(written: str, names: tuple[str, str]) -> None:
    assert cells.split_name(written) == names


@pytest.mark.parametrize(
    ("written", "value"),
    [("1204", 1204), ("1,204", 1204), ("１，２０４", 1204), ("¥1,204円", 1204), ("120万", 1_200_000),
     ("3.5億", 350_000_000), ("-5", -5), ("$1,204.50", Decimal("1204.50")), ("10k", 10_000)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(written: str, value: Any) -> None:
    assert cells.number(written, READING) == value


@pytest.mark.parametrize("written", ["", "many", "1.2.3", "NaN", "inf", "1e999"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        cells.number(written, READING)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("TARO@Mihon.example", "TARO@Mihon.example"),
        ("ｔａｒｏ＠mihon.example", "taro@mihon.example"),
        ("a@x.example; b@x.example", "a@x.example"),
        ("Taro <taro@x.example>", "taro@x.example"),
        ("mailto:a@x.example", "a@x.example"),
        ("o'neil@x.example", "o'neil@x.example"),
        ("a@x.example/b@x.example", "a@x.example"),
        ("a@x.example / b@x.example", "a@x.example"),
    ],
)
def test_the_first_address_is_taken(written: str, address: str) -> None:
    assert cells.email(written, READING) == address


@pytest.mark.parametrize("written", ["taro", "jiro@nanashi", "a b", "@x.example", "a@-x.example", "a..b@x.example"])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        cells.email(written, READING)


@pytest.mark.parametrize(("written", "host"), [("https://www.x.example/a?b", "x.example"), ("X.example", "x.example")])
def test_a_domain_is_taken_out_of_an_address(written: str, host: str) -> None:
    assert cells.domain(written, READING) == host


@pytest.mark.parametrize(
    ("written", "kept"),
    [("two\nlines", "two lines"), ("a\r\n  b", "a b"), ("a  b", "a  b"), ("見本　商事", "見本　商事")],
)
def test_lines_are_joined_and_spaces_within_one_stay(written: str, kept: str) -> None:
    assert cells.one_line(written, READING) == kept


def test_a_text_is_as_long_as_its_column() -> None:
    assert cells.text(3)("部長代", READING) == "部長代"
    with pytest.raises(Refused, match="Longer than 3 characters"):
        cells.text(3)("部長代理", READING)


def test_a_reading_and_a_telephone_are_written_in_one_width() -> None:
    assert cells.reading_of_name(10)("ﾀﾛｳ", READING) == "タロウ"
    assert cells.telephone("０３－００００－０００１", READING) == "03-0000-0001"


def test_half_width_kana_is_measured_once_it_is_full_width() -> None:
    assert cells.reading_of_name(2)("ｶﾞｷﾞ", READING) == "ガギ"


def test_of_several_addresses_the_others_are_told() -> None:
    told: list[str] = []
    assert cells.email("a@x.example、b@x.example", Reading(TOKYO, warn=told.append)) == "a@x.example"
    assert told == ["A lead has one e-mail: a@x.example was taken, b@x.example was not."]


@pytest.mark.parametrize("written", ["info/sales@x.example", "a+b/c@x.example"])
def test_an_address_with_a_slash_is_not_cut_to_another_one(written: str) -> None:
    assert cells.email(written, READING) == written


@pytest.mark.parametrize("written", ["Taro (taro@x.example)", "taro(home)@x.example", "a@x.example/03-0000-0001"])
def test_what_would_have_to_be_cut_to_an_address_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        cells.email(written, READING)


def test_an_address_longer_than_any_is_refused() -> None:
    domain = ".".join(["x" * 60] * 4) + ".example"
    longest = "a" * 2 + "@" + domain
    assert len(longest) == 254
    assert cells.email(longest, READING) == longest
    with pytest.raises(Refused):
        cells.email("a" * 3 + "@" + domain, READING)


@pytest.mark.parametrize(
    ("written", "whole"), [("0", 0), ("２，１４７，４８３，６４７", 2_147_483_647), ("3千", 3000), ("120 円", 120)]
)
def test_a_whole_number_goes_from_zero_as_far_as_its_column(written: str, whole: int) -> None:
    assert cells.whole_number(written, READING) == whole


@pytest.mark.parametrize("written", ["-1", "2147483648", "22億"])
def test_a_whole_number_beyond_its_column_is_refused(written: str) -> None:
    with pytest.raises(Refused, match="is not a number from 0"):
        cells.whole_number(written, READING)


def test_a_number_has_at_most_fourteen_digits_before_its_point() -> None:
    assert cells.number("-99999999999999.99", READING) == Decimal("-99999999999999.99")
    with pytest.raises(Refused):
        cells.number("100000000000000", READING)


@pytest.mark.parametrize(("written", "kept"), [("1.005", "1.00"), ("1.015", "1.02"), ("3", "3.00")])
def test_an_amount_has_two_digits_behind_its_point(written: str, kept: str) -> None:
    assert str(cells.amount(written, READING)) == kept


@pytest.mark.parametrize("word", ["はい", "○", "ＹＥＳ", "有り", "1", "✔"])
def test_yes_in_many_words(word: str) -> None:
    assert cells.yes_or_no(word, READING) is True


@pytest.mark.parametrize("word", ["いいえ", "×", "Ｎｏ", "なし", "０", "-"])
def test_no_in_many_words(word: str) -> None:
    assert cells.yes_or_no(word, READING) is False


def test_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(Refused, match="“maybe” is neither yes nor no"):
        cells.yes_or_no("maybe", READING)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("同意済み", "given"),
        ("Opt-In", "given"),
        ("○", "given"),
        ("配信停止", "withdrawn"),
        ("不同意", "withdrawn"),
        ("no", "withdrawn"),
        ("不明", None),
        ("UNKNOWN", None),
    ],
)
def test_consent_is_read_in_both_languages_and_unknown_says_nothing(written: str, kept: str | None) -> None:
    assert cells.consent(written, READING) == kept


def test_another_word_for_consent_is_not_guessed() -> None:
    with pytest.raises(Refused):
        cells.consent("perhaps", READING)


@pytest.mark.parametrize(
    ("written", "code"), [("円", "JPY"), ("￥", "JPY"), ("ｕｓｄ", "USD"), ("r$", "BRL"), (" eur ", "EUR")]
)
def test_a_currency_is_a_code_or_its_sign(written: str, code: str) -> None:
    assert cells.currency(written, READING) == code


@pytest.mark.parametrize("written", ["JP", "YENS", "12A", "ドル"])
def test_what_is_no_currency_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        cells.currency(written, READING)


@pytest.mark.parametrize(
    ("written", "host"),
    [("ＷＷＷ．Ｘ．ｅｘａｍｐｌｅ", "x.example"), ("http://user@x.example:8000/", "x.example"), ("見本.jp", "見本.jp"),
     ("www2.x.example", "www2.x.example")],
)  # fmt: skip
def test_a_domain_is_that_of_the_host(written: str, host: str) -> None:
    assert cells.domain(written, READING) == host


@pytest.mark.parametrize("written", ["localhost", "x y.example", "http://[::1", "-", "x" * 117 + ".jp" + "x"])
def test_what_is_no_domain_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        cells.domain(written, READING)


def test_one_of_some_values_is_known_by_any_of_its_words() -> None:
    read = cells.one_of({"受注": "won", "won": "won", "失注": "lost"})
    assert (read("ＷＯＮ", READING), read("失注", READING)) == ("won", "lost")
    with pytest.raises(Refused, match="“draw” is none of: lost, won"):
        read("draw", READING)


def test_a_full_name_gives_the_parts_that_it_has() -> None:
    read = cells.full_name("family_name", "given_name", cells.text(5))
    assert read("中村 彩", READING) == {"family_name": "中村", "given_name": "彩"}
    assert read("中村", READING) == {"family_name": "中村"}
    assert read(", Aya", READING) == {"given_name": "Aya"}
    with pytest.raises(Refused):
        read("Aya Nakamura", READING)


@pytest.mark.parametrize(("length", "shown"), [(60, "x" * 60), (61, "x" * 59 + "…")])
def test_a_long_cell_is_shortened_in_its_reason(length: int, shown: str) -> None:
    assert cells.shortened("x" * length) == shown


@pytest.mark.parametrize("read", [cells.moment, cells.day])
def test_what_is_no_date_is_refused_in_the_words_of_the_cell(read: cells.Reader) -> None:
    with pytest.raises(Refused, match="“soon” is not a date"):
        read("soon", READING)


def test_a_day_is_the_day_in_the_company_s_zone() -> None:
    assert cells.day("2025-04-02T15:00:00Z", READING).isoformat() == "2025-04-03"
    assert cells.day("2025-04-02T14:59:59Z", READING).isoformat() == "2025-04-02"


@pytest.mark.parametrize("read", [cells.external_id, cells.email])
def test_what_identifies_nothing_is_left_out_and_told(read: cells.Reader) -> None:
    told: list[str] = []
    assert read("N/A", Reading(TOKYO, warn=told.append)) is None
    assert told == ["“N/A” identifies nothing and was left out."]


def test_an_id_is_kept_as_it_came() -> None:
    assert cells.external_id("００1-Ａ", READING) == "００1-Ａ"
    with pytest.raises(Refused, match="Longer than 200 characters"):
        cells.external_id("x" * 201, READING)
