"""Who is away, and what becomes of what waits for them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connections

from sla import tasks
from sla.models import Absence, Handoff
from sla.notices import OFFERED, UNOFFERED
from sla.routing import reassigning
from sla.routing.offering import offer
from sla.routing.reassigning import offer_to_others, reassign_from_deactivated
from teams.models import Notice, Role, User
from tests import make
from tests.make import MONDAY_9AM, NOON
from tests.sla.cast import SalesCast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


class Cast(SalesCast):
    def __init__(self) -> None:
        super().__init__()
        self.mara = make.user(Role.MARKETER, given_name="Mara", language="en")
        make.agreement(receiving=self.sales)


@pytest.fixture
def cast() -> Cast:
    return Cast()


def days(user: User, first: str = "2026-11-18", last: str = "2026-11-20", **more: str) -> dict[str, str]:
    return {"user": str(user.pk), "from_on": first, "until_on": last, **more}


def offered_to(rep: User, n: int = 1) -> list[Handoff]:
    """So many open hand-offs of one rep, while the others look away."""
    others = User.objects.filter(team=rep.team).exclude(pk=rep.pk)
    others.update(is_active=False)
    leads = [make.mql().pk for _ in range(n)]
    offer(leads, at=MONDAY_9AM)
    others.update(is_active=True)
    return list(Handoff.objects.filter(lead__in=leads))


def test_everybody_enters_their_own_days(cast: Cast):
    page = make.signed_in(cast.sam)
    assert "Everybody is here" in page.get("/absences/").content.decode()
    page.post("/absences/", days(cast.sam, note="Trip"))
    absence = Absence.objects.get()
    assert (absence.user, absence.from_on, absence.until_on) == (cast.sam, date(2026, 11, 18), date(2026, 11, 20))
    assert "Trip" in page.get("/absences/").content.decode()


def test_a_rep_enters_days_for_nobody_else_a_head_for_the_team_and_a_manager_for_all(cast: Cast):
    assert make.signed_in(cast.sam).post("/absences/", days(cast.rosa)).status_code == 422
    assert make.signed_in(cast.hana).post("/absences/", days(cast.mara)).status_code == 422
    assert make.signed_in(cast.hana).post("/absences/", days(cast.sam)).status_code == 302
    assert make.signed_in(cast.gina).post("/absences/", days(cast.mara)).status_code == 302


def test_all_see_who_is_away_and_only_their_own_people_see_why(cast: Cast):
    cast.sam.absences.create(from_on=date(2026, 11, 16), until_on=date(2026, 11, 17), note="Surgery")
    seen = make.signed_in(cast.mara).get("/absences/").content.decode()
    assert "Sam" in seen
    assert "Surgery" not in seen
    assert "Surgery" in make.signed_in(cast.hana).get("/absences/").content.decode()


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-11-20", "2026-11-19", "not before the first"),
        ("2026-11-01", "2026-11-15", "These days are over"),
        ("2026-11-18", "2036-11-18", "two years at most"),
        ("9999-12-30", "9999-12-31", "too far away"),
        ("2026-11-25", "2026-11-27", "away on some of these days already"),
        ("someday", "2026-11-27", "valid date"),
    ],
)
def test_days_that_make_no_sense_are_refused_and_stay_typed(cast: Cast, first: str, last: str, said: str):
    cast.sam.absences.create(from_on=date(2026, 11, 27), until_on=date(2026, 11, 28))
    answer = make.signed_in(cast.sam).post("/absences/", days(cast.sam, first, last, note="Trip"))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "Trip" in answer.content.decode()
    assert Absence.objects.count() == 1


def test_what_is_not_yours_is_not_there(cast: Cast):
    absence = cast.rosa.absences.create(from_on=date(2026, 11, 18), until_on=date(2026, 11, 19))
    assert make.signed_in(cast.sam).post(f"/absences/{absence.pk}/delete/").status_code == 404
    assert make.signed_in(cast.sam).post(f"/absences/people/{cast.rosa.pk}/offers/").status_code == 404
    assert make.signed_in(cast.rosa).post(f"/absences/{absence.pk}/delete/").status_code == 302
    assert not Absence.objects.exists()


def test_what_waits_for_somebody_away_is_offered_to_others_by_their_head(cast: Cast):
    waiting = offered_to(cast.sam, 3)
    cast.sam.absences.create(from_on=date(2026, 11, 16), until_on=date(2026, 11, 20))
    page = make.signed_in(cast.hana)
    assert "Offer to others now" in page.get("/absences/").content.decode()
    answer = page.post(f"/absences/people/{cast.sam.pk}/offers/", follow=True).content.decode()
    assert "3 hand-offs are offered to others." in answer
    assert Handoff.objects.open().filter(rep=cast.rosa).count() == 3
    assert {each.answer for each in Handoff.objects.filter(pk__in=[h.pk for h in waiting])} == {"withdrawn"}
    assert Notice.objects.of(OFFERED).filter(user=cast.rosa).count() == 3
    again = page.post(f"/absences/people/{cast.sam.pk}/offers/", follow=True).content.decode()
    assert "Nothing waits for Sam any more." in again


def test_the_clock_starts_anew_for_whoever_gets_it(cast: Cast):
    offered_to(cast.sam)
    offer_to_others(cast.sam, at=NOON)
    assert Handoff.objects.open().get().timers.get().started_at == NOON


def test_nobody_else_there_leaves_it_where_it_is_and_says_so(cast: Cast):
    offered_to(cast.sam, 2)
    User.objects.filter(pk=cast.rosa.pk).update(is_active=False)
    answer = make.signed_in(cast.gina).post(f"/absences/people/{cast.sam.pk}/offers/", follow=True).content.decode()
    assert "2 hand-offs stay with Sam" in answer
    assert Handoff.objects.open().filter(rep=cast.sam).count() == 2


def test_what_waits_for_somebody_who_left_goes_to_others_once(cast: Cast):
    offered_to(cast.sam, 2)
    User.objects.filter(pk=cast.sam.pk).update(is_active=False)
    tasks.sweep_timers()
    assert Handoff.objects.open().filter(rep=cast.rosa).count() == 2
    assert reassign_from_deactivated(at=NOON) == 0
    assert Handoff.objects.count() == 4


def test_when_nobody_can_take_it_the_head_is_told_once_and_it_goes_on_later(cast: Cast):
    offered_to(cast.sam, 2)
    User.objects.filter(team=cast.sales).update(is_active=False)
    for _ in range(3):
        assert reassign_from_deactivated(at=NOON) == 0
    told = Notice.objects.of(UNOFFERED)
    assert [notice.user for notice in told] == [cast.hana, cast.hana]
    User.objects.filter(pk=cast.rosa.pk).update(is_active=True)
    assert reassign_from_deactivated(at=NOON) == 2


def test_the_page_of_somebody_who_leaves_says_what_waits(cast: Cast):
    offered_to(cast.sam, 2)
    page = make.signed_in(make.user(Role.ADMINISTRATOR, language="en"))
    assert "2 hand-offs wait for this person" in page.get(f"/settings/people/{cast.sam.pk}/").content.decode()


@pytest.mark.parametrize("many", [1, 10])
def test_the_list_costs_the_same_for_one_and_for_many(cast: Cast, many: int, django_assert_max_num_queries):
    for _ in range(many):
        somebody = make.user(Role.REP, team=cast.sales)
        somebody.absences.create(from_on=date(2026, 11, 16), until_on=date(2026, 11, 20))
    page = make.signed_in(cast.gina)
    with django_assert_max_num_queries(14):
        page.get("/absences/")


def test_an_absence_begins_with_the_companys_day():
    sam = make.user(Role.REP, language="en", given_name="Sam")
    sam.absences.create(from_on=date(2026, 11, 17), until_on=date(2026, 11, 17))
    with time_machine.travel(datetime(2026, 11, 16, 15, tzinfo=UTC), tick=False):
        assert "Away now" in make.signed_in(sam).get("/absences/").content.decode()
    assert "Away now" not in make.signed_in(sam).get("/absences/").content.decode()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_who_sweep_at_once_offer_each_hand_off_of_the_gone_once():
    cast = Cast()
    offered_to(cast.sam, 8)
    User.objects.filter(pk=cast.sam.pk).update(is_active=False)

    def work(_: int) -> int:
        try:
            return reassign_from_deactivated(at=NOON)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 8
    assert Handoff.objects.open().filter(rep=cast.rosa).count() == 8
    assert Handoff.objects.count() == 16


def test_a_hand_off_whose_next_rep_cannot_be_found_holds_up_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    admin = make.user(Role.ADMINISTRATOR)
    broken, other = offered_to(cast.sam, 2)
    real = reassigning.next_rep

    def fail_for_one(handoff: Handoff, *, at: datetime) -> User | None:
        if handoff == broken:
            raise RuntimeError("a defect")
        return real(handoff, at=at)

    monkeypatch.setattr(reassigning, "next_rep", fail_for_one)
    assert offer_to_others(cast.sam, by=cast.hana, at=NOON) == (1, 0)
    other.refresh_from_db()
    assert other.answer == "withdrawn"
    assert Notice.objects.get(kind="lead_failed").user == admin
