"""Pages of a list: the sort that a person chose, the links to the pages before and after, how many rows there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from smarketing.database import keyset
from smarketing.database.counting import COUNT_TO, narrow_when_few
from smarketing.database.keyset import PAGE_SIZE, Cursor, Order, Row, fetch_page
from smarketing.pages import wording


@dataclass(frozen=True, kw_only=True)
class Sort(Order):
    """An order that a person may choose: by its name in the address, and by its label in the page."""

    name: str
    label: str | Promise


@dataclass(frozen=True)
class ListPage(keyset.Page[Row]):
    """A page of a list with the addresses of those before and after it, and how many rows there are."""

    # As many as were counted, and whether there are more.
    count: int = 0
    count_is_capped: bool = False
    address: str = "?"

    @classmethod
    def of(cls, page: keyset.Page[Row], count: int, count_is_capped: bool, request: HttpRequest) -> Self:
        return cls(page.rows, page.previous, page.next, count, count_is_capped, list_address(request))

    @property
    def previous_url(self) -> str:
        return f"{self.address}after={self.previous}" if self.previous else ""

    @property
    def next_url(self) -> str:
        return f"{self.address}after={self.next}" if self.next else ""

    @property
    def number(self) -> str:
        """How many there are: "312", or "1,000+" where counting on would take longer than it tells."""
        return format_count(self.count + self.count_is_capped, self.count)

    @property
    def note(self) -> str:
        return _("%(n)s in all") % {"n": self.number}


def format_count(count: int, limit: int = COUNT_TO) -> str:
    return f"{wording.number(limit)}+" if count > limit else wording.number(count)


def chosen_sort(request: HttpRequest, sorts: Sequence[Sort]) -> Sort:
    return next((sort for sort in sorts if sort.name == request.GET.get("sort")), sorts[0])


def list_page(request: HttpRequest, queryset: QuerySet[Row], order: Order, *, size: int = PAGE_SIZE) -> ListPage[Row]:
    """The page that the address asks for, with how many rows there are; the first one when its rows are gone."""
    cursor = Cursor.parse(request.GET["after"]) if "after" in request.GET else None
    queryset, count, is_capped = narrow_when_few(queryset)
    page = fetch_page(queryset, order, cursor, size=size)
    if cursor is not None and not page.rows:
        page = fetch_page(queryset, order, size=size)
    return ListPage.of(page, count, is_capped, request)


def list_address(request: HttpRequest) -> str:
    """The address of a list, as far as the cursor."""
    query = request.GET.copy()
    query.pop("after", None)
    return f"?{query.urlencode()}&" if query else "?"
