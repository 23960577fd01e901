"""Words that stand in a cell where nothing is known. Taken for an id, they would make one lead of many people."""

import re

from leads.text.folding import fold

WORDS = frozenset(
    fold(word)
    for word in (
        "n/a", "na", "n.a.", "null", "nil", "none", "nan", "undefined", "unknown", "not available", "not applicable",
        "[not provided]", "not provided", "no value", "(none)", "(blank)",
        "なし", "無し", "無", "不明", "未定", "未設定", "未登録", "該当なし", "該当無し",
        "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#num!", "#null!", "#spill!", "#calc!",
    )
)  # fmt: skip
# What a spreadsheet makes of a long number: its digits are lost. It writes the sign; 12e5 may be an id.
EXPONENT_FORM = re.compile(r"[+-]?\d+(?:[.,]\d+)?e[+-]\d+")


def is_error(text: str) -> bool:
    """Whether a spreadsheet wrote that it had nothing to write."""
    plain = text.strip()
    return plain[:1] == "#" and fold(plain) in WORDS


def is_placeholder(text: str) -> bool:
    """Whether a text identifies nothing: it has no letter and no digit but 0, is a word for none or a spreadsheet's
    error, or is a number in exponent form."""
    plain = fold(text).strip()
    says_nothing = not any(letter.isalnum() and letter != "0" for letter in plain)
    return says_nothing or plain in WORDS or EXPONENT_FORM.fullmatch(plain) is not None
