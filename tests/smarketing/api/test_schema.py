"""The description of the API, and its page."""

import pytest
from django.core.management import call_command
from django.test import Client

from smarketing.api.schema import add_summaries
from tests.api import PROBLEM

pytestmark = pytest.mark.django_db


def test_the_schema_is_whole_and_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", file="/dev/null")
    assert "arning" not in capsys.readouterr().err


def test_the_schema_is_openapi_3_1() -> None:
    answer = Client().get("/api/v1/schema/", {"format": "json"})
    assert answer.status_code == 200
    assert answer.json()["openapi"] == "3.1.0"
    assert "/api/v1/handoffs/{id}/acceptance/" in answer.json()["paths"]


def test_the_reference_comes_from_here_alone() -> None:
    page = Client().get("/api/v1/")
    assert page.status_code == 200
    assert b"swagger-ui-bundle.js" in page.content
    assert b"//" not in page.content
    assert b"<style" not in page.content
    assert PROBLEM in Client().get("/api/v1/schema/").content.decode()


@pytest.mark.parametrize(
    ("description", "summary"),
    [
        ("Leads, the newest first.", "Leads, the newest first"),
        ("Create a lead.\n\nWhat is left out stays.", "Create a lead"),
        ("Take a batch\nof activities. Up to 1000.", "Take a batch of activities"),
        ("No full stop", "No full stop"),
    ],
)
def test_the_first_sentence_of_an_operation_is_its_summary(description: str, summary: str) -> None:
    result = {"paths": {"/leads/": {"get": {"description": description}}}}
    assert add_summaries(result, None)["paths"]["/leads/"]["get"] == {"description": description, "summary": summary}


@pytest.mark.parametrize("operation", [{}, {"description": ""}])
def test_an_operation_without_a_description_has_no_summary(operation: dict[str, str]) -> None:
    result = {"paths": {"/leads/": {"get": dict(operation), "post": {"description": "Create."}}}}
    assert add_summaries(result, None)["paths"]["/leads/"] == {
        "get": operation,
        "post": {"description": "Create.", "summary": "Create"},
    }


def test_every_operation_has_a_summary_and_asks_for_a_token() -> None:
    description = Client().get("/api/v1/schema/", {"format": "json"}).json()
    assert description["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    assert len(operations) > 15
    for operation in operations:
        assert operation["summary"]
        assert operation["security"] == [{"token": []}]


def test_the_description_leaves_out_what_answers_where_there_is_nothing() -> None:
    paths = Client().get("/api/v1/schema/", {"format": "json"}).json()["paths"]
    assert all(path.startswith("/api/v1/") and path.endswith("/") for path in paths)
    assert "/api/v1/" not in paths
    assert "/api/v1/schema/" not in paths


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_reference_is_only_read(method: str) -> None:
    assert getattr(Client(), method)("/api/v1/").status_code == 405
