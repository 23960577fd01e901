"""Hand-offs, answered by programs."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funnel.models import Journey, Reason, Stage, StageRole
from leads.models import Persona
from sla.models import Handoff, Touch
from teams.models import Role, Team, User
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def offered() -> Handoff:
    return make.handoff(to=make.user(Role.REP))


@pytest.fixture
def program(offered: Handoff) -> Program:
    return Program(offered.rep)


def test_a_rep_s_program_sees_the_rep_s_hand_offs_alone(program: Program, offered: Handoff) -> None:
    said = program.get("handoffs/").json()
    assert [one["id"] for one in said["results"]] == [offered.pk]
    assert said["next"] is None
    one = said["results"][0]
    assert (one["lead"], one["answer"], one["breached_at"]) == (offered.lead_id, "", None)
    assert one["due_at"] > one["offered_at"]
    assert program.get(f"handoffs/{offered.pk}/").json() == one
    somebody = Program(make.user(Role.REP))
    assert somebody.get("handoffs/").json()["results"] == []


def test_another_rep_s_hand_off_is_not_there(offered: Handoff) -> None:
    somebody = Program(make.user(Role.REP))
    faults(somebody.get(f"handoffs/{offered.pk}/"), 404)
    faults(somebody.post(f"handoffs/{offered.pk}/acceptance/"), 404)
    faults(somebody.post(f"handoffs/{offered.pk}/rejection/", {"reason": "x", "verdict": "no"}), 404)
    assert Handoff.objects.get().answer == ""


def test_accepting_moves_the_lead_on(program: Program, offered: Handoff) -> None:
    answer = program.post(f"handoffs/{offered.pk}/acceptance/")
    assert answer.status_code == 200
    assert answer.json()["answer"] == "accepted"
    assert Handoff.objects.get().answered_by == program.person
    assert program.get(f"leads/{offered.lead_id}/").json()["stage"] == "sal"
    assert program.get("handoffs/", open="true").json()["results"] == []
    assert len(program.get("handoffs/", open="false").json()["results"]) == 1
    assert list(faults(program.get("handoffs/", open="yes"))) == ["open"]


def test_an_answer_twice_is_a_conflict_and_changes_nothing(program: Program, offered: Handoff) -> None:
    program.post(f"handoffs/{offered.pk}/acceptance/")
    faults(program.post(f"handoffs/{offered.pk}/acceptance/"), 409)
    reason = Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False).first()
    assert reason
    faults(program.post(f"handoffs/{offered.pk}/rejection/", {"reason": reason.key, "verdict": "no"}), 409)
    assert Handoff.objects.get().answer == "accepted"


def test_rejecting_says_why(program: Program, offered: Handoff) -> None:
    reason = Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False).first()
    assert reason
    assert reason.key in {one["key"] for one in program.get("reasons/", kind="rejected").json()}
    said = {"reason": reason.key, "verdict": "partly", "note": "Too small."}
    one = program.post(f"handoffs/{offered.pk}/rejection/", said).json()
    assert (one["answer"], one["reason"], one["verdict"], one["note"]) == (
        "rejected", reason.key, "partly", "Too small.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"verdict": "no"}, "#/reason"),
        ({"reason": "nonsense", "verdict": "no"}, "#/reason"),
        ({"reason": ["other"], "verdict": "no"}, "#/reason"),
        ({"reason": "other"}, "#/verdict"),
        ({"reason": "other", "verdict": "perhaps"}, "#/verdict"),
        ({"reason": "other", "verdict": "no"}, "#/note"),
        ({"reason": "other", "verdict": "no", "note": "x" * 2001}, "#/note"),
    ],
)
def test_a_rejection_that_says_too_little_is_told_so(
    program: Program, offered: Handoff, said: dict[str, object], pointer: str
) -> None:
    Handoff.objects.update(persona=Persona.objects.create())
    assert list(faults(program.post(f"handoffs/{offered.pk}/rejection/", said))) == [pointer]
    assert Handoff.objects.get().answer == ""


def test_a_verdict_may_come_with_the_yes(program: Program, offered: Handoff) -> None:
    assert list(faults(program.post(f"handoffs/{offered.pk}/acceptance/", {"verdict": "perhaps"}))) == ["#/verdict"]
    one = program.post(f"handoffs/{offered.pk}/acceptance/", {"verdict": "fits"}).json()
    assert (one["answer"], one["verdict"]) == ("accepted", "fits")


def test_a_rejection_may_say_when_the_lead_wakes(program: Program, offered: Handoff) -> None:
    said = {"reason": "no_project", "verdict": "fits", "wake_at": "2030-04-01T00:00:00Z"}
    assert program.post(f"handoffs/{offered.pk}/rejection/", said).status_code == 200
    wakes = Journey.objects.get(pk=offered.lead_id).wake_at
    assert wakes == datetime(2030, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "wake_at"),
    [
        ("no_project", "2026-11-16T00:00:00Z"),
        ("no_project", "9999-12-31T23:59:00Z"),
        ("competitor", "2030-04-01T00:00:00Z"),
    ],
    ids=["past", "a slip of the keyboard", "a journey that ends"],
)
def test_a_lead_wakes_later_or_never(program: Program, offered: Handoff, reason: str, wake_at: str) -> None:
    said = {"reason": reason, "verdict": "fits", "wake_at": wake_at}
    assert list(faults(program.post(f"handoffs/{offered.pk}/rejection/", said))) == ["#/wake_at"]
    assert Handoff.objects.get().answer == ""


def test_a_reason_that_the_hop_does_not_name_is_refused() -> None:
    make.agreement(reason_keys=["no_project"])
    handoff = make.handoff(to=make.user(Role.REP))
    said = {"reason": "competitor", "verdict": "no"}
    assert list(faults(Program(handoff.rep).post(f"handoffs/{handoff.pk}/rejection/", said))) == ["#/reason"]
    assert Handoff.objects.get().answer == ""


def test_touches_are_written_down(program: Program, offered: Handoff) -> None:
    faults(program.post(f"handoffs/{offered.pk}/touches/", {"kind": "call"}), 409)
    program.post(f"handoffs/{offered.pk}/acceptance/")
    answer = program.post(f"handoffs/{offered.pk}/touches/", {"kind": "call", "contact": True, "note": "Wants a demo"})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["handoff"], said["kind"], said["contact"], said["note"]) == (offered.pk, "call", True, "Wants a demo")
    assert Touch.objects.get().by == program.person
    assert list(faults(program.post(f"handoffs/{offered.pk}/touches/", {"kind": "pigeon"}))) == ["#/kind"]
    faults(Program(make.user(Role.REP)).post(f"handoffs/{offered.pk}/touches/", {"kind": "call"}), 404)


@pytest.fixture
def left(program: Program, offered: Handoff) -> Handoff:
    """What the rep accepted, and left."""
    program.post(f"handoffs/{offered.pk}/acceptance/")
    User.objects.filter(pk=offered.rep_id).update(is_active=False)
    return offered


@pytest.fixture
def colleague(offered: Handoff) -> Program:
    return Program(make.user(Role.REP, team=offered.rep.team))


def test_what_a_rep_left_is_listed_for_the_team_and_taken_once(left: Handoff, colleague: Program) -> None:
    waiting = colleague.get("handoffs/", nobodys="true").json()["results"]
    assert [(one["id"], one["answer"]) for one in waiting] == [(left.pk, "accepted")]
    assert colleague.get("handoffs/").json()["results"] == []
    answers = [colleague.post(f"handoffs/{left.pk}/taking/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    taken = answers[0].json()
    assert (taken["replaces"], taken["answer"], taken["lead"]) == (left.pk, "accepted", left.lead_id)
    assert answers[1].json() == taken == colleague.get(f"handoffs/{taken['id']}/").json()
    assert Handoff.objects.get(replaces=left).rep == colleague.person
    assert colleague.get("handoffs/", nobodys="true").json()["results"] == []
    faults(Program(make.user(Role.SDR, team=left.rep.team)).post(f"handoffs/{left.pk}/taking/"), 409)
    assert Handoff.objects.filter(lead=left.lead_id).count() == 2


def test_what_is_not_left_to_the_team_is_not_taken(left: Handoff, colleague: Program) -> None:
    stranger = Program(make.user(Role.REP, team=make.team(Team.Kind.SALES)))
    for program in (stranger, Program(make.user(Role.REP))):
        assert program.get("handoffs/", nobodys="true").json()["results"] == []
        faults(program.post(f"handoffs/{left.pk}/taking/"), 404)
    faults(Program(make.user(Role.MARKETER)).post(f"handoffs/{left.pk}/taking/"), 403)
    assert list(faults(colleague.post(f"handoffs/{left.pk}/taking/", {"rep": "me"}))) == ["#/rep"]
    assert list(faults(colleague.get("handoffs/", nobodys="yes"))) == ["nobodys"]
    Journey.objects.get(pk=left.lead_id).move_to(Stage.objects.role(StageRole.SQL), because="Budget")
    faults(colleague.post(f"handoffs/{left.pk}/taking/"), 409)
    User.objects.filter(pk=left.rep_id).update(is_active=True)
    faults(colleague.post(f"handoffs/{left.pk}/taking/"), 404)
    assert not Handoff.objects.filter(replaces=left).exists()


def test_hand_offs_cost_the_same_for_one_and_for_many(program: Program) -> None:
    program.get("handoffs/")
    with CaptureQueriesContext(connection) as one:
        program.get("handoffs/")
    for _n in range(5):
        make.handoff(to=program.person)
    with CaptureQueriesContext(connection) as many:
        assert len(program.get("handoffs/").json()["results"]) == 6
    # The last one is the log: who read data of people by a token.
    assert len(many) == len(one) <= 4


def test_the_reasons_are_told_by_kind(program: Program) -> None:
    assert {one["kind"] for one in program.get("reasons/").json()} >= {"won", "lost", "rejected"}
    assert list(faults(program.get("reasons/", kind="nonsense"))) == ["kind"]
