"""Who left is told nothing: the head of their team is, and in place of a head a manager."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sla.escalation.sweeping import sweep_timers
from sla.models import Escalation, Handoff
from sla.notices import OFFERED
from teams.models import Notice, Role, Team, User
from teams.people.standing_in import stand_in
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

LATE = MONDAY_9AM + timedelta(days=1)


@pytest.fixture
def cast() -> dict[str, User]:
    """A rep with an open hand-off, the head of the team, and their manager."""
    head, manager = make.user(Role.REP), make.user(Role.MANAGER)
    team = make.team(Team.Kind.SALES, head=head)
    make.agreement(receiving=team, steps=[(80, "remind"), (100, "tell")])
    rep = make.user(Role.REP)
    make.handoff(to=rep)
    Notice.objects.all().delete()
    return {"rep": User.objects.get(pk=rep.pk), "head": head, "manager": manager}


def leave(*people: User) -> None:
    User.objects.filter(pk__in=[person.pk for person in people]).update(is_active=False)
    for person in people:
        person.is_active = False


@pytest.mark.parametrize(
    ("left", "reminded", "told"),
    [
        ((), "rep", "head"),
        (("rep",), "head", "head"),
        (("head",), "rep", "manager"),
        (("rep", "head"), "manager", "manager"),
        (("rep", "head", "manager"), None, None),
    ],
)
def test_steps_and_breaches_are_told_to_who_is_there(
    cast: dict[str, User], left: tuple[str, ...], reminded: str | None, told: str | None
):
    leave(*[cast[name] for name in left])
    soon = Escalation.objects.get(action="remind").due_at
    sweep_timers(at=soon)
    assert people() == ([cast[reminded]] if reminded else [])
    sweep_timers(at=LATE)
    # The rep's breach, and the head's step.
    assert set(people()) == {cast[name] for name in (reminded, told) if name}
    assert set(Escalation.objects.values_list("outcome", flat=True)) == {"told" if told else "nobody"}


def test_only_the_rep_is_sent_to_the_rep_s_own_page(cast: dict[str, User]):
    leave(cast["rep"])
    sweep_timers(at=LATE)
    assert {notice.params["page"] for notice in Notice.objects.exclude(kind=OFFERED.key)} == {"lead"}


def test_a_manager_of_the_own_team_stands_in_first(cast: dict[str, User]):
    own = make.user(Role.MANAGER, team=cast["rep"].team)
    leave(cast["rep"], cast["head"])
    assert stand_in(cast["rep"]) == own
    # The head belongs to no team: the first manager.
    assert stand_in(cast["head"]) == cast["manager"]
    assert stand_in(own) == own
    assert stand_in(None) is None


def test_an_offer_that_is_taken_from_who_left_is_told_to_the_head(cast: dict[str, User]):
    assert Handoff.objects.get().hop.escalation_contact() == cast["head"]
    leave(cast["head"])
    assert Handoff.objects.get().hop.escalation_contact() == cast["manager"]


def people() -> list[User]:
    return [notice.user for notice in Notice.objects.exclude(kind=OFFERED.key).select_related("user")]


@pytest.mark.parametrize("is_rep", [True, False])
def test_a_head_who_sells_or_a_team_without_one_leaves_no_step_untold(cast: dict[str, User], is_rep: bool):
    Team.objects.filter(members=cast["rep"]).update(head=cast["rep"] if is_rep else None)
    sweep_timers(at=LATE)
    assert cast["manager"] in people()
    assert Escalation.objects.get(action="tell").outcome == "told"


def test_without_a_manager_an_administrator_is_told(cast: dict[str, User]):
    administrator = make.user(Role.ADMINISTRATOR)
    leave(cast["manager"])
    Team.objects.filter(members=cast["rep"]).update(head=cast["rep"])
    sweep_timers(at=LATE)
    assert administrator in people()
