"""Counting up to a limit: counting to the end of a million rows takes longer than the page that shows the count."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import IntegerField, Model, QuerySet, Subquery

Row = TypeVar("Row", bound=Model)

COUNT_TO = 1000


def count_up_to(queryset: QuerySet[Any], limit: int = COUNT_TO) -> tuple[int, bool]:
    """How many rows, counted up to `limit`, and whether there are more."""
    count = queryset.order_by()[: limit + 1].count()
    return min(count, limit), count > limit


def narrow_when_few(queryset: QuerySet[Row], limit: int = COUNT_TO) -> tuple[QuerySet[Row], int, bool]:
    """The rows, how many they are, counted up to `limit`, and whether there are more.

    Few are named by their keys. The database guesses badly how many rows a word finds: to sort the three that there
    are it may walk the whole list in its order, and look at each. Many it finds soon, in any order.
    """
    keys = list(queryset.order_by().values_list("pk", flat=True)[: limit + 1])
    if len(keys) > limit:
        return queryset, limit, True
    return queryset.filter(pk__in=keys), len(keys), False


class CountOf(Subquery):
    """How many rows of another table belong to each row, counted up to `limit`, or to the end."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()

    def __init__(self, queryset: QuerySet[Any], limit: int | None = COUNT_TO + 1) -> None:
        super().__init__(queryset.order_by().values("pk")[:limit])
