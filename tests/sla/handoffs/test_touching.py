"""Working an accepted hand-off: touches, and giving up."""

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection

from funnel.models import Journey, Reason, Stage, StageRole
from history.models import Change, Outbox
from leads.models import Activity, PendingReevaluation
from sla.escalation.sweeping import sweep_timers
from sla.models import Handoff, Timer, Touch
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

TEN = MONDAY_9AM + timedelta(hours=1)
ELEVEN = MONDAY_9AM + timedelta(hours=2)
HOUR = timedelta(hours=1)


@pytest.fixture
def worked() -> Handoff:
    return at_work()


def at_work(touch_steps: Sequence[tuple[int, str]] = ()) -> Handoff:
    """Accepted at ten, to be touched within two hours, and three times in five open days."""
    make.agreement(policy={"touch_within": timedelta(hours=2), "touches": 3, "touch_days": 5}, touch_steps=touch_steps)
    handoff = make.handoff(to=make.user(Role.REP))
    handoff.accept(by=handoff.rep, at=TEN)
    return handoff


def clock(handoff: Handoff) -> Timer:
    return handoff.timers.get(kind=Timer.Kind.FIRST_TOUCH)


def reason(key: str, kind: Reason.Kind = Reason.Kind.RECYCLED) -> Reason:
    made, _new = Reason.objects.get_or_create(
        kind=kind, key=key, defaults={"name_en": key, "disqualifies": kind == Reason.Kind.DISQUALIFIED}
    )
    return made


def test_the_first_touch_stops_its_clock_in_time(worked: Handoff):
    worked.touch("call", by=worked.rep, note=" No answer ", at=ELEVEN)

    touch = Touch.objects.get()
    assert (touch.kind, touch.is_contact, touch.note, touch.by, touch.at) == (
        "call", False, "No answer", worked.rep, ELEVEN,
    )  # fmt: skip
    assert (clock(worked).kept_at, clock(worked).breached_at) == (ELEVEN, None)
    assert Outbox.objects.get(kind="touch.made").payload["handoff"] == worked.pk
    assert Outbox.objects.filter(kind="timer.kept", payload__handoff=worked.pk).count() == 2


def test_exactly_on_the_deadline_is_in_time_and_a_microsecond_later_is_not(worked: Handoff):
    due = clock(worked).due_at
    # Ten to twelve.
    assert due == TEN + 2 * HOUR
    worked.touch("email", by=worked.rep, at=due + timedelta(microseconds=1))
    assert (clock(worked).kept_at, clock(worked).breached_at) == (None, due)


def test_a_breach_found_by_the_sweep_stays_after_the_touch(worked: Handoff):
    sweep_timers(at=TEN + 5 * HOUR)
    worked.touch("call", by=worked.rep, contact=True, at=TEN + 6 * HOUR)
    timer = clock(worked)
    assert (timer.kept_at, timer.breached_at, timer.stopped_at) == (None, timer.due_at, TEN + 6 * HOUR)


def test_the_second_touch_leaves_the_clock_alone(worked: Handoff):
    worked.touch("call", by=worked.rep, at=ELEVEN)
    worked.touch("email", by=worked.rep, at=ELEVEN + HOUR)
    assert clock(worked).stopped_at == ELEVEN
    assert worked.touches.count() == 2


def test_a_touch_taken_back_was_not_made_and_its_clock_runs_on():
    worked = at_work(touch_steps=[(50, "remind"), (80, "tell")])
    due = clock(worked).due_at
    coming = list(clock(worked).escalations.values_list("percent", "due_at"))
    assert len(coming) == 2
    touch = worked.touch("call", by=worked.rep, contact=True, at=TEN + timedelta(minutes=5))
    assert not clock(worked).escalations.exists()

    touch.undo(by=worked.rep, at=TEN + timedelta(minutes=6))
    timer = clock(worked)
    assert (timer.due_at, timer.stopped_at, timer.kept_at, timer.open_time) == (due, None, None, None)
    assert list(timer.escalations.values_list("percent", "due_at")) == coming
    assert not Touch.objects.exists()
    assert not Activity.objects.filter(lead=worked.lead).exists()
    assert Change.objects.get(subject="handoff", field="touch").old == "call, contact"
    assert sweep_timers(at=due + timedelta(microseconds=1))["breached"] == 1


def test_of_a_clock_that_was_paused_the_steps_stay_where_the_pause_moved_them_when_the_touch_is_taken_back():
    worked = at_work(touch_steps=[(50, "remind"), (80, "tell")])
    clock(worked).pause(until=ELEVEN + HOUR, reason="On a train", by=worked.rep, at=TEN + timedelta(minutes=30))
    coming = list(clock(worked).escalations.values_list("percent", "due_at"))
    assert coming[0] == (50, TEN + timedelta(minutes=210))
    worked.touch("call", by=worked.rep, at=ELEVEN).undo(by=worked.rep, at=ELEVEN)
    assert list(clock(worked).escalations.values_list("percent", "due_at")) == coming


@pytest.mark.parametrize(
    ("touched", "undone", "told"),
    [
        (timedelta(minutes=90), timedelta(minutes=100), ["reminder"]),
        (timedelta(minutes=115), timedelta(minutes=125), ["breach", "breach"]),
    ],
    ids=["across a step", "across the deadline"],
)
def test_a_touch_taken_back_takes_up_every_step_that_came_due_meanwhile(
    touched: timedelta, undone: timedelta, told: list[str]
):
    """The clock runs two hours: the rep is reminded after 96 minutes, and the head is told at its end."""
    worked = at_work(touch_steps=[(80, "remind"), (100, "tell")])
    Team.objects.filter(pk=worked.hop.receiving_team_id).update(head=make.user(Role.MANAGER))
    touch = worked.touch("call", by=worked.rep, at=TEN + touched)
    sweep_timers(at=TEN + undone)
    Notice.objects.all().delete()

    touch.undo(by=worked.rep, at=TEN + undone)
    sweep_timers(at=TEN + undone)
    assert list(Notice.objects.values_list("kind", flat=True)) == told
    sweep_timers(at=TEN + undone)
    assert Notice.objects.count() == len(told)


def test_a_step_that_was_run_is_not_run_again_when_the_touch_is_taken_back():
    worked = at_work(touch_steps=[(80, "remind")])
    sweep_timers(at=TEN + timedelta(minutes=97))
    Notice.objects.all().delete()
    worked.touch("call", by=worked.rep, at=ELEVEN + timedelta(minutes=40)).undo(by=worked.rep, at=ELEVEN + 0.7 * HOUR)
    sweep_timers(at=ELEVEN + 0.7 * HOUR)
    assert not Notice.objects.exists()


def test_a_breach_stays_when_the_late_touch_is_taken_back(worked: Handoff):
    late = clock(worked).due_at + HOUR
    worked.touch("call", by=worked.rep, at=late).undo(by=worked.rep, at=late)
    timer = clock(worked)
    assert (timer.stopped_at, timer.breached_at) == (None, timer.due_at)


def test_only_the_newest_touch_is_taken_back_by_its_author_within_minutes(worked: Handoff):
    first = worked.touch("call", by=worked.rep, at=ELEVEN)
    second = worked.touch("email", by=worked.rep, at=ELEVEN)
    for touch, by, at in (
        (first, worked.rep, ELEVEN),
        (second, make.user(Role.REP), ELEVEN),
        (second, worked.rep, ELEVEN + Touch.UNDONE_WITHIN + timedelta(microseconds=1)),
    ):
        with pytest.raises(Touch.TooLate):
            touch.undo(by=by, at=at)
    second.undo(by=worked.rep, at=ELEVEN + Touch.UNDONE_WITHIN)
    assert clock(worked).stopped_at == ELEVEN


@pytest.mark.parametrize(
    ("kind", "contact", "seen"),
    [
        ("call", True, True),
        ("meeting", True, True),
        ("call", False, False),
        ("email", True, False),
        ("message", True, False),
    ],
)
def test_a_call_or_meeting_with_the_lead_is_what_the_lead_did(worked: Handoff, kind: str, contact: bool, seen: bool):
    PendingReevaluation.objects.all().delete()
    worked.touch(kind, by=worked.rep, contact=contact, note="Wants a demo", at=ELEVEN)
    found = Activity.objects.filter(lead=worked.lead)
    assert [(activity.kind.key, activity.occurred_at) for activity in found] == ([(kind, ELEVEN)] if seen else [])
    # Its scores are looked at anew.
    assert PendingReevaluation.objects.filter(lead=worked.lead).exists() == seen


def test_what_was_not_accepted_is_not_touched():
    make.agreement(policy={"touch_within": timedelta(hours=2)})
    offered = make.handoff()
    with pytest.raises(Handoff.Over):
        offered.touch("call", by=offered.rep, at=TEN)
    assert not Touch.objects.exists()


def test_nobody_calls_a_lead_that_went_back_or_was_closed(worked: Handoff):
    Journey.objects.get(pk=worked.lead_id).recycle(reason("timing"), at=ELEVEN)
    with pytest.raises(Handoff.Over):
        worked.touch("call", by=worked.rep, at=ELEVEN + HOUR)


def test_giving_up_before_the_agreed_touches_needs_a_note(worked: Handoff):
    worked.touch("call", by=worked.rep, at=ELEVEN)
    with pytest.raises(Handoff.TooSoon):
        worked.give_up(by=worked.rep, reason=reason("timing"), note="  ", at=ELEVEN)
    assert Handoff.objects.get().given_up_at is None

    worked.give_up(by=worked.rep, reason=reason("timing"), note="On leave until May", at=ELEVEN)

    kept = Handoff.objects.get()
    assert (kept.answer, kept.given_up_at, kept.given_up_by, kept.reason, kept.note) == (
        "accepted", ELEVEN, worked.rep, reason("timing"), "On leave until May",
    )  # fmt: skip
    assert Outbox.objects.filter(kind="handoff.given_up").count() == 1


def test_after_the_agreed_touches_it_may_be_given_up_without_a_word(worked: Handoff):
    for hours in range(3):
        worked.touch("call", by=worked.rep, at=ELEVEN + hours * HOUR)
    wakes = ELEVEN + timedelta(days=90)
    worked.give_up(by=worked.rep, reason=reason("timing"), wake_at=wakes, at=ELEVEN + 3 * HOUR)
    journey = Journey.objects.get(pk=worked.lead_id)
    assert (journey.stage.role, journey.wake_at) == (StageRole.LEAD, wakes)


def test_a_contact_ends_the_cadence(worked: Handoff):
    worked.touch("email", by=worked.rep, contact=True, at=ELEVEN)
    worked.give_up(by=worked.rep, reason=reason("timing"), at=ELEVEN)
    assert Handoff.objects.get().given_up_at == ELEVEN


def test_a_reason_that_disqualifies_closes_the_journey(worked: Handoff):
    no_buyer = reason("student", Reason.Kind.DISQUALIFIED)
    worked.give_up(by=worked.rep, reason=no_buyer, note="Writes a thesis", at=ELEVEN)
    journey = Journey.objects.get(pk=worked.lead_id)
    assert (journey.closed_at, journey.closed_as) == (ELEVEN, Journey.Ended.DISQUALIFIED)


def test_giving_up_untouched_before_the_deadline_keeps_no_promise_and_breaks_none(worked: Handoff):
    worked.give_up(by=worked.rep, reason=reason("timing"), note="Twice in the list", at=ELEVEN)
    assert (clock(worked).stopped_at, clock(worked).kept_at, clock(worked).breached_at) == (ELEVEN, None, None)


def test_giving_up_twice_is_told(worked: Handoff):
    worked.give_up(by=worked.rep, reason=reason("timing"), note="No", at=ELEVEN)
    with pytest.raises(Handoff.Over):
        worked.give_up(by=worked.rep, reason=reason("timing"), note="No", at=ELEVEN)
    with pytest.raises(Handoff.Over):
        worked.touch("call", by=worked.rep, at=ELEVEN)


def test_what_has_moved_on_is_not_given_up(worked: Handoff):
    Journey.objects.get(pk=worked.lead_id).move_to(Stage.objects.role(StageRole.SQL), because="Knows the buyer")
    with pytest.raises(Journey.Moved):
        worked.give_up(by=worked.rep, reason=reason("timing"), note="No", at=ELEVEN)
    assert Handoff.objects.get().given_up_at is None


def test_other_needs_a_word_when_giving_up_too(worked: Handoff):
    other = reason("other_recycled")
    other.needs_text = True
    with pytest.raises(Handoff.NeedsWords):
        worked.give_up(by=worked.rep, reason=other, at=ELEVEN)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_who_give_up_at_once_one_wins():
    worked = at_work()
    why = reason("timing")
    lost: list[type[Exception]] = []

    def try_it() -> None:
        try:
            mine = Handoff.objects.select_related("hop", "policy", "rep", "lead").get(pk=worked.pk)
            mine.give_up(by=worked.rep, reason=why, note="No", at=ELEVEN)
        except Handoff.Over as told:
            lost.append(type(told))
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 5
    assert worked.lead.transitions.filter(reason=why).count() == 1


def test_only_the_reasons_that_the_hop_names_reject_it():
    make.agreement(reason_keys=["no_project", "other"])
    handoff = make.handoff()
    assert {each.key for each in handoff.hop.rejection_reasons()} == {"no_project", "other"}
    unnamed = reason("competitor", Reason.Kind.REJECTED)
    with pytest.raises(Handoff.NotAgreed):
        handoff.reject(by=handoff.rep, reason=unnamed, verdict=Handoff.Verdict.NO, at=TEN)
    assert Handoff.objects.open().filter(pk=handoff.pk).exists()
    named = reason("no_project", Reason.Kind.REJECTED)
    handoff.reject(by=handoff.rep, reason=named, verdict=Handoff.Verdict.NO, at=TEN)


def test_a_hop_that_names_no_reason_takes_all_of_the_list():
    handoff = make.handoff()
    assert set(handoff.hop.rejection_reasons()) == set(Reason.objects.offered(Reason.Kind.REJECTED))


def test_nothing_was_done_later_than_it_is_written_down(worked: Handoff):
    early = worked.touch("call", by=worked.rep, contact=True, at=ELEVEN, done_at=TEN)
    ahead = worked.touch("call", by=worked.rep, contact=True, at=ELEVEN, done_at=ELEVEN + timedelta(minutes=3))
    assert (early.done_at, ahead.done_at) == (TEN, ELEVEN)
    assert set(Activity.objects.values_list("occurred_at", flat=True)) == {TEN, ELEVEN}
