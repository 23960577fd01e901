"""What waits for a rep: offers, whom to reach first, deals that close soon."""

from datetime import date, timedelta

import pytest

from dashboards.home.card_size import SHOWN
from dashboards.home.selling import selling_context
from funnel.models import DealStage, Journey, Reason, Stage, StageRole
from leads.models import Lead
from sla.calendars.models import Calendar
from sla.inbox.work import list_team_work
from sla.models import Handoff, Touch
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN
HOUR = timedelta(hours=1)


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP)


def accepted(by: User, at_hours: int = 0) -> Handoff:
    handoff = make.handoff(to=by, at=AT + at_hours * HOUR)
    by.refresh_from_db()
    handoff.accept(by=by, at=AT + at_hours * HOUR)
    return handoff


def to_reach(rep: User) -> list[Lead]:
    return [work.handoff.lead for work in selling_context(rep, AT + 10 * HOUR)["first_steps"]]


def test_offers_stand_by_their_deadline_and_all_are_counted(sam: User):
    handoffs = [make.handoff(to=sam, at=AT + timedelta(minutes=nth)) for nth in reversed(range(SHOWN + 2))]
    context = selling_context(sam, AT)
    assert [offer.pk for offer, _countdown in context["offers"]] == [each.pk for each in reversed(handoffs)][:SHOWN]
    assert context["offer_count"] == SHOWN + 2


def test_what_is_due_first_stands_first(sam: User):
    first, second = accepted(sam), accepted(sam, 1)
    assert to_reach(sam) == [first.lead, second.lead]


@pytest.mark.parametrize("contact", [True, False])
@pytest.mark.parametrize("kind", Touch.Kind.values)
def test_a_touch_is_what_inbox_and_clauses_count_as_one(sam: User, kind: str, contact: bool):
    handoff = accepted(sam)
    handoff.touch(kind, by=sam, contact=contact, at=AT + HOUR)
    assert to_reach(sam) == []


def test_what_the_lead_or_others_did_is_no_touch(sam: User):
    handoff = accepted(sam)
    make.activity(handoff.lead, "call", AT + HOUR)
    assert to_reach(sam) == [handoff.lead]


def test_what_was_given_up_is_not_to_be_touched(sam: User):
    handoff = accepted(sam)
    reason = Reason.objects.filter(kind=Reason.Kind.RECYCLED).first() or Reason.objects.create(
        kind=Reason.Kind.RECYCLED, key="later", name_en="later"
    )
    handoff.give_up(by=sam, reason=reason, note="Not now", at=AT + HOUR)
    assert to_reach(sam) == []


def test_home_lists_what_the_inbox_lists_as_never_touched(sam: User):
    handoffs = [accepted(sam, nth) for nth in range(4)]
    Journey.objects.filter(lead=handoffs[0].lead).update(stage=Stage.objects.role(StageRole.OPPORTUNITY))
    Journey.objects.filter(lead=handoffs[1].lead).update(closed_at=AT, closed_as="disqualified")
    handoffs[2].touch("email", by=sam, at=AT + 9 * HOUR)
    at = AT + 10 * HOUR
    inbox = list_team_work(sam, Calendar.hours_for(sam, at=at), at=at).page.rows
    assert to_reach(sam) == [each.handoff.lead for each in inbox if not each.progress.made] == [handoffs[3].lead]


def test_deals_stand_by_the_day_they_should_close_those_without_last(sam: User):
    later, none, soon = (
        make.opportunity(owner=sam, expected_close_on=day, opened_at=AT)
        for day in (date(2026, 12, 24), None, date(2026, 11, 17))
    )
    make.opportunity(owner=sam, expected_close_on=date(2026, 11, 1), opened_at=AT, won_at=AT)
    make.opportunity(owner=sam, expected_close_on=date(2026, 11, 1), opened_at=AT, lost_at=AT)
    assert selling_context(sam, AT)["deals"] == [soon, later, none]


def test_a_deal_is_told_with_its_lead_and_stage_and_not_with_its_company_twice(sam: User):
    lead = make.lead(company=make.company(name="Aoba"), given_name="Aya", family_name="Mori")
    stage = DealStage.objects.offered().first()
    for name, said in (("Aoba", f"Aya Mori · {stage}"), ("Line 2", f"Aya Mori · Aoba · {stage}")):
        make.opportunity(lead, name=name, owner=sam, stage=stage, opened_at=AT, expected_close_on=date(2026, 12, 1))
        page = make.signed_in(sam).get("/").content.decode()
        assert said in " ".join(page.split())


def test_a_rep_with_nothing_has_an_empty_page(sam: User):
    context = selling_context(sam, AT)
    assert (context["offers"], context["offer_count"], context["first_steps"], context["deals"]) == ([], 0, [], [])


def test_many_cost_as_many_queries_as_few(sam: User, django_assert_max_num_queries):
    for nth in range(SHOWN):
        make.handoff(to=sam, at=AT + nth * HOUR)
        make.opportunity(owner=sam, opened_at=AT)
    with django_assert_max_num_queries(8):
        selling_context(sam, AT + HOUR)
