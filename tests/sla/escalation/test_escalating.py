"""What happens while a promise runs: each step once, in order, whatever crashes or runs twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from funnel.models import Journey, Stage, StageRole
from history.models import Outbox
from sla.escalation import escalating
from sla.escalation.sweeping import sweep_timers
from sla.models import Escalation, Handoff, Step, Timer
from sla.notices import BREACH, ENDED, OFFERED, REASSIGNED
from sla.routing.offering import hops_in_force, offer, unoffered_transitions
from teams.models import Notice, Role, Team, User
from tests import make
from tests.make import MONDAY_9AM

# Four hours from nine, with lunch in between.
DUE = MONDAY_9AM + timedelta(hours=5)
MOMENT = timedelta(microseconds=1)
NIGHT = timedelta(hours=14)


def sales(*steps: tuple[int, str], reps: int = 2, **fields: Any) -> list[User]:
    """The reps of a sales team whose head is the manager, and an agreement with these steps."""
    team = make.team(Team.Kind.SALES, head=make.user(Role.MANAGER))
    members = [make.user(Role.REP, team=team) for _ in range(reps)]
    make.agreement(receiving=team, steps=steps, **fields)
    return members


def offered(count: int = 1, at: datetime = MONDAY_9AM) -> list[Handoff]:
    for _ in range(count):
        make.mql(at=at)
    assert offer(at=at) == count
    return list(Handoff.objects.order_by("pk").select_related("hop", "rep", "lead"))


def outcomes() -> list[tuple[int, str, str]]:
    return list(Escalation.objects.order_by("timer", "percent", "pk").values_list("percent", "action", "outcome"))


@pytest.mark.django_db
def test_steps_come_in_their_order_each_once_and_not_before_its_time():
    rep, _other = sales((50, "remind"), (80, "remind"), (100, "tell"), (150, "tell"))
    (handoff,) = offered()
    manager = handoff.hop.receiving_team.head
    seen = []
    for hours in range(1, 9):
        for _ in range(2):
            sweep_timers(at=MONDAY_9AM + timedelta(hours=hours))
        seen.append(Escalation.objects.exclude(done_at=None).count())
    # Half of it at eleven, 80 % after lunch, and what is due at two is over after two; 150 % at four.
    assert seen == [0, 1, 1, 1, 2, 3, 3, 4]
    told = Notice.objects.exclude(kind=OFFERED.key).order_by("pk").values_list("user", "kind")
    assert list(told) == [
        (rep.pk, "reminder"), (rep.pk, "reminder"), (rep.pk, "breach"), (manager.pk, "breach"), (manager.pk, "breach"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_nothing_is_taken_away_as_long_as_an_answer_would_be_in_time():
    first, second = sales((100, "reassign"))
    (handoff,) = offered()
    assert sweep_timers(at=DUE) == {"breached": 0, "escalated": 0}
    assert sweep_timers(at=DUE + MOMENT) == {"breached": 1, "escalated": 1}
    was, is_now = Handoff.objects.order_by("pk")
    assert (was.rep, was.answer, is_now.rep, is_now.replaces) == (first, "withdrawn", second, handoff)
    # The breach stays with whom it was offered to when it fell due; the clock starts anew.
    assert was.timers.get().breached_at == DUE
    assert (is_now.timers.get().started_at, is_now.timers.get().breached_at) == (DUE + MOMENT, None)
    assert {notice.user for notice in Notice.objects.of(OFFERED)} == {first, second}
    assert Notice.objects.of(REASSIGNED).get().user == first


@pytest.mark.django_db
def test_while_nothing_ends_a_sweep_holds_up_nobody_who_offers():
    sales((100, "reassign"))
    offered()
    with CaptureQueriesContext(connection) as asked:
        sweep_timers(at=DUE)
    assert "pg_advisory" not in str(asked.captured_queries)
    with CaptureQueriesContext(connection) as asked:
        sweep_timers(at=DUE + MOMENT)
    assert "pg_advisory" in str(asked.captured_queries)


@pytest.mark.django_db
def test_a_sweep_that_comes_late_takes_what_still_makes_sense_and_ends_with_the_first_end():
    sales((50, "remind"), (80, "tell"), (100, "reassign"), (120, "tell"), (200, "accept"))
    offered()
    sweep_timers(at=MONDAY_9AM + timedelta(days=3))
    # What would have come after it never will.
    assert [each for each in outcomes() if each[2]] == [
        (50, "remind", "too late"), (80, "tell", "told"), (100, "reassign", "reassigned"),
    ]  # fmt: skip
    assert Escalation.objects.filter(done_at__isnull=False).count() == 3
    assert Handoff.objects.open().count() == 1


@pytest.mark.django_db
def test_reassigned_twice_the_lead_s_own_wait_goes_on():
    first, second, third = sales((100, "reassign"), reps=3)
    (handoff,) = offered()
    assert handoff.waited() is None
    # Over at two o'clock, and, begun anew at three, at ten of the next morning.
    for at in (MONDAY_9AM + timedelta(hours=6), MONDAY_9AM + timedelta(hours=26)):
        sweep_timers(at=at)
        sweep_timers(at=at)
    last = Handoff.objects.open().get()
    assert [h.rep for h in Handoff.objects.order_by("pk")] == [first, second, third]
    last.accept(by=third, at=MONDAY_9AM + timedelta(hours=27))
    # Eight hours of Monday, and three of Tuesday.
    assert last.waited() == timedelta(hours=11)
    assert last.timers.get(kind=Timer.Kind.ANSWER).kept_at == MONDAY_9AM + timedelta(hours=27)
    assert Timer.objects.filter(breached_at__isnull=False).count() == 2


@pytest.mark.django_db
def test_accepted_by_default_counts_as_accepted_by_the_rule_and_not_in_time():
    rep, _other = sales((100, "accept"), policy={"touch_within": timedelta(hours=2)})
    (handoff,) = offered()
    sweep_timers(at=DUE + NIGHT)
    handoff.refresh_from_db()
    assert (handoff.answer, handoff.answered_by, handoff.rep) == ("accepted", None, rep)
    assert Journey.objects.get(lead=handoff.lead).stage.role == StageRole.SAL
    clock = handoff.timers.get(kind=Timer.Kind.ANSWER)
    assert (clock.kept_at, clock.breached_at) == (None, DUE)
    assert handoff.timers.get(kind=Timer.Kind.FIRST_TOUCH).started_at == DUE + NIGHT


@pytest.mark.django_db
def test_even_at_the_very_deadline_a_default_is_not_in_time():
    sales()
    (handoff,) = offered()
    handoff.accept_by_default(at=DUE)
    assert (handoff.timers.get().kept_at, handoff.timers.get().breached_at) == (None, DUE)


@pytest.mark.django_db
def test_taken_back_it_stays_breached():
    sales((100, "withdraw"))
    (handoff,) = offered()
    sweep_timers(at=DUE + MOMENT)
    handoff.refresh_from_db()
    assert (handoff.answer, handoff.timers.get().breached_at) == ("withdrawn", DUE)


@pytest.mark.django_db
def test_taken_back_its_lead_goes_where_a_rejection_would_have_sent_it_and_is_not_lost():
    sales((100, "withdraw"))
    (handoff,) = offered()
    sweep_timers(at=DUE + MOMENT)
    journey = Journey.objects.get(pk=handoff.lead_id)
    # Sent back, and not recycled: nobody gave a reason.
    assert (journey.stage, journey.sent_back_at) == (handoff.hop.rejected_stage, DUE + MOMENT)
    assert journey.recycled_at is None
    assert not unoffered_transitions(hops_in_force(at=DUE + MOMENT).get(pk=handoff.hop_id)).exists()

    journey.move_to(handoff.hop.from_stage, because="Qualified again", at=DUE + NIGHT)
    assert offer(at=DUE + NIGHT) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("action", "became"), [("withdraw", "was taken back"), ("accept", "counts as accepted")])
def test_the_rep_and_whoever_offered_hear_how_the_rule_ended_it(action, became):
    sales((100, action))
    (handoff,) = offered()
    team = handoff.hop.offering_team
    team.head = make.user(Role.MANAGER)
    team.save()
    for _ in range(2):
        sweep_timers(at=DUE + MOMENT)
    told = Notice.objects.of(ENDED)
    assert {notice.user for notice in told} == {handoff.rep, team.head}
    assert all(became in notice.text for notice in told)


@pytest.mark.django_db
def test_alone_it_stays_where_it_is_and_the_next_step_is_taken():
    sales((100, "reassign"), (150, "withdraw"), reps=1)
    offered()
    sweep_timers(at=DUE + NIGHT)
    assert outcomes() == [(100, "reassign", "nobody"), (150, "withdraw", "withdrawn")]


@pytest.mark.django_db
def test_whoever_the_agreement_names_is_told():
    sales((100, "tell"))
    (handoff,) = offered()
    deputy = make.user(Role.MANAGER)
    party = handoff.hop.agreement.parties.get(team=handoff.hop.receiving_team)
    with connection.cursor() as cursor:  # a signed agreement is edited by nobody else
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE sla_party SET escalates_to_id = %s WHERE id = %s", [deputy.pk, party.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    sweep_timers(at=DUE + MOMENT)
    assert Notice.objects.of(BREACH).exclude(user=handoff.rep).get().user == deputy


@pytest.mark.django_db
def test_an_answer_takes_the_coming_steps_with_it():
    sales((50, "remind"), (100, "tell"))
    (handoff,) = offered()
    handoff.accept(by=handoff.rep, at=MONDAY_9AM + timedelta(hours=1))
    assert sweep_timers(at=DUE + NIGHT) == {"breached": 0, "escalated": 0}


@pytest.mark.django_db
def test_a_lead_that_has_moved_on_is_not_accepted_any_more():
    sales((100, "accept"))
    (handoff,) = offered()
    handoff.lead.journey.move_to(Stage.objects.role(StageRole.SQL), because="Called us", at=MONDAY_9AM)
    sweep_timers(at=DUE + MOMENT)
    assert outcomes() == [(100, "accept", "too late")]
    assert Handoff.objects.open().count() == 1


@pytest.mark.django_db
def test_a_step_that_breaks_stays_due_and_holds_up_no_other(monkeypatch: pytest.MonkeyPatch):
    sales((100, "withdraw"))
    broken, sound = offered(2)
    real = escalating.withdraw

    def fails_for_one(step: Escalation, *, at: datetime) -> str:
        outcome = real(step, at=at)
        if step.timer.handoff_id == broken.pk:
            raise RuntimeError("a defect")
        return outcome

    monkeypatch.setattr(escalating, "withdraw", fails_for_one)
    assert sweep_timers(at=DUE + MOMENT)["escalated"] == 1
    assert Handoff.objects.open().get() == broken
    monkeypatch.undo()
    assert sweep_timers(at=DUE + MOMENT)["escalated"] == 1
    assert not Handoff.objects.open().exists()


@pytest.mark.django_db
def test_telling_takes_the_same_queries_for_one_clock_and_for_twenty():
    sales((80, "remind"), (100, "tell"))
    queries = []
    for count, at in ((1, MONDAY_9AM), (19, MONDAY_9AM + timedelta(days=1))):
        for _ in range(count):
            make.mql(at=at)
        offer(at=at)
        with CaptureQueriesContext(connection) as captured:
            sweep_timers(at=at + timedelta(hours=6))
        queries.append(len(captured))
    assert queries[0] == queries[1]


EVERY_KIND: list[tuple[int, str]] = [(50, "remind"), (80, "tell"), (100, "reassign"), (100, "tell"), (150, "accept")]


def scene() -> None:
    """Three hand-offs in three states: about to be reassigned, late and reassigned before, and reminded."""
    sales(*EVERY_KIND, reps=3)
    offered()
    sweep_timers(at=DUE + MOMENT)
    make.mql(at=DUE)
    make.mql(at=DUE + timedelta(hours=1))
    offer(at=DUE + timedelta(hours=1))


# Tuesday at three in the afternoon, when all of them have something coming.
THEN = MONDAY_9AM + timedelta(hours=30)


def facts() -> dict[str, Any]:
    """All that a sweep does, without the numbers of rows."""
    return {
        "steps": Counter(Escalation.objects.values_list("percent", "action", "outcome", "due_at")),
        "handoffs": Counter(Handoff.objects.values_list("lead", "rep", "answer", "offered_at")),
        "clocks": Counter(Timer.objects.values_list("due_at", "breached_at", "kept_at", "stopped_at")),
        "told": Counter(Notice.objects.values_list("user", "kind", "params__lead")),
        "outbox": Counter(Outbox.objects.values_list("kind", "at")),
        "stages": Counter(Journey.objects.values_list("lead", "stage")),
    }


class Killed(BaseException):
    """What no code catches."""


def dies_at(statement: int) -> Callable[..., Any]:
    left = [statement]

    def execute(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return execute(sql, params, many, context)

    return execute


def killed_at(statement: int) -> bool:
    """Sweep until that statement; whether there was one."""
    try:
        with transaction.atomic(), connection.execute_wrapper(dies_at(statement)):
            sweep_timers(at=THEN)
    except Killed:
        return True
    return False


def killed_everywhere(every: int) -> int:
    """Kill the sweep at one statement after the other, each from the same scene, and sweep again each time."""
    scene()
    with transaction.atomic():
        sweep_timers(at=THEN)
        expected = facts()
        transaction.set_rollback(True)
    statement = 1
    while True:
        with transaction.atomic():
            was_killed = killed_at(statement)
            sweep_timers(at=THEN)
            assert facts() == expected, f"killed at statement {statement}"
            transaction.set_rollback(True)
        if not was_killed:
            return statement
        statement += every


@pytest.mark.django_db
def test_a_sweep_that_dies_and_is_run_again_takes_every_step_exactly_once():
    assert killed_everywhere(every=13) > 30


@pytest.mark.proof
@pytest.mark.django_db
def test_a_sweep_that_dies_at_any_statement_and_is_run_again_takes_every_step_exactly_once():
    assert killed_everywhere(every=1) > 30


SWEEP = """
import json, os, signal, sys
from datetime import datetime
import django
django.setup()
from django.db import connection
given = json.load(sys.stdin)
connection.settings_dict.update(given["database"])
from sla.escalation.sweeping import sweep_timers
left = [given["statement"]]
def execute(execute, sql, params, many, context):
    left[0] -= 1
    done = execute(sql, params, many, context)
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
with connection.execute_wrapper(execute):
    sweep_timers(at=datetime.fromisoformat(given["at"]))
"""


def sweep_in_a_process_that_is_killed(statement: int) -> int:
    """Sweep in a process of its own, which is gone after that statement; its exit code."""
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    database = {name: connection.settings_dict[name] for name in names}
    told = json.dumps({"database": database, "statement": statement, "at": THEN.isoformat()})
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "smarketing.settings"}
    done = subprocess.run(
        [sys.executable, "-c", SWEEP], input=told, env=env, text=True, capture_output=True, timeout=120, check=False
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def killed_for_good(*statements: int) -> None:
    scene()
    codes = [sweep_in_a_process_that_is_killed(statement) for statement in statements]
    assert -signal.SIGKILL in codes
    sweep_timers(at=THEN)
    once = Counter(Escalation.objects.exclude(done_at=None).values_list("timer", "percent", "action"))
    assert set(once.values()) == {1}
    assert not Escalation.objects.filter(done_at=None, due_at__lt=THEN).exists()
    assert not Escalation.objects.filter(done_at__isnull=False, outcome="").exists()
    told = Notice.objects.filter(kind__in=("reminder", "breach")).values_list("user", "kind", "about")
    assert len(told) == len(set(told))
    open_now = Counter(Handoff.objects.open().values_list("lead", flat=True))
    assert max(open_now.values()) == 1
    reassigned = Escalation.objects.filter(outcome="reassigned").count()
    assert Handoff.objects.exclude(replaces=None).count() == reassigned
    assert Outbox.objects.filter(kind="timer.breached").count() == Timer.objects.exclude(breached_at=None).count()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_process_that_is_killed_in_the_middle_of_a_sweep_leaves_no_step_half_done():
    killed_for_good(20)


@pytest.mark.proof
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_processes_that_are_killed_one_after_the_other_leave_no_step_half_done():
    killed_for_good(*range(2, 60, 3))


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Run each in a thread with a connection of its own."""

    def alone(each: Callable[[], Any]) -> Any:
        try:
            return each()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(alone, work))


def races(count: int) -> None:
    reps = sales((100, "reassign"), (100, "tell"), reps=3)
    handoffs = [handoff.pk for handoff in offered(count)]
    late = DUE + timedelta(minutes=1)

    def answer() -> int:
        won = 0
        for handoff in Handoff.objects.filter(pk__in=handoffs).select_related("hop", "rep", "lead"):
            try:
                handoff.accept(by=handoff.rep, at=late)
            except Handoff.Answered:
                continue
            won += 1
        return won

    def sweep() -> None:
        sweep_timers(at=late)

    won = sum(filter(None, at_once(answer, sweep, answer, sweep, answer)))
    sweep()
    first = Handoff.objects.filter(pk__in=handoffs)
    reassigned = first.filter(answer="withdrawn").count()
    assert (first.filter(answer="accepted").count(), won + reassigned) == (won, count)
    assert Handoff.objects.open().count() == Handoff.objects.exclude(replaces=None).count() == reassigned
    assert Escalation.objects.filter(action=Step.Action.REASSIGN, outcome="reassigned").count() == reassigned
    # Late is late, whoever was first.
    assert Timer.objects.filter(handoff__in=handoffs, breached_at=DUE, kept_at=None).count() == count
    told = Notice.objects.of(OFFERED).count()
    assert told == count + reassigned
    new = Counter(Handoff.objects.exclude(replaces=None).values_list("rep", flat=True))
    assert set(new) <= {rep.pk for rep in reps}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_an_answer_and_a_sweep_that_reassigns_one_wins():
    races(12)


@pytest.mark.proof
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_answers_and_sweeps_that_reassign_one_wins_each_time():
    races(200)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_sweeps_at_once_take_each_step_once():
    sales((50, "remind"), (100, "tell"), (100, "reassign"), reps=3)
    offered(30)
    late = DUE + timedelta(minutes=1)
    taken = at_once(*[lambda: sweep_timers(at=late)] * 4)
    # What one of them held, another passed over: that waits for the next sweep.
    taken.append(sweep_timers(at=late))
    assert sum(each["breached"] for each in taken) == 30
    assert sum(each["escalated"] for each in taken) == 90
    assert Handoff.objects.open().count() == 30
    assert Handoff.objects.count() == 60
    assert Notice.objects.of(REASSIGNED).count() == 30
