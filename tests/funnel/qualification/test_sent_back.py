"""Sent back does not bounce: RULES, Journeys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from funnel.models import Definition, Journey, Opportunity, Reason, Stage, StageRole, Transition
from funnel.qualification.qualifying import may_qualify_from, qualify, waits_for_news
from leads.activities.recording import record
from leads.models import Lead
from leads.registering.registration import change
from sla.flow.advancing import advance_all
from sla.models import Handoff
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
BACK = MONDAY_9AM
COOL_OFF = 10
AGAIN = BACK + COOL_OFF * DAY


def stage(role: str) -> Stage:
    return Stage.objects.role(role)


def in_force(role: StageRole) -> Definition:
    made = make.definition(role, {"all": []}, cool_off_days=COOL_OFF)
    made.freeze(at=BACK - 100 * DAY)
    made.put_in_force(from_at=BACK - 90 * DAY, qualifies_standing=True)
    return made


@pytest.fixture(autouse=True)
def definitions() -> None:
    for role in (StageRole.MQL, StageRole.SQL):
        in_force(role)


def sent_back(from_role: str, to_role: str, how: str = "handoff") -> Lead:
    lead = make.lead(from_role, created_at=BACK - 30 * DAY)
    lead.journey.move_to(stage(to_role), because="No", at=BACK, how=Transition.How(how))
    return lead


def role_of(lead: Lead) -> str:
    return Journey.objects.get(pk=lead.pk).stage.role or ""


def does(lead: Lead, kind: str = "page_view", *, at: datetime = BACK + DAY) -> None:
    make.activity(lead, kind, at)


@pytest.mark.parametrize(("from_role", "to_role"), [("sql", "sal"), ("mql", "lead")])
@pytest.mark.parametrize("how", ["handoff", "person"])
def test_who_was_sent_back_is_not_put_forward_at_once(from_role: str, to_role: str, how: str):
    lead = sent_back(from_role, to_role, how)
    for seconds in (0, 1, 5, 3600):
        assert qualify([lead.pk], at=BACK + timedelta(seconds=seconds)) == []


@pytest.mark.parametrize(("from_role", "to_role"), [("sql", "sal"), ("mql", "lead")])
def test_nor_ever_as_long_as_it_does_nothing(from_role: str, to_role: str):
    lead = sent_back(from_role, to_role)
    does(lead, at=BACK)  # at that very moment is not after it
    assert qualify([lead.pk], at=BACK + 300 * DAY) == []


@pytest.mark.parametrize(("from_role", "to_role"), [("sql", "sal"), ("mql", "lead")])
def test_past_the_cool_off_it_is_once_it_did_something_of_its_own(from_role: str, to_role: str):
    lead = sent_back(from_role, to_role)
    does(lead, at=BACK + MOMENT)
    assert qualify([lead.pk], at=AGAIN - MOMENT) == []
    assert qualify([lead.pk], at=AGAIN) == [lead.pk]
    assert role_of(lead) == from_role


def test_what_it_does_after_the_cool_off_counts_from_then():
    lead = sent_back("sql", "sal")
    does(lead, at=AGAIN + 5 * DAY)
    assert qualify([lead.pk], at=AGAIN + 5 * DAY - MOMENT) == []
    assert qualify([lead.pk], at=AGAIN + 5 * DAY) == [lead.pk]


@pytest.mark.parametrize("kind", ["unsubscribe", "call", "meeting"])
def test_what_is_not_its_own_doing_is_no_news(kind: str):
    lead = sent_back("sql", "sal")
    does(lead, kind)
    assert qualify([lead.pk], at=AGAIN) == []


def test_what_others_do_is_no_news():
    lead, other = sent_back("sql", "sal"), make.lead()
    does(other)
    assert qualify([lead.pk], at=AGAIN) == []


def test_an_earlier_stage_than_it_came_from_is_open_to_it():
    lead = sent_back("sql", "lead", "person")
    assert qualify([lead.pk], at=BACK + DAY) == [lead.pk]
    assert role_of(lead) == "mql"


def test_and_it_is_still_sent_back_from_there():
    lead = sent_back("sql", "lead", "person")
    qualify([lead.pk], at=BACK + DAY)
    Journey.objects.filter(pk=lead.pk).update(stage=stage("sal"))
    assert qualify([lead.pk], at=BACK + 2 * DAY) == []


@pytest.mark.parametrize("move", ["move_to", "reopen"])
def test_a_person_may_put_it_forward_and_frees_it(move: str):
    lead = sent_back("sql", "lead", "person")
    journey = Journey.objects.get(pk=lead.pk)
    if move == "reopen":
        journey.close(Journey.Ended.LOST, because="", at=BACK + DAY)
        journey.reopen(to=stage("sal"), because="They called", at=BACK + 2 * DAY)
    else:
        journey.move_to(stage("sal"), because="They called", at=BACK + 2 * DAY)
    assert qualify([lead.pk], at=BACK + 3 * DAY) == [lead.pk]
    assert role_of(lead) == "sql"


@pytest.mark.parametrize(("ended_at", "opened_at"), [("sql", "sal"), ("mql", "lead")])
def test_who_is_opened_again_at_an_earlier_stage_than_it_ended_at_is_sent_back(ended_at: str, opened_at: str):
    lead = make.lead(ended_at, created_at=BACK - 30 * DAY)
    lead.journey.close(Journey.Ended.LOST, because="", at=BACK - DAY)
    lead.journey.reopen(to=stage(opened_at), because="They called", at=BACK)
    journey = Journey.objects.get(pk=lead.pk)
    assert (journey.sent_back_from, journey.sent_back_at) == (stage(ended_at), BACK)
    does(lead)
    assert qualify([lead.pk], at=AGAIN - MOMENT) == []
    assert qualify([lead.pk], at=AGAIN) == [lead.pk]
    assert role_of(lead) == ended_at


def test_who_is_opened_again_where_it_ended_is_as_free_as_it_was():
    free, lead = make.lead("sal", created_at=BACK - 30 * DAY), sent_back("sql", "sal")
    for each in (free, lead):
        journey = Journey.objects.get(pk=each.pk)
        journey.close(Journey.Ended.DISQUALIFIED, because="", at=BACK + DAY)
        journey.reopen(because="A mistake", at=BACK + 2 * DAY)
    assert qualify([free.pk, lead.pk], at=BACK + 3 * DAY) == [free.pk]


def test_a_deal_that_is_opened_sends_back_no_lead_that_was_closed():
    lead = make.lead("customer", created_at=BACK - 30 * DAY)
    lead.journey.close(Journey.Ended.DISQUALIFIED, because="", at=BACK - DAY)
    Opportunity.open(lead, opened_at=BACK)
    journey = Journey.objects.get(pk=lead.pk)
    assert (journey.stage.role, journey.sent_back_at) == ("opportunity", None)


def test_a_recycled_lead_that_a_person_put_forward_goes_on():
    lead = make.lead(StageRole.MQL, created_at=BACK - 30 * DAY)
    reason = Reason.objects.offered(Reason.Kind.RECYCLED).filter(needs_text=False)[0]
    lead.journey.recycle(reason, wake_at=BACK + 90 * DAY, at=BACK)
    Journey.objects.get(pk=lead.pk).move_to(stage("sal"), because="They called", at=BACK + DAY)
    assert qualify([lead.pk], at=BACK + 2 * DAY) == [lead.pk]


def test_a_persons_recycling_asks_for_no_news():
    lead = make.lead(StageRole.MQL, created_at=BACK - 30 * DAY)
    reason = Reason.objects.offered(Reason.Kind.RECYCLED).filter(needs_text=False)[0]
    lead.journey.recycle(reason, at=BACK)
    assert qualify([lead.pk], at=AGAIN - MOMENT) == []
    assert qualify([lead.pk], at=AGAIN) == [lead.pk]


def recycle_until_news() -> Lead:
    lead = make.lead(StageRole.MQL, created_at=BACK - 30 * DAY)
    reason = Reason.objects.offered(Reason.Kind.RECYCLED).filter(needs_text=False)[0]
    lead.journey.recycle(reason, only_with_news=True, at=BACK)
    return lead


@pytest.mark.parametrize("kind", ["unsubscribe", "call", "meeting", "edit"])
def test_what_is_not_its_own_doing_wakes_nobody_who_sleeps_until_it_does_something_new(kind: str):
    lead = recycle_until_news()
    if kind == "edit":
        change(lead, {"given_name": "Mei"}, at=BACK + DAY)
    else:
        record(lead, kind, BACK + DAY, at=BACK + DAY)
    advance_all(at=AGAIN)
    assert role_of(lead) == "lead"
    assert waits_for_news(Journey.objects.get(pk=lead.pk), at=AGAIN)
    record(lead, "page_view", AGAIN, at=AGAIN)
    assert not waits_for_news(Journey.objects.get(pk=lead.pk), at=AGAIN)
    advance_all(at=AGAIN)
    assert role_of(lead) == "mql"


def test_a_person_puts_forward_who_sleeps_until_it_does_something_new():
    lead = recycle_until_news()
    Journey.objects.get(pk=lead.pk).move_to(stage("sal"), because="They called", at=BACK + DAY)
    assert not waits_for_news(Journey.objects.get(pk=lead.pk), at=BACK + DAY)
    assert qualify([lead.pk], at=BACK + 2 * DAY) == [lead.pk]


def test_who_was_put_forward_by_the_machine_is_free_again():
    lead = sent_back("sql", "sal")
    does(lead)
    qualify([lead.pk], at=AGAIN)
    journey = Journey.objects.get(pk=lead.pk)
    assert (journey.sent_back_from, journey.sent_back_at) == (None, None)


def test_an_opportunity_that_is_opened_again_sends_nobody_back():
    assert Journey.objects.get(pk=sent_back("customer", "sql", "opportunity").pk).sent_back_at is None


def test_a_step_back_to_the_first_stage_without_a_reason_is_no_recycling():
    lead = recycle_until_news()
    Journey.objects.filter(pk=lead.pk).update(wake_at=BACK + 90 * DAY)
    Journey.objects.get(pk=lead.pk).move_to(stage("sql"), because="They called", at=BACK + DAY)
    Journey.objects.get(pk=lead.pk).move_to(stage("lead"), because="No", at=BACK + 2 * DAY)
    journey = Journey.objects.get(pk=lead.pk)
    assert (journey.recycled_at, journey.wake_at, journey.is_recycled) == (BACK, None, False)
    assert not waits_for_news(journey, at=BACK + 3 * DAY)
    assert may_qualify_from(journey, at=BACK + 3 * DAY) is None
    # Sent back it is all the same: into the stage from which it came.
    assert (journey.sent_back_from, journey.sent_back_at) == (stage("sql"), BACK + 2 * DAY)


def test_what_lapsed_is_sent_back_and_not_recycled():
    handoff = make.handoff()
    handoff.lapse(at=BACK)
    journey = Journey.objects.get(pk=handoff.lead_id)
    assert (journey.recycled_at, journey.sent_back_at) == (None, BACK)
    assert may_qualify_from(journey, at=BACK + DAY) == AGAIN


REJECTED = Reason.Kind.REJECTED


def reject(handoff: Handoff) -> None:
    reason = Reason.objects.offered(REJECTED).filter(disqualifies=False, needs_text=False)[0]
    handoff.reject(by=handoff.rep, reason=reason, verdict=Handoff.Verdict.NO, at=BACK)


def give_up(handoff: Handoff) -> None:
    handoff.accept(by=handoff.rep, at=BACK)
    reason = Reason.objects.offered(Reason.Kind.RECYCLED).filter(needs_text=False)[0]
    handoff.give_up(by=handoff.rep, reason=reason, note="Nobody there", at=BACK)


def lapse(handoff: Handoff) -> None:
    handoff.lapse(at=BACK)


@pytest.mark.parametrize("end", [reject, give_up, lapse])
def test_a_rejection_a_lapse_and_a_giving_up_send_back(end: Callable[[Handoff], None]):
    handoff = make.handoff()
    end(handoff)
    assert role_of(handoff.lead) == "lead"
    for at in (BACK + timedelta(seconds=1), AGAIN, AGAIN + 100 * DAY):
        assert qualify([handoff.lead_id], at=at) == []
    does(handoff.lead)
    assert qualify([handoff.lead_id], at=AGAIN - MOMENT) == []
    assert qualify([handoff.lead_id], at=AGAIN) == [handoff.lead_id]


def test_a_withdrawal_that_moves_nobody_sends_nobody_back():
    handoff = make.handoff()
    handoff.withdraw(at=BACK)
    assert Journey.objects.get(pk=handoff.lead_id).sent_back_at is None


def test_its_page_says_from_when_and_that_it_waits_for_news():
    lead = sent_back("sql", "sal")
    journey = Journey.objects.get(pk=lead.pk)
    assert may_qualify_from(journey, at=BACK + DAY) == AGAIN
    assert waits_for_news(journey, at=BACK + DAY)
    does(lead, at=BACK + 2 * DAY)
    assert waits_for_news(journey, at=BACK + DAY)
    assert not waits_for_news(journey, at=BACK + 2 * DAY)


def test_its_page_says_nothing_of_news_where_the_next_stage_asks_for_none():
    lead = make.lead("sql", created_at=BACK - 30 * DAY)
    lead.journey.recycle(Reason.objects.offered("recycled").filter(needs_text=False)[0], at=BACK)
    make.activity(lead, "page_view", BACK - DAY)
    journey = Journey.objects.get(pk=lead.pk)
    assert may_qualify_from(journey, at=BACK + DAY) == AGAIN
    assert not waits_for_news(journey, at=BACK + DAY)
    assert qualify([lead.pk], at=AGAIN) == [lead.pk]


def test_what_happened_before_is_no_news_whenever_it_is_told():
    lead = sent_back("mql", "lead")
    record(lead, "page_view", BACK - MOMENT, at=BACK + DAY)
    assert qualify([lead.pk], at=AGAIN + DAY) == []


def test_what_is_dated_ahead_is_news_from_its_moment_on():
    lead = sent_back("mql", "lead")
    does(lead, at=AGAIN + 20 * DAY)
    assert qualify([lead.pk], at=AGAIN + 20 * DAY - MOMENT) == []
    assert qualify([lead.pk], at=AGAIN + 20 * DAY) == [lead.pk]


@pytest.mark.parametrize("from_role", ["mql", "sal", "sql", "opportunity"])
@pytest.mark.parametrize("wakes_after", [1, COOL_OFF - 1, COOL_OFF, 2 * COOL_OFF])
def test_who_a_person_recycled_waits_for_the_wake_up_and_the_cool_off(from_role: str, wakes_after: int):
    lead = make.lead(from_role, created_at=BACK - 30 * DAY)
    reason = Reason.objects.offered("recycled").filter(needs_text=False)[0]
    lead.journey.recycle(reason, wake_at=BACK + wakes_after * DAY, at=BACK)
    due = BACK + max(wakes_after, COOL_OFF) * DAY
    assert qualify([lead.pk], at=due - MOMENT) == []
    assert qualify([lead.pk], at=due) == [lead.pk]


def test_who_is_to_wake_with_news_only_waits_for_all_three():
    lead = make.lead("sql", created_at=BACK - 30 * DAY)
    reason = Reason.objects.offered("recycled").filter(needs_text=False)[0]
    lead.journey.recycle(reason, wake_at=BACK + 2 * COOL_OFF * DAY, only_with_news=True, at=BACK)
    record(lead, "page_view", BACK + DAY, at=BACK + DAY)
    advance_all(at=BACK + DAY)
    assert qualify([lead.pk], at=BACK + 2 * COOL_OFF * DAY - MOMENT) == []
    assert qualify([lead.pk], at=BACK + 2 * COOL_OFF * DAY) == [lead.pk]


@pytest.mark.parametrize("by", ["handoff", "person"])
def test_who_was_sent_back_twice_waits_from_the_second_time(by: str):
    lead = sent_back("mql", "lead")
    does(lead)
    assert qualify([lead.pk], at=AGAIN) == [lead.pk]
    journey = Journey.objects.get(pk=lead.pk)
    journey.move_to(stage("lead"), because="No again", at=AGAIN + DAY, how=Transition.How(by))
    assert qualify([lead.pk], at=AGAIN + 100 * DAY) == []
    does(lead, at=AGAIN + 2 * DAY)
    assert qualify([lead.pk], at=AGAIN + DAY + COOL_OFF * DAY - MOMENT) == []
    assert qualify([lead.pk], at=AGAIN + DAY + COOL_OFF * DAY) == [lead.pk]
