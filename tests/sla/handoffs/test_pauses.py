"""The clock of the first touch can stand still, with a reason, for so much open time."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history.models import Outbox
from sla.escalation.sweeping import sweep_timers
from sla.models import Calendar, Escalation, Handoff, Timer
from sla.notices import REMINDER
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def accepted(touch_within: timedelta = 6 * HOUR) -> Timer:
    """The running touch clock of a hand-off that was accepted on Monday at nine, with a reminder half-way."""
    team = make.team(Team.Kind.SALES, head=make.user(Role.MANAGER))
    promised = {"touch_within": touch_within}
    make.agreement(receiving=team, policy=promised, touch_steps=((50, "remind"), (100, "tell")))
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=MONDAY_9AM)
    return handoff.timers.get(kind=Timer.Kind.FIRST_TOUCH)


def pause(timer: Timer, at: datetime, until: datetime, reason: str = "On holiday") -> None:
    timer.pause(until=until, reason=reason, by=timer.handoff.rep, at=at)


def steps(timer: Timer) -> list[datetime]:
    return list(timer.escalations.order_by("percent").values_list("due_at", flat=True))


def test_a_pause_moves_the_deadline_and_the_coming_steps_by_its_open_time():
    timer = accepted()
    # Half of six hours at noon, all of them at four.
    assert (steps(timer), timer.due_at) == ([MONDAY_9AM + 3 * HOUR, MONDAY_9AM + 7 * HOUR], MONDAY_9AM + 7 * HOUR)
    # From ten on Monday to ten on Tuesday eight hours are open.
    pause(timer, MONDAY_9AM + HOUR, MONDAY_9AM + 25 * HOUR)
    timer.refresh_from_db()
    assert timer.due_at == MONDAY_9AM + 31 * HOUR
    assert steps(timer) == [MONDAY_9AM + 27 * HOUR, MONDAY_9AM + 31 * HOUR]
    assert sweep_timers(at=MONDAY_9AM + 8 * HOUR) == {"breached": 0, "escalated": 0}
    assert Outbox.objects.filter(kind="timer.paused").count() == 1


def open_mornings_alone() -> None:
    """Somebody edits the company's calendar: from now on it is open from nine to ten."""
    calendar = Calendar.default()
    calendar.windows = {day: [["09:00", "10:00"]] for day in "01234"}
    calendar.save()
    calendar.days.create(day=MONDAY_9AM.date())


def test_what_a_clock_ran_is_counted_by_the_hours_it_started_with():
    timer = accepted()
    open_mornings_alone()
    timer.handoff.touch("call", by=timer.handoff.rep, at=MONDAY_9AM + 2 * HOUR)
    timer.refresh_from_db()
    assert timer.open_time == 2 * HOUR


def test_a_pause_moves_the_deadline_by_the_hours_it_started_with():
    timer = accepted()
    open_mornings_alone()
    pause(timer, MONDAY_9AM + HOUR, MONDAY_9AM + 25 * HOUR)
    timer.refresh_from_db()
    assert (timer.due_at, steps(timer)) == (MONDAY_9AM + 31 * HOUR, [MONDAY_9AM + 27 * HOUR, MONDAY_9AM + 31 * HOUR])


def test_the_steps_of_a_clock_that_runs_on_stay_where_they_were():
    timer = accepted()
    before = steps(timer)
    touch = timer.handoff.touch("call", by=timer.handoff.rep, at=MONDAY_9AM + HOUR)
    open_mornings_alone()
    touch.undo(by=timer.handoff.rep, at=MONDAY_9AM + HOUR + timedelta(minutes=5))
    assert steps(timer) == before


def test_a_clock_of_before_runs_by_its_calendar():
    timer = accepted()
    Timer.objects.filter(pk=timer.pk).update(started_with=None)
    timer.refresh_from_db()
    assert timer.hours.elapsed(MONDAY_9AM, MONDAY_9AM + 24 * HOUR) == 8 * HOUR


def test_a_step_that_has_come_stays_where_it_was():
    timer = accepted()
    sweep_timers(at=MONDAY_9AM + 3 * HOUR)
    pause(timer, MONDAY_9AM + 4 * HOUR, MONDAY_9AM + 28 * HOUR)
    assert steps(timer) == [MONDAY_9AM + 3 * HOUR, MONDAY_9AM + 31 * HOUR]
    assert Notice.objects.of(REMINDER).count() == 1


def test_pauses_that_overlap_count_once():
    timer = accepted()
    pause(timer, MONDAY_9AM + HOUR, MONDAY_9AM + 25 * HOUR)
    pause(timer, MONDAY_9AM + 2 * HOUR, MONDAY_9AM + 24 * HOUR)
    assert timer.due_at == MONDAY_9AM + 31 * HOUR
    pause(timer, MONDAY_9AM + 24 * HOUR, MONDAY_9AM + 26 * HOUR)
    assert timer.due_at == MONDAY_9AM + 32 * HOUR
    assert timer.pauses.count() == 3


def test_a_pause_over_closed_hours_moves_nothing_and_is_kept():
    timer = accepted()
    pause(timer, MONDAY_9AM + 3 * HOUR, MONDAY_9AM + 4 * HOUR, reason="Lunch with them")
    assert (timer.due_at, timer.pauses.get().reason) == (MONDAY_9AM + 7 * HOUR, "Lunch with them")


def test_the_open_time_leaves_pauses_out():
    timer = accepted()
    pause(timer, MONDAY_9AM + HOUR, MONDAY_9AM + 25 * HOUR)
    handoff = Handoff.objects.get(pk=timer.handoff_id)
    handoff.touch("call", by=handoff.rep, at=MONDAY_9AM + 27 * HOUR)
    timer.refresh_from_db()
    assert (timer.open_time, timer.kept_at) == (3 * HOUR, MONDAY_9AM + 27 * HOUR)


def test_the_answer_clock_never_pauses():
    timer = make.handoff().timers.get(kind=Timer.Kind.ANSWER)
    with pytest.raises(Timer.NeverPauses):
        pause(timer, MONDAY_9AM, MONDAY_9AM + HOUR)


def test_a_pause_after_the_breach_or_the_touch_is_refused():
    timer = accepted()
    # Exactly on the deadline it is not over, and a moment later it is, whether a sweep has seen it or not.
    with pytest.raises(Timer.Over):
        pause(timer, timer.due_at + timedelta(microseconds=1), timer.due_at + DAY)
    sweep_timers(at=timer.due_at + DAY)
    with pytest.raises(Timer.Over):
        pause(timer, MONDAY_9AM + HOUR, timer.due_at + DAY)
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=MONDAY_9AM)
    touched = handoff.timers.get(kind=Timer.Kind.FIRST_TOUCH)
    handoff.touch("call", by=handoff.rep, at=MONDAY_9AM + HOUR)
    with pytest.raises(Timer.Over):
        pause(touched, MONDAY_9AM + 2 * HOUR, MONDAY_9AM + DAY)
    assert not timer.pauses.exists()


def test_a_pause_has_a_reason_and_an_end_after_its_beginning():
    timer = accepted()
    with pytest.raises(Timer.NeedsReason):
        pause(timer, MONDAY_9AM, MONDAY_9AM + HOUR, reason="  ")
    with pytest.raises(Timer.NoTime):
        pause(timer, MONDAY_9AM + HOUR, MONDAY_9AM + HOUR)


minutes = st.integers(0, 3 * 24 * 60).map(lambda n: timedelta(minutes=n))
SOME = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def running() -> Timer:
    return accepted(9 * HOUR)


@SOME
@given(st.lists(st.tuples(minutes, minutes), max_size=5), minutes)
def test_whatever_is_paused_the_clock_is_where_the_opening_hours_say(
    running: Timer, asked: list[tuple[timedelta, timedelta]], then: timedelta
):
    """The deadline, the steps and the open time are those that the hours give for all pauses at once."""
    with transaction.atomic():
        timer = Timer.objects.get(pk=running.pk)
        hours, spans, at = timer.hours, [], MONDAY_9AM
        for wait, length in asked:
            at += wait / 4
            try:
                pause(timer, at, at + length)
            except (Timer.Over, Timer.NoTime):
                assert timer.due_at < at or not length
                continue
            spans.append((at, at + length))
        timer.refresh_from_db()
        assert timer.due_at.astimezone(UTC) == hours.deadline(MONDAY_9AM, timer.target, spans).astimezone(UTC)
        for step in Escalation.objects.filter(timer=timer):
            # Pauses that began after a step had come leave it there.
            before = [span for span in spans if span[0] <= step.due_at]
            assert step.due_at == hours.deadline(MONDAY_9AM, timer.target * step.percent / 100, before)
        timer.stop(at=at + then)
        assert timer.open_time == hours.elapsed(MONDAY_9AM, at + then, spans)
        transaction.set_rollback(True)


def test_a_pause_ends_180_days_on_at_the_latest():
    timer = accepted()
    with pytest.raises(Timer.TooLong):
        pause(timer, MONDAY_9AM, MONDAY_9AM + 180 * DAY + timedelta(microseconds=1))
    assert not timer.pauses.exists()
    pause(timer, MONDAY_9AM, MONDAY_9AM + 180 * DAY)
    assert timer.pauses.get().ends_at == MONDAY_9AM + 180 * DAY


@pytest.mark.parametrize(("until", "is_taken"), [("2027-05-15", True), ("2027-05-16", False), ("9999-12-31", False)])
def test_the_page_says_so_at_the_field(in_tokyo: None, until: str, is_taken: bool):
    """Asked for on Monday, at nine in the morning and a second."""
    timer = accepted()
    browser = make.signed_in(timer.handoff.rep)
    with time_machine.travel(MONDAY_9AM + timedelta(seconds=1) - 9 * HOUR, tick=False):
        Timer.objects.update(started_at=MONDAY_9AM - 20 * HOUR)
        answer = browser.post(reverse("touch_pause", args=[timer.handoff_id]), {"until_on": until, "reason": "Away"})
    assert answer.status_code == (302 if is_taken else 422), answer.content.decode()
    assert timer.pauses.exists() == is_taken
    assert ("180 days at most" in answer.content.decode()) != is_taken
