"""Segments: questions about leads, saved to be asked again."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Segment
from teams.models import Role, User
from tests import make
from tests.leads.criteria.forms import fields_of

pytestmark = pytest.mark.django_db
CTO: dict[str, Any] = {"all": [{"field": "title", "op": "=", "value": "CTO"}]}


@pytest.fixture
def sam(client: Client) -> User:
    sam = make.user(Role.REP)
    client.force_login(sam)
    return sam


def test_the_conditions_of_a_list_are_saved_as_a_segment(client: Client, sam: User) -> None:
    url = f"{reverse('segment_new')}?criteria={json.dumps(CTO)}"
    data = fields_of(client.get(url).content.decode())
    data["name"] = "CTOs"
    answer = client.post(url, data)
    segment = Segment.objects.get()
    assert (segment.name, segment.criteria, segment.created_by) == ("CTOs", CTO, sam)
    assert answer.headers["Location"].endswith(f"?segment={segment.pk}")


def test_a_segment_without_a_condition_or_with_a_taken_name_is_refused(client: Client, sam: User) -> None:
    Segment.objects.create(name="CTOs", criteria=CTO, created_by=sam)
    answer = client.post(reverse("segment_new"), {"name": "CTOs", "criteria": "{}"})
    assert answer.status_code == 422
    assert Segment.objects.count() == 1


def test_segments_are_listed_with_their_count_and_their_sentence(client: Client, sam: User) -> None:
    Segment.objects.create(name="CTOs", criteria=CTO, created_by=sam)
    make.lead(title="CTO")
    page = client.get(reverse("segments")).content.decode()
    assert "the title is <b>“CTO”</b>" in page
    assert ">1</a>" in page


def test_a_segment_that_names_what_is_gone_says_so(client: Client, sam: User) -> None:
    Segment.objects.create(name="Old", criteria={"field": "gone", "op": "=", "value": 1}, created_by=sam)
    assert "no longer there" in client.get(reverse("segments")).content.decode()


def test_a_segment_is_edited_and_deleted(client: Client, sam: User) -> None:
    segment = Segment.objects.create(name="CTOs", criteria=CTO, created_by=sam)
    url = reverse("segment_edit", args=[segment.pk])
    data = fields_of(client.get(url).content.decode())
    data["criteria.r-0.value"] = "CFO"
    client.post(url, data)
    segment.refresh_from_db()
    assert segment.criteria["all"][0]["value"] == "CFO"
    client.post(reverse("segment_delete", args=[segment.pk]))
    assert not Segment.objects.exists()


@pytest.mark.parametrize("many", [1, 9])
def test_the_list_costs_the_same_for_one_segment_and_for_many(
    client: Client, sam: User, many: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(many):
        tree = {"all": [CTO, {"did": "call"}]}
        Segment.objects.create(name=f"Segment {number}", criteria=tree, created_by=sam)
    client.get(reverse("segments"))
    with django_assert_max_num_queries(13):
        client.get(reverse("segments"))


def test_the_first_page_says_what_to_do(client: Client, sam: User) -> None:
    assert "No segments yet" in client.get(reverse("segments")).content.decode()
