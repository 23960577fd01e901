from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils.translation import override

from funnel.models import Journey, Reason, Stage, StageRole, Transition
from history.models import Outbox
from sla.models import Handoff, Step, Timer
from sla.notices import REJECTED
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

NOON = MONDAY_9AM + timedelta(hours=3)


def reason(key: str) -> Reason:
    return Reason.objects.get(kind=Reason.Kind.REJECTED, key=key)


def clock(handoff: Handoff) -> Timer:
    return handoff.timers.get(kind=Timer.Kind.ANSWER)


def test_offering_starts_the_clock_in_opening_hours():
    handoff = make.handoff(at=MONDAY_9AM)
    # Four hours: nine to twelve, and the hour after lunch.
    assert clock(handoff).due_at == MONDAY_9AM + timedelta(hours=5)
    remind, tell = clock(handoff).escalations.all()
    assert (remind.action, remind.due_at) == (Step.Action.REMIND, MONDAY_9AM + timedelta(hours=4, minutes=12))
    assert (tell.action, tell.due_at) == (Step.Action.TELL, clock(handoff).due_at)


def test_accepting_moves_the_lead_keeps_the_promise_and_makes_it_the_reps():
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=NOON)

    handoff.lead.refresh_from_db()
    assert handoff.lead.journey.stage.role == StageRole.SAL
    step = handoff.lead.transitions.latest("pk")
    assert (step.by, step.how, step.at) == (handoff.rep, Transition.How.HANDOFF, NOON)
    assert handoff.lead.owner == handoff.rep
    assert (clock(handoff).kept_at, clock(handoff).breached_at) == (NOON, None)
    assert Outbox.objects.filter(kind="handoff.accepted", payload__handoff=handoff.pk).exists()


def test_an_answer_exactly_on_the_deadline_is_in_time():
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=clock(handoff).due_at)
    assert clock(handoff).kept_at == clock(handoff).due_at


def test_a_microsecond_later_is_late_from_when_it_fell_due():
    handoff = make.handoff()
    due = clock(handoff).due_at
    handoff.accept(by=handoff.rep, at=due + timedelta(microseconds=1))
    assert (clock(handoff).kept_at, clock(handoff).breached_at) == (None, due)


def test_rejecting_recycles_the_lead_with_the_reason():
    handoff = make.handoff()
    handoff.reject(by=handoff.rep, reason=reason("no_project"), verdict=Handoff.Verdict.FITS, at=NOON)

    journey = Journey.objects.get(lead=handoff.lead)
    assert (journey.stage.role, journey.recycled_at, journey.closed_at) == (StageRole.LEAD, NOON, None)
    assert handoff.lead.transitions.latest("pk").reason == reason("no_project")
    assert clock(handoff).kept_at == NOON


def test_the_head_of_marketing_hears_why():
    handoff = make.handoff()
    head = make.user(Role.MANAGER)
    Team.objects.filter(pk=handoff.hop.offering_team_id).update(head=head)
    handoff.reject(
        by=handoff.rep, reason=reason("no_project"), verdict=Handoff.Verdict.FITS, note="Budget in April", at=NOON
    )
    notice = Notice.objects.of(REJECTED).get()
    assert (notice.user, notice.params["reason"]) == (head, "Budget in April")


def test_the_head_of_marketing_reads_the_reason_in_the_own_language():
    handoff = make.handoff()
    Team.objects.filter(pk=handoff.hop.offering_team_id).update(head=make.user(Role.MANAGER))
    given = reason("no_project")
    handoff.reject(by=handoff.rep, reason=given, verdict=Handoff.Verdict.FITS, at=NOON)
    notice = Notice.objects.of(REJECTED).get()
    assert notice.text.endswith(given.name_en)
    with override("ja"):
        assert notice.text.endswith(given.name_ja)


def test_a_reason_that_says_no_buyer_closes_the_journey():
    handoff = make.handoff()
    handoff.reject(by=handoff.rep, reason=reason("competitor"), verdict=Handoff.Verdict.NO, at=NOON)
    journey = Journey.objects.get(lead=handoff.lead)
    assert (journey.closed_at, journey.closed_as) == (NOON, Journey.Ended.DISQUALIFIED)


def test_other_needs_a_word():
    handoff = make.handoff()
    with pytest.raises(Handoff.NeedsWords):
        handoff.reject(by=handoff.rep, reason=reason("other"), verdict=Handoff.Verdict.FITS, note=" ")
    assert Handoff.objects.open().filter(pk=handoff.pk).exists()


def test_the_second_answer_loses():
    handoff = make.handoff()
    stale = Handoff.objects.select_related("hop").get(pk=handoff.pk)
    handoff.accept(by=handoff.rep)

    with pytest.raises(Handoff.Answered):
        stale.reject(by=handoff.rep, reason=reason("no_project"), verdict=Handoff.Verdict.NO)

    stale.refresh_from_db()
    assert stale.answer == Handoff.Answer.ACCEPTED


def test_a_lead_that_moved_on_undoes_the_answer():
    handoff = make.handoff()
    Journey.objects.get(lead=handoff.lead).move_to(Stage.objects.role(StageRole.SQL), because="Knows the buyer")

    with pytest.raises(Journey.Moved):
        handoff.accept(by=handoff.rep, at=NOON)

    assert Handoff.objects.open().filter(pk=handoff.pk).exists()
    assert clock(handoff).stopped_at is None


def test_withdrawn_before_it_fell_due_is_neither_kept_nor_breached():
    handoff = make.handoff()
    handoff.withdraw(at=NOON)
    assert (clock(handoff).stopped_at, clock(handoff).kept_at, clock(handoff).breached_at) == (NOON, None, None)


def test_withdrawn_after_it_fell_due_stays_breached():
    handoff = make.handoff()
    handoff.withdraw(at=NOON + timedelta(days=2))
    assert clock(handoff).breached_at == clock(handoff).due_at


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"answer": "accepted"}, "an_answer_has_a_moment"),
        ({"answer": "rejected", "answered_at": NOON}, "a_rejection_has_a_reason_and_a_verdict"),
    ],
)
def test_the_database_refuses_half_an_answer(wrong: dict[str, Any], constraint: str):
    handoff = make.handoff()
    with pytest.raises(IntegrityError, match=constraint):
        Handoff.objects.filter(pk=handoff.pk).update(**wrong)


def test_the_database_refuses_a_clock_both_kept_and_breached():
    timer = clock(make.handoff())
    with pytest.raises(IntegrityError, match="kept_and_breached"):
        Timer.objects.filter(pk=timer.pk).update(kept_at=NOON, stopped_at=NOON, breached_at=timer.due_at)


def test_the_database_refuses_a_second_open_handoff():
    handoff = make.handoff()
    with pytest.raises(IntegrityError, match="one_open_handoff_per_lead"):
        Handoff.objects.create(
            lead=handoff.lead, hop=handoff.hop, rep=handoff.rep, transition=handoff.transition, replaces=handoff
        )
