"""The page of one lead: all of it, in a few queries, and what can be said on it."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from dashboards.lead import timeline
from dashboards.lead.journey import stage_visits
from dashboards.lead.quadrant_plot import plot_quadrants
from funnel.models import Journey, Opportunity, Reason, Stage, StageRole
from leads.models import Activity, Lead
from leads.registering.registration import change
from scoring.models import Score, ScoreModel
from sla.models import Absence, Handoff
from teams.models import Notice, Role, Team, User
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM


@pytest.fixture
def mara(client: Client) -> User:
    mara = make.user(Role.MARKETER, given_name="Mara", family_name="Sato")
    client.force_login(mara)
    return mara


def page(client: Client, lead: Lead, **asked: str) -> str:
    response = client.get(reverse("lead", args=[lead.pk]), asked)
    assert response.status_code == 200
    return unescape(response.content.decode())


def texts(lead: Lead, which: str = "all") -> list[str]:
    return [item.text for item in timeline.timeline_page(lead, which, at=timezone.now()).items]


def test_it_says_who_the_lead_is_and_in_japanese_the_family_first(mara, client) -> None:
    company = make.company(name="北浜食品")
    lead = make.lead(family_name="中村", given_name="彩", title="工場長", company=company, is_free_mail=True)
    text = page(client, lead)
    assert "中村 彩" in text
    assert "free-mail address" in text
    User.objects.filter(pk=mara.pk).update(language="ja")
    assert "中村 彩" in page(client, lead)


def test_a_lead_without_anything_has_a_page(mara, client) -> None:
    text = page(client, make.lead())
    assert "Not scored yet" in text
    assert "Not offered to sales so far." in text


def test_touches_are_listed_and_a_call_with_the_lead_only_once() -> None:
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=AT)
    rep = str(handoff.rep)
    handoff.touch("email", by=handoff.rep, note="Sent the plan", at=AT + timedelta(hours=1))
    handoff.touch("call", by=handoff.rep, contact=True, at=AT + timedelta(hours=2))
    with translation.override("en"):
        found = texts(handoff.lead)
    assert found[:2] == ["Call", f"E-mail: {rep} tried"]
    assert texts(handoff.lead, "ours")[0] == f"E-mail: {rep} tried"


def test_ten_of_everything_cost_no_more_queries_than_one(mara, client) -> None:
    company = make.company()

    def busy(times: int) -> Lead:
        lead = make.lead(stage="mql", company=company, created_at=AT)
        make.score(lead)
        for number in range(times):
            make.activity(lead, "call", AT)
            make.lead(stage="lead", company=company)
            Opportunity.objects.create(lead=lead, name=str(number), opened_at=AT, owner=mara)
            change(lead, {"title": str(number), "owner": mara}, by=mara, how="page")
        return lead

    one, ten = busy(1), busy(10)
    page(client, one)
    assert len(queries_of(client, ten)) <= len(queries_of(client, one))


def queries_of(client: Client, lead: Lead) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        page(client, lead)
    return [query["sql"] for query in queries]


def test_events_of_all_kinds_are_listed_the_latest_first(mara) -> None:
    lead = make.lead(StageRole.LEAD, created_at=AT)
    make.activity(lead, "demo_request", AT + timedelta(hours=1))
    mql = Stage.objects.role(StageRole.MQL)
    lead.journey.move_to(mql, because="Looks right", by=mara, at=AT + timedelta(hours=2))
    make.activity(lead, "call", AT + timedelta(hours=3))
    make.activity(lead, "call", timezone.now() + timedelta(days=1))
    assert texts(lead) == ["Call", "Entered MQL", "Demo request", "Entered Lead"]
    assert texts(lead, "theirs") == ["Call", "Demo request"]
    assert texts(lead, "ours") == ["Entered MQL", "Entered Lead"]


def test_a_handoff_is_listed_once_when_offered_and_once_when_answered() -> None:
    sam = make.user(Role.REP, given_name="Sam", family_name="Fujii")
    handoff = make.handoff(to=sam, at=AT)
    reason = Reason.objects.offered("rejected")[0]
    handoff.reject(by=sam, reason=reason, verdict=Handoff.Verdict.FITS, note="x", at=AT + timedelta(hours=1))
    with translation.override("en"):
        told = texts(Lead.objects.get(pk=handoff.lead_id))
    assert told[:2] == [f"Rejected by Sam Fujii: {reason}", "Offered to Sam Fujii"]
    assert "Back to Lead" not in told


def test_earlier_stretches_follow_without_gap_or_repetition(mara) -> None:
    lead = make.lead(StageRole.LEAD, created_at=AT)
    for number in range(12):
        make.activity(lead, "call", AT + timedelta(hours=number // 3))
    seen, cursor = [], ""
    while True:
        stretch = timeline.timeline_page(lead, "all", cursor, at=AT + timedelta(days=1), size=5)
        seen += [(item.at, item.text) for item in stretch.items]
        cursor = stretch.earlier
        if not cursor:
            break
    assert len(seen) == 13
    assert seen == sorted(seen, key=lambda item: item[0], reverse=True)


@pytest.mark.parametrize("cursor", ["x", "WyJ4fHkiLDEsMF0", "WyJ4IiwxLDBd"])
def test_a_damaged_place_in_the_story_begins_at_its_beginning(mara, client, cursor: str) -> None:
    lead = make.lead()
    make.activity(lead, "call")
    assert "Call" in page(client, lead, before=cursor)


def test_a_call_is_logged_by_hand(mara, client) -> None:
    lead = make.lead()
    response = client.post(
        reverse("lead_activity", args=[lead.pk]),
        {"activity-kind": "call", "activity-occurred_at": "2026-01-05T10:00", "activity-note": "Spoke four minutes"},
    )
    assert response.status_code == 302
    activity = Activity.objects.get()
    assert (activity.kind.key, activity.properties) == ("call", {"by": "Mara Sato", "note": "Spoke four minutes"})
    assert "Spoke four minutes · logged by Mara Sato" in page(client, lead)


@pytest.mark.parametrize(("kind", "is_touch"), [("call", True), ("meeting", True), ("content_download", False)])
def test_what_the_rep_logs_on_the_page_of_a_lead_is_a_touch(client, kind: str, is_touch: bool) -> None:
    make.agreement(in_force_from=timezone.now() - timedelta(days=30), policy={"touch_within": timedelta(hours=2)})
    handoff = make.handoff(to=make.user(Role.REP), at=timezone.now() - timedelta(hours=2))
    handoff.accept(by=handoff.rep)
    client.force_login(handoff.rep)
    form = {"activity-kind": kind, "activity-occurred_at": "2026-01-05T10:00", "activity-note": "Spoke"}
    assert client.post(reverse("lead_activity", args=[handoff.lead.pk]), form).status_code == 302
    assert [(touch.kind, touch.is_contact) for touch in handoff.touches.all()] == ([(kind, True)] if is_touch else [])
    activity = Activity.objects.get()
    assert (activity.kind.key, activity.properties["note"]) == (kind, "Spoke")
    assert activity.occurred_at.isoformat() == "2026-01-05T01:00:00+00:00"  # ten in Tokyo
    timer = handoff.timers.get(kind="first_touch")
    assert (timer.kept_at is not None) == is_touch
    if is_touch:
        handoff.touches.get().undo(by=handoff.rep)
        assert not Activity.objects.exists()


def test_what_somebody_else_logs_is_no_touch_of_the_rep(mara, client) -> None:
    handoff = make.handoff(to=make.user(Role.REP), at=timezone.now() - timedelta(hours=2))
    handoff.accept(by=handoff.rep)
    form = {"activity-kind": "call", "activity-occurred_at": "2026-01-05T10:00", "activity-note": ""}
    client.post(reverse("lead_activity", args=[handoff.lead.pk]), form)
    assert Activity.objects.exists()
    assert not handoff.touches.exists()


def test_a_call_to_come_is_refused_and_what_was_typed_is_kept(mara, client) -> None:
    lead = make.lead()
    response = client.post(
        reverse("lead_activity", args=[lead.pk]),
        {"activity-kind": "call", "activity-occurred_at": "2096-01-05T10:00", "activity-note": "Next century"},
    )
    assert response.status_code == 422
    text = unescape(response.content.decode())
    assert "That is still to come." in text
    assert "Next century" in text
    assert not Activity.objects.exists()


def test_a_person_overrides_the_quadrant_with_a_reason_and_clears_it(mara, client) -> None:
    lead = make.lead()
    make.score(lead)
    url = reverse("lead_quadrant", args=[lead.pk])
    assert client.post(url, {"quadrant-quadrant": "hot", "quadrant-reason": ""}).status_code == 422
    client.post(url, {"quadrant-quadrant": "hot", "quadrant-reason": "Met at the fair"})
    assert (Score.objects.get().override, Score.objects.get().override_by) == ("hot", mara)
    assert "Mara Sato says Hot" in page(client, lead)
    client.post(url, {"clear": "1"})
    assert Score.objects.get().override == ""


def test_a_merged_lead_is_shown_but_takes_part_in_nothing(mara, client) -> None:
    kept = make.lead(email="kept@example.org")
    gone = make.lead(merged_into=kept, merged_at=AT)
    assert "kept@example.org" in page(client, gone)
    form = {"activity-kind": "call", "activity-occurred_at": "2026-01-05T10:00"}
    assert client.post(reverse("lead_activity", args=[gone.pk]), form).status_code == 404


def test_changes_name_people_and_companies(mara, client) -> None:
    company = make.company(name="Kakuu")
    lead = make.lead()
    change(lead, {"owner": mara, "company": company, "title": "CTO"}, by=mara, how="page")
    text = unescape(client.get(reverse("lead_changes", args=[lead.pk])).content.decode())
    for word in ("Mara Sato", "Kakuu", "CTO", "by hand"):
        assert word in text


def test_the_way_so_far_does_not_invent_a_stage_that_was_skipped() -> None:
    lead = make.lead(StageRole.LEAD, created_at=AT)
    lead.journey.move_to(Stage.objects.role(StageRole.SQL), because="x", at=AT + timedelta(days=1))
    places = stage_visits(Journey.objects.get(), list(lead.transitions.order_by("at")))
    assert [(place.stage.role, place.state) for place in places] == [
        ("lead", "past"),
        ("mql", ""),
        ("sal", ""),
        ("sql", "here"),
        ("opportunity", ""),
        ("customer", ""),
    ]


@pytest.mark.parametrize("posted", [{"clear": ""}, {"quadrant-quadrant": "hot", "quadrant-reason": "Met at the fair"}])
def test_a_quadrant_of_a_lead_that_is_being_merged_is_left_alone(
    mara: User, client: Client, posted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    score = make.score(make.lead(), override="drop", override_reason="Known")
    real = Score._say

    def merge_meanwhile(self: Score, *said: Any) -> None:
        Score.objects.filter(pk=self.pk).delete()
        real(self, *said)

    monkeypatch.setattr(Score, "_say", merge_meanwhile)
    answer = client.post(reverse("lead_quadrant", args=[score.pk]), posted, follow=True)
    assert "merged into another a moment ago" in answer.content.decode()


def test_the_plot_marks_the_quadrant_that_counts() -> None:
    lead = make.lead()
    model = ScoreModel.objects.create(number=1, fit_threshold=60, interest_threshold=0)
    score = Score(
        lead=lead, model=model, fit=85_000_000, interest=0, machine_quadrant="hot", scored_on=AT.date(), override="drop"
    )
    plot = plot_quadrants(score)
    assert [cell.quadrant.value for cell in plot.cells if cell.is_here] == ["drop"]
    assert (plot.threshold_x, plot.fit_from) == (20, "60")
    assert all(cell.width >= 0 and cell.height >= 0 for cell in plot.cells)


def manager(client: Client) -> User:
    gina = make.user(Role.MANAGER, given_name="Gina", family_name="Wolf")
    client.force_login(gina)
    return gina


def reassigned(client: Client, handoff: Handoff, to: User) -> str:
    url = reverse("lead_reassignment", args=[handoff.lead_id])
    return unescape(client.post(url, {"rep": to.pk}, follow=True).content.decode())


def test_a_manager_offers_what_waits_to_somebody_else_and_both_hear_of_it(client) -> None:
    team, now = make.team(Team.Kind.SALES), timezone.now()
    make.agreement(receiving=team)
    waits = make.handoff()
    rosa = make.user(Role.REP, team=team, given_name="Rosa", family_name="Berg")
    away = make.user(Role.REP, team=team)
    Absence.objects.create(user=away, from_on=now - timedelta(days=2), until_on=now + timedelta(days=2))
    manager(client)
    shown = page(client, waits.lead)
    assert "Rosa Berg, 0 open" in shown
    assert f'value="{away.pk}"' not in shown

    assert "Offered to Rosa Berg." in reassigned(client, waits, rosa)
    again = Handoff.objects.open().get()
    assert (again.rep, again.replaces) == (rosa, waits)
    told = {notice.user: notice.text for notice in Notice.objects.order_by("pk")}
    assert told[waits.rep] == f"Gina Wolf gave {waits.lead} to Rosa Berg."
    assert told[rosa] == f"{waits.lead} is offered to you."


def test_a_hand_off_is_given_to_nobody_who_cannot_take_it(client) -> None:
    waits = make.handoff()
    manager(client)
    assert "Nobody else of" in page(client, waits.lead)
    assert "Nothing was changed." in reassigned(client, waits, make.user(Role.REP))
    waits.withdraw()
    assert "Nothing was changed." in reassigned(client, waits, waits.rep)
    assert Handoff.objects.count() == 1


def test_only_a_manager_gives_hand_offs_to_others(mara, client) -> None:
    waits = make.handoff()
    assert client.post(reverse("lead_reassignment", args=[waits.lead_id])).status_code == 403
    assert "Offer it to somebody else" not in page(client, waits.lead)


def test_it_shows_why_a_lead_waits_to_be_handed_over(mara, client) -> None:
    team = make.team(Team.Kind.SALES, name="Inside sales")
    make.agreement(receiving=team, ready_fields=["phone"])
    waiting = make.mql(at=timezone.now() - timedelta(hours=1))
    assert "It waits to be handed over to Inside sales: Phone is not filled in." in page(client, waiting)
    type(waiting).objects.filter(pk=waiting.pk).update(phone="+81 3 5550 1234")
    assert "nobody of Inside sales can take it now" in page(client, waiting)
