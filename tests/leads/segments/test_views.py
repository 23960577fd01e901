"""The list of segments: how many leads each has, also where one cannot be counted; who saves, edits and deletes."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from leads.criteria import TooMany
from leads.criteria.parsing import DEEPEST
from leads.models import Lead, Segment
from leads.segments import views
from leads.segments.views import AT_ONCE, list_of
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db
CTO: dict[str, Any] = {"all": [{"field": "title", "op": "=", "value": "CTO"}]}
OLD: dict[str, Any] = {"field": "gone", "op": "=", "value": 1}


@pytest.fixture
def sam(client: Client) -> User:
    sam = make.user(Role.REP)
    client.force_login(sam)
    return sam


def segment(name: str, by: User, criteria: Any = CTO) -> Segment:
    return Segment.objects.create(name=name, criteria=criteria, created_by=by)


def counted(client: Client) -> dict[str, int | None]:
    found = client.get(reverse("segments")).context["segments"]
    return {each["segment"].name: each["count"] for each in found}


def test_each_segment_is_counted_by_itself(client: Client, sam: User) -> None:
    make.lead(title="CTO"), make.lead(title="cto"), make.lead(merged_into=make.lead(), merged_at=make.NOON, title="CTO")
    segment("CTOs", sam), segment("Everyone", sam, {"all": []}), segment("Nobody", sam, {"any": []})
    assert counted(client) == {"CTOs": 2, "Everyone": 3, "Nobody": 0}


def test_more_segments_than_are_counted_at_once_keep_their_own_counts(client: Client, sam: User) -> None:
    for number in range(AT_ONCE + 2):
        make.lead(title=f"Title {number}")
        tree = {"any": [{"field": "title", "op": "=", "value": f"Title {each}"} for each in range(number + 1)]}
        segment(f"{number:02}", sam, tree)
    assert list(counted(client).values()) == list(range(1, AT_ONCE + 3))


def test_one_that_names_what_is_gone_takes_no_count_from_the_others(client: Client, sam: User) -> None:
    make.lead(title="CTO")
    segment("A", sam, OLD), segment("B", sam)
    assert counted(client) == {"A": None, "B": 1}


def test_one_as_deep_as_may_be_takes_no_count_from_the_others(client: Client, sam: User) -> None:
    deep: dict[str, Any] = {"field": "title", "op": "=", "value": "CTO"}
    for _ in range(DEEPEST - 1):
        deep = {"any": [deep]}
    make.lead(title="CTO")
    segment("Deep", sam, deep), segment("Plain", sam)
    assert counted(client) == {"Deep": 1, "Plain": 1}


def test_where_counting_takes_too_long_the_list_is_offered(
    client: Client, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*args: Any, **kwargs: Any) -> Any:
        raise TooMany

    monkeypatch.setattr(views, "counts", late)
    segment("CTOs", sam)
    answer = client.get(reverse("segments"))
    assert answer.context["segments"][0]["count"] is None
    assert "see the list" in answer.content.decode()


def test_segments_are_listed_by_name(client: Client, sam: User) -> None:
    for name in ("b", "a", "営業"):
        segment(name, sam)
    assert list(counted(client)) == ["a", "b", "営業"]


def test_whoever_edits_a_segment_does_not_become_who_saved_it(client: Client, sam: User) -> None:
    mara = make.user(Role.MARKETER)
    ctos = segment("CTOs", mara)
    tree = '{"all": [{"field": "title", "op": "=", "value": "CFO"}]}'
    client.post(reverse("segment_edit", args=[ctos.pk]), {"name": "CFOs", "criteria": tree})
    ctos.refresh_from_db()
    assert (ctos.name, ctos.created_by, ctos.criteria["all"][0]["value"]) == ("CFOs", mara, "CFO")


def test_a_name_that_is_taken_is_told_and_the_segment_stays(client: Client, sam: User) -> None:
    segment("CTOs", sam)
    cfos = segment("CFOs", sam, {"all": []})
    answer = client.post(
        reverse("segment_edit", args=[cfos.pk]), {"name": "CTOs", "criteria": '{"all": [{"did": "call"}]}'}
    )
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["name"])
    assert Segment.objects.get(pk=cfos.pk).name == "CFOs"


def test_deleting_a_segment_leaves_its_leads(client: Client, sam: User) -> None:
    lead = make.lead(title="CTO")
    answer = client.post(reverse("segment_delete", args=[segment("CTOs", sam).pk]))
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "The segment “CTOs” is gone. Its leads stay."
    ]
    assert Lead.objects.get() == lead


def test_a_segment_is_not_deleted_by_looking_at_the_address(client: Client, sam: User) -> None:
    ctos = segment("CTOs", sam)
    assert client.get(reverse("segment_delete", args=[ctos.pk])).status_code == 405
    assert Segment.objects.exists()


@pytest.mark.parametrize("name", ["segment_edit", "segment_delete"])
def test_of_a_segment_that_is_gone_nothing_is_done(client: Client, sam: User, name: str) -> None:
    assert client.post(reverse(name, args=[12345])).status_code == 404


@pytest.mark.parametrize("criteria", ["nonsense", "[]", '{"all": 5}', "{"])
def test_conditions_in_an_address_that_are_none_open_an_empty_page(client: Client, sam: User, criteria: str) -> None:
    assert client.get(reverse("segment_new"), {"criteria": criteria}).status_code == 200


def test_a_segment_links_to_the_list_of_its_leads(sam: User) -> None:
    ctos = segment("CTOs", sam)
    assert list_of(ctos) == f"{reverse('leads')}?segment={ctos.pk}"


def test_a_sentence_is_in_the_reader_s_language(client: Client, sam: User) -> None:
    segment("CTOs", sam)
    page = client.get(reverse("segments"), headers={"accept-language": "ja"}).content.decode()
    assert "役職が「<b>CTO</b>」であるリードは当てはまります。" in page
