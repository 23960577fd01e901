"""What every endpoint of the API shares, its description, and the description as a page."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from teams.models import User


class Endpoint(APIView):
    """One address of the API."""

    http_method_names = ["get", "head", "post", "patch"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name, value in request.query_params.items():
            if "\0" in name or "\0" in value:
                raise exceptions.ValidationError({name.replace("\0", ""): [_("A NUL character cannot be kept.")]})


def caller(request: Request) -> User:
    """The person as whom the program calls."""
    assert isinstance(request.user, User)
    return request.user


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "teams.door.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class Schema(SpectacularAPIView):
    """The OpenAPI 3.1 description of this API."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []


class Reference(SpectacularSwaggerSplitView):
    """The description as a page, served from here."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    url_name = "api-schema"


@extend_schema(exclude=True)
class Nowhere(Endpoint):
    """An address that is none, answered as the API answers."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound(_("There is nothing here."))

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise NotImplementedError


urlpatterns = [
    path("schema/", Schema.as_view(), name="api-schema"),
    path("", Reference.as_view(), name="api-reference"),
    path("<path:rest>", Nowhere.as_view(), name="api-nowhere"),
]
