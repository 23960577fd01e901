"""The lines of a lead's timeline in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone, translation

from dashboards.lead.timeline_items import Item, answer_item, day_heading, offer_item, step_item, touch_item
from funnel.models import Reason, Stage, StageRole, Transition
from sla.models import Handoff, Touch
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN
# A Thursday, nine in the evening in Tokyo.
EVENING = datetime(2026, 11, 19, 12, tzinfo=UTC)


# Headings


@pytest.mark.parametrize(
    ("at", "heading"),
    [
        (EVENING, "Today"),
        (datetime(2026, 11, 18, 15, tzinfo=UTC), "Today"),
        (datetime(2026, 11, 18, 14, 59, tzinfo=UTC), "Yesterday"),
        (datetime(2026, 11, 17, 14, 59, tzinfo=UTC), "Last seven days"),
        (datetime(2026, 11, 12, 15, tzinfo=UTC), "Last seven days"),
        (datetime(2026, 11, 12, 14, 59, tzinfo=UTC), "November 2026"),
        (datetime(2025, 12, 31, 15, tzinfo=UTC), "January 2026"),
        (datetime(2026, 11, 19, 15, tzinfo=UTC), "To come"),
    ],
)
def test_a_moment_is_headed_by_its_day_in_the_reader_s_zone(at: datetime, heading: str):
    with time_machine.travel(EVENING, tick=False), timezone.override("Asia/Tokyo"):
        assert day_heading(at) == heading


def test_a_month_is_headed_in_the_reader_s_language():
    with time_machine.travel(EVENING, tick=False), translation.override("ja"):
        assert day_heading(datetime(2026, 10, 5, tzinfo=UTC)) == "2026年10月"


# Steps


def step(to: StageRole | None, frm: StageRole | None = None, **fields: Any) -> Item:
    stages = [Stage.objects.role(role) if role else None for role in (frm, to)]
    lead = make.lead()
    made = Transition(lead=lead, from_stage=stages[0], to_stage=stages[1], at=AT, **fields)
    return step_item(AT, made)


def test_a_step_forward_enters_a_stage_of_somebody_s():
    item = step(StageRole.SAL, StageRole.MQL)
    assert (item.text, item.icon, item.party, item.url) == ("Entered SAL", "stages", "sales", "")


def test_a_step_back_says_so():
    item = step(StageRole.LEAD, StageRole.MQL)
    assert item.text.startswith("Back to ")
    assert item.icon == "back"


def test_a_step_by_a_definition_names_it_and_leads_to_it():
    definition = make.definition(number=3)
    item = step(StageRole.MQL, StageRole.LEAD, definition=definition, because="Met the definition")
    assert (item.text, item.note) == ("Became MQL by definition v3", "")
    assert item.url == f"/definitions/{definition.stage_id}/v3/"


def test_a_step_by_a_person_says_who_and_why():
    sam = make.user(Role.REP, given_name="Sam", family_name="Sato")
    item = step(StageRole.SQL, StageRole.SAL, by=sam, because="Accepted")
    assert item.note == "Sam Sato · Accepted"
    with translation.override("ja"):
        item = step(StageRole.SQL, StageRole.SAL, by=sam, because="Accepted")
        assert item.note.startswith("Sato Sam · ")
        assert "Accepted" not in item.note


def test_what_a_person_typed_is_not_translated():
    assert step(StageRole.SQL, StageRole.SAL, because="社長と面談").note == "社長と面談"


def test_a_closed_journey_says_why_and_of_whose_stage_it_left():
    reason = Reason.objects.first()
    item = step(None, StageRole.SAL, reason=reason)
    assert (item.text, item.icon, item.party) == (f"Journey closed: {reason}", "close", "sales")


# Offers, answers, touches


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, given_name="Sam", family_name="Sato")


@pytest.fixture
def handoff(sam: User) -> Handoff:
    return make.handoff(to=sam, at=AT)


def test_an_offer_is_marketing_s_and_names_the_rep(handoff: Handoff):
    item = offer_item(AT, handoff)
    assert (item.text, item.note, item.party) == ("Offered to Sam Sato", "", "marketing")


def test_an_offer_to_somebody_else_says_so(handoff: Handoff):
    handoff.replaces_id = handoff.pk
    assert offer_item(AT, handoff).note == "again, to somebody else"


def test_an_answer_names_who_gave_it(handoff: Handoff, sam: User):
    handoff.accept(by=sam, at=AT)
    assert answer_item(AT, handoff).text == "Accepted by Sam Sato"


def test_an_answer_of_the_rules_is_nobody_s(handoff: Handoff):
    handoff.answer = Handoff.Answer.ACCEPTED
    assert answer_item(AT, handoff).text == "Accepted by the rules"


def test_a_rejection_says_the_reason_the_verdict_and_the_note(handoff: Handoff, sam: User):
    reason = Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False).earliest("pk")
    handoff.reject(by=sam, reason=reason, verdict=Handoff.Verdict.NO, note="予算なし", at=AT)
    item = answer_item(AT, handoff)
    assert item.text == f"Rejected by Sam Sato: {reason}"
    assert item.note == f"Verdict: {Handoff.Verdict.NO.label} · 予算なし"


@pytest.mark.parametrize(("is_contact", "text"), [(True, "they answered"), (False, "tried")])
def test_a_touch_says_whether_somebody_answered(handoff: Handoff, sam: User, is_contact: bool, text: str):
    touch = Touch(handoff=handoff, kind=Touch.Kind.CALL, by=sam, at=AT, is_contact=is_contact, note="留守電")
    item = touch_item(AT, touch)
    assert text in item.text
    assert "Sam Sato" in item.text
    assert (item.note, item.party) == ("留守電", "sales")


def test_a_day_later_is_another_heading(handoff: Handoff):
    with time_machine.travel(AT + timedelta(days=1), tick=False):
        assert (offer_item(AT, handoff).day, offer_item(AT + timedelta(days=1), handoff).day) == ("Yesterday", "Today")
