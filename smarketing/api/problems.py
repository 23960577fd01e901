"""What the API refuses, and why: problem details (RFC 9457), each fault with where it lies."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views import defaults
from drf_spectacular.utils import OpenApiResponse
from rest_framework import exceptions, serializers, status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from smarketing.database.outages import is_outage

MEDIA_TYPE = "application/problem+json"
# Where it is now, for good; whoever follows asks in the same way.
MOVED = status.HTTP_308_PERMANENT_REDIRECT
# Where the API is mounted.
API = "/api/"
# Seconds: servers that were killed are back by then.
RETRY_AFTER = "10"
log = logging.getLogger(__name__)


class Conflict(exceptions.APIException):
    """Somebody was first, or what was sent contradicts what is known."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Merged(exceptions.APIException):
    """It became one with another record, which is named. Who reads is led there; for who writes nothing was changed."""

    default_code = "merged"

    def __init__(self, into: int, address: str) -> None:
        super().__init__(_("It became one with record %(id)s.") % {"id": into})
        self.into, self.address = into, address


class Unprocessable(exceptions.ValidationError):
    """Well said, and still not to be done: it would leave something without what it cannot be without."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class BadParameters(exceptions.ValidationError):
    """Parameters of the address, by their names; also of a request that has a body."""


class Fault(serializers.Serializer[Any]):
    pointer = serializers.CharField(required=False, help_text="Where in the body, such as `#/lead/email`.")
    parameter = serializers.CharField(required=False, help_text="Which parameter of the address.")
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """What went wrong (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    merged_into = serializers.IntegerField(required=False, help_text="The id of the record that it became.")
    errors = Fault(many=True, required=False)  # type: ignore[assignment]


def problems(*codes: int) -> dict[tuple[int, str], Any]:
    """The refusals of an endpoint, for its schema; 400, 401, 403, 406 and 429 are everyone's."""
    return {
        (code, MEDIA_TYPE): OpenApiResponse(Problem, HTTPStatus(code).phrase)
        for code in sorted({400, 401, 403, 406, 429, *codes})
    }


def writing_problems(*codes: int) -> dict[tuple[int, str], Any]:
    """The same of an endpoint that takes a body."""
    return problems(413, 415, *codes)


def handle_exception(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer what went wrong as problem details. A parameter's fault names the parameter, a body's its place."""
    if isinstance(error, RequestDataTooBig):
        error = TooLarge(_("That is too much at once: send it in parts."))
    if isinstance(error, Merged):
        error.status_code = MOVED if context["request"].method in SAFE_METHODS else status.HTTP_410_GONE
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    faults: list[dict[str, str]] = []
    if isinstance(error, exceptions.ValidationError):
        in_address = isinstance(error, BadParameters) or context["request"].method in SAFE_METHODS
        faults = [_fault(path, text, in_address=in_address) for path, text in flatten_faults(response.data)]
        detail = _("What was sent cannot be taken as it is.")
    elif isinstance(error, Http404):
        detail = _("There is nothing here.")
    else:
        detail = str(response.data.get("detail", ""))
    response.data = problem(response.status_code, detail)
    if faults:
        response.data["errors"] = faults
    if isinstance(error, Merged):
        response.data["merged_into"] = error.into
        response["Location"] = error.address
    response.content_type = MEDIA_TYPE
    return response


def problem(code: int, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": HTTPStatus(code).phrase, "status": code, "detail": detail}


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw: to a program as problem details, to a person as a page. Called while it is handled."""
    error = sys.exception()
    if is_outage(error):
        log.warning("The database is not there: %s", (str(error).strip().splitlines() or [type(error).__name__])[0])
        return _outage(request)
    if not request.path_info.startswith(API):
        return defaults.server_error(request)
    body = problem(500, _("Something went wrong here. It was written down; try again later."))
    return JsonResponse(body, status=500, content_type=MEDIA_TYPE)


def _outage(request: HttpRequest) -> HttpResponse:
    response: HttpResponse
    if request.path_info.startswith(API):
        body = problem(
            503, _("The database cannot be reached just now. Nothing was changed; try again in a few seconds.")
        )
        response = JsonResponse(body, status=503, content_type=MEDIA_TYPE)
    else:
        response = HttpResponse(loader.get_template("503.html").render(), status=503)
    response.headers["Retry-After"] = RETRY_AFTER
    return response


def _fault(path: tuple[str, ...], text: str, *, in_address: bool) -> dict[str, str]:
    if in_address:
        return {"parameter": path[0], "detail": text} if path else {"detail": text}
    # A JSON pointer as the fragment of an address (RFC 6901), the way RFC 9457 writes it.
    parts = (part.replace("~", "~0").replace("/", "~1") for part in path)
    return {"pointer": "".join(("#", *(f"/{part}" for part in parts))), "detail": text}


def flatten_faults(detail: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every fault of the framework's nested detail, with its path."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flatten_faults(inner, path if name == api_settings.NON_FIELD_ERRORS_KEY else (*path, str(name)))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for number, inner in enumerate(detail):
            yield from flatten_faults(inner, path if isinstance(inner, str) else (*path, str(number)))
    else:
        yield path, str(detail)
