"""Numbers as people write them, with either mark before their decimals."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.importing.files.numbers import number_in


@pytest.mark.parametrize(
    ("written", "point", "comma"),
    [
        ("1204", "1204", "1204"),
        ("1,204", "1204", "1.204"),
        ("1.204", "1.204", "1204"),
        ("1,204.50", "1204.50", None),
        ("1.204,50", None, "1204.50"),
        ("1.250.000", None, "1250000"),
        ("1,00,000", "100000", None),
        ("12,5", None, "12.5"),
        ("0.123", "0.123", None),
        ("1 234,56 €", None, "1234.56"),
        ("1'234.50", "1234.50", None),
        ("−5", "-5", "-5"),
        ("$-5", "-5", "-5"),
        ("5-", "-5", "-5"),
        ("120万", "1200000", "1200000"),
        ("300名", "300", "300"),
        ("1.2.3", None, None),
    ],
)
def test_a_number_with_either_mark(written: str, point: str | None, comma: str | None) -> None:
    found = number_in(written)
    values = {mark: found.value(mark) for mark in found.marks()}
    given = {".": point, ",": comma}
    assert values == {mark: Decimal(value) for mark, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("written", "codes"),
    [("1", ()), ("€1", ("EUR",)), ("USD 980", ("USD",)), ("¥1円", ("JPY",)), ("R$ 5", ("BRL",)), ("980 chf", ("CHF",))],
)
def test_a_sign_is_read(written: str, codes: tuple[str, ...]) -> None:
    assert number_in(written).currencies == codes


@pytest.mark.parametrize(
    "written", ["", "-", "many", "101～300名", "約500", "1e5", "NaN", "kr 5", "5 %", "$5 €", "XXQ 5"]
)
def test_what_is_not_wholly_read_is_no_number(written: str) -> None:
    with pytest.raises(ValueError):
        number_in(written)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_both_conventions_are_one_number(value: Decimal) -> None:
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert number_in(english).value(".") == value == number_in(german).value(",")
