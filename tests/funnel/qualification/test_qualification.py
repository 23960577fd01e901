"""Leads that meet a definition in force move on by themselves, one step at a time."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from funnel.models import Definition, Journey, Stage, StageRole, Transition
from funnel.qualification.qualifying import begin_missing, may_qualify_from, qualify, stages_before, standing
from history.models import Outbox
from tests import make

pytestmark = pytest.mark.django_db

NOW = make.MONDAY_9AM
DEMO = {"did": "demo_request", "at_least": 1, "within_days": None}


def in_force(role=StageRole.MQL, criteria=None, *, since=NOW - timedelta(days=30), standing_too=True, **fields):
    definition = make.definition(role, criteria or DEMO, **fields)
    definition.freeze(at=since)
    definition.put_in_force(from_at=since, qualifies_standing=standing_too)
    return definition


def lead_who_asked(stage=StageRole.LEAD, **fields):
    lead = make.lead(stage, created_at=NOW - timedelta(days=90), **fields)
    make.activity(lead, "demo_request", NOW - timedelta(days=40))
    return lead


def stage_of(lead):
    return Journey.objects.get(lead=lead).stage.role


def test_a_lead_that_meets_the_definition_moves_one_step_and_the_step_names_the_version():
    definition = in_force()
    meets, does_not = lead_who_asked(), make.lead(StageRole.LEAD, created_at=NOW - timedelta(days=90))

    assert qualify(at=NOW) == [meets.pk]

    step = Transition.objects.get(lead=meets, to_stage__role="mql")
    lead_stage = Stage.objects.role(StageRole.LEAD)
    assert (step.from_stage, step.at, step.definition, step.how) == (lead_stage, NOW, definition, "machine")
    assert (stage_of(meets), stage_of(does_not)) == ("mql", "lead")
    told = Outbox.objects.get(payload__transition=step.pk)
    assert told.payload == {"transition": step.pk, "lead": meets.pk, "from": step.from_stage_id, "to": step.to_stage_id}


def test_qualifying_twice_moves_once():
    in_force()
    lead_who_asked()
    assert len(qualify(at=NOW)) == 1
    assert qualify(at=NOW) == []


def test_only_the_asked_leads_are_looked_at():
    in_force()
    first, second = lead_who_asked(), lead_who_asked()
    assert qualify([second.pk], at=NOW) == [second.pk]
    assert stage_of(first) == "lead"


@pytest.mark.parametrize("stage", [StageRole.MQL, StageRole.SAL, StageRole.OPPORTUNITY, StageRole.CUSTOMER])
def test_a_lead_that_stands_further_on_is_left_where_it_is(stage):
    in_force()
    lead = lead_who_asked(stage)
    assert qualify(at=NOW) == []
    assert stage_of(lead) == stage


def test_an_sql_comes_from_sal_only():
    in_force(StageRole.SQL)
    early, due = lead_who_asked(StageRole.MQL), lead_who_asked(StageRole.SAL)
    assert qualify(at=NOW) == [due.pk]
    assert stage_of(early) == "mql"


def test_nobody_takes_two_steps_at_once_even_where_two_definitions_hold():
    sal = Stage.objects.role(StageRole.SAL)
    between = Stage.objects.create(name_en="Checked", position=sal.position - 1)
    in_force()
    checked = Definition.objects.create(stage=between, number=1, criteria=DEMO)
    checked.freeze()
    checked.put_in_force(from_at=NOW - timedelta(days=1), qualifies_standing=True)
    lead = lead_who_asked()

    qualify(at=NOW)
    assert stage_of(lead) == "mql"

    qualify(at=NOW + timedelta(minutes=1))
    assert Journey.objects.get(lead=lead).stage == between


def test_a_stage_of_our_own_that_nothing_defines_is_passed_through():
    sql = Stage.objects.role(StageRole.SQL)
    between = Stage.objects.create(name_en="Meeting booked", position=sql.position - 1)
    assert [stage.role for stage in stages_before(sql, at=NOW)] == [None, "sal"]
    in_force(StageRole.SQL)
    straight, by_way = lead_who_asked(StageRole.SAL), lead_who_asked(StageRole.SAL)
    by_way.journey.move_to(between, because="A meeting", at=NOW - timedelta(days=1))
    assert set(qualify(at=NOW)) == {straight.pk, by_way.pk}


def test_falling_below_the_threshold_does_not_un_qualify():
    in_force(criteria={"did": "demo_request", "at_least": 1, "within_days": 60})
    lead = lead_who_asked()
    qualify(at=NOW)
    qualify(at=NOW + timedelta(days=300))
    assert stage_of(lead) == "mql"


def test_only_what_is_in_force_at_that_moment_counts():
    in_force(since=NOW + timedelta(days=1))
    lead_who_asked()
    assert qualify(at=NOW) == []
    assert len(qualify(at=NOW + timedelta(days=1))) == 1


def test_a_replaced_definition_no_longer_counts():
    in_force()
    in_force(criteria={"any": []}, since=NOW - timedelta(days=1))
    lead_who_asked()
    assert qualify(at=NOW) == []


def test_who_stood_before_the_definition_waits_for_news():
    definition = in_force(standing_too=False)
    lead = lead_who_asked()
    assert qualify(at=NOW) == []
    assert standing(definition, at=NOW).get() == lead

    Journey.objects.filter(lead=lead).update(news_at=NOW)
    assert qualify(at=NOW) == [lead.pk]


def test_who_entered_the_stage_since_then_does_not_stand_there_from_before():
    in_force(StageRole.SQL, standing_too=False, since=NOW - timedelta(days=30))
    lead = lead_who_asked(StageRole.SAL)
    Journey.objects.filter(lead=lead).update(entered_at=NOW - timedelta(days=2))
    assert qualify(at=NOW) == [lead.pk]


def test_what_an_import_brought_in_waits_for_news_even_where_the_standing_qualify():
    in_force(standing_too=True)
    lead = make.lead(created_at=NOW - timedelta(days=200))
    make.activity(lead, "demo_request", NOW - timedelta(days=40))
    begin_missing([lead.pk], at=NOW, news={lead.pk: None})
    assert qualify(at=NOW) == []

    Journey.objects.filter(lead=lead).update(news_at=NOW - timedelta(days=40))  # of its history
    assert qualify(at=NOW) == []

    Journey.objects.filter(lead=lead).update(news_at=NOW + timedelta(hours=1))
    assert qualify(at=NOW + timedelta(hours=1)) == [lead.pk]


def test_a_recycled_lead_qualifies_again_after_the_cool_off_to_the_microsecond():
    in_force(cool_off_days=60)
    lead = lead_who_asked()
    journey = lead.journey
    Journey.objects.filter(lead=lead).update(recycled_at=NOW - timedelta(days=60) + timedelta(microseconds=1))
    assert qualify(at=NOW) == []
    assert qualify(at=NOW + timedelta(microseconds=1)) == [journey.pk]


def test_a_sleeping_lead_does_not_qualify_until_it_wakes():
    in_force(cool_off_days=0)
    lead = lead_who_asked()
    Journey.objects.filter(lead=lead).update(recycled_at=NOW, wake_at=NOW + timedelta(days=7))
    assert qualify(at=NOW + timedelta(days=6)) == []
    assert qualify(at=NOW + timedelta(days=7)) == [lead.pk]


def test_a_lead_that_was_sent_back_until_it_does_something_new_waits_for_that():
    in_force(cool_off_days=60)
    lead = lead_who_asked()
    Journey.objects.filter(lead=lead).update(stage=Stage.objects.role(StageRole.MQL))
    journey = Journey.objects.get(lead=lead)
    journey.move_to(Stage.objects.role(StageRole.LEAD), because="No project", only_with_news=True, at=NOW)
    over = NOW + timedelta(days=60)
    assert may_qualify_from(journey, at=NOW) == over
    assert qualify(at=over) == []
    make.activity(lead, "page_view", NOW + timedelta(days=1))
    Journey.objects.filter(lead=lead).update(news_at=NOW + timedelta(days=1))
    assert qualify(at=over - timedelta(microseconds=1)) == []
    assert qualify(at=over) == [lead.pk]


def test_a_closed_journey_stays_closed():
    in_force()
    lead = lead_who_asked()
    lead.journey.close(Journey.Ended.DISQUALIFIED, because="A student", at=NOW - timedelta(days=3))
    assert qualify(at=NOW) == []


def test_a_merged_lead_no_longer_moves():
    in_force()
    lead, into = lead_who_asked(), make.lead()
    lead.merged_into, lead.merged_at = into, NOW
    lead.save()
    assert qualify(at=NOW) == []


# Against a naive reading of the rules

hours = st.none() | st.integers(-72, 72)


class Eligibility(TestCase):
    """Whatever happened to a journey, in whatever order."""

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    "entered": st.integers(-72, 2),
                    "news": hours,
                    "count_from": hours,
                    "recycled": hours,
                    "wakes": hours,
                    "closed": st.booleans(),
                    "stage": st.sampled_from(["lead", "mql", "sal"]),
                }
            ),
            min_size=1,
            max_size=12,
        ),
        st.booleans(),
        st.integers(0, 3),
        st.integers(-48, 1),
    )
    def test_who_qualifies_is_who_the_rules_say(self, journeys, standing_too, cool_off, since):
        definition = in_force(
            criteria={"all": []}, since=hour(since), standing_too=standing_too, cool_off_days=cool_off
        )
        expected = set()
        for told in journeys:
            lead = make.lead(told["stage"], created_at=hour(-100))
            Journey.objects.filter(lead=lead).update(
                entered_at=hour(told["entered"]),
                news_at=hour(told["news"]),
                news_count_from=hour(told["count_from"]),
                recycled_at=hour(told["recycled"]),
                wake_at=hour(told["wakes"]),
                closed_at=NOW if told["closed"] else None,
                closed_as="lost" if told["closed"] else "",
            )
            if due_by_the_rules(told, standing_too, cool_off, since):
                expected.add(lead.pk)
        assert set(qualify(at=NOW)) == expected
        assert set(Transition.objects.filter(definition=definition).values_list("lead", flat=True)) == expected


def hour(number):
    return None if number is None else NOW + timedelta(hours=number)


def due_by_the_rules(told, standing_too, cool_off, since):
    if since > 0 or told["stage"] != "lead" or told["closed"] or told["entered"] > 0:
        return False
    if told["wakes"] is not None and told["wakes"] > 0:
        return False
    if told["recycled"] is not None and told["recycled"] + 24 * cool_off > 0:
        return False
    news, counts = told["news"], told["count_from"]
    if counts is not None and (news is None or news <= counts):
        return False
    return standing_too or told["entered"] >= since or (news is not None and news >= since)


# Beginning


def test_a_journey_begins_when_the_lead_does_and_only_once():
    lead = make.lead(created_at=NOW - timedelta(days=5))
    assert begin_missing(at=NOW) == 1
    assert begin_missing(at=NOW) == 0
    journey = Journey.objects.get(lead=lead)
    assert (journey.stage.role, journey.entered_at) == ("lead", NOW - timedelta(days=5))
    step = Transition.objects.get(lead=lead)
    assert (step.from_stage, step.at, step.how) == (None, NOW - timedelta(days=5), "machine")


def test_imported_history_begins_quietly():
    quiet, fresh = make.lead(), make.lead()
    begin_missing([quiet.pk, fresh.pk], at=NOW, news={quiet.pk: None, fresh.pk: NOW})
    assert Journey.objects.get(lead=quiet).news_count_from == NOW
    assert Journey.objects.get(lead=fresh).news_count_from is None
    assert Transition.objects.get(lead=quiet).how == "import"
    assert [told.payload["lead"] for told in Outbox.objects.all()] == [fresh.pk]


# Races


def together(workers, act):
    """Run it that many times at once, each on its own connection, and return what each gave."""
    ready, given, problems = Barrier(workers), [], []

    def run():
        try:
            ready.wait()
            given.append(act())
        except Exception as problem:  # shown by the assertion below
            problems.append(problem)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    return given


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_four_workers_who_qualify_the_same_leads_each_lead_moves_once():
    in_force()
    leads = [lead_who_asked().pk for _ in range(60)]
    moved = together(4, lambda: qualify(leads, at=NOW))
    assert sorted(lead for some in moved for lead in some) == sorted(leads)
    assert Transition.objects.filter(to_stage__role="mql").count() == 60
    assert Outbox.objects.filter(kind="journey.moved").count() == 60


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_four_workers_who_begin_the_same_journeys_each_begins_once():
    leads = [make.lead().pk for _ in range(60)]
    begun = together(4, lambda: begin_missing(leads, at=NOW))
    assert sum(begun) == 60
    assert Transition.objects.count() == 60


def test_it_is_one_statement_a_definition_however_many_leads(django_assert_num_queries):
    in_force()
    for _ in range(5):
        lead_who_asked()
    with django_assert_num_queries(2) as few:
        qualify(at=NOW)
    for _ in range(20):
        lead_who_asked()
    with django_assert_num_queries(len(few)):
        qualify(at=NOW)
