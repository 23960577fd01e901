"""No moment of a hand-off lies before the one it follows, whatever the clock of a machine says: RULES, Hand-offs."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from funnel.models import Reason
from history.models import Change
from sla.disputes.disputing import raise_dispute, settle
from sla.handoffs.handing_on import hand_on
from sla.models import Handoff, Timer
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM, NOON, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
HOUR = timedelta(hours=1)


def reason(kind: str = "rejected") -> Reason:
    found = Reason.objects.offered(kind).filter(needs_text=False, disqualifies=False).first()
    assert found
    return found


def worked() -> Handoff:
    """Offered at nine, accepted at ten."""
    make.agreement(policy={"touch_within": 2 * HOUR})
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=TEN)
    return handoff


def clock(handoff: Handoff) -> Timer:
    return handoff.timers.get(kind=Timer.Kind.FIRST_TOUCH)


@pytest.mark.parametrize("answer", ["accept", "reject", "withdraw"])
def test_an_answer_by_a_clock_that_was_set_back_lies_at_the_offer(answer: str) -> None:
    handoff = make.handoff(at=TEN)
    if answer == "accept":
        handoff.accept(by=handoff.rep, at=MONDAY_9AM)
    elif answer == "reject":
        handoff.reject(by=handoff.rep, reason=reason(), verdict="no", at=MONDAY_9AM)
    else:
        handoff.withdraw(at=MONDAY_9AM)
    kept = Handoff.objects.get()
    assert kept.answered_at == TEN
    assert kept.timers.get(kind="answer").stopped_at == TEN


def test_touches_and_giving_up_follow_the_acceptance_and_each_other() -> None:
    handoff = worked()
    first = handoff.touch("call", by=handoff.rep, at=MONDAY_9AM)
    second = handoff.touch("email", by=handoff.rep, at=NOON)
    third = handoff.touch("call", by=handoff.rep, at=TEN + HOUR)
    assert (first.at, second.at, third.at) == (TEN, NOON, NOON)
    assert clock(handoff).kept_at == TEN
    assert handoff.touches.last() == third
    handoff.give_up(by=handoff.rep, reason=reason("recycled"), note="No", at=MONDAY_9AM)
    assert Handoff.objects.get().given_up_at == NOON


def test_one_that_was_read_before_its_answer_is_no_exception() -> None:
    make.agreement()
    handoff = make.handoff()
    read_before = Handoff.objects.get()
    handoff.accept(by=handoff.rep, at=TEN)
    assert read_before.touch("call", by=handoff.rep, at=MONDAY_9AM).at == TEN


def test_what_is_handed_on_and_disputed_follows_the_answer() -> None:
    handoff = worked()
    colleague = make.user(Role.REP, team=handoff.hop.receiving_team)
    replacement = hand_on(handoff, colleague, by=colleague, at=MONDAY_9AM)
    assert (replacement.offered_at, replacement.answered_at) == (TEN, TEN)
    rejected = make.handoff(at=TEN)
    rejected.reject(by=rejected.rep, reason=reason(), verdict="no", at=NOON)
    boss = make.user(Role.MANAGER)
    said = raise_dispute(rejected, "It fits", by=boss, at=TEN)
    settle(said, upheld=False, ruling="It does not", by=boss, at=MONDAY_9AM)
    said.refresh_from_db()
    assert (said.at, said.settled_at) == (NOON, NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE sla_handoff SET answered_at = offered_at - interval '1 microsecond'",
        "UPDATE sla_timer SET stopped_at = started_at - interval '1 microsecond', kept_at = NULL",
        "UPDATE sla_handoff SET given_up_at = answered_at - interval '1 microsecond', given_up_by_id = rep_id,"
        " reason_id = (SELECT min(id) FROM funnel_reason)",
    ],
)
def test_the_database_refuses_a_moment_before_the_one_it_follows(wrong: str) -> None:
    worked()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(wrong)


def test_an_upgrade_sets_earlier_moments_to_what_they_follow_and_keeps_what_they_said() -> None:
    upgrade = import_module("sla.migrations.0024_moments_in_order")
    handoff = worked()
    handoff.touch("call", by=handoff.rep, at=TEN + HOUR)
    handoff.give_up(by=handoff.rep, reason=reason("recycled"), note="No", at=NOON)
    added = upgrade.Migration.operations[2:]
    with connection.cursor() as cursor:
        # The keys of rows of this very transaction wait to be checked; those that an upgrade finds do not.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, operation in zip(("sla_handoff", "sla_handoff", "sla_timer"), added, strict=True):
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {operation.constraint.name}")
        cursor.execute(
            "UPDATE sla_handoff SET answered_at = offered_at - interval '2 hours',"
            " given_up_at = offered_at - interval '1 hour'"
        )
        cursor.execute("UPDATE sla_timer SET stopped_at = started_at - interval '1 hour', kept_at = NULL")
        cursor.execute(upgrade.MEND)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with connection.schema_editor() as editor:
        for model, operation in zip((Handoff, Handoff, Timer), added, strict=True):
            editor.add_constraint(model, operation.constraint)
    kept = Handoff.objects.get()
    assert (kept.answered_at, kept.given_up_at) == (MONDAY_9AM, MONDAY_9AM)
    assert {timer.stopped_at - timer.started_at for timer in Timer.objects.all() if timer.stopped_at} == {timedelta()}
    said = Change.objects.filter(subject="handoff", subject_id=handoff.pk, how="upgrade")
    assert sorted(said.values_list("field", flat=True)) == [
        "answer stopped_at", "answered_at", "first_touch stopped_at", "given_up_at",
    ]  # fmt: skip
