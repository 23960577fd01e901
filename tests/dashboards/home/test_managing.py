"""What a manager looks at first: who is late, what nobody can take, what is behind."""

from datetime import timedelta

import pytest

from dashboards.home.card_size import SHOWN
from dashboards.home.managing import managing_context
from dashboards.weekly.week_in_short import key_figures, this_week
from sla.models import Handoff, Review
from teams.models import Role
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
AT = make.TEN
LATER = AT + timedelta(days=2)


def test_reps_stand_by_how_many_are_overdue():
    few, many = make.user(Role.REP, given_name="Few"), make.user(Role.REP, given_name="Many")
    for rep, offers in ((few, 1), (many, 3)):
        for nth in range(offers):
            make.handoff(to=rep, at=AT + timedelta(minutes=nth))
    context = managing_context(LATER)
    assert [(rep, n) for rep, n, _url in context["overdue"]] == [(many, 3), (few, 1)]
    assert managing_context(AT)["overdue"] == []


def test_no_more_reps_are_listed_than_a_card_holds():
    for _ in range(SHOWN + 1):
        make.handoff(to=make.user(Role.REP), at=AT)
    assert len(managing_context(LATER)["overdue"]) == SHOWN


def test_the_link_beside_a_rep_opens_the_overdue_of_that_rep():
    sam = make.user(Role.REP)
    make.handoff(to=sam, at=AT)
    ((_rep, _n, url),) = managing_context(LATER)["overdue"]
    assert f"key={sam.pk}" in url
    assert url.startswith("/behind/overdue/")


def test_a_lead_that_nobody_can_take_is_counted():
    make.agreement()
    make.mql(at=AT)
    context = managing_context(LATER)
    assert context["unoffered"] == 1
    assert context["unoffered_url"].startswith("/behind/unoffered/")


@pytest.mark.parametrize(("due_on", "is_due"), [("2026-11-16", True), ("2026-11-01", True), ("2026-11-17", False)])
def test_a_review_is_due_from_its_day_on_until_it_is_held(due_on: str, is_due: bool):
    agreement = make.agreement()
    days = {"starts_on": "2026-10-01", "ends_on": "2026-11-01"}
    review = Review.objects.create(agreement=agreement, kind="goals", due_on=due_on, **days)
    assert (managing_context(AT)["reviews"] == [review]) == is_due
    Review.objects.update(held_at=AT)
    assert managing_context(AT)["reviews"] == []


def test_the_day_is_the_company_s():
    agreement = make.agreement()
    days = {"starts_on": "2026-10-01", "ends_on": "2026-11-01"}
    Review.objects.create(agreement=agreement, kind="goals", due_on="2026-11-17", **days)
    midnight = AT.replace(hour=15)
    assert managing_context(midnight - timedelta(microseconds=1))["reviews"] == []
    assert len(managing_context(midnight)["reviews"]) == 1


# The week in short


def figures() -> dict[str, tuple[int, int | None]]:
    return {figure.name: (figure.row.numerator, figure.row.denominator) for figure in key_figures(LATER)}


def test_the_week_in_short_is_four_figures():
    assert figures() == {"entered": (0, None), "acceptance": (0, 0), "answered_in_time": (0, 0), "contracts": (0, None)}
    sam = make.user(Role.REP)
    handoff = make.handoff(to=sam, at=AT)
    handoff.accept(by=sam, at=AT + timedelta(hours=1))
    make.opportunity(opened_at=AT, won_at=AT)
    assert figures() == {"entered": (1, None), "acceptance": (1, 1), "answered_in_time": (1, 1), "contracts": (1, None)}


def test_the_week_begins_with_monday_in_the_company_s_zone():
    sunday = AT.replace(day=15, hour=14, minute=59)
    assert str(this_week(sunday).start) == "2026-11-09"
    assert str(this_week(sunday + timedelta(minutes=1)).start) == "2026-11-16"


def test_each_figure_opens_its_leads(client):
    client.force_login(make.user(Role.MANAGER))
    Handoff.objects.all().delete()
    for figure in key_figures(LATER):
        assert client.get(figure.url).status_code == 200, figure.name
