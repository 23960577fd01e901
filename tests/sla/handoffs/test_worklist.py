"""The rep's side of what was accepted: the tab "Working", touches, pauses, giving up, and the story."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funnel.models import Journey, Reason, Stage, StageRole
from leads.models import Lead, Persona, PersonaVersion
from sla.escalation.sweeping import sweep_timers
from sla.handoffs.handoff_context import field_values
from sla.inbox.work import group_by_due, list_team_work
from sla.models import Calendar, Handoff, Timer, Touch
from sla.routing.offering import offer
from teams.models import Role, User
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_ten")]

DAY = timedelta(days=1)
POLICY = {"touch_within": timedelta(hours=2), "touches": 3, "touch_days": 5}


@pytest.fixture
def inbox(sam: User) -> Client:
    make.agreement(policy=POLICY)
    return make.signed_in(sam)


def accepted(sam: User, at=TEN) -> Handoff:
    handoff = make.handoff(to=sam, at=at)
    handoff.accept(by=sam, at=at)
    return handoff


def headings(sam: User, at=TEN) -> list[tuple[str, list[int]]]:
    found = group_by_due(list_team_work(sam, Calendar.hours_for(sam, at=at), at=at).page.rows)
    return [(str(group["heading"]), [work.handoff.pk for work in group["rows"]]) for group in found]


def recycled(key: str = "timing") -> Reason:
    return Reason.objects.filter(kind="recycled", needs_text=False).first() or Reason.objects.create(
        kind="recycled", key=key, name_en="Timing"
    )


def test_what_is_worked_is_arranged_by_what_is_due_first(inbox: Client, sam: User):
    done = accepted(sam, TEN - 7 * DAY)
    for _ in range(3):
        done.touch("call", by=sam, at=TEN - 6 * DAY)
    reached = accepted(sam, TEN - 7 * DAY)
    reached.touch("call", contact=True, by=sam, at=TEN - 6 * DAY)
    later = accepted(sam, TEN - 3 * DAY)
    later.touch("call", by=sam, at=TEN)
    # Accepted on Friday: of three in five days the first is due on the second open day, which is today.
    today = accepted(sam, TEN - 3 * DAY)
    Timer.objects.filter(handoff=today, kind="first_touch").delete()
    overdue = accepted(sam, TEN - 7 * DAY)
    overdue.touch("email", by=sam, at=TEN - 6 * DAY)
    running = accepted(sam)
    late = accepted(sam, TEN - 3 * DAY)

    assert headings(sam) == [
        ("First touch overdue", [late.pk]),
        ("First touch due today", [running.pk]),
        ("Next touch overdue", [overdue.pk]),
        ("Touch due today", [today.pk]),
        ("Due later", [later.pk]),
        ("Reached: what comes next?", [reached.pk]),
        ("All agreed touches made", [done.pk]),
    ]
    page = inbox.get("/inbox/working/")
    assert page.status_code == 200
    assert page.context["handoff"].pk == late.pk
    assert page.context["working_count"] == 7


def test_what_moved_on_was_given_up_or_went_back_is_not_worked_any_more(inbox: Client, sam: User):
    moved, given_up, closed, back = (accepted(sam) for _ in range(4))
    Journey.objects.get(pk=moved.lead_id).move_to(Stage.objects.role(StageRole.SQL), because="Knows the buyer", at=TEN)
    given_up.give_up(by=sam, reason=recycled(), note="No", at=TEN)
    Journey.objects.get(pk=closed.lead_id).close(Journey.Ended.DISQUALIFIED, because="Student", at=TEN)
    Journey.objects.get(pk=back.lead_id).move_to(Stage.objects.role(StageRole.LEAD), because="Later", at=TEN)
    assert headings(sam) == []
    assert "You work no lead now" in inbox.get("/inbox/working/").content.decode()


def test_a_lead_that_went_back_and_was_accepted_again_is_worked_once(inbox: Client, sam: User):
    first = accepted(sam, TEN - 2 * DAY)
    journey = Journey.objects.get(pk=first.lead_id)
    journey.move_to(Stage.objects.role(StageRole.LEAD), because="Later", at=TEN - DAY)
    journey.move_to(Stage.objects.role(StageRole.MQL), because="Again", at=TEN - timedelta(hours=2))
    User.objects.filter(pk=sam.pk).update(is_active=True)
    offer([first.lead_id], at=TEN - timedelta(hours=1))
    again = Handoff.objects.open().get()
    again.accept(by=sam, at=TEN)
    assert headings(sam) == [("First touch due today", [again.pk])]


def test_one_press_writes_a_touch_down(inbox: Client, sam: User):
    handoff = accepted(sam)
    answer = inbox.post(f"/handoffs/{handoff.pk}/touches/", {"done": "call", "note": "Engaged"}, follow=True)
    assert answer.status_code == 200
    assert "Written down" in answer.content.decode()
    touch = Touch.objects.get()
    assert (touch.kind, touch.is_contact, touch.note, touch.by, touch.at) == ("call", False, "Engaged", sam, TEN)


def test_what_was_pressed_by_mistake_is_taken_back_at_once(inbox: Client, sam: User):
    handoff = accepted(sam)
    answer = inbox.post(f"/handoffs/{handoff.pk}/touches/", {"done": "call"}, follow=True)
    undoing = f"/touches/{Touch.objects.get().pk}/undoing/"
    assert undoing in answer.content.decode()
    assert "Taken back" in inbox.post(undoing, follow=True).content.decode()
    assert not Touch.objects.exists()
    assert inbox.post(undoing).status_code == 404
    theirs = accepted(make.user(Role.REP)).touch("call", by=sam, at=TEN)
    assert inbox.post(f"/touches/{theirs.pk}/undoing/").status_code == 404


def test_they_answered_is_a_contact(inbox: Client, sam: User):
    handoff = accepted(sam)
    inbox.post(f"/handoffs/{handoff.pk}/touches/", {"done": "meeting contact"})
    assert (Touch.objects.get().kind, Touch.objects.get().is_contact) == ("meeting", True)


def test_a_touch_that_says_nothing_keeps_the_note(inbox: Client, sam: User):
    handoff = accepted(sam)
    answer = inbox.post(f"/handoffs/{handoff.pk}/touches/", {"done": "pigeon", "note": "Was at lunch"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Say what you did" in page
    assert "Was at lunch" in page
    assert not Touch.objects.exists()


@pytest.mark.parametrize("path", ["touches", "pause", "giving-up"])
def test_somebody_elses_work_is_not_there(inbox: Client, path: str):
    rosa = make.user(Role.REP)
    other = accepted(rosa)
    assert inbox.post(f"/handoffs/{other.pk}/{path}/", {"done": "call"}).status_code == 404


def test_touching_what_was_given_up_is_told(inbox: Client, sam: User):
    handoff = accepted(sam)
    handoff.give_up(by=sam, reason=recycled(), note="No", at=TEN)
    answer = inbox.post(f"/handoffs/{handoff.pk}/touches/", {"done": "call"})
    assert answer.status_code == 409
    assert "Nothing was changed" in answer.content.decode()
    assert inbox.post(f"/handoffs/{handoff.pk}/giving-up/", {"reason": recycled().pk, "note": "x"}).status_code == 409


def test_pausing_moves_the_deadline_and_shows_until_when(inbox: Client, sam: User):
    handoff = accepted(sam)
    said = {"until_on": "2026-11-18", "reason": "On holiday"}
    assert inbox.post(f"/handoffs/{handoff.pk}/pause/", said, follow=True).status_code == 200
    timer = handoff.timers.get(kind="first_touch")
    # Two hours of Wednesday.
    assert timer.due_at == MONDAY_9AM + 2 * DAY + timedelta(hours=2)
    assert [heading for heading, _rows in headings(sam)] == ["Paused"]
    page = inbox.get(f"/inbox/{handoff.pk}/").content.decode()
    assert "Paused until" in page
    assert "On holiday" in page


def test_rejecting_may_leave_the_lead_asleep_until_it_does_something_new(inbox: Client, sam: User):
    handoff = make.handoff(to=sam)
    inbox.post(
        f"/handoffs/{handoff.pk}/rejection/", {"reason": "no_project", "verdict": "fits", "only_with_news": "on"}
    )
    journey = Journey.objects.get(pk=handoff.lead_id)
    assert (journey.waits_for_news, journey.wake_at) == (True, None)
    assert "Only once it does something new." in inbox.get(f"/leads/{handoff.lead_id}/").content.decode()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"until_on": "2026-11-16", "reason": "Holiday"}, "until_on"),
        ({"until_on": "", "reason": "Holiday"}, "until_on"),
        ({"until_on": "2026-11-18", "reason": " "}, "reason"),
    ],
)
def test_a_pause_that_cannot_be_is_told_at_its_field(inbox: Client, sam: User, said: dict[str, str], wrong: str):
    handoff = accepted(sam)
    answer = inbox.post(f"/handoffs/{handoff.pk}/pause/", said)
    assert answer.status_code == 422
    assert list(answer.context["pause_form"].errors) == [wrong]


def test_a_clock_that_fell_due_is_not_paused(inbox: Client, sam: User):
    handoff = accepted(sam, TEN - 3 * DAY)
    answer = inbox.post(f"/handoffs/{handoff.pk}/pause/", {"until_on": "2026-11-18", "reason": "Holiday"})
    assert answer.status_code == 409


def test_giving_up_early_asks_why_at_the_note(inbox: Client, sam: User):
    handoff = accepted(sam)
    answer = inbox.post(f"/handoffs/{handoff.pk}/giving-up/", {"reason": recycled().pk, "wake_on": "2027-04-01"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "say why it ends before what was agreed" in page
    assert "2027-04-01" in page
    said = {"reason": recycled().pk, "wake_on": "2027-04-01", "note": "Budget in April"}
    inbox.post(f"/handoffs/{handoff.pk}/giving-up/", said)
    journey = Journey.objects.get(pk=handoff.lead_id)
    assert journey.stage.role == StageRole.LEAD
    assert journey.wake_at
    assert journey.wake_at.astimezone(make.MONDAY_9AM.tzinfo).date() == date(2027, 3, 31)
    assert Handoff.objects.get().given_up_at == TEN


def test_rejecting_may_say_when_the_lead_wakes(inbox: Client, sam: User):
    handoff = make.handoff(to=sam)
    said = {"reason": "no_project", "verdict": "fits", "wake_on": "2027-04-01"}
    inbox.post(f"/handoffs/{handoff.pk}/rejection/", said)
    journey = Journey.objects.get(pk=handoff.lead_id)
    # The company day begins at 15:00 UTC of the day before.
    assert journey.wake_at
    assert journey.wake_at.isoformat() == "2027-03-31T15:00:00+00:00"


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"reason": "no_project", "verdict": "fits", "wake_on": "2026-11-16"}, "wake_on"),
        ({"reason": "competitor", "verdict": "no", "wake_on": "2027-04-01"}, "wake_on"),
        ({"reason": "other", "verdict": "no"}, "note"),
    ],
)
def test_a_rejection_that_does_not_hold_is_told_at_its_field(inbox: Client, sam: User, said, wrong: str):
    handoff = make.handoff(to=sam)
    answer = inbox.post(f"/handoffs/{handoff.pk}/rejection/", said)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [wrong]
    assert Handoff.objects.open().exists()


def test_only_the_reasons_of_the_hop_are_offered(sam: User):
    make.agreement(reason_keys=["no_project", "other"])
    client = make.signed_in(sam)
    handoff = make.handoff(to=sam)
    page = client.get(f"/inbox/{handoff.pk}/").content.decode()
    assert 'value="no_project"' in page
    assert 'value="competitor"' not in page
    said = {"reason": "competitor", "verdict": "no"}
    assert client.post(f"/handoffs/{handoff.pk}/rejection/", said).status_code == 422


def test_the_story_tells_what_was_late_for_ever(sam: User):
    make.agreement(policy=POLICY, steps=[(50, "remind"), (100, "reassign")])
    client = Client()
    rosa = make.user(Role.REP, given_name="Rosa")
    handoff = make.handoff(to=rosa, at=MONDAY_9AM - 3 * DAY)
    User.objects.filter(pk=sam.pk).update(team=handoff.hop.receiving_team)
    sweep_timers(at=MONDAY_9AM - 3 * DAY + timedelta(hours=2))
    sweep_timers(at=MONDAY_9AM)
    again = Handoff.objects.open().get()
    again.accept(by=sam, at=TEN)
    again.touch("call", by=sam, note="Engaged", at=TEN)
    client.force_login(sam)

    answer = client.get(f"/inbox/{again.pk}/")

    story = [line.text for line in answer.context["story"]]
    assert story[0] == "Offered to Rosa"
    assert "Reminder" in story
    assert story.index("Fell due unanswered: late") < story.index("Taken back from Rosa")
    assert "Offered to Sam instead" in story
    assert story[-2:] == ["Accepted by Sam", "Call: Sam tried"] or set(story[-2:]) == {
        "Accepted by Sam", "Call: Sam tried",
    }  # fmt: skip


def test_what_is_known_of_the_lead_goes_with_it_in_words():
    factory = make.company(name="Acme", employees=1200)
    lead = make.lead(StageRole.MQL, company=factory, title="Plant manager")
    names = ["title", "company.name", "company.employees", "stage", "phone", "no.such.field"]
    assert field_values(lead, names, at=TEN) == [
        ("Title", "Plant manager"),
        ("Company: name", "Acme"),
        ("Company: employees", "1,200"),
        ("Stage", "MQL"),
        ("Phone", "–"),
    ]


def test_the_persona_as_agreed_and_earlier_touches_go_with_it(sam: User):
    persona = Persona.objects.create()
    version = PersonaVersion.objects.create(
        persona=persona, name="Plant manager", pains="Paper everywhere", goals="One screen", criteria={"all": []}
    )
    make.agreement(personas=[version], policy=POLICY)
    rosa = make.user(Role.REP, given_name="Rosa")
    first = accepted(rosa, TEN - 2 * DAY)
    first.touch("call", by=rosa, note="Call again in spring", at=TEN - 2 * DAY)
    journey = Journey.objects.get(pk=first.lead_id)
    journey.move_to(Stage.objects.role(StageRole.LEAD), because="Later", at=TEN - DAY)
    journey.move_to(Stage.objects.role(StageRole.MQL), because="Again", at=TEN - timedelta(hours=2))
    User.objects.filter(pk=sam.pk).update(team=first.hop.receiving_team)
    User.objects.filter(pk=rosa.pk).update(is_active=False)
    Lead.objects.filter(pk=first.lead_id).update(owner=None)
    offer([first.lead_id], at=TEN)
    again = Handoff.objects.open().get()
    Handoff.objects.filter(pk=again.pk).update(persona=persona, rep=sam)
    client = make.signed_in(sam)

    page = client.get(f"/inbox/{again.pk}/").content.decode()

    assert "Paper everywhere" in page
    assert "One screen" in page
    assert "Call again in spring" in page


@pytest.mark.parametrize("shown", ["/inbox/working/", "/inbox/answered/"])
def test_a_long_list_of_work_takes_the_queries_of_a_short_one(inbox: Client, sam: User, shown: str):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert inbox.get(shown).status_code == 200
        return len(captured)

    def fill(number: int) -> None:
        for _ in range(number):
            handoff = accepted(sam)
            handoff.timers.get(kind="first_touch").pause(until=TEN + DAY, reason="Holiday", by=sam, at=TEN)

    fill(1)
    queries()
    few = queries()
    fill(9)
    assert queries() == few
