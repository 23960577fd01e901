"""The page of what is not open to somebody: why, and the way back to what they may read."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import Resolver404, resolve

from teams.permissions import SIGNED_IN, WHO_MAY
from teams.records import OnlyRead


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403, with the record that is only read, or the nearest page above the address that everybody reads."""
    record, back = None, ""
    if isinstance(exception, OnlyRead):
        record, back = exception.record, resolve_url(exception.page, exception.record.pk)
    elif request.user.is_authenticated:
        back = page_above(request.path_info)
    context = {"exception": str(exception), "record": record, "back": back}
    return render(request, "403.html", context, status=403)


def page_above(path: str) -> str:
    """The nearest address above that one which everybody who is signed in may open, but the first page."""
    for above in PurePosixPath(path).parents:
        try:
            name = resolve(f"{above}/").url_name
        except Resolver404:
            continue
        if WHO_MAY.get(name or "") is SIGNED_IN:
            return f"{above}/"
    return ""
