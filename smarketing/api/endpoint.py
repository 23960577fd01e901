"""What every endpoint of the API shares, and the one that answers where there is none."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

NOT_FOUND = "api-not-found"


class Endpoint(APIView):
    """One address of the API. Who calls it and what they may do is asked by the classes that the settings name."""

    http_method_names = ["get", "head", "post", "patch"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name, value in request.query_params.items():
            if "\0" in name or "\0" in value:
                raise exceptions.ValidationError({name.replace("\0", ""): [_("A NUL character cannot be kept.")]})


class NotFoundEndpoint(Endpoint):
    """Answer 404 as the API answers; an address that lacks only its last slash is redirected to it."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with_slash = f"{request.path}/"
        if not request.path.endswith("/") and resolve(with_slash).view_name != NOT_FOUND:
            if query := request.META["QUERY_STRING"]:
                with_slash += f"?{query}"
            return HttpResponsePermanentRedirect(with_slash, preserve_request=True)
        raise exceptions.NotFound(_("There is nothing here."))

    post = put = patch = delete = get
