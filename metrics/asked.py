"""What a metric asks the database, apart from the rows that it makes of the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from django.db.models import QuerySet

from metrics.rate import Row
from smarketing.database.together import Asked

AskedRows: TypeAlias = Asked[Iterable[Row]]
# What a metric answers: rows, or what is to be asked for them.
Answer: TypeAlias = Iterable[Row] | AskedRows


def counted(pairs: QuerySet[Any, Any]) -> AskedRows:
    """A count for each pair of a key and a number."""
    return Asked((pairs,), lambda found: [Row.of_count(key, n) for key, n in sorted(found)])


def under_keys(parts: Sequence[tuple[str, AskedRows]]) -> AskedRows:
    """One answer of several, the rows of each under its own key."""
    together = Asked.all_of([asked for _key, asked in parts])

    def make(*found: list[Any]) -> list[Row]:
        answers = zip(parts, together.make(*found), strict=True)
        return [replace(row, key=key) for (key, _asked), rows in answers for row in rows]

    return Asked(together.querysets, make)
