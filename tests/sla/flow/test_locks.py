"""Verbs of one lead that run at the same moment: whoever comes second waits or is refused, and no two wait for each
other in a ring, since all lock in the order of `smarketing.database.locks`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import combinations_with_replacement
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections, transaction

from funnel.models import Journey, Opportunity, Reason, Stage, StageRole, Transition
from leads.models import Lead
from leads.personas.matching import say_persona
from leads.registering.companies import change_company
from leads.registering.registration import change
from scoring.models import Quadrant, Score
from sla.escalation.sweeping import sweep_timers
from sla.flow.advancing import advance_all
from sla.flow.merging import CannotMerge, merge
from sla.models import Handoff, Timer, Touch
from sla.routing.reassigning import offer_to_others, reassign_to
from teams.models import Role, User
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

# The steps of the policy are due by then, and nothing of it lies ahead.
LATE = MONDAY_9AM + timedelta(days=2)
# What the second of two may be told.
REFUSALS = (
    Handoff.Answered, Handoff.Over, Journey.Moved, Journey.Closed, Journey.AlreadyThere, Opportunity.Decided,
    CannotMerge, Timer.Over, Touch.TooLate, Score.DoesNotExist,
)  # fmt: skip


@dataclass
class Scene:
    """One lead with all that verbs lock, and another record of the same person."""

    handoff: Handoff
    lead: Lead
    other: Lead
    deal: Opportunity
    boss: User
    colleague: User

    def own(self) -> Handoff:
        """The hand-off as this thread reads it."""
        return Handoff.objects.select_related("lead", "hop", "rep", "policy").get(pk=self.handoff.pk)

    def journey(self) -> Journey:
        return Journey.objects.get(pk=self.lead.pk)


def reason(kind: Reason.Kind) -> Reason:
    found = Reason.objects.offered(kind).filter(needs_text=False, disqualifies=False).first()
    assert found is not None
    return found


def reject(scene: Scene) -> None:
    scene.own().reject(by=scene.boss, reason=reason(Reason.Kind.REJECTED), verdict=Handoff.Verdict.NO, at=LATE)


def give_up(scene: Scene) -> None:
    scene.own().give_up(by=scene.boss, reason=reason(Reason.Kind.RECYCLED), note="No", at=LATE)


def pause(scene: Scene) -> None:
    for timer in Timer.objects.filter(handoff=scene.handoff.pk, kind=Timer.Kind.FIRST_TOUCH):
        timer.pause(until=LATE, reason="Away", by=scene.boss, at=TEN)


def edit(scene: Scene) -> None:
    with transaction.atomic():
        company = scene.lead.company
        assert company is not None
        change_company(company, {"industry": f"Industry {time.monotonic_ns()}"}, at=LATE)
        change(Lead.objects.get(pk=scene.lead.pk), {"title": f"Title {time.monotonic_ns()}"}, at=LATE)


def override(scene: Scene) -> None:
    say_persona(scene.lead, None, reason="Asked", by=scene.boss, at=LATE)
    for score in Score.objects.filter(lead=scene.lead):
        score.override_quadrant(Quadrant.HOT, reason=f"Asked {time.monotonic_ns()}", by=scene.boss, at=LATE)


Verb = Callable[[Scene], object]
# Verbs of any hand-off, of one that waits for its answer, and of one that is worked.
ALWAYS: dict[str, Verb] = {
    "advance": lambda scene: advance_all(at=LATE),
    "sweep": lambda scene: sweep_timers(at=LATE),
    "merge": lambda scene: merge(scene.lead, scene.other, by=scene.boss, at=LATE),
    "merge away": lambda scene: merge(scene.other, scene.lead, by=scene.boss, at=LATE),
    "edit": edit,
    "override": override,
    "recycle": lambda scene: scene.journey().recycle(reason(Reason.Kind.RECYCLED), at=LATE),
    "win": lambda scene: Opportunity.objects.get(pk=scene.deal.pk).win(at=LATE),
    "lose": lambda scene: Opportunity.objects.get(pk=scene.deal.pk).lose(at=LATE),
    "change the deal": lambda scene: Opportunity.objects.get(pk=scene.deal.pk).change({"amount": 7}, at=LATE),
}
OFFERED: dict[str, Verb] = {
    "accept": lambda scene: scene.own().accept(by=scene.boss, at=LATE),
    "reject": reject,
    "reassign": lambda scene: reassign_to(scene.own(), scene.colleague, by=scene.boss, at=LATE),
    "offer to others": lambda scene: offer_to_others(scene.handoff.rep, at=LATE),
}
WORKED: dict[str, Verb] = {
    "touch": lambda scene: scene.own().touch("call", by=scene.boss, contact=True, at=LATE),
    "give up": give_up,
    "pause": pause,
}


@dataclass
class Workers:
    """Two workers, each with a connection of its own, who pause behind every lock that they took."""

    pool: ThreadPoolExecutor

    def run(self, *verbs: Callable[[], object]) -> list[Exception | None]:
        """Run them from the same moment on; return what each raised."""
        together = Barrier(len(verbs))
        return [each.result(60) for each in [self.pool.submit(self._run_one, verb, together) for verb in verbs]]

    def _run_one(self, verb: Callable[[], object], together: Barrier) -> Exception | None:
        together.wait(30)
        try:
            with connection.execute_wrapper(dawdle):
                verb()
        except Exception as raised:
            return raised
        return None


def dawdle(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    done = execute(sql, params, many, context)
    if sql.lstrip().startswith("UPDATE") or " UPDATE" in sql or "advisory" in sql:
        time.sleep(0.001)
    return done


@pytest.fixture
def workers() -> Iterator[Workers]:
    with ThreadPoolExecutor(2) as pool:
        yield Workers(pool)
        Workers(pool).run(connections.close_all, connections.close_all)


@pytest.fixture
def scene_of() -> Callable[[bool], Scene]:
    make.agreement(
        steps=[(50, "remind"), (100, "reassign"), (150, "withdraw")], policy={"touch_within": timedelta(hours=40)}
    )
    boss, colleague = make.user(Role.MANAGER), make.user(Role.REP)

    def made(worked: bool) -> Scene:
        handoff = make.handoff(to=rep)
        lead, other = handoff.lead, make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
        User.objects.filter(pk=colleague.pk).update(team=handoff.hop.receiving_team)
        lead.company = company
        lead.save()
        make.score(lead)
        if worked:
            handoff.accept(by=rep, at=TEN)
        return Scene(handoff, lead, other, make.opportunity(lead, opened_at=MONDAY_9AM), boss, colleague)

    rep, company = make.user(Role.REP), make.company()
    return made


def deadlocks(
    workers: Workers, scene_of: Callable[[bool], Scene], pairs: list[tuple[str, str]], worked: bool
) -> list[str]:
    verbs = ALWAYS | (WORKED if worked else OFFERED)
    found = []
    for one, two in pairs:
        scene = scene_of(worked)
        for raised in workers.run(partial(verbs[one], scene), partial(verbs[two], scene)):
            if raised is not None and not isinstance(raised, REFUSALS):
                found.append(f"{one} beside {two}: {type(raised).__name__} {raised}")
        assert stands_where_its_ledger_ends(scene), f"{one} beside {two}"
    return found


def stands_where_its_ledger_ends(scene: Scene) -> bool:
    for journey in Journey.objects.filter(lead__in=[scene.lead, scene.other]):
        last = Transition.objects.filter(lead=journey.pk).order_by("at", "pk").last()
        if last is None or last.to_stage_id != (None if journey.closed_at else journey.stage_id):
            return False
    return True


def pairs_of(worked: bool) -> list[tuple[str, str]]:
    return list(combinations_with_replacement(ALWAYS | (WORKED if worked else OFFERED), 2))


@pytest.mark.parametrize("worked", [False, True], ids=["offered", "worked"])
def test_no_verb_waits_for_a_merge_or_a_sweep_that_waits_for_it(
    workers: Workers, scene_of: Callable[[bool], Scene], worked: bool
) -> None:
    pairs = [pair for pair in pairs_of(worked) if {"merge", "sweep"} & {*pair}]
    assert deadlocks(workers, scene_of, pairs, worked) == []


@pytest.mark.proof
@pytest.mark.parametrize("worked", [False, True], ids=["offered", "worked"])
def test_no_two_verbs_of_a_lead_wait_for_each_other(
    workers: Workers, scene_of: Callable[[bool], Scene], worked: bool
) -> None:
    assert deadlocks(workers, scene_of, pairs_of(worked) * 3, worked) == []


def test_who_locks_a_journey_locks_no_stage(workers: Workers) -> None:
    """The deal of one lead does not stop those who enter or leave its stage."""
    one, two = make.mql(), make.lead(StageRole.LEAD)
    with transaction.atomic():
        Journey.of(one)
        mql = Stage.objects.role(StageRole.MQL)
        assert workers.pool.submit(lambda: two.journey.move_to(mql, because="Asked", at=TEN)).result(5)


def test_a_journey_that_moved_meanwhile_is_read_as_it_is_then(workers: Workers) -> None:
    lead = make.mql()
    moved = Barrier(2)

    def move() -> None:
        with transaction.atomic():
            Journey.objects.get(pk=lead.pk).move_to(Stage.objects.role(StageRole.SAL), because="Asked", at=TEN)
            moved.wait(30)
            time.sleep(0.2)

    moving = workers.pool.submit(move)
    moved.wait(30)
    with transaction.atomic():
        assert Journey.of(lead).stage.role == StageRole.SAL
    moving.result(30)


def test_a_deal_whose_lead_is_merged_meanwhile_moves_the_lead_that_is_kept(workers: Workers) -> None:
    kept, other = make.lead(StageRole.LEAD, created_at=MONDAY_9AM), make.lead(StageRole.LEAD, created_at=MONDAY_9AM)
    deal = make.opportunity(other, opened_at=MONDAY_9AM)
    merge(kept, other, by=make.user(Role.MANAGER), at=TEN)
    deal.win(at=LATE)
    assert Journey.objects.get(pk=kept.pk).stage.role == StageRole.CUSTOMER
    assert not Journey.objects.filter(pk=other.pk).exists()
