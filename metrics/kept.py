"""Numbers that are stored by the company's days, weeks and months: another time zone recomputes all of them.

Each app registers its own when it is ready; the page on which the zone is changed says before how many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class KeptNumbers:
    name: str
    count: Callable[[], int]
    # How many there are, in words: "3 weekly reports".
    describe: Callable[[int], str]


_kept: dict[str, KeptNumbers] = {}


def register(kept: KeptNumbers) -> None:
    _kept[kept.name] = kept


def describe_kept() -> list[str]:
    """What is kept, in words; nothing of what there is none."""
    counted = [(kept, kept.count()) for kept in _kept.values()]
    return [kept.describe(n) for kept, n in counted if n]
