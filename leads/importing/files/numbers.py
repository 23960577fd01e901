"""Numbers as people and programs write them: 1204, 1,204.50, 1.204,50, ¥1,204, USD 980, 120万, 300名.

A mark that stands once before three digits may divide decimals or thousands: 1.234. The column decides, else a person.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from smarketing.currencies import codes_of

POINT, COMMA = ".", ","
MARKS = (POINT, COMMA)
MULTIPLES = {"": 1, "千": 10**3, "万": 10**4, "百万": 10**6, "億": 10**8, "k": 10**3, "m": 10**6}
# What is counted, behind the number.
COUNTED = frozenset({"", "名", "人", "社", "件", "employees", "people"})
BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s'’_]+(?=\d{3}(?!\d))")
WRITTEN = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<before>[^\d\s.,+-]*)\s*(?P<minus>[+-]?)(?P<digits>[\d.,]*\d[.,]?-?)\s*"
    r"(?P<multiple>千|百万|万|億|[km](?![a-zč]))?\s*(?P<behind>[^\d.,+-]*)"
)
THOUSANDS = {POINT: re.compile(r"\d{1,3}(?:,\d{3})+"), COMMA: re.compile(r"\d{1,3}(?:\.\d{3})+")}
# 1,00,000 as India writes it.
LAKHS = re.compile(r"\d{1,3}(?:,\d{2})+,\d{3}")


@dataclass(frozen=True)
class Number:
    """What a cell says: its digits and marks, by what they are multiplied, and the currencies of its sign."""

    digits: str
    times: int
    currencies: tuple[str, ...] = ()

    def value(self, mark: str) -> Decimal:
        """The number, with this mark before its decimals. Raises `ValueError`."""
        whole, _mark, decimals = self.digits.lstrip("-").partition(mark)
        if not whole.isdigit() and whole and not _is_grouped(whole, mark):
            raise ValueError(self.digits)
        if decimals and not decimals.isdigit():
            raise ValueError(self.digits)
        value = Decimal((re.sub(r"[.,]", "", whole) or "0") + (f".{decimals}" if decimals else ""))
        return (-value if self.digits[0] == "-" else value) * self.times

    def marks(self) -> list[str]:
        """The decimal marks with which this is a number."""
        return [mark for mark in MARKS if self._has(mark)]

    def _has(self, mark: str) -> bool:
        try:
            self.value(mark)
        except ValueError:
            return False
        return True


def _is_grouped(whole: str, mark: str) -> bool:
    if whole[0] == "0":
        return False  # 0.123 are decimals.
    return bool(THOUSANDS[mark].fullmatch(whole) or (mark == POINT and LAKHS.fullmatch(whole)))


@lru_cache(maxsize=4096)
def number_in(text: str) -> Number:
    """What is written, whichever mark is which. Raises `ValueError` for what is no number, or one and more."""
    plain = BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text).strip().lower())
    plain = plain.replace("−", "-")
    found = WRITTEN.fullmatch(plain)
    if not found or (found["sign"] and found["minus"]):
        raise ValueError(text)
    is_negative = "-" in (found["sign"], found["minus"]) or found["digits"].endswith("-")
    digits = ("-" if is_negative else "") + found["digits"].rstrip("-")
    return Number(digits, MULTIPLES[found["multiple"] or ""], _currencies(found["before"], found["behind"]))


def _currencies(before: str, behind: str) -> tuple[str, ...]:
    """Of the signs around a number: ¥1,204円 has two that agree. Raises `ValueError` for what is no sign."""
    behind = behind.strip().rstrip(".")
    signs = [sign for sign in (before, behind) if sign and sign not in COUNTED]
    if before in COUNTED - {""} or len([each for each in (before, behind) if each]) > len(signs) + 1:
        raise ValueError(before)
    meant = [codes_of(sign) for sign in signs]
    together = [code for code in meant[0] if all(code in codes for codes in meant)] if meant else []
    if meant and not together:
        raise ValueError(before or behind)
    return tuple(together)
