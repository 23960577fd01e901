"""Both ways of a benchmark do the same work: at a tiny size, with the parts that are measured."""

import pytest
from django.db import connection

from bench import flows, generation, imports, ingest, pages, timers
from bench.pairs import Benchmark
from funnel.journeys.standing import misplaced_leads
from funnel.models import Journey, StageRole
from history.models import Change
from leads.models import Activity, Company, Lead, PersonaMatch
from sla.models import Agreement, Handoff
from sla.routing.offering import end_moved

pytestmark = pytest.mark.django_db
LEADS = 100


@pytest.fixture
def leads() -> int:
    generation.fill(LEADS, 1000, 0.42)
    return LEADS


def both_ways(benchmark: Benchmark) -> None:
    """Run them in turns, as the bench does; the product's check holds."""
    for run in range(4):
        benchmark.prepare(run)
        assert (benchmark.floor if run % 2 else benchmark.product)(run) > 0
        if not run % 2:
            benchmark.check(run)


def rows(question: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


def test_the_flow_and_its_floor_leave_the_same_rows(leads: int):
    found = []
    benchmarks = flows.benchmarks(leads=leads)
    flow = next(benchmarks)
    for way in (flow.product, flow.floor):
        flow.prepare(0)
        assert way(0) == LEADS // 2
        handoffs = Handoff.objects.filter(hop__receiving_team__name="Bench inbound").order_by("lead")
        stands = Journey.objects.filter(stage__role=StageRole.MQL, news_at__isnull=False).order_by("pk")
        found.append(
            [
                list(stands.values_list("pk", "entered_at", "news_at")),
                list(handoffs.values_list("lead", "offered_at")),
                # Which lead of a company comes first is nobody's to say: they moved at the same moment.
                sorted(
                    (company or 0, follows is None)
                    for company, follows in handoffs.values_list("lead__company", "follows")
                ),
                list(PersonaMatch.objects.order_by("pk").values_list("pk", "persona", "machine")),
                rows("SELECT kind, count(*) FROM history_outbox GROUP BY kind ORDER BY kind"),
                rows("SELECT kind, count(*) FROM teams_notice GROUP BY kind ORDER BY kind"),
                rows("SELECT count(*) FROM sla_timer JOIN sla_escalation e ON e.timer_id = sla_timer.id"),
            ]
        )
    assert found[0] == found[1]
    benchmarks.close()


def test_the_flow_and_its_scores_run_again_and_again(leads: int):
    for benchmark in flows.benchmarks(leads=leads):
        both_ways(benchmark)


def test_after_the_flow_everything_is_as_it_was(leads: int):
    timers.prepare(leads)
    before = list(Journey.objects.order_by("pk").values())
    benchmarks = flows.benchmarks(leads=leads)
    flow = next(benchmarks)
    flow.prepare(0)
    flow.product(0)
    benchmarks.close()
    assert list(Journey.objects.order_by("pk").values()) == before
    assert not Activity.objects.filter(occurred_at__gt=generation.UNTIL).exists()
    assert Agreement.objects.in_force().get().number == 1


def test_generated_leads_stand_where_their_steps_and_their_hand_offs_left_them(leads: int):
    timers.prepare(leads)
    assert misplaced_leads() == []
    assert end_moved() == 0


def test_an_inbox_lists_the_same_both_ways(leads: int):
    both_ways(timers.benchmark("inbox", leads=leads))


def test_batches_are_taken_once_by_both_ways(leads: int):
    for benchmark in ingest.benchmarks(leads=leads):
        both_ways(benchmark)
        assert rows("SELECT count(*) FROM bench_event") == [(ingest.BATCH * (ingest.BATCHES - 1),)]
    assert not Activity.objects.filter(system=ingest.SYSTEM).exists()


def test_an_import_finds_the_same_leads_each_time(leads: int):
    before = list(Lead.objects.order_by("pk").values())
    for benchmark in imports.benchmarks(leads=leads):
        both_ways(benchmark)
    assert list(Lead.objects.order_by("pk").values()) == before
    assert (Company.objects.count(), Journey.objects.count()) == (LEADS // 5, LEADS)
    assert not Change.objects.exists()


@pytest.mark.parametrize("name", ["page", "weekly", "lists"])
def test_pages_are_shown_both_ways(leads: int, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "PAGES", 1)
    found = list(pages.benchmarks(name, leads=leads))
    assert [benchmark.name for benchmark in found] == (
        [f"lists-{way}" for way in ("first", "far", "filter", "search", "depth")] if name == "lists" else [name]
    )
    for benchmark in found:
        both_ways(benchmark)
