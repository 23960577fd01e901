"""What every endpoint of the API shares, and the one that answers where there is none."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from smarketing.api.buckets import Taken
from smarketing.api.problems import BadParameters

NOT_FOUND = "api-not-found"


class Endpoint(APIView):
    """One address of the API. Who calls it and what they may do is asked by the classes that the settings name."""

    http_method_names = ["get", "head", "post", "patch"]
    takes_any_parameter: ClassVar = False
    # How much is left of what the caller may ask, where somebody counts.
    taken: Taken | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self._refuse_nul(request)
        known = self._described_parameters((request.method or "").lower())
        if known is not None and (unknown := [name for name in request.query_params if name not in known]):
            raise BadParameters({name: [_("There is no such parameter here.")] for name in unknown})

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say in every answer how much is left, as the draft of the IETF's HTTPAPI group writes it."""
        final = super().finalize_response(request, response, *args, **kwargs)
        if self.taken:
            allowance = self.taken.allowance
            final["RateLimit-Policy"] = f'"token";q={allowance.requests};w={allowance.seconds}'
            final["RateLimit"] = f'"token";r={int(self.taken.left)};t={self.taken.full_in}'
        return final

    def _described_parameters(self, method: str) -> set[str] | None:
        """The parameters that the description of a method names, which are those that it takes; None where any is
        taken, or the method has no description."""
        described = getattr(getattr(self, method, None), "kwargs", {}).get("schema")
        if described is None or self.takes_any_parameter:
            return None
        schema = described()
        schema.view, schema.method = self, method.upper()
        return {parameter.name for parameter in schema.get_override_parameters()}

    def _refuse_nul(self, request: Request) -> None:
        for name, value in request.query_params.items():
            if "\0" in name or "\0" in value:
                raise BadParameters({name.replace("\0", ""): [_("A NUL character cannot be kept.")]})


class NotFoundEndpoint(Endpoint):
    """Answer 404 as the API answers; an address that lacks only its last slash is redirected to it."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    takes_any_parameter = True
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
