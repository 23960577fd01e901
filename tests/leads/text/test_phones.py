"""Phone numbers as they are compared."""

import pytest

from leads.text.phones import e164, region_of


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("03-1234-5678", "", "+81312345678"),
        ("０３（１２３４）５６７８", "", "+81312345678"),
        ("+81 3 1234 5678", "Germany", "+81312345678"),
        ("9012345678", "日本", "+819012345678"),
        ("090-1234-5678 (ext. 12)", "JP", "+819012345678"),
        ("030 1234567", "Germany", "+49301234567"),
        ("030 1234567", "ドイツ", "+49301234567"),
        ("(415) 555-0132", "United States", "+14155550132"),
        # A country that nobody knows says nothing.
        ("03-1234-5678", "Atlantis", "+81312345678"),
        ("", "JP", ""),
        ("0", "JP", ""),
        ("03-1", "JP", ""),
        ("in the afternoon", "JP", ""),
        ("123", "JP", ""),
    ],
)
def test_a_number_is_the_same_however_it_is_typed(typed: str, country: str, number: str) -> None:
    assert e164(typed, country, "JP") == number


@pytest.mark.parametrize(
    ("country", "region"),
    [("Japan", "JP"), ("ＪＡＰＡＮ ", "JP"), ("jp", "JP"), ("日本", "JP"), ("アメリカ合衆国", "US"), ("", "")],
)
def test_a_country_is_known_by_its_names_and_its_code(country: str, region: str) -> None:
    assert region_of(country) == region


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("USA", "US"),
        ("米国", "US"),
        ("UK", "GB"),
        ("England", "GB"),
        ("英国", "GB"),
        ("Korea", "KR"),
        ("台湾", "TW"),
    ],
)
def test_a_country_is_known_by_what_people_call_it(country: str, region: str) -> None:
    assert region_of(country) == region
