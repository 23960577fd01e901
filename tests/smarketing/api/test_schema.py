"""The description of the API, and its page."""

import pytest
from django.core.management import call_command
from django.test import Client

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
