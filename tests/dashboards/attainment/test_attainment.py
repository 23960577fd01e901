"""The pages of attainment: both sides beside each other, each number with its leads."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboards.numbers.sparkline import Point, draw_sparkline
from sla.attainment.computing import compute, refresh
from sla.models import Agreement, Attainment, Handoff
from teams.models import Organization, Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]

TOKYO = ZoneInfo("Asia/Tokyo")
HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=TOKYO)
LINK = re.compile(r'<a class="num" href="(/behind/[^"]+)"[^>]*>([^<]+)</a>')
LEADS = {"side": "marketing", "metric": "handed_over", "target": 19}
ACCEPTED = {"metric": "acceptance", "target": Decimal("0.8"), "every": "week"}


def promised(*clauses: dict[str, Any], since: datetime = datetime(2026, 9, 1, tzinfo=TOKYO)) -> Agreement:
    return make.agreement(in_force_from=since, clauses=clauses or [LEADS, ACCEPTED])


def shown(client: Client, url: str = "/attainment/", at: datetime = FRIDAY) -> str:
    with time_machine.travel(at, tick=False):
        answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def some_hand_offs() -> None:
    for n in range(4):
        handoff = make.handoff(at=MONDAY_9AM + n * HOUR)
        if n < 3:
            handoff.accept(by=handoff.rep, at=MONDAY_9AM + 5 * HOUR)


def test_without_clauses_the_page_links_to_the_agreement(gina):
    page = shown(gina)
    assert "Nothing is promised in numbers yet" in page
    assert "/agreement/" in page


def test_a_marketer_goes_on_with_the_draft(client):
    Agreement.objects.create(number=1)
    client.force_login(make.user(Role.MARKETER, language="en"))
    assert 'href="/agreement/draft/"' in shown(client)


def test_both_sides_stand_beside_each_other_with_value_pace_and_state(gina):
    promised()
    some_hand_offs()
    page = shown(gina)
    marketing, sales = page.index('data-party="marketing"'), page.index('data-party="sales"')
    assert marketing < sales
    assert "at least 19" in page
    # Thirteen of nineteen open days have passed, and four leads were handed over.
    assert "9 behind pace (13)" in page
    assert "in the end" in page
    assert Attainment.objects.get(clause__metric="handed_over", starts_on=date(2026, 11, 1)).state == "behind"
    assert ">Behind<" in page
    assert ">On track<" in page


def test_every_number_opens_its_rows(gina):
    promised()
    some_hand_offs()
    found = {(unescape(url), text.strip()) for url, text in LINK.findall(shown(gina))}
    # Three of three were accepted: two numbers, each with its rows; and the leads that were handed over.
    assert sorted(text for _url, text in found) == ["3", "3", "4"]
    for url, text in found:
        with time_machine.travel(FRIDAY, tick=False):
            answer = gina.get(url)
        assert answer.status_code == 200, url
        assert answer.context["was"] is None
        if text.isdigit():
            assert answer.context["cases"] == int(text)


def test_what_a_late_fact_changed_is_marked_with_what_it_was(gina):
    promised(LEADS | {"target": 2})
    compute(at=datetime(2026, 11, 1, tzinfo=TOKYO))
    make.handoff(at=datetime(2026, 10, 20, 12, tzinfo=TOKYO))
    compute(at=FRIDAY, full=True)
    assert "Revised" not in shown(gina)
    page = shown(gina, "/attainment/?on=2026-10-15")
    assert "Revised" in page
    assert "was 0" in page


def test_a_kind_of_period_and_a_day_are_chosen(gina):
    promised()
    some_hand_offs()
    weeks = shown(gina, "/attainment/?every=week")
    assert "acceptance" in weeks
    assert "at least 19" not in weeks
    october = shown(gina, "/attainment/?every=month&on=2026-10-10")
    assert "October 2026" in october
    assert "on=2026-09-01" in october
    assert "on=2026-11-01" in october
    assert "No promise covers this day" in shown(gina, "/attainment/?on=2026-08-10")


@pytest.mark.parametrize("on", ["soon", "2026-13-01", "2027-01-01", "1999-01-01"])
def test_an_invalid_day_shows_a_message_and_today(gina, on):
    promised()
    with time_machine.travel(FRIDAY, tick=False):
        answer = gina.get(f"/attainment/?on={on}", follow=True)
    assert answer.redirect_chain == [("/attainment/", 302)]
    assert 'class="flash' in answer.content.decode()
    assert gina.get("/attainment/?every=day").status_code == 404


def test_a_new_clause_shows_when_it_begins(gina):
    before = promised()
    make.next_agreement(
        before, from_at=datetime(2026, 11, 10, tzinfo=TOKYO), clauses=[{"metric": "contracts", "target": 3}]
    )
    assert "new: begins on 1 December 2026" in shown(gina)


def test_it_is_computed_on_the_spot_where_nothing_is_kept_and_again_when_asked(gina):
    promised()
    shown(gina)
    assert Attainment.objects.filter(starts_on=date(2026, 11, 1)).count() == 1
    make.handoff(at=MONDAY_9AM)
    with time_machine.travel(FRIDAY, tick=False):
        answer = gina.post("/attainment/computation/", {"on": "2026-11-19", "every": "month"})
        assert answer.status_code == 302
        assert answer["Location"] == "/attainment/?on=2026-11-19&every=month"
        assert "being computed again" in shown(gina)
        refresh()
        assert "being computed again" not in shown(gina)
    assert Attainment.objects.get(starts_on=date(2026, 11, 1)).value == 1
    assert gina.get("/attainment/computation/").status_code == 405


def test_nothing_is_decided_while_the_demo_is_made(gina):
    promised()
    Organization.ours()
    Organization.objects.update(is_demo=True)
    shown(gina)
    assert not Attainment.objects.exists()
    Organization.objects.update(demo_built_at=FRIDAY)
    shown(gina)
    assert Attainment.objects.exists()


def test_one_clause_is_shown_through_all_versions(gina):
    before = promised(LEADS)
    clause = before.clauses.get()
    make.next_agreement(
        before, from_at=datetime(2026, 10, 20, tzinfo=TOKYO), clauses=[{"key": clause.key, "target": 1}]
    )
    some_hand_offs()
    compute(at=FRIDAY)
    page = shown(gina, f"/attainment/{clause.key}/")
    page = page[page.index('id="periods"') :]
    assert page.index("November 2026") < page.index("October 2026") < page.index("September 2026")
    assert "at least 19" in page
    assert "at least 1<" in page
    assert f"/agreement/v{before.number}/" in page
    assert gina.get(f"/attainment/{uuid.uuid4()}/").status_code == 404


def test_a_clause_that_was_never_signed_is_not_found(gina):
    promised()
    draft = Agreement.objects.create(number=999)
    clause = make.clause({"agreement": draft, "position": 1}, {"sales": make.team(Team.Kind.SALES)})
    assert gina.get(f"/attainment/{clause.key}/").status_code == 404


@pytest.mark.parametrize("url", ["/attainment/", "/weekly/"])
def test_ten_clauses_cost_as_many_queries_as_one(client, url):
    def queries() -> int:
        shown(client, url)  # computed and kept
        with CaptureQueriesContext(connection) as found:
            shown(client, url)
        return len(found)

    client.force_login(make.user(Role.MANAGER, language="en"))
    agreement = promised(LEADS)
    some_hand_offs()
    one = queries()
    more = [LEADS | {"every": every} for every in ("week", "month", "quarter")] * 3
    make.next_agreement(agreement, from_at=datetime(2026, 11, 2, tzinfo=TOKYO), clauses=more)
    assert queries() <= one + 1


def test_the_weekly_page_names_what_is_behind_or_missed(gina):
    promised()
    some_hand_offs()
    page = shown(gina, "/weekly/")
    box = page[page.index("The agreement this week") :]
    assert "1 of 2 promises behind, at risk or missed" in box
    assert "Leads handed over" in box[: box.index("</section>")]
    assert "Acceptance" not in box[: box.index("</section>")]


def test_without_clauses_the_weekly_page_shows_no_attainment(gina):
    make.agreement()
    make.handoff()
    assert "The agreement this week" not in shown(gina, "/weekly/")


def test_everybody_who_is_signed_in_sees_it(client):
    promised()
    client.force_login(make.user(Role.REP, language="en"))
    assert "Attainment" in shown(client)


def test_a_rate_over_nothing_is_no_rate_on_the_page(gina):
    promised(ACCEPTED)
    page = shown(gina)
    assert "No data" in page
    assert "0 / 0" not in page


def test_the_page_counts_what_hand_offs_were_at_the_offer(gina):
    promised(LEADS | {"filters": {"quadrant": "hot"}})
    some_hand_offs()
    Handoff.objects.filter(answer="").update(quadrant="hot")
    compute(at=FRIDAY, full=True)
    assert Attainment.objects.get(starts_on=date(2026, 11, 1)).value == 1


def point(value: float | None, target: float = 1.0) -> Point:
    return Point(value, target, "kept", "")


def test_a_plot_lies_within_its_frame_and_leaves_gaps():
    plot = draw_sparkline([point(2), point(3), point(None), point(9), point(4, 5.0)])
    assert plot is not None
    assert len(plot.dots) == 4
    assert len(plot.lines) == 2
    assert all(0 <= dot.x <= plot.width and 0 <= dot.y <= plot.height for dot in plot.dots)
    assert plot.dots[2].y < plot.dots[0].y
    assert plot.dots[-1].is_last
    # The target rises between the last two.
    assert len(plot.target.split()) == 4


@pytest.mark.parametrize("values", [[0], [0, 0], [5, 5], [0.9, 0.95], [None, 3]])
def test_a_plot_of_little_is_drawn_too(values):
    plot = draw_sparkline([point(value, 0.9) for value in values])
    assert plot is not None
    assert all(0 <= dot.y <= plot.height for dot in plot.dots)


def test_of_nothing_there_is_no_plot():
    assert draw_sparkline([]) is None
    assert draw_sparkline([point(None)]) is None
