"""What a rep accepted who left is nobody's until somebody of the team takes it, or a manager gives it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from funnel.models import Journey, Stage, StageRole
from leads.models import Lead
from leads.notices import LEAD_FAILED
from leads.registering.registration import change
from metrics.period import Period
from metrics.registry import Question, metric
from sla.escalation.sweeping import sweep_timers
from sla.handoffs.handing_on import hand_on
from sla.models import Handoff, Timer
from sla.notices import REASSIGNED
from sla.routing import reassigning
from sla.routing.reassigning import give, reassign_from_deactivated
from teams.models import Notice, Role, Team, User
from tests import make
from tests.make import MONDAY_9AM, NOON, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_ten")]

HOUR = timedelta(hours=1)


@pytest.fixture
def left() -> Handoff:
    """Accepted at ten, to be touched within two hours, by a rep who left."""
    make.agreement(policy={"touch_within": 2 * HOUR})
    handoff = make.handoff(to=make.user(Role.REP))
    handoff.accept(by=handoff.rep, at=TEN)
    User.objects.filter(pk=handoff.rep_id).update(is_active=False)
    return handoff


@pytest.fixture
def rosa(left: Handoff) -> User:
    return make.user(Role.REP, team=left.hop.receiving_team, given_name="Rosa", family_name="Berg")


def clock(handoff: Handoff) -> Timer | None:
    return handoff.timers.filter(kind=Timer.Kind.FIRST_TOUCH).first()


def test_what_who_left_accepted_has_no_owner_and_is_not_offered_anew(left: Handoff, rosa: User):
    assert reassign_from_deactivated(at=NOON) == 0
    assert Lead.objects.get(pk=left.lead_id).owner is None
    assert reassign_from_deactivated(at=NOON) == 0
    assert not Handoff.objects.open().exists()


def test_a_lead_that_breaks_it_holds_up_no_other(left: Handoff, rosa: User, monkeypatch: pytest.MonkeyPatch):
    User.objects.filter(pk=left.rep_id).update(is_active=True)
    second = make.handoff(to=left.rep)
    second.accept(by=second.rep, at=TEN)
    User.objects.filter(pk=left.rep_id).update(is_active=False)
    admin = make.user(Role.ADMINISTRATOR)

    def change_other(lead: Lead, *args: Any, **kwargs: Any) -> object:
        if lead.pk == left.lead_id:
            raise ZeroDivisionError
        return change(lead, *args, **kwargs)

    monkeypatch.setattr(reassigning, "change", change_other)
    reassign_from_deactivated(at=NOON)
    assert Lead.objects.get(pk=left.lead_id).owner == left.rep
    assert Lead.objects.get(pk=second.lead_id).owner is None
    assert Notice.objects.of(LEAD_FAILED).get().user == admin


def test_a_colleague_takes_it_and_works_it_with_the_clock_that_runs(left: Handoff, rosa: User):
    due = clock(left).due_at
    browser = make.signed_in(rosa)
    assert "Take it" in browser.get(reverse("inbox_working")).content.decode()
    assert "is yours" in browser.post(reverse("taking", args=[left.pk]), follow=True).content.decode()

    taken = Handoff.objects.get(replaces=left)
    assert (taken.rep, taken.answer, taken.answered_by) == (rosa, "accepted", rosa)
    assert clock(left) is None
    assert clock(taken).due_at == due
    assert Lead.objects.get(pk=left.lead_id).owner == rosa
    taken.touch("call", by=rosa, at=TEN + HOUR)
    assert clock(taken).kept_at == TEN + HOUR
    # It was answered by the first: nothing else waits for an answer, and nobody else takes it.
    assert "Take it" not in browser.get(reverse("inbox_working")).content.decode()
    colleague = make.signed_in(make.user(Role.REP, team=rosa.team))
    said = colleague.post(reverse("taking", args=[left.pk]), follow=True).content.decode()
    assert "Somebody else has taken it. Nothing was changed." in said
    assert "is yours" in browser.post(reverse("taking", args=[left.pk]), follow=True).content.decode()
    assert Handoff.objects.filter(replaces=left).get() == taken


def test_nobody_of_another_team_and_nobody_while_its_rep_is_there_takes_it(left: Handoff, rosa: User):
    stranger = make.signed_in(make.user(Role.REP, team=make.team(Team.Kind.SALES)))
    assert stranger.post(reverse("taking", args=[left.pk])).status_code == 404
    User.objects.update(is_active=True)
    assert make.signed_in(rosa).post(reverse("taking", args=[left.pk])).status_code == 404


def test_what_breached_stays_with_who_left(left: Handoff, rosa: User):
    late = TEN + 3 * HOUR
    sweep_timers(at=late)
    taken = hand_on(left, rosa, by=rosa, at=late)
    assert (clock(left).breached_at, clock(left).stopped_at) == (clock(left).due_at, late)
    assert clock(taken) is None


def test_it_was_offered_and_accepted_once(left: Handoff, rosa: User):
    hand_on(left, rosa, by=rosa, at=TEN + HOUR)
    for key in ("offered", "acceptance"):
        row = metric(key).value(Question(Period.week_of(MONDAY_9AM), at=MONDAY_9AM + timedelta(days=3)))
        assert (row.denominator or row.numerator) == 1, key


def test_a_manager_gives_it_and_the_rep_hears_of_it(left: Handoff, rosa: User):
    gina = make.user(Role.MANAGER, given_name="Gina", family_name="Wolf")
    browser = make.signed_in(gina)
    assert "Give it to somebody" in browser.get(reverse("lead", args=[left.lead_id])).content.decode()
    url = reverse("lead_reassignment", args=[left.lead_id])
    assert "Given to Rosa Berg" in browser.post(url, {"rep": rosa.pk}, follow=True).content.decode()
    notice = Notice.objects.of(REASSIGNED).get()
    assert (notice.user, notice.text) == (rosa, f"Gina Wolf gave {left.lead} to Rosa Berg.")


def test_it_is_handed_on_once_and_only_while_it_is_worked(left: Handoff, rosa: User):
    first = give(left, rosa, by=rosa, at=TEN)
    assert not Notice.objects.of(REASSIGNED).exists()
    with pytest.raises(Handoff.Over):
        hand_on(left, rosa, by=rosa, at=TEN)
    with pytest.raises(Handoff.Over):
        left.touch("call", by=rosa, at=TEN)
    Journey.objects.get(pk=left.lead_id).move_to(Stage.objects.role(StageRole.SQL), because="Budget", at=TEN)
    with pytest.raises(Journey.Moved):
        hand_on(first, rosa, by=rosa, at=NOON)
