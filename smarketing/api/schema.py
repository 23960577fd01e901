"""The OpenAPI description of the API, and the description as a page."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny


class SchemaEndpoint(SpectacularAPIView):
    """The OpenAPI 3.1 description of this API."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []


@login_not_required
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """The description as a page, served from here."""
    return render(request, "api/reference.html")


def add_summaries(result: dict[str, Any], generator: Any, **kwargs: Any) -> dict[str, Any]:
    """Give each operation of the description its first sentence as a summary."""
    for operations in result["paths"].values():
        for operation in operations.values():
            if description := operation.get("description", ""):
                operation["summary"] = description.split(".", 1)[0].replace("\n", " ")
    return result
