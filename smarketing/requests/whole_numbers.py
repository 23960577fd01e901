"""Whole numbers as they stand in addresses and forms: ids of rows, sizes of pages, days."""

from __future__ import annotations

# What the database holds in a bigint.
LARGEST = 2**63 - 1


def parse_whole_number(text: str) -> int | None:
    """The number that a text spells in digits; None for anything else, and for more than any column holds.

    `int()` alone also reads the digits of other scripts, and raises for thousands of them.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))):
        return None
    number = int(text)
    return number if number <= LARGEST else None
