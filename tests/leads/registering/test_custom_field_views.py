"""The page of attributes of our own."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import CustomField
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return make.signed_in(make.user(Role.ADMINISTRATOR))


def test_what_was_typed_stays_where_something_is_wrong(browser: Client) -> None:
    answer = browser.post(reverse("custom_field_new"), {"name_en": "ERP system", "key": "e r p"})
    assert answer.status_code == 422
    assert "ERP system" in answer.content.decode()
    assert not CustomField.objects.exists()


def test_an_attribute_that_is_not_there_cannot_be_edited(browser: Client) -> None:
    assert browser.get(reverse("custom_field_edit", args=[7])).status_code == 404


@pytest.mark.parametrize("role", [Role.MARKETER, Role.REP, Role.MANAGER])
def test_nobody_else_adds_one(role: Role) -> None:
    answer = make.signed_in(make.user(role)).post(reverse("custom_field_new"), {"name_en": "ERP", "key": "erp"})
    assert answer.status_code == 403


@pytest.mark.parametrize("many", [1, 12])
def test_the_list_costs_the_same_for_one_and_for_many(
    browser: Client, many: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(many):
        make.custom_field(f"field{number}")
    browser.get(reverse("custom_fields"))
    with django_assert_max_num_queries(6):
        browser.get(reverse("custom_fields"))
