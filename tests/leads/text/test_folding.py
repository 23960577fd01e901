"""Two spellings of one word are one."""

import pytest

from leads.text.folding import fold, visible


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＣＴＯ", "cto"),
        ("ｶﾞｲｼｬ", "ガイシャ"),
        ("㈱見本", "(株)見本"),
        ("Straße", "STRASSE"),
        ("ﬁne", "fine"),
        ("１２３", "123"),
        ("か\u3099", "が"),
        ("A\u00a0B", "a b"),
    ],
)
def test_width_case_and_composition_make_no_difference(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("カ", "か"), ("e", "é"), ("a", "a "), ("高", "髙"), ("0", "O")])
def test_other_letters_and_spaces_make_another_word(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_nothing_is_nothing() -> None:
    assert fold("") == ""


def test_what_nobody_sees_makes_no_other_address() -> None:
    assert visible("a\u200bb\u00ad@\u2060x.example\ufeff\u202a\u202e\u200f\u2064") == "ab@x.example"
    assert visible("a b\u3000高\u2010") == "a b\u3000高\u2010"
