"""How much each can take, and which leads belong to whom."""

import json
from datetime import date

import pytest

from sla.models import Capacity, Handoff, Territory
from sla.routing.offering import offer
from teams.models import Role, Team, User
from tests import make
from tests.leads.criteria.forms import fields_of
from tests.make import MONDAY_9AM
from tests.sla.cast import SalesCast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

CTO = {"all": [{"field": "title", "op": "=", "value": "CTO"}]}


class Cast(SalesCast):
    def __init__(self) -> None:
        super().__init__()
        self.others = make.team(Team.Kind.SDR)
        self.otto = make.user(Role.SDR, given_name="Otto", team=self.others, language="en")


@pytest.fixture
def cast() -> Cast:
    return Cast()


def limits(cast: Cast, **typed: str) -> dict[str, str]:
    return {
        f"{name}_{pk}": typed.get(f"{name}_{pk}", "")
        for name in ("most_open", "most_a_week")
        for pk in (cast.sam.pk, cast.rosa.pk)
    }


def test_a_manager_sets_limits_and_takes_them_away(cast: Cast):
    page = make.signed_in(cast.gina)
    url = f"/capacity/teams/{cast.sales.pk}/limits/"
    page.post(url, limits(cast) | {f"most_open_{cast.sam.pk}": "12", f"most_a_week_{cast.sam.pk}": "20"})
    assert Capacity.objects.values_list("user", "most_open", "most_a_week").get() == (cast.sam.pk, 12, 20)
    page.post(url, limits(cast) | {f"most_a_week_{cast.sam.pk}": "20"})
    assert Capacity.objects.values_list("user", "most_open", "most_a_week").get() == (cast.sam.pk, None, 20)


@pytest.mark.parametrize("typed", ["0", "-1", "many", "1001", "1.5"])
def test_a_limit_that_is_no_number_is_refused_and_nothing_is_lost(cast: Cast, typed: str):
    wrong = limits(cast) | {f"most_open_{cast.sam.pk}": typed, f"most_open_{cast.rosa.pk}": "17"}
    answer = make.signed_in(cast.gina).post(f"/capacity/teams/{cast.sales.pk}/limits/", wrong)
    assert answer.status_code == 422
    assert 'value="17"' in answer.content.decode()
    assert not Capacity.objects.exists()


def test_who_is_full_or_away_is_shown_with_what_they_have(cast: Cast):
    make.agreement(receiving=cast.sales)
    User.objects.filter(pk__in=[cast.rosa.pk, cast.hana.pk]).update(is_active=False)
    leads = [make.mql().pk for _ in range(3)]
    offer(leads, at=MONDAY_9AM)
    User.objects.update(is_active=True)
    Capacity.objects.create(user=cast.sam, most_open=3)
    cast.rosa.absences.create(from_on=date(2026, 11, 16), until_on=date(2026, 11, 17))
    (sales,) = [
        each for each in make.signed_in(cast.gina).get("/capacity/").context["teams"] if each["team"] == cast.sales
    ]
    loads = {row["load"].member: row["load"] for row in sales["rows"]}
    assert (loads[cast.sam].open, loads[cast.sam].this_week, loads[cast.sam].away) == (3, 3, None)
    assert (loads[cast.rosa].open, loads[cast.rosa].away.until_on) == (0, date(2026, 11, 17))
    said = make.signed_in(cast.gina).get("/capacity/").content.decode()
    assert "full" in said
    assert "Away" in said
    assert Handoff.objects.count() == 3


def test_reps_see_their_own_team_and_change_nothing(cast: Cast):
    page = make.signed_in(cast.sam)
    seen = page.get("/capacity/").content.decode()
    assert "Rosa" in seen
    assert "Otto" not in seen
    assert "Save the limits" not in seen
    assert page.post(f"/capacity/teams/{cast.sales.pk}/limits/", limits(cast)).status_code == 404
    assert page.get(f"/capacity/teams/{cast.sales.pk}/territories/new/").status_code == 404


def test_the_head_decides_for_the_own_team_and_no_other(cast: Cast):
    page = make.signed_in(cast.hana)
    answer = page.post(f"/capacity/teams/{cast.sales.pk}/limits/", limits(cast) | {f"most_open_{cast.sam.pk}": "5"})
    assert answer.status_code == 302
    assert page.post(f"/capacity/teams/{cast.others.pk}/limits/", {}).status_code == 404
    theirs = Territory.objects.create(team=cast.others, name="North", criteria=CTO)
    for url in (f"/capacity/territories/{theirs.pk}/delete/", f"/capacity/territories/{theirs.pk}/move/"):
        assert page.post(url, {"to": "up"}).status_code == 404


def test_a_territory_is_made_of_conditions_and_people(cast: Cast):
    page = make.signed_in(cast.gina)
    url = f"/capacity/teams/{cast.sales.pk}/territories/new/"
    page.post(url, {"name": "Tops", "members": [cast.sam.pk], "criteria": json.dumps(CTO)})
    made = Territory.objects.get()
    assert (made.team, made.name, made.criteria, list(made.members.all())) == (cast.sales, "Tops", CTO, [cast.sam])
    data = fields_of(page.get(f"/capacity/territories/{made.pk}/").content.decode())
    data["name"] = "The top"
    page.post(f"/capacity/territories/{made.pk}/", data)
    made.refresh_from_db()
    assert (made.name, made.criteria) == ("The top", CTO)
    assert "<b>“CTO”</b>" in page.get("/capacity/").content.decode()
    page.post(f"/capacity/territories/{made.pk}/delete/")
    assert not Territory.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"members": []}, {"criteria": "{}"}, {"criteria": '{"all": []}'}, {"name": ""}, {"members": ["other"]}]
)
def test_a_territory_without_people_or_conditions_is_refused(cast: Cast, wrong: dict[str, object]):
    if wrong.get("members") == ["other"]:
        wrong = {"members": [cast.otto.pk]}
    data = {"name": "Tops", "members": [cast.sam.pk], "criteria": json.dumps(CTO)} | wrong
    answer = make.signed_in(cast.gina).post(f"/capacity/teams/{cast.sales.pk}/territories/new/", data)
    assert answer.status_code == 422
    assert not Territory.objects.exists()


def test_territories_are_tried_in_their_order_which_changes(cast: Cast):
    for n, name in enumerate("ABC"):
        Territory.objects.create(team=cast.sales, name=name, criteria=CTO, position=n)
    page = make.signed_in(cast.gina)

    def order() -> str:
        return "".join(cast.sales.territories.values_list("name", flat=True))

    last = cast.sales.territories.get(name="C")
    page.post(f"/capacity/territories/{last.pk}/move/", {"to": "up"})
    assert order() == "ACB"
    page.post(f"/capacity/territories/{last.pk}/move/", {"to": "down"})
    page.post(f"/capacity/territories/{last.pk}/move/", {"to": "down"})
    assert order() == "ABC"
    page.post(f"/capacity/territories/{last.pk}/move/", {"to": "elsewhere"})
    assert order() == "ABC"


@pytest.mark.parametrize("many", [1, 8])
def test_the_page_costs_the_same_for_one_and_for_many(cast: Cast, many: int, django_assert_max_num_queries):
    for n in range(many):
        team = make.team(Team.Kind.SALES)
        rep = make.user(Role.REP, team=team)
        Territory.objects.create(team=team, name=f"T{n}", criteria=CTO).members.add(rep)
    page = make.signed_in(cast.gina)
    page.get("/capacity/")
    with django_assert_max_num_queries(16):
        page.get("/capacity/")
