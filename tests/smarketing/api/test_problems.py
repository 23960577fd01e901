"""What the API refuses is answered as problem details, each fault with where it lies."""

from http import HTTPStatus
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from django.utils import translation
from rest_framework import exceptions, serializers
from rest_framework.test import APIRequestFactory

from smarketing.api.problems import (
    MEDIA_TYPE,
    Conflict,
    TooLarge,
    flatten_faults,
    handle_exception,
    problems,
    writing_problems,
)


def answered(error: Exception, method: str = "POST") -> Any:
    """The problem that an error is answered with."""
    response = handle_exception(error, {"request": APIRequestFactory().generic(method, "/")})
    assert response is not None
    assert response.content_type == MEDIA_TYPE
    assert response.data["status"] == response.status_code
    assert response.data["title"] == HTTPStatus(response.status_code).phrase
    assert response.data["type"] == "about:blank"
    return response.data


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (exceptions.ParseError("Broken."), 400, "Broken."),
        (exceptions.NotAuthenticated(), 401, "Authentication credentials were not provided."),
        (exceptions.PermissionDenied("Not you."), 403, "Not you."),
        (Http404("Lead 7"), 404, "There is nothing here."),
        (exceptions.MethodNotAllowed("PUT"), 405, 'Method "PUT" not allowed.'),
        (Conflict("Somebody was first."), 409, "Somebody was first."),
        (TooLarge("Too much."), 413, "Too much."),
        (RequestDataTooBig(), 413, "That is too much at once: send it in parts."),
    ],
)
def test_an_error_is_answered_with_its_status_and_what_it_says(error: Exception, status: int, detail: str) -> None:
    problem = answered(error)
    assert (problem["status"], problem["detail"]) == (status, detail)
    assert "errors" not in problem


def test_an_error_of_ours_is_no_problem_of_the_caller() -> None:
    assert handle_exception(ValueError("ours"), {"request": APIRequestFactory().get("/")}) is None


@pytest.mark.parametrize(
    ("detail", "pointers"),
    [
        ({"email": ["Wrong."]}, ["#/email"]),
        ({"lead": {"email": ["Wrong.", "Taken."]}}, ["#/lead/email", "#/lead/email"]),
        ({"activities": {2: {"kind": ["Unknown."]}}}, ["#/activities/2/kind"]),
        ({"activities": [{}, {"kind": ["Unknown."]}]}, ["#/activities/1/kind"]),
        ({"non_field_errors": ["Both."]}, ["#"]),
        ({"lead": {"non_field_errors": ["Neither."]}}, ["#/lead"]),
        (["All of it."], ["#"]),
        ({"a/b": ["Wrong."], "m~n": ["Wrong."], "~1": ["Wrong."]}, ["#/a~1b", "#/m~0n", "#/~01"]),
        ({"": ["Nameless."]}, ["#/"]),
    ],
)  # fmt: skip
def test_a_fault_of_the_body_is_pointed_at(detail: Any, pointers: list[str]) -> None:
    problem = answered(serializers.ValidationError(detail))
    assert problem["detail"] == "What was sent cannot be taken as it is."
    assert [fault["pointer"] for fault in problem["errors"]] == pointers
    assert all(fault["detail"].endswith(".") for fault in problem["errors"])
    assert all("parameter" not in fault for fault in problem["errors"])


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_reads_has_no_body_so_that_its_parameter_is_named(method: str) -> None:
    problem = answered(serializers.ValidationError({"size": ["Too big."], "non_field_errors": ["Both."]}), method)
    assert problem["errors"] == [{"parameter": "size", "detail": "Too big."}, {"detail": "Both."}]


def test_problems_follow_the_language() -> None:
    with translation.override("ja"):
        assert answered(Http404())["detail"] == "ここには何もありません。"


@pytest.mark.parametrize(
    ("detail", "faults"),
    [
        ({}, []),
        ("Wrong.", [((), "Wrong.")]),
        (["One.", "Two."], [((), "One."), ((), "Two.")]),
        ({"a": [{"b": ["Deep."]}, ["Flat."]]}, [(("a", "0", "b"), "Deep."), (("a", "1"), "Flat.")]),
        ({"a": {"non_field_errors": ["Whole."], "b": ["Part."]}}, [(("a",), "Whole."), (("a", "b"), "Part.")]),
    ],
)
def test_nested_faults_are_flattened_with_their_paths(detail: Any, faults: Any) -> None:
    assert list(flatten_faults(detail)) == faults


def test_the_description_knows_the_refusals_of_every_endpoint_and_those_of_one() -> None:
    assert [code for code, _media_type in problems()] == [400, 401, 403, 406, 429]
    assert [code for code, _media_type in problems(404, 400)] == [400, 401, 403, 404, 406, 429]
    assert [code for code, _media_type in writing_problems(409)] == [400, 401, 403, 406, 409, 413, 415, 429]
    assert {media_type for _code, media_type in writing_problems()} == {MEDIA_TYPE}
