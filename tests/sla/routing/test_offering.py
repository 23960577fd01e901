from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from funnel.models import Stage, StageRole, Transition
from sla.models import Handoff, Timer
from sla.notices import OFFERED, UNOFFERED
from sla.routing.offering import offer, withdraw_moved
from teams.models import Notice, Role, Team
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db


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
    assert withdraw_moved(at=MONDAY_9AM) == 1
    assert withdraw_moved(at=MONDAY_9AM) == 0
    assert Handoff.objects.get().answer == Handoff.Answer.WITHDRAWN


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
