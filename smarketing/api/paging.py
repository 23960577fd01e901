"""Lists of the API, paged by key: `{"results": […], "next": absolute URL or null}`."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from smarketing.database.counting import narrow_when_few
from smarketing.database.keyset import PAGE_SIZE, Cursor, Order, fetch_page

MAX_SIZE = 200
NEWEST = Order("created_at", descending=True)
AFTER = OpenApiParameter("after", OpenApiTypes.STR, description="Where the page begins: take it from `next`.")
SIZE = OpenApiParameter(
    "size",
    {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": PAGE_SIZE},
    description="How many rows a page has.",
)


def list_response(
    request: Request, queryset: QuerySet[Any], order: Order, serializer: type[serializers.Serializer[Any]]
) -> Response:
    """Answer the page of a list that the parameters `after` and `size` ask for."""
    cursor = _cursor(request)
    if request.query_params.keys() - {"after", "size"}:
        # Few rows are named by their keys: a rare word of a search is found at once.
        queryset = narrow_when_few(queryset)[0]
    page = fetch_page(queryset, order, cursor, size=_size(request))
    next_url = _next_url(request, page.next) if page.next else None
    return Response({"results": serializer(page.rows, many=True).data, "next": next_url})


def _cursor(request: Request) -> Cursor | None:
    text = request.query_params.get("after", "")
    cursor = Cursor.parse(text) if text else None
    if text and cursor is None:
        raise serializers.ValidationError({"after": [_("This is no place in the list.")]})
    return cursor


def _size(request: Request) -> int:
    text = request.query_params.get("size", str(PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_SIZE):
        raise serializers.ValidationError({"size": [_("Write a number from 1 to %(most)s.") % {"most": MAX_SIZE}]})
    return int(text)


def _next_url(request: Request, cursor: Cursor) -> str:
    query = request.query_params.copy()
    query["after"] = str(cursor)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
