"""What steps from before keep is filled in as it was at their moment, once, however often it is interrupted."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from funnel.models import Stage, StageRole, Transition
from history import leases
from leads.activities.recording import record
from leads.models import ActivityKind, Lead, Persona, PersonaVersion
from leads.personas.matching import say_persona
from leads.registering.registration import change, register
from scoring.models import Quadrant, ScoreModel
from sla.flow import filling
from sla.flow.advancing import advance_all
from sla.flow.filling import LEASE, fill_past
from sla.models import Handoff, PastFill
from sla.tasks import fill_past as fill_past_task
from teams.models import Role, Team, User
from tests import make
from tests.make import MONDAY_9AM, NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Kept = dict[int, tuple[int | None, str]]


@pytest.fixture
def gina() -> User:
    return make.user(Role.MANAGER)


def kept() -> Kept:
    return {step.pk: (step.persona_id, step.quadrant) for step in Transition.objects.all()}


def forget() -> Kept:
    """Take away what all steps keep, as before an upgrade; return what it was."""
    was = kept()
    Transition.objects.update(persona=None, quadrant="")
    with connection.cursor() as cursor:
        cursor.execute(import_module("sla.migrations.0018_past_fill").BEGIN)
    return was


def persona(criteria: dict[str, object]) -> PersonaVersion:
    return PersonaVersion.objects.create(persona=Persona.objects.create(), name="Owner", criteria=criteria)


def scored(*criteria: dict[str, object]) -> ScoreModel:
    """A model in force: chiefs fit, and who asks for a demo is keen for a few days."""
    model = ScoreModel.objects.create(number=1, fit_threshold=50, interest_threshold=40)
    model.fit_rules.create(criteria={"field": "title", "op": "=", "value": "Chief"}, points=60)
    for tree in criteria:
        model.fit_rules.create(criteria=tree, points=5)
    demo = ActivityKind.objects.get(key="demo_request")
    model.interest_rules.create(kind=demo, points=50, half_life_days=3)
    model.put_in_force(from_at=MONDAY_9AM - 60 * DAY)
    return model


def live(gina: User) -> list[Lead]:
    """Some days of four leads, as the product lives them: they qualify, are offered and answered, and change."""
    scored()
    team = make.team(Team.Kind.SALES)
    rep = make.user(Role.REP, team=team)
    chiefs = persona({"field": "title", "op": "=", "value": "Chief"})
    make.agreement(
        receiving=team,
        definitions=[make.definition(criteria={"did": "demo_request", "at_least": 1})],
        personas=[chiefs],
    )
    leads = [
        register({"email": f"lead{n}@story.example", "title": title}, at=MONDAY_9AM)[0]
        for n, title in enumerate(["Chief", "Chief", "Clerk", "Clerk"])
    ]
    advance_all(at=MONDAY_9AM)
    for lead in leads[:3]:
        record(lead, "demo_request", NOON, at=NOON)
    advance_all(at=NOON)
    Handoff.objects.get(lead=leads[0]).accept(by=rep, at=NOON + DAY)
    say_persona(leads[0], None, reason="We met", by=gina, at=NOON + 2 * DAY)
    change(leads[1], {"title": "Clerk"}, by=gina, how="page", at=NOON + 2 * DAY)
    change(leads[3], {"title": "Chief"}, by=gina, how="page", at=NOON + 2 * DAY)
    advance_all(at=NOON + 2 * DAY)
    leads[2].score.override_quadrant(Quadrant.DROP, reason="We met", by=gina, at=NOON + 2 * DAY)
    for lead in leads:
        lead.refresh_from_db()
        lead.journey.move_to(Stage.objects.role(StageRole.SQL), because="We met", at=NOON + 3 * DAY, by=gina)
    record(leads[3], "demo_request", NOON + 4 * DAY, at=NOON + 4 * DAY)
    advance_all(at=NOON + 20 * DAY)
    return leads


@pytest.mark.parametrize("with_handoffs", [True, False])
def test_what_was_lived_is_what_is_filled_in(with_handoffs: bool, gina: User) -> None:
    leads = live(gina)
    if not with_handoffs:  # from before hand-offs kept it
        Handoff.objects.update(persona=None, quadrant="")
    was = forget()
    assert len(set(was.values())) > 4
    fill = fill_past()
    assert kept() == was
    assert fill is not None
    assert fill.finished_at
    # Of the eleven steps, three opened a hand-off.
    assert (fill.from_handoffs, fill.from_history) == ((3, len(was) - 3) if with_handoffs else (0, len(was)))
    assert Transition.objects.filter(lead=leads[0], persona=None).count() == 1


def test_what_the_hand_off_kept_comes_before_what_is_computed(gina: User) -> None:
    live(gina)
    handoff = Handoff.objects.earliest("pk")
    Handoff.objects.filter(pk=handoff.pk).update(quadrant="opportunistic", persona=None)
    forget()
    fill_past()
    step = Transition.objects.get(pk=handoff.transition_id)
    assert (step.persona, step.quadrant) == (None, "opportunistic")


def test_interrupted_after_any_batch_it_goes_on_where_it_was(gina: User, monkeypatch: pytest.MonkeyPatch) -> None:
    live(gina)
    was = forget()
    monkeypatch.setattr(filling, "BATCH", 2)
    for _ in range(2):
        began = fill_past(seconds=0)
        assert began is not None
        assert not began.finished_at
    done = [pk for pk, known in kept().items() if known != (None, "")]
    assert done == [pk for pk in sorted(was) if pk <= PastFill.objects.get().done_to]

    class Killed(BaseException):
        pass

    write = filling._write

    def die(batch: filling.Batch) -> None:
        write(batch)
        raise Killed

    monkeypatch.setattr(filling, "_write", die)
    with pytest.raises(Killed), transaction.atomic():
        fill_past()
    monkeypatch.setattr(filling, "_write", write)
    assert [pk for pk, known in kept().items() if known != (None, "")] == done
    fill = fill_past()
    assert kept() == was
    assert fill is not None
    assert fill.from_handoffs + fill.from_history + fill.brought_in + fill.not_known == len(was)
    again = fill_past()
    assert again is not None
    assert [getattr(again, name) for name in PastFill.COUNTS] == [getattr(fill, name) for name in PastFill.COUNTS]


def test_steps_made_since_are_left_alone(gina: User) -> None:
    leads = live(gina)
    forget()
    step = leads[0].journey.move_to(Stage.objects.role("mql"), because="Again", at=NOON + 30 * DAY, by=gina)
    fill_past()
    assert Transition.objects.filter(pk__gt=PastFill.objects.get().up_to).get() == step


def test_imported_steps_keep_nothing_and_what_nobody_knows_is_counted() -> None:
    make.lead(StageRole.SQL)
    known_to_nobody = make.mql()
    forget()
    out = StringIO()
    call_command("fill_past", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {
        "finished": True,
        "from_handoffs": 0,
        "from_history": 0,
        "brought_in": 2,
        "not_known": 1,
    }
    assert set(kept().values()) == {(None, "")}
    assert known_to_nobody.transitions.count() == 2


def test_the_command_says_how_many_it_filled(gina: User) -> None:
    live(gina)
    forget()
    out = StringIO()
    call_command("fill_past", stdout=out)
    assert out.getvalue().splitlines() == [
        f"{Transition.objects.count()} steps have their persona and quadrant.",
        "0 steps were imported.",
        "Of 0 steps it is not known.",
    ]


def test_a_new_database_has_nothing_to_fill() -> None:
    out = StringIO()
    call_command("fill_past", "--json", stdout=out)
    assert json.loads(out.getvalue())["finished"] is True
    assert not PastFill.objects.exists()


def test_while_somebody_is_at_it_the_command_says_so_and_the_task_waits(gina: User) -> None:
    live(gina)
    forget()
    assert leases.acquire(LEASE, "another process")
    with pytest.raises(CommandError):
        call_command("fill_past")
    fill_past_task()
    assert PastFill.objects.get().done_to == 0
    leases.release(LEASE, "another process")
    fill_past_task()
    assert PastFill.objects.get().finished_at


def test_each_day_of_a_batch_costs_one_statement(gina: User) -> None:
    """However much the agreement and the score model of that day name."""
    make.custom_field("plan")
    gold: dict[str, object] = {"field": "custom.plan", "op": "=", "value": "gold"}
    scored(gold)
    make.agreement(personas=[persona(gold) for _ in range(2)])
    counts = []
    for days in (2, 9):
        Transition.objects.all().delete()
        PastFill.objects.all().delete()
        for day in range(days):
            make.mql(at=MONDAY_9AM + day * DAY)
        forget()
        with CaptureQueriesContext(connection) as asked:
            fill_past()
        counts.append(sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in asked.captured_queries))
    assert counts[1] - counts[0] == 7
