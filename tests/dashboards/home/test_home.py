"""The first page shows what waits for the person who looks."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from funnel.models import Opportunity, Reason
from sla.models import Agreement, Dispute, Handoff, Review
from teams.models import Organization, Role, Team, User
from tests import make

pytestmark = pytest.mark.django_db


def home(client: Client, user: User):
    client.force_login(user)
    response = client.get(reverse("home"))
    assert response.status_code == 200
    return response


def test_a_manager_sees_what_to_settle_and_which_review_was_not_held(client) -> None:
    sam = make.user(Role.REP)
    handoff = make.handoff(to=sam, at=now() - timedelta(hours=2))
    handoff.reject(by=sam, reason=Reason.objects.offered("rejected")[0], verdict=Handoff.Verdict.FITS)
    Dispute.objects.create(handoff=handoff, text="She asked for a demo.", by=make.user(Role.MARKETER))
    due = {
        "agreement": handoff.hop.agreement,
        "kind": "goals",
        "starts_on": "2026-09-01",
        "ends_on": "2026-10-01",
    }
    Review.objects.create(due_on="2026-10-01", **due)
    text = unescape(home(client, make.user(Role.MANAGER)).content.decode())
    assert "Disputes to settle" in text
    assert "review due 1 Oct" in text


@pytest.mark.parametrize("role", list(Role))
def test_everybody_has_a_first_page_before_anything_is_there(client, role: Role) -> None:
    home(client, make.user(role))


def test_a_rep_sees_what_waits_then_whom_to_reach_first(client) -> None:
    sam = make.user(Role.REP)
    handoff = make.handoff(to=sam, at=now() - timedelta(hours=1))
    sam.refresh_from_db()
    response = home(client, sam)
    assert [offer.pk for offer, _countdown in response.context["offers"]] == [handoff.pk]
    handoff.accept(by=sam)
    response = home(client, sam)
    assert response.context["offers"] == []
    assert [work.handoff for work in response.context["first_steps"]] == [handoff]
    assert f'href="/inbox/{handoff.pk}/"' in response.content.decode()
    handoff.touch("email", by=sam)
    assert home(client, sam).context["first_steps"] == []


def test_a_rep_sees_own_deals_only(client) -> None:
    sam, rosa = make.user(Role.REP), make.user(Role.REP)
    mine = Opportunity.objects.create(lead=make.lead(), name="Mine", owner=sam)
    Opportunity.objects.create(lead=make.lead(), name="Hers", owner=rosa)
    assert home(client, sam).context["deals"] == [mine]


def test_marketing_sees_what_sales_rejected_and_why(client) -> None:
    sam = make.user(Role.REP)
    handoff = make.handoff(to=sam, at=now() - timedelta(hours=2))
    reason = Reason.objects.offered("rejected")[0]
    handoff.reject(by=sam, reason=reason, verdict=Handoff.Verdict.NO, note="No budget this year")
    text = unescape(home(client, make.user(Role.MARKETER)).content.decode())
    assert str(reason) in text
    assert "No budget this year" in text


def test_a_manager_sees_who_is_late(client) -> None:
    sam = make.user(Role.REP, given_name="Sam", family_name="Fujii")
    make.handoff(to=sam, at=now() - timedelta(days=9))
    response = home(client, make.user(Role.MANAGER))
    ((rep, n, url),) = response.context["overdue"]
    assert (rep, n) == (sam, 1)
    assert client.get(url).status_code == 200
    assert "1 hand-off overdue" in response.content.decode()


def test_an_administrator_sees_what_is_to_be_set_up(client) -> None:
    adam = make.user(Role.ADMINISTRATOR)
    steps = home(client, adam).context["setup"]
    assert not any(step.is_done for step in steps)
    make.lead()
    assert any(step.is_done for step in home(client, adam).context["setup"])


def test_a_head_is_asked_to_sign_what_was_proposed(client) -> None:
    gina, team = make.user(Role.MANAGER), make.team(Team.Kind.SALES)
    proposed = Agreement.objects.create(number=7)
    proposed.parties.create(team=team, head=gina)
    assert home(client, gina).context["signing"] is None
    Agreement.objects.filter(pk=proposed.pk).update(proposed_at=now())
    response = home(client, gina)
    assert response.context["signing"] == proposed
    assert reverse("agreement_version", args=[7]) in response.content.decode()
    assert home(client, make.user(Role.MANAGER)).context["signing"] is None


@pytest.mark.parametrize(
    ("age", "said"),
    [("", "has given no sign of life yet"), ("1 minute", "gave no sign of life since"), ("1 second", "")],
    ids=["never", "dead", "alive"],
)
def test_an_administrator_is_told_when_the_tick_does_not_live(client: Client, age: str, said: str) -> None:
    if age:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO smarketing_heartbeat VALUES ('tick', clock_timestamp() - %s::interval)", [age])
    text = home(client, make.user(Role.ADMINISTRATOR)).content.decode()
    assert ("The machine stands still" in text) == bool(said)
    assert said in text
    assert "The machine stands still" not in home(client, make.user(Role.MANAGER)).content.decode()


def test_everybody_is_told_while_the_demo_is_made(client: Client) -> None:
    Organization.ours()
    Organization.objects.update(is_demo=True)
    user = make.user(Role.REP, language="en")
    assert "The demo company's year is being written" in unescape(home(client, user).content.decode())
    Organization.objects.update(demo_built_at=now())
    assert "is being written" not in home(client, user).content.decode()
