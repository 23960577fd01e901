from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from funnel.models import Definition, Journey, Stage, StageRole, Transition
from funnel.qualification.qualifying import qualify
from leads.models import Lead, PendingReevaluation
from sla.agreement.drafting import draft_next
from sla.flow.advancing import advance_all
from sla.models import Agreement, Capacity, Handoff, Hop, Timer
from sla.notices import OFFERED, UNOFFERED
from sla.routing import next_offers
from sla.routing.offering import end_moved, offer, unoffered_leads
from sla.routing.policies import policies, policy_for
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM, NOON, TEN

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def sales(reps: int) -> Team:
    """A sales team in an agreement in force."""
    team = make.team(Team.Kind.SALES, head=make.user(Role.MANAGER))
    for _ in range(reps):
        make.user(Role.REP, team=team)
    make.agreement(receiving=team)
    return team


def test_a_qualified_lead_is_offered_once():
    sales(1)
    make.mql()
    assert offer(at=MONDAY_9AM) == 1
    assert offer(at=MONDAY_9AM) == 0


def test_without_an_agreement_in_force_nothing_is_offered():
    make.mql()
    assert offer(at=MONDAY_9AM) == 0


def test_imported_history_opens_no_handoff():
    sales(1)
    make.lead(StageRole.MQL)
    assert offer(at=MONDAY_9AM) == 0


def test_an_import_may_ask_for_its_leads_to_be_worked():
    sales(1)
    lead = make.lead(StageRole.MQL)
    lead.transitions.update(how=Transition.How.IMPORT_LIVE)
    assert offer(at=MONDAY_9AM) == 1


def test_the_queues_of_equal_reps_differ_by_one_at_most():
    sales(3)
    for _ in range(10):
        make.mql()
    offer(at=MONDAY_9AM)
    counts = Counter(Handoff.objects.values_list("rep", flat=True)).values()
    assert sorted(counts) == [3, 3, 4]


def test_the_shortest_open_queue_comes_first():
    team = sales(2)
    busy, idle = team.members.order_by("pk")
    for _ in range(2):
        make.mql()
    offer(at=MONDAY_9AM)
    Handoff.objects.get(rep=idle).accept(by=idle, at=MONDAY_9AM)
    new = make.mql()
    offer(at=MONDAY_9AM + timedelta(hours=1))
    assert Handoff.objects.get(lead=new).rep == idle
    assert Handoff.objects.open().filter(rep=busy).count() == 1


def test_of_equal_queues_the_longest_without_an_offer_comes_first():
    team = sales(2)
    first, second = team.members.order_by("pk")
    for hours in range(3):
        make.mql()
        offer(at=MONDAY_9AM + timedelta(hours=hours))
        for handoff in Handoff.objects.open().select_related("hop", "lead", "rep"):
            handoff.accept(by=handoff.rep, at=MONDAY_9AM + timedelta(hours=hours))
    in_turn = Handoff.objects.order_by("offered_at").values_list("rep", flat=True)
    assert list(in_turn) == [first.pk, second.pk, first.pk]


def test_nobody_there_leaves_the_lead_waiting_and_tells_the_head_once():
    team = sales(1)
    team.members.update(is_active=False)
    lead = make.mql()
    for _ in range(2):
        assert offer(at=MONDAY_9AM) == 0
    notice = Notice.objects.of(UNOFFERED).get()
    assert (notice.user, notice.params["lead"]) == (team.head, lead.pk)


def test_the_rep_is_told():
    team = sales(1)
    make.mql()
    offer(at=MONDAY_9AM)
    assert Notice.objects.of(OFFERED).get().user == team.members.get()


def test_a_lead_that_left_the_stage_is_withdrawn():
    sales(1)
    lead = make.mql()
    offer(at=MONDAY_9AM)
    lead.journey.move_to(Stage.objects.role(StageRole.CUSTOMER), because="Bought", at=MONDAY_9AM)
    assert end_moved(at=MONDAY_9AM) == 1
    assert end_moved(at=MONDAY_9AM) == 0
    assert Handoff.objects.get().answer == Handoff.Answer.WITHDRAWN


def test_a_lead_whose_journey_was_closed_where_it_stood_is_withdrawn():
    closed, other = make.handoff(), make.handoff()
    Journey.objects.get(lead=closed.lead).close(Journey.Ended.LOST, because="", at=MONDAY_9AM)
    assert end_moved(at=MONDAY_9AM) == 1
    answers = dict(Handoff.objects.values_list("pk", "answer"))
    assert answers == {closed.pk: Handoff.Answer.WITHDRAWN, other.pk: ""}


def test_only_the_leads_that_are_asked_for_are_looked_at():
    closed, other = make.handoff(), make.handoff()
    for each in (closed, other):
        Journey.objects.get(lead=each.lead).close(Journey.Ended.LOST, because="", at=MONDAY_9AM)
    assert end_moved([other.lead_id], at=MONDAY_9AM) == 1
    assert end_moved([other.lead_id], at=MONDAY_9AM) == 0
    assert dict(Handoff.objects.values_list("pk", "answer")) == {closed.pk: "", other.pk: Handoff.Answer.WITHDRAWN}
    assert end_moved(at=MONDAY_9AM) == 1


def test_closing_a_journey_is_news_to_the_flow_which_withdraws_what_was_offered():
    handoff = make.handoff()
    PendingReevaluation.objects.all().delete()
    Journey.objects.get(lead=handoff.lead).close(Journey.Ended.LOST, because="", at=MONDAY_9AM)
    advance_all(at=MONDAY_9AM)
    assert Handoff.objects.get().answer == Handoff.Answer.WITHDRAWN


def test_a_lead_that_was_merged_into_another_is_withdrawn():
    merged, other = make.handoff(), make.handoff()
    Lead.objects.filter(pk=merged.lead_id).update(merged_into=other.lead, merged_at=MONDAY_9AM)
    assert end_moved(at=MONDAY_9AM) == 1
    assert Handoff.objects.get(pk=merged.pk).answer == Handoff.Answer.WITHDRAWN


def test_a_lead_that_qualifies_again_is_offered_again():
    sales(1)
    lead = make.mql()
    offer(at=MONDAY_9AM)
    handoff = Handoff.objects.get()
    handoff.withdraw(at=MONDAY_9AM)
    later = MONDAY_9AM + timedelta(days=90)
    lead.journey.move_to(Stage.objects.role(StageRole.LEAD), because="Recycled", at=later)
    lead.journey.move_to(Stage.objects.role(StageRole.MQL), because="Again", at=later, how=Transition.How.MACHINE)
    assert offer(at=later) == 1


def test_offering_takes_the_same_queries_for_one_lead_and_for_twenty():
    sales(2)
    queries = []
    for leads in (1, 20):
        for _ in range(leads):
            make.mql()
        with CaptureQueriesContext(connection) as captured:
            assert offer(at=MONDAY_9AM) == leads
        queries.append(len(captured))
    assert queries[0] == queries[1]


# From the hop's first day on


def stage(role: StageRole) -> Stage:
    return Stage.objects.role(role)


def sql_lead(at: datetime) -> Lead:
    """A lead that a person put into SQL at that moment."""
    lead = make.lead(StageRole.LEAD, created_at=at - DAY)
    lead.journey.move_to(stage(StageRole.SAL), because="x", at=at - timedelta(hours=1))
    lead.journey.move_to(stage(StageRole.SQL), because="x", at=at)
    return lead


def agree_on_sql(before: Agreement, *, all_now: bool = False, from_at: datetime = MONDAY_9AM) -> Agreement:
    """The next version, in which leads are handed over at SQL, too."""
    draft = draft_next(at=from_at)
    hop = draft.hops.get()
    hop.pk, hop._state.adding = None, True
    hop.from_stage = hop.accepted_stage = stage(StageRole.SQL)
    hop.rejected_stage = stage(StageRole.SAL)
    hop.save()
    Agreement.objects.filter(pk=draft.pk).update(qualifies_standing=all_now)
    return make.next_agreement(before, from_at=from_at)


def test_a_new_hop_offers_who_enters_its_stage_from_its_first_day_on():
    sales(1)
    for before in (9 * DAY, timedelta(microseconds=1)):
        sql_lead(MONDAY_9AM - before)
    agree_on_sql(Agreement.objects.get())
    new = sql_lead(MONDAY_9AM)
    assert offer(at=TEN) == 1
    assert Handoff.objects.get().lead == new
    assert not unoffered_leads(at=TEN)


def test_a_hop_that_was_agreed_before_is_no_new_one():
    sales(1)
    before = Agreement.objects.get()
    waiting = make.mql(at=MONDAY_9AM - DAY)
    make.next_agreement(before, from_at=MONDAY_9AM)
    assert offer(at=TEN) == 1
    assert Handoff.objects.get().lead == waiting


def test_a_hop_that_was_left_out_meanwhile_is_new():
    sales(1)
    second = agree_on_sql(Agreement.objects.get(), from_at=MONDAY_9AM - 9 * DAY)
    sql_lead(MONDAY_9AM - 8 * DAY)
    draft = draft_next(at=MONDAY_9AM)
    draft.hops.filter(from_stage__role="sql").delete()
    third = make.next_agreement(second, from_at=MONDAY_9AM - 5 * DAY)
    agree_on_sql(third)
    assert offer(at=TEN) == 0


@pytest.mark.parametrize(("a_week", "each"), [(None, 5), (20, 4), (12, 3)])
def test_all_now_is_spread_over_the_days_by_capacity(a_week: int | None, each: int):
    team = sales(2)
    for member in team.members.all():
        Capacity.objects.create(user=member, most_a_week=a_week)
    leads = [sql_lead(MONDAY_9AM - 9 * DAY) for _ in range(14)]
    agree_on_sql(Agreement.objects.get(), all_now=True)
    assert offer([leads[0].pk], at=TEN) == 1
    assert [offer(at=TEN + n * timedelta(hours=1)) for n in range(2)] == [2 * each - 1, 0]
    assert set(Counter(Handoff.objects.values_list("rep", flat=True)).values()) == {each}
    new = sql_lead(TEN)
    assert offer(at=NOON) == 1
    assert not Handoff.objects.get(lead=new).stood_before
    assert not Notice.objects.of(UNOFFERED).exists()
    assert offer(at=TEN + DAY) == min(2 * each, 14 - 2 * each)


def test_all_now_waits_on_days_on_which_a_rep_s_calendar_is_closed():
    sales(1)
    sql_lead(MONDAY_9AM - 9 * DAY)
    agree_on_sql(Agreement.objects.get(), all_now=True, from_at=MONDAY_9AM - 2 * DAY)
    assert offer(at=TEN - 2 * DAY) == 0
    assert offer(at=TEN) == 1


def test_leads_that_a_definition_qualifies_all_now_are_spread_as_well():
    definition = make.definition()
    team = make.team(Team.Kind.SALES, head=make.user(Role.MANAGER))
    make.user(Role.REP, team=team)
    make.agreement(receiving=team, definitions=[definition], in_force_from=MONDAY_9AM)
    Definition.objects.update(qualifies_standing=True)
    standing = [make.lead(StageRole.LEAD, created_at=MONDAY_9AM - DAY) for _ in range(7)]
    new = [make.lead(StageRole.LEAD, created_at=MONDAY_9AM) for _ in range(3)]
    qualify(at=TEN)
    assert offer(at=TEN) == 8
    offered = Handoff.objects.values_list("lead", flat=True)
    assert set(offered) >= {lead.pk for lead in new}
    # What does something new is offered at once.
    waiting = [lead for lead in standing if lead.pk not in offered]
    Journey.objects.filter(lead=waiting[0]).update(news_at=NOON)
    assert offer(at=NOON) == 1
    assert offer(at=TEN + DAY) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_workers_offering_sixty_leads_make_sixty_handoffs():
    sales(4)
    for _ in range(60):
        make.mql()

    def work(_: int) -> int:
        try:
            return offer(at=MONDAY_9AM)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        offered = list(pool.map(work, range(4)))

    assert sum(offered) == 60
    assert Handoff.objects.count() == Timer.objects.count() == 60
    assert set(Counter(Handoff.objects.values_list("rep", flat=True)).values()) == {15}


def test_the_first_policy_that_matches_counts():
    agreed = Agreement.objects.create(number=99)
    for_all = agreed.policies.create(position=2, answer_within=timedelta(hours=8))
    for_fairs = agreed.policies.create(position=1, answer_within=timedelta(hours=2), source="Trade fair")
    first, last = policies(agreed.pk)
    assert (first, last) == (for_fairs, for_all)
    hop = Hop(agreement=agreed, from_stage=Stage.objects.role(StageRole.MQL))
    assert policy_for(hop, make.lead(source="Trade fair"), [first, last]) == for_fairs
    assert policy_for(hop, make.lead(source="Web"), [first, last]) == for_all


def test_an_agreement_whose_policies_match_not_all_is_told():
    agreed = Agreement.objects.create(number=99)
    agreed.policies.create(position=1, answer_within=timedelta(hours=2), source="Trade fair")
    hop = Hop(agreement=agreed, from_stage=Stage.objects.role(StageRole.MQL))
    with pytest.raises(LookupError, match="No policy"):
        policy_for(hop, make.lead(source="Web"), policies(agreed.pk))


def test_a_lead_that_cannot_be_offered_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch):
    sales(1)
    admin = make.user(Role.ADMINISTRATOR)
    leads = [make.mql() for _ in range(5)]
    real = next_offers.policy_for

    def fails_for_one(hop: Any, lead: Lead, agreed: Any) -> Any:
        if lead == leads[1]:
            raise LookupError("no policy")
        return real(hop, lead, agreed)

    monkeypatch.setattr(next_offers, "policy_for", fails_for_one)
    assert offer(at=MONDAY_9AM) == 4
    assert not Handoff.objects.filter(lead=leads[1]).exists()
    told = Notice.objects.get(kind="lead_failed")
    assert (told.user, told.params["lead"]) == (admin, leads[1].pk)


def test_a_handoff_that_cannot_be_withdrawn_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch):
    sales(1)
    make.user(Role.ADMINISTRATOR)
    first, _second = make.mql(), make.mql()
    offer(at=MONDAY_9AM)
    Journey.objects.update(stage=Stage.objects.role(StageRole.LEAD))
    real = Handoff.withdraw

    def fails_for_one(handoff: Handoff, **given: Any) -> None:
        if handoff.lead_id == first.pk:
            raise RuntimeError("a defect")
        real(handoff, **given)

    monkeypatch.setattr(Handoff, "withdraw", fails_for_one)
    assert end_moved(at=MONDAY_9AM) == 1
    assert Handoff.objects.open().get().lead_id == first.pk
    assert Notice.objects.get(kind="lead_failed").params["lead"] == first.pk
