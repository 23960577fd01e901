"""Rejections, disputed and settled."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funnel.models import Journey, Opportunity, Reason, Stage, StageRole
from history.models import Outbox
from sla.disputes import views
from sla.disputes.disputing import open_disputes, raise_dispute, settle
from sla.flow.advancing import advance_all
from sla.models import Dispute, Handoff
from sla.notices import DISPUTED, SETTLED
from teams.models import Notice, Role, Team, User
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
# Rejected on Monday, five company days: until Saturday's end, Tokyo time.
SATURDAY_ENDS = MONDAY_9AM.replace(hour=15) + 5 * DAY


@pytest.fixture
def mara() -> User:
    return make.user(Role.MARKETER, given_name="Mara")


@pytest.fixture
def gina() -> User:
    return make.user(Role.MANAGER, given_name="Gina")


def rejection(key: str = "no_project", to: User | None = None) -> Handoff:
    handoff = make.handoff(to=to)
    reason = Reason.objects.get(kind=Reason.Kind.REJECTED, key=key)
    handoff.reject(by=handoff.rep, reason=reason, verdict=Handoff.Verdict.NO, note="Too small", at=TEN)
    return handoff


def test_a_dispute_tells_the_rep_and_the_head_of_the_team(mara: User, gina: User):
    handoff = rejection()
    Team.objects.filter(pk=handoff.hop.receiving_team_id).update(head=gina)
    made = raise_dispute(handoff, " They asked for an offer ", by=mara, at=TEN + DAY)
    assert (made.text, made.by, made.at) == ("They asked for an offer", mara, TEN + DAY)
    told = Notice.objects.of(DISPUTED)
    assert {notice.user for notice in told} == {handoff.rep, gina}
    assert all("They asked for an offer" in notice.text for notice in told)
    assert list(open_disputes()) == [made]
    assert Outbox.objects.get(kind="dispute.raised").payload["handoff"] == handoff.pk


def test_it_may_be_disputed_until_the_last_agreed_company_day_ends(mara: User):
    handoff = rejection()
    with pytest.raises(Dispute.TooLate):
        raise_dispute(handoff, "Late", by=mara, at=SATURDAY_ENDS)
    raise_dispute(handoff, "In time", by=mara, at=SATURDAY_ENDS - timedelta(microseconds=1))


def test_a_rejection_is_disputed_once(mara: User):
    handoff = rejection()
    raise_dispute(handoff, "Once", by=mara, at=TEN)
    with pytest.raises(Dispute.AlreadyDisputed):
        raise_dispute(handoff, "Twice", by=mara, at=TEN)


def test_only_a_rejection_is_disputed_and_never_without_words(mara: User):
    handoff = make.handoff()
    with pytest.raises(Dispute.NotRejected):
        raise_dispute(handoff, "Why not", by=mara, at=TEN)
    with pytest.raises(ValueError, match="says why"):
        raise_dispute(handoff, "  ", by=mara, at=TEN)


@pytest.mark.parametrize("key", ["no_project", "competitor"])
def test_upheld_the_lead_is_offered_again(mara: User, gina: User, key: str):
    handoff = rejection(key)
    made = raise_dispute(handoff, "They asked for an offer", by=mara, at=TEN + DAY)

    settle(made, upheld=True, ruling="Ask first", by=gina, at=TEN + 2 * DAY)

    journey = Journey.objects.get(pk=handoff.lead_id)
    assert (journey.stage.role, journey.closed_at) == (StageRole.MQL, None)
    assert handoff.lead.transitions.latest("pk").by == gina
    advance_all(at=TEN + 2 * DAY)
    again = Handoff.objects.open().get()
    assert (again.lead_id, again.replaces) == (handoff.lead_id, None)
    told = Notice.objects.of(SETTLED)
    assert {notice.user for notice in told} == {handoff.rep, mara}
    assert list(open_disputes()) == []
    # What happened stays: the first was rejected.
    handoff.refresh_from_db()
    assert handoff.answer == "rejected"


def test_a_rejection_that_stands_leaves_the_lead_where_it_is(mara: User, gina: User):
    handoff = rejection()
    made = raise_dispute(handoff, "They asked", by=mara, at=TEN)
    settle(made, upheld=False, ruling="They did not", by=gina, at=TEN)
    assert Journey.objects.get(pk=handoff.lead_id).stage.role == StageRole.LEAD
    made.refresh_from_db()
    assert (made.upheld, made.ruling, made.settled_by, made.settled_at) == (False, "They did not", gina, TEN)


def test_a_lead_that_came_as_far_by_itself_stays_there(mara: User, gina: User):
    handoff = rejection()
    made = raise_dispute(handoff, "They asked", by=mara, at=TEN)
    Journey.objects.get(pk=handoff.lead_id).move_to(Stage.objects.role(StageRole.SQL), because="Called us", at=TEN)
    settle(made, upheld=True, ruling="Yes", by=gina, at=TEN + DAY)
    assert Journey.objects.get(pk=handoff.lead_id).stage.role == StageRole.SQL


def test_a_lead_that_was_lost_meanwhile_stays_lost(mara: User, gina: User):
    handoff = rejection()
    made = raise_dispute(handoff, "They asked", by=mara, at=TEN)
    Journey.objects.get(pk=handoff.lead_id).close(Journey.Ended.LOST, because="Bought elsewhere", at=TEN + DAY)
    settle(made, upheld=True, ruling="Yes", by=gina, at=TEN + 2 * DAY)
    assert Journey.objects.get(pk=handoff.lead_id).closed_as == Journey.Ended.LOST


def test_settling_twice_is_told_and_changes_nothing(mara: User, gina: User):
    made = raise_dispute(rejection(), "They asked", by=mara, at=TEN)
    settle(made, upheld=False, ruling="No", by=gina, at=TEN)
    with pytest.raises(Dispute.AlreadySettled):
        settle(made, upheld=True, ruling="Yes", by=gina, at=TEN)
    assert Dispute.objects.get().upheld is False


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_rulings_at_once_one_counts():
    mara, gina = make.user(Role.MARKETER), make.user(Role.MANAGER)
    made = raise_dispute(rejection(), "They asked", by=mara, at=TEN)
    late: list[int] = []

    def rule(number: int) -> None:
        try:
            settle(Dispute.objects.get(pk=made.pk), upheld=True, ruling=f"Ruling {number}", by=gina, at=TEN)
        except Dispute.AlreadySettled:
            late.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=rule, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(late) == 5
    assert made.handoff.lead.transitions.filter(because__startswith="Ruling").count() == 1


# The pages


@pytest.mark.usefixtures("at_ten")
def test_marketing_reads_why_and_disputes(mara: User):
    handoff = rejection()
    client = make.signed_in(mara)
    page = client.get("/rejections/").content.decode()
    assert "Too small" in page
    answer = client.post(f"/handoffs/{handoff.pk}/dispute/", {"text": "They asked"}, follow=True)
    assert "a manager settles it" in answer.content.decode()
    assert Dispute.objects.get().by == mara
    # A marketer does not settle.
    assert "Disputes to settle" not in answer.content.decode()
    assert client.post(f"/disputes/{Dispute.objects.get().pk}/settlement/").status_code == 403


@pytest.mark.usefixtures("at_ten")
def test_an_empty_dispute_is_told_at_its_field(mara: User):
    handoff = rejection()
    answer = make.signed_in(mara).post(f"/handoffs/{handoff.pk}/dispute/", {"text": " "})
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    assert not Dispute.objects.exists()


@pytest.mark.usefixtures("at_ten")
def test_disputing_twice_or_too_late_is_a_conflict(mara: User):
    handoff = rejection()
    client = make.signed_in(mara)
    raise_dispute(handoff, "Once", by=mara, at=TEN)
    assert client.post(f"/handoffs/{handoff.pk}/dispute/", {"text": "Twice"}).status_code == 409
    late = rejection()
    with time_machine.travel(SATURDAY_ENDS, tick=False):
        answer = client.post(f"/handoffs/{late.pk}/dispute/", {"text": "Late"})
    assert answer.status_code == 409
    assert "The last day to dispute it was 21 November 2026" in answer.content.decode()


@pytest.mark.usefixtures("at_ten")
def test_a_manager_settles_on_the_page(mara: User, gina: User):
    made = raise_dispute(rejection(), "They asked", by=mara, at=TEN)
    client = make.signed_in(gina)
    assert "They asked" in client.get("/rejections/").content.decode()
    assert client.post(f"/disputes/{made.pk}/settlement/", {"ruling": "Wrong"}).status_code == 422
    said = {"upheld": "yes", "ruling": "Ask first"}
    answer = client.post(f"/disputes/{made.pk}/settlement/", said, follow=True)
    assert "Rejection was wrong" in answer.content.decode()
    assert client.post(f"/disputes/{made.pk}/settlement/", said).status_code == 409


@pytest.mark.usefixtures("at_ten")
def test_an_sdr_sees_the_rejections_of_the_own_team_alone():
    handoff = rejection()
    sdr = make.user(Role.SDR)
    client = make.signed_in(sdr)
    assert "Nothing was rejected" in client.get("/rejections/").content.decode()
    assert client.post(f"/handoffs/{handoff.pk}/dispute/", {"text": "x"}).status_code == 404
    User.objects.filter(pk=sdr.pk).update(team=handoff.hop.offering_team)
    assert "Too small" in client.get("/rejections/").content.decode()


@pytest.mark.usefixtures("at_ten")
def test_of_many_disputes_the_oldest_are_shown_and_all_are_counted(
    mara: User, gina: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    made = [raise_dispute(rejection(), "They asked", by=mara, at=TEN + nth * DAY / 24) for nth in range(3)]
    page = make.signed_in(gina).get("/rejections/")
    assert [row["dispute"] for row in page.context["disputes"]] == made[:2]
    assert page.context["dispute_count"] == 3


@pytest.mark.usefixtures("at_ten")
def test_why_leads_were_rejected_and_deals_lost_and_won_stands_beside_each_other(mara: User):
    rejection()
    for key, days in (("price", 1), ("price", 89), ("timing", 2), ("missing", 91)):
        deal = Opportunity.open(make.lead(), opened_at=TEN - timedelta(days=100))
        deal.lose(reason=Reason.objects.get(kind="lost", key=key), at=TEN - timedelta(days=days))
    Opportunity.open(make.lead(), opened_at=TEN - timedelta(days=100)).win(at=TEN - timedelta(days=1))
    lists = make.signed_in(mara).get("/rejections/").context["reason_lists"]
    assert [(each.name, [(row.name, row.n) for row in each.rows]) for each in lists] == [
        ("rejected", [("No project this year", 1)]),
        ("lost", [("Price", 2), ("Postponed", 1)]),
        ("contracts", [("none", 1)]),
    ]
    # Marketing opens the leads behind each.
    for counted in lists:
        for row in counted.rows:
            assert len(make.signed_in(mara).get(row.url).context["page"].rows) == row.n


@pytest.mark.usefixtures("at_ten")
def test_a_long_list_of_rejections_takes_the_queries_of_a_short_one(mara: User, gina: User):
    client = make.signed_in(gina)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/rejections/").status_code == 200
        return len(captured)

    def fill(number: int) -> None:
        for _ in range(number):
            rejection()
            raise_dispute(rejection(), "They asked", by=mara, at=TEN)

    fill(1)
    queries()
    few = queries()
    fill(6)
    assert queries() == few
