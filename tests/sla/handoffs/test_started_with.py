"""A clock keeps the hours it started with: its deadline, what is left of it, what it ran, how far a pause moves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.urls import reverse

from leads.models import Lead
from sla.agreement.drafting import draft_next
from sla.calendars.models import CalendarUse, hours_as_stated
from sla.flow.merging import merge
from sla.handoffs.handing_on import hand_on
from sla.handoffs.overdue import overdue_by_rep
from sla.models import Absence, Agreement, Calendar, Handoff, Timer
from teams.models import Organization, Role, User
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Open from nine to six in Tokyo, closed for lunch from twelve to one.
ANSWER, TOUCH = timedelta(hours=4), timedelta(hours=6)
MORNINGS = {day: [["09:00", "10:00"]] for day in "01234"}


@pytest.fixture
def sam() -> User:
    make.agreement(answer_within=ANSWER, policy={"touch_within": TOUCH}, touch_steps=((50, "remind"), (100, "tell")))
    return make.user(Role.REP, Role.MANAGER, given_name="Sam", language="en")


def open_mornings_alone(rep: User) -> None:
    calendar = Calendar.default()
    calendar.windows = MORNINGS
    calendar.save()


def close_today(rep: User) -> None:
    Calendar.default().days.create(day=MONDAY_9AM.date(), name="Typhoon")


def move_the_company(rep: User) -> None:
    Organization.objects.update(time_zone="America/New_York", country="US")


def give_other_hours(rep: User) -> None:
    other = Calendar.objects.create(name="Nights", time_zone="Europe/Berlin", country="DE", windows=MORNINGS)
    CalendarUse.objects.create(calendar=other, user=rep)


def delete_own_calendar(rep: User) -> None:
    Calendar.objects.filter(is_default=False).delete()
    open_mornings_alone(rep)


def go_away(rep: User) -> None:
    Absence.objects.create(user=rep, from_on=MONDAY_9AM.date(), until_on=MONDAY_9AM.date() + DAY)


EDITS = [open_mornings_alone, close_today, move_the_company, give_other_hours, delete_own_calendar, go_away]
Edit = Callable[[User], None]


@pytest.fixture(params=EDITS, ids=[edit.__name__ for edit in EDITS])
def edited(request: pytest.FixtureRequest, sam: User) -> Callable[[], None]:
    """What happens to the hours while the clock runs; before, a calendar of Sam's own says what the company's does."""
    edit: Edit = request.param
    if edit is delete_own_calendar:
        own = Calendar.objects.create(name="Sam's", windows=Calendar.default().windows)
        CalendarUse.objects.create(calendar=own, user=sam)
    return lambda: edit(sam)


def accepted(sam: User) -> Timer:
    handoff = make.handoff(to=sam, at=MONDAY_9AM)
    handoff.accept(by=sam, at=MONDAY_9AM)
    return handoff.timers.get(kind=Timer.Kind.FIRST_TOUCH)


def get(sam: User, address: str, at: datetime) -> Any:
    with time_machine.travel(at, tick=False):
        answer = make.signed_in(sam).get(address)
    assert answer.status_code == 200
    return answer


# What is left of it


@pytest.mark.parametrize("passed", [HOUR, 2 * HOUR, 6 * HOUR])
def test_every_page_shows_what_is_left_of_an_answer(sam: User, edited: Callable[[], None], passed: timedelta):
    handoff = make.handoff(to=sam, at=MONDAY_9AM)
    edited()
    at = MONDAY_9AM + passed
    # It falls due at two o'clock; at three it is an hour over.
    left = {HOUR: 3 * HOUR, 2 * HOUR: 2 * HOUR, 6 * HOUR: -HOUR}[passed]
    detail = get(sam, f"/inbox/{handoff.pk}/", at).context
    home = get(sam, reverse("home"), at).context
    lead = get(sam, reverse("lead", args=[handoff.lead_id]), at).context
    shown = [
        detail["countdown"],
        detail["groups"][0]["rows"][0]["countdown"],
        next(countdown for _offer, countdown in home["offers"]),
        lead["countdown"],
    ]
    assert {(each.due_at, each.seconds_left) for each in shown} == {(MONDAY_9AM + 5 * HOUR, left.total_seconds())}


@pytest.mark.parametrize("passed", [HOUR, 2 * HOUR, 8 * HOUR])
def test_every_page_shows_what_is_left_of_a_first_touch(sam: User, edited: Callable[[], None], passed: timedelta):
    timer = accepted(sam)
    edited()
    at = MONDAY_9AM + passed
    # It falls due at four o'clock; at five it is an hour over.
    left = {HOUR: 5 * HOUR, 2 * HOUR: 4 * HOUR, 8 * HOUR: -HOUR}[passed]
    working = get(sam, reverse("inbox_working"), at).context
    home = get(sam, reverse("home"), at).context
    shown = [working["work"], working["groups"][0]["rows"][0], home["first_steps"][0]]
    if left < timedelta():
        shown += overdue_by_rep(at=at).groups[0].untouched
    assert {each.countdown.seconds_left for each in shown} == {left.total_seconds()}
    assert {each.countdown.due_at for each in shown} == {timer.due_at}


# What it ran, and where it ends


def test_what_it_ran_the_deadline_and_the_steps_stay(sam: User, edited: Callable[[], None]):
    answered = make.handoff(to=sam, at=MONDAY_9AM)
    timer = accepted(sam)
    edited()
    before = sorted(timer.escalations.values_list("percent", "due_at"))
    timer.pause(until=MONDAY_9AM + 25 * HOUR, reason="On holiday", by=sam, at=MONDAY_9AM + HOUR)
    # From ten on Monday to ten on Tuesday eight hours are open.
    assert timer.due_at == MONDAY_9AM + 31 * HOUR
    assert [due for _n, due in before] == [MONDAY_9AM + 3 * HOUR, MONDAY_9AM + 7 * HOUR]
    coming = list(timer.escalations.order_by("percent").values_list("due_at", flat=True))
    assert coming == [MONDAY_9AM + 27 * HOUR, MONDAY_9AM + 31 * HOUR]

    touch = timer.handoff.touch("call", by=sam, at=MONDAY_9AM + 26 * HOUR)
    timer.refresh_from_db()
    assert (timer.open_time, timer.kept_at) == (2 * HOUR, touch.at)
    touch.undo(by=sam, at=touch.at + timedelta(minutes=5))
    timer.refresh_from_db()
    assert (timer.due_at, timer.open_time, timer.stopped_at) == (MONDAY_9AM + 31 * HOUR, None, None)
    assert list(timer.escalations.order_by("percent").values_list("due_at", flat=True)) == coming

    answered.accept(by=sam, at=MONDAY_9AM + 4 * HOUR)
    assert answered.timers.get(kind=Timer.Kind.ANSWER).open_time == 3 * HOUR


def test_what_follows_starts_with_the_hours_of_its_own_moment(sam: User):
    handoff = make.handoff(to=sam, at=MONDAY_9AM)
    open_mornings_alone(sam)
    handoff.accept(by=sam, at=MONDAY_9AM + 2 * HOUR)
    touch = handoff.timers.get(kind=Timer.Kind.FIRST_TOUCH)
    # Six hours of mornings: Tuesday to Friday, and after Monday's holiday Tuesday and Wednesday.
    assert touch.due_at == MONDAY_9AM + 9 * DAY + HOUR


def test_reassigned_each_clock_is_counted_by_its_own_hours(sam: User):
    handoff = make.handoff(to=sam, at=MONDAY_9AM)
    ruth = make.user(Role.REP, team=sam.team)
    give_other_hours(ruth)
    replacement = handoff.reassign(ruth, at=MONDAY_9AM + 2 * HOUR)
    Calendar.objects.filter(name="Nights").update(windows=Calendar.default().windows, time_zone="")
    open_mornings_alone(sam)
    # Nine to ten in Berlin is five to six in the afternoon.
    replacement.accept(by=ruth, at=MONDAY_9AM + 8 * HOUR + timedelta(minutes=30))
    assert handoff.timers.get().open_time == 2 * HOUR
    assert replacement.timers.get(kind=Timer.Kind.ANSWER).open_time == timedelta(minutes=30)
    assert replacement.waited() == 2 * HOUR + timedelta(minutes=30)


def test_handed_on_it_runs_on_by_the_hours_it_started_with(sam: User):
    timer = accepted(sam)
    ruth = make.user(Role.REP, team=sam.team, language="en")
    give_other_hours(ruth)
    hand_on(timer.handoff, ruth, by=sam, at=TEN)
    timer = Timer.objects.get(pk=timer.pk)
    assert (timer.handoff.rep, timer.due_at) == (ruth, MONDAY_9AM + 7 * HOUR)
    work = get(ruth, reverse("inbox_working"), MONDAY_9AM + 2 * HOUR).context["work"]
    assert work.countdown.seconds_left == (4 * HOUR).total_seconds()
    timer.handoff.touch("call", by=ruth, at=MONDAY_9AM + 2 * HOUR)
    timer.refresh_from_db()
    assert timer.open_time == 2 * HOUR


def test_a_replaced_agreement_moves_no_clock(sam: User):
    timer = accepted(sam)
    steps = list(timer.escalations.order_by("percent").values_list("percent", "due_at"))
    touch = timer.handoff.touch("call", by=sam, at=TEN)
    draft = draft_next(at=TEN)
    draft.policies.update(touch_within=HOUR, answer_within=HOUR)
    Agreement.objects.exclude(pk=draft.pk).update(replaced_at=TEN)
    Agreement.objects.filter(pk=draft.pk).update(proposed_at=TEN, in_force_from=TEN)
    touch.undo(by=sam, at=TEN + timedelta(minutes=5))
    timer.refresh_from_db()
    assert (timer.target, timer.due_at) == (TOUCH, MONDAY_9AM + 7 * HOUR)
    assert list(timer.escalations.order_by("percent").values_list("percent", "due_at")) == steps


def test_a_merge_moves_no_clock(sam: User):
    timer = accepted(sam)
    open_mornings_alone(sam)
    kept = make.lead()
    merge(kept, Lead.objects.get(pk=timer.handoff.lead_id), by=sam, at=TEN)
    handoff = Handoff.objects.get(pk=timer.handoff_id)
    assert handoff.lead == kept
    handoff.touch("call", by=sam, at=MONDAY_9AM + 2 * HOUR)
    timer.refresh_from_db()
    assert (timer.due_at, timer.open_time) == (MONDAY_9AM + 7 * HOUR, 2 * HOUR)


def test_what_was_counted_can_be_counted_again(sam: User, edited: Callable[[], None]):
    timer = accepted(sam)
    timer.pause(until=MONDAY_9AM + 4 * HOUR, reason="At lunch", by=sam, at=MONDAY_9AM + 2 * HOUR)
    edited()
    timer.handoff.touch("call", by=sam, at=MONDAY_9AM + 27 * HOUR)
    for each in Timer.objects.exclude(stopped_at=None):
        assert each.started_with
        assert each.stopped_at
        hours = hours_as_stated(each.started_with, at=each.started_at)
        assert hours.elapsed(each.started_at, each.stopped_at, each.paused()) == each.open_time
        assert hours.deadline(each.started_at, each.target, each.paused()) == each.due_at


# What ran before hours were kept


def upgrade() -> None:
    import_module("sla.migrations.0026_hours_of_running_timers").keep_hours(apps, None)


def test_an_upgrade_keeps_the_hours_of_clocks_that_run(sam: User):
    Organization.objects.update_or_create(pk=1, defaults={"country": "JP"})
    ruth = make.user(Role.REP, team=sam.team)
    nights = Calendar.objects.create(name="Nights", time_zone="Europe/Berlin", country="DE", windows=MORNINGS)
    nights.days.create(day=MONDAY_9AM.date() + DAY, closed_from=time(9), closed_until=time(9, 30))
    nights.days.create(day=MONDAY_9AM.date() + 7 * DAY)
    CalendarUse.objects.create(calendar=nights, user=ruth)
    kept = [make.handoff(to=sam).timers.get(), make.handoff(to=ruth).timers.get()]
    stopped = accepted(sam).handoff.timers.get(kind=Timer.Kind.ANSWER)
    Timer.objects.update(started_with=None)
    upgrade()
    for timer in kept:
        assert timer.hours == Timer.objects.get(pk=timer.pk).hours
        assert timer.started_with == Timer.objects.get(pk=timer.pk).started_with
    assert Timer.objects.get(pk=stopped.pk).started_with is None


def test_an_upgrade_keeps_no_hours_by_which_nothing_can_be_counted(sam: User):
    timer = make.handoff(to=sam).timers.get()
    Timer.objects.update(started_with=None)
    windows = Calendar.default().windows
    Calendar.objects.update(windows={"0": []})
    upgrade()
    Calendar.objects.update(windows=windows)
    assert Timer.objects.get(pk=timer.pk).hours == timer.hours


def test_an_upgrade_changes_no_hours_that_are_kept(sam: User):
    timer = accepted(sam)
    open_mornings_alone(sam)
    upgrade()
    assert Timer.objects.get(pk=timer.pk).started_with == timer.started_with
