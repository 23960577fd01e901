"""A share of fewer than five is its two numbers, once, each with its rows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from metrics.rate import Rate


@pytest.mark.parametrize(
    ("rate", "text", "shown"),
    [(Rate(2, 4), "2 / 4", "2 / 4"), (Rate(9, 1), "9 / 1", "9 / 1"), (Rate(4, 6), "66.7%", "66.7% 4 / 6")],
)
def test_an_attainment_shows_its_two_numbers_once(rate: Rate, text: str, shown: str) -> None:
    one = SimpleNamespace(row=SimpleNamespace(value=0.5), rate=rate, value_text=text, url="/n/", of_url="/of/")
    page = render_to_string("dashboards/attainment/_attained_value.html", {"one": one})
    assert " ".join(strip_tags(page).split()) == shown
    assert page.count('href="/of/"') == 1
