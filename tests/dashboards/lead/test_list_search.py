"""What the list of leads is asked for: its words, filters and conditions, and the addresses without each."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.http import QueryDict
from django.utils import translation

from dashboards.lead.list_filters import stage_choices
from dashboards.lead.list_search import LeadSearch
from funnel.models import Journey, Stage, StageRole
from leads.models import Lead, Segment
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db
CTO = {"field": "title", "op": "=", "value": "CTO"}


def search(query: str = "") -> LeadSearch:
    return LeadSearch(QueryDict(query))


def found(query: str) -> set[Lead]:
    asked = search(query)
    assert not asked.filter.form.errors, asked.filter.form.errors
    return set(asked.leads)


def asked_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def criteria(tree: object) -> str:
    query = QueryDict(mutable=True)
    query["criteria"] = json.dumps(tree)
    return query.urlencode()


# Filters


def test_an_ended_journey_stands_in_no_stage():
    stands, ended = make.lead(StageRole.MQL), make.lead(StageRole.MQL)
    Journey.objects.filter(lead=ended).update(closed_at=make.TEN, closed_as="lost")
    assert found("stage=mql") == {stands}
    assert found("stage=lost") == {ended}
    assert found("stage=disqualified") == set()


def test_a_stage_without_a_role_is_chosen_by_its_number():
    stage = Stage.objects.create(name_en="Trial", position=99)
    lead = make.lead(StageRole.MQL)
    Journey.objects.filter(lead=lead).update(stage=stage)
    assert (str(stage.pk), "Trial") in stage_choices()
    assert found(f"stage={stage.pk}") == {lead}


def test_a_person_s_word_counts_before_the_machine_s():
    hot, said_cold, said_hot = make.lead(), make.lead(), make.lead()
    make.score(hot, machine_quadrant="hot")
    make.score(said_cold, machine_quadrant="hot", override="drop", override_reason="Fair")
    make.score(said_hot, machine_quadrant="drop", override="hot", override_reason="Fair")
    assert found("quadrant=hot") == {hot, said_hot}
    assert found("quadrant=drop") == {said_cold}


def test_an_answered_offer_waits_for_nobody_and_was_offered_all_the_same():
    sam = make.user(Role.REP)
    with time_machine.travel(make.NOON, tick=False):
        handoff = make.handoff(to=sam, at=make.TEN)
        assert found(f"waits_for={sam.pk}") == found(f"offered_to={sam.pk}") == {handoff.lead}
        handoff.accept(by=sam, at=make.NOON)
        assert found(f"waits_for={sam.pk}") == set()
        assert found(f"offered_to={sam.pk}") == {handoff.lead}
    with time_machine.travel(make.NOON + timedelta(days=7), tick=False):
        assert found(f"offered_to={sam.pk}") == set()


@pytest.mark.parametrize("query", ["stage=king", "quadrant=warm", "waits_for=0", "waits_for=x", "owner=404"])
def test_what_is_no_choice_is_refused_and_opens_the_panel(query: str):
    asked = search(query)
    assert list(asked.filter.form.errors) == [query.partition("=")[0]]
    assert asked.opens_panel


def test_only_who_sells_and_works_here_is_waited_for():
    for person in (make.user(Role.MARKETER), make.user(Role.REP, is_active=False)):
        assert list(search(f"waits_for={person.pk}").filter.form.errors) == ["waits_for"]


# Conditions and segments


def test_conditions_narrow_what_the_filters_left():
    hit = make.lead(StageRole.MQL, title="ＣＴＯ")
    make.lead(StageRole.MQL, title="CEO")
    make.lead(StageRole.SAL, title="CTO")
    assert found(f"stage=mql&{criteria(CTO)}") == {hit}
    assert "CTO" in search(criteria(CTO)).sentence


def test_a_segment_takes_the_place_of_conditions():
    hit, other = make.lead(title="CEO"), make.lead(title="CTO")
    segment = Segment.objects.create(name="CEOs", criteria=CTO | {"value": "CEO"}, created_by=make.user())
    assert found(f"segment={segment.pk}&{criteria(CTO)}") == {hit}
    assert other not in found(f"segment={segment.pk}")


@pytest.mark.parametrize("number", ["404", "x", "-1", "", "９９９", "9" * 30])
def test_a_segment_that_is_not_there_narrows_nothing(number: str):
    lead = make.lead()
    assert found(f"segment={number}") == {lead}
    assert not search(f"segment={number}").is_narrow


def test_conditions_that_cannot_be_read_narrow_nothing_and_open_the_panel():
    lead = make.lead()
    asked = search(criteria({"field": "shoe size", "op": "=", "value": 43}))
    assert asked.opens_panel
    assert set(asked.leads) == {lead}


# Addresses


def test_the_address_of_a_search_has_its_tree_and_no_empty_parts():
    asked = search(f"q=sato&stage=&panel=1&after=xyz&columns=email&{criteria(CTO)}")
    url = asked.address
    assert urlsplit(url).path == "/leads/"
    query = asked_of(url)
    assert json.loads(query.pop("criteria")[0]) == CTO
    assert query == {"q": ["sato"]}


def test_japanese_stays_readable_in_a_tree():
    asked = search(criteria(CTO | {"value": "部長"}))
    assert "部長" in asked_of(asked.address)["criteria"][0]


def test_each_filter_is_taken_away_alone_and_from_the_first_page_on():
    sam = make.user(Role.REP, given_name="Sam", family_name="Sato")
    asked = search(f"stage=mql&owner={sam.pk}&q=x&after=cursor&panel=1")
    urls = {chip["text"]: asked_of(chip["url"]) for chip in asked.chips}
    assert urls == {
        "Stage: MQL": {"owner": [str(sam.pk)], "q": ["x"]},
        "Owner: Sam Sato": {"stage": ["mql"], "q": ["x"]},
    }


def test_nobody_s_is_a_filter_too():
    assert [chip["text"] for chip in search("owner=none").chips] == ["Owner: None"]
    with translation.override("ja"):
        (chip,) = search("owner=none").chips
    assert not chip["text"].isascii()


def test_a_new_search_keeps_the_filters_and_not_the_page():
    asked = search("q=old&stage=mql&sort=fit&after=x&panel=1&columns=email&owner=&segment=5")
    assert asked.kept == [{"name": "stage", "value": "mql"}, {"name": "segment", "value": "5"}]


@pytest.mark.parametrize(
    ("query", "is_narrow"),
    [("", False), ("q=%20", False), ("sort=fit", False), ("q=x", True), ("stage=mql", True), (criteria(CTO), True)],
)
def test_a_list_is_narrow_once_something_is_asked(query: str, is_narrow: bool):
    assert search(query).is_narrow == is_narrow
