"""What conditions say of where a lead stands."""

from datetime import timedelta

import pytest

from funnel.models import Journey, Opportunity, Stage, StageRole
from leads.criteria import BadCriteria, check, condition, sentence
from leads.models import Lead
from tests import make

pytestmark = pytest.mark.django_db

NOW = make.MONDAY_9AM
DAY = timedelta(days=1)


def at_stage(key, **when):
    tree = {"field": "stage", "op": "=", "value": key}
    return set(Lead.objects.filter(condition(tree, **when)))


def test_the_stage_is_where_the_journey_stands():
    mql, sal, none = make.lead(StageRole.MQL), make.lead(StageRole.SAL), make.lead()
    assert at_stage("mql") == {mql}
    assert at_stage("sal") == {sal}
    assert none not in at_stage("lead")


def test_as_of_a_moment_the_ledger_says_where_a_lead_stood():
    lead = make.lead(StageRole.SQL, created_at=NOW)
    Opportunity.open(lead, opened_at=NOW + 2 * DAY).win(at=NOW + 5 * DAY)
    for days, stage in ((0, "sql"), (1, "sql"), (2, "opportunity"), (4, "opportunity"), (5, "customer")):
        assert at_stage(stage, as_of=NOW + days * DAY) == {lead}
    assert at_stage("sql", as_of=NOW - DAY) == set()


def test_a_closed_journey_stands_where_it_ended():
    lead = make.lead(StageRole.SAL, created_at=NOW)
    lead.journey.close(Journey.Ended.DISQUALIFIED, because="A student", at=NOW + DAY)
    assert at_stage("sal") == {lead}
    assert at_stage("sal", as_of=NOW + 2 * DAY) == {lead}


def test_a_stage_of_our_own_is_named_by_its_id():
    booked = Stage.objects.create(name_en="Meeting booked", position=999)
    lead = make.lead(StageRole.SAL)
    lead.journey.move_to(booked, because="A meeting")
    check({"field": "stage", "op": "in", "value": [str(booked.pk), "sal"]})
    assert at_stage(str(booked.pk)) == {lead}


def test_it_reads_as_words_and_fit_rules_may_not_name_it():
    tree = {"field": "stage", "op": "=", "value": "mql"}
    assert "the stage is “MQL”" in sentence(tree, language="en")
    assert "ステージ" in sentence(tree, language="ja")
    with pytest.raises(BadCriteria):
        check(tree, scope="fit")
    with pytest.raises(BadCriteria):
        check({"field": "stage", "op": "=", "value": "sleeping"})
