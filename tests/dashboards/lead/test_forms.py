"""What may be written on the page of a lead."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django.utils.timezone import now

from dashboards.lead.forms import ActivityForm, QuadrantForm, ReassignmentForm
from leads.models import ActivityKind
from sla.models import Absence, Handoff
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 16, 3, tzinfo=UTC)


def activity(**typed: str) -> ActivityForm:
    return ActivityForm({"kind": "call", "occurred_at": "2026-11-16T12:00"} | typed)


def test_a_moment_is_typed_in_the_reader_s_zone():
    with time_machine.travel(AT, tick=False), timezone.override("Asia/Tokyo"):
        form = activity()
        assert form.is_valid()
        assert form.cleaned_data["occurred_at"] == AT


@pytest.mark.parametrize(("typed", "accepted"), [("12:05", True), ("12:06", False)])
def test_a_clock_may_be_fast_by_five_minutes(typed: str, accepted: bool):
    with time_machine.travel(AT, tick=False), timezone.override("Asia/Tokyo"):
        assert activity(occurred_at=f"2026-11-16T{typed}").is_valid() == accepted


def test_a_kind_that_was_retired_is_not_written_any_more():
    with time_machine.travel(AT, tick=False):
        ActivityKind.objects.filter(key="call").update(retired_at=now())
        assert list(activity(occurred_at="2026-11-16T01:00").errors) == ["kind"]


@pytest.mark.parametrize("typed", ["", "yesterday", "12:00", "2026-02-30T10:00"])
def test_what_is_no_moment_is_refused_at_its_field(typed: str):
    assert list(activity(occurred_at=typed).errors) == ["occurred_at"]


@pytest.mark.parametrize("reason", ["", "  ", "\u3000", "x" * 201])
def test_a_quadrant_is_set_with_a_reason_of_two_hundred_letters_at_most(reason: str):
    assert list(QuadrantForm({"quadrant": "hot", "reason": reason}).errors) == ["reason"]


def test_a_quadrant_is_one_of_the_four():
    assert list(QuadrantForm({"quadrant": "warm", "reason": "Fair"}).errors) == ["quadrant"]
    assert QuadrantForm({"quadrant": "nurture", "reason": "来年度の予算"}).is_valid()


# Giving a hand-off to somebody else


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, given_name="Sam")


@pytest.fixture
def handoff(sam: User) -> Handoff:
    return make.handoff(to=sam, at=make.TEN)


def colleague(of: Handoff, **fields: Any) -> User:
    return make.user(Role.REP, team=of.hop.receiving_team, **fields)


def offered(handoff: Handoff) -> list[User]:
    rep = ReassignmentForm(handoff=handoff, at=make.NOON).fields["rep"]
    return list(rep.queryset)


def test_a_hand_off_goes_to_a_colleague_and_not_to_who_has_it(handoff: Handoff):
    rosa = colleague(handoff)
    make.user(Role.REP)
    assert offered(handoff) == [rosa]


def test_who_is_away_or_left_takes_nothing(handoff: Handoff):
    away, _left = colleague(handoff), colleague(handoff, is_active=False)
    day = make.NOON.date()
    Absence.objects.create(user=away, from_on=day, until_on=day)
    assert offered(handoff) == []


def test_a_colleague_stands_with_how_much_is_open(handoff: Handoff):
    rosa = colleague(handoff, given_name="Rosa", family_name="Berg")
    form = ReassignmentForm({"rep": rosa.pk}, handoff=handoff, at=make.NOON)
    assert "Rosa Berg, 0 open" in str(form["rep"])
    assert form.is_valid()
    stranger = make.user(Role.REP)
    assert list(ReassignmentForm({"rep": stranger.pk}, handoff=handoff, at=make.NOON).errors) == ["rep"]


def test_an_hour_later_is_still_to_come():
    with time_machine.travel(AT, tick=False):
        later = (AT + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
        with timezone.override("UTC"):
            assert "still to come" in str(activity(occurred_at=later).errors)
