"""What became of the leads that one version of a definition qualified."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboards.reviews.yields import PARTS, Yield, qualifying_transitions, transitions_behind
from funnel.models import Definition, Reason, Stage, StageRole, Transition
from leads.models import Lead
from metrics.period import Period
from sla.models import Handoff
from teams.models import Role
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1), ZoneInfo("Asia/Tokyo"))
AT = make.TEN
LATER = datetime(2026, 12, 31, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def definition() -> Definition:
    return make.definition()


def qualified(definition: Definition | None, at: datetime = AT, **fields: Any) -> Transition:
    lead = make.mql(at=at, **fields)
    step = Transition.objects.filter(lead=lead, to_stage__role=StageRole.MQL)
    step.update(definition=definition)
    return step.get()


def answered(definition: Definition, answer: str, after: timedelta = HOUR) -> Transition:
    rep = make.user(Role.REP)
    handoff = make.handoff(to=rep, at=AT)
    Transition.objects.filter(pk=handoff.transition_id).update(definition=definition)
    if answer == "accepted":
        handoff.accept(by=rep, at=AT + after)
    else:
        reason = Reason.objects.offered("rejected").filter(needs_text=False).earliest("pk")
        handoff.reject(by=rep, reason=reason, verdict=Handoff.Verdict.NO, at=AT + after)
    return Transition.objects.get(pk=handoff.transition_id)


def bought(lead: Lead, at: datetime) -> None:
    Transition.objects.create(lead=lead, to_stage=Stage.objects.role(StageRole.CUSTOMER), at=at, how="page")


def behind(definition: Definition, part: str, until: datetime = LATER) -> set[int]:
    return set(transitions_behind(NOVEMBER, until, definition, part).values_list("pk", flat=True))


def test_a_period_has_its_first_moment_and_not_the_first_of_the_next(definition: Definition):
    first = qualified(definition, NOVEMBER.starts_at)
    last = qualified(definition, NOVEMBER.ends_at - timedelta(microseconds=1))
    qualified(definition, NOVEMBER.starts_at - timedelta(microseconds=1))
    qualified(definition, NOVEMBER.ends_at)
    assert behind(definition, "qualified") == {first.pk, last.pk}


def test_a_step_by_hand_is_no_definition_s(definition: Definition):
    qualified(None)
    assert not qualifying_transitions(NOVEMBER, LATER).exists()


def test_each_version_has_its_own_leads(definition: Definition):
    definition.freeze(at=AT)
    newer = make.definition()
    mine, theirs = qualified(definition), qualified(newer)
    assert behind(definition, "qualified") == {mine.pk}
    assert behind(newer, "qualified") == {theirs.pk}


def test_a_merged_lead_is_counted_once(definition: Definition):
    kept = qualified(definition)
    other = qualified(definition)
    Lead.objects.filter(pk=other.lead_id).update(merged_into=kept.lead_id, merged_at=AT)
    assert behind(definition, "qualified") == {kept.pk}


def test_answers_count_by_the_moment_they_were_given(definition: Definition):
    accepted, rejected = answered(definition, "accepted"), answered(definition, "rejected", 2 * HOUR)
    assert behind(definition, "accepted") == {accepted.pk}
    assert behind(definition, "rejected") == {rejected.pk}
    assert behind(definition, "rejected", until=AT + 2 * HOUR) == {rejected.pk}
    assert behind(definition, "rejected", until=AT + 2 * HOUR - timedelta(microseconds=1)) == set()


def test_a_customer_counts_from_the_qualification_on(definition: Definition):
    before, at_once, later = (qualified(definition) for _ in range(3))
    bought(before.lead, AT - timedelta(microseconds=1))
    bought(at_once.lead, AT)
    bought(later.lead, AT + 20 * HOUR)
    assert behind(definition, "customers") == {at_once.pk, later.pk}
    assert behind(definition, "customers", until=AT + 19 * HOUR) == {at_once.pk}


def test_what_is_still_to_come_is_not_counted(definition: Definition):
    step = qualified(definition, AT)
    assert behind(definition, "qualified", until=AT) == {step.pk}
    assert behind(definition, "qualified", until=AT - timedelta(microseconds=1)) == set()


def test_the_cells_of_a_yield_are_in_the_order_of_the_columns(definition: Definition):
    counts = {part: nth for nth, part in enumerate(PARTS)}
    assert Yield(definition, counts, {part: f"/{part}/" for part in PARTS}).cells == [
        (0, "/qualified/"),
        (1, "/accepted/"),
        (2, "/rejected/"),
        (3, "/customers/"),
    ]


def test_a_part_that_is_none_is_no_question(definition: Definition):
    with pytest.raises(KeyError):
        transitions_behind(NOVEMBER, LATER, definition, "gained")
