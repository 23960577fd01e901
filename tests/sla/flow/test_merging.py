"""Two records of one person become one: nothing is lost, and it can be seen afterwards."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection

from funnel.models import Journey, Opportunity, Stage, StageRole, Transition
from history.models import Change
from leads.models import Activity, Identity, Lead, Persona
from leads.personas.matching import say_persona
from leads.registering.identities import Conflict
from leads.registering.registration import change, register
from leads.registering.searching import search
from scoring.models import Quadrant, Score
from sla.flow.merging import CannotMerge, merge
from sla.models import Handoff
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM


@pytest.fixture
def mara():
    return make.user(Role.MARKETER)


def counts() -> dict[str, int]:
    return {
        "activities": Activity.objects.count(),
        "transitions": Transition.objects.count(),
        "opportunities": Opportunity.objects.count(),
        "handoffs": Handoff.objects.count(),
    }


def test_nothing_is_lost(mara) -> None:
    kept, other = make.lead(StageRole.LEAD, created_at=AT), make.lead(StageRole.MQL, created_at=AT)
    make.activity(kept, "call", AT)
    make.activity(other, "demo_request", AT)
    Opportunity.open(other, name="Tablets", amount=Decimal(100), by=mara, opened_at=AT)
    before = counts()
    merge(kept, other, by=mara, at=AT + timedelta(days=1))
    assert counts() == before
    assert kept.activities.count() == 2
    assert set(kept.transitions.values_list("to_stage__role", flat=True)) == {"lead", "mql", "opportunity"}
    assert kept.opportunities.get().name == "Tablets"
    assert Journey.objects.get(pk=kept.pk).stage.role == StageRole.OPPORTUNITY
    assert not Journey.objects.filter(pk=other.pk).exists()


def test_it_can_be_seen_afterwards(mara) -> None:
    kept, other = make.lead(title="CTO"), make.lead(title="Head of IT")
    change(other, {"department": "IT"}, by=mara, how="page", at=AT)
    merge(kept, other, by=mara, at=AT)
    gone = Lead.objects.get(pk=other.pk)
    assert (gone.merged_into, gone.merged_at, gone.title) == (kept, AT, "Head of IT")
    assert list(kept.merged.all()) == [gone]
    assert Change.objects.of("lead", kept.pk).filter(field="merged", new=other.pk, by=mara).exists()
    assert Change.objects.of("lead", other.pk).filter(field="department").exists()


def test_the_chosen_values_are_kept_and_history_says_how(mara) -> None:
    kept, other = make.lead(title="CTO"), make.lead(title="Head of IT", phone="1")
    merge(kept, other, {"title": other.title, "phone": other.phone}, by=mara, at=AT)
    kept.refresh_from_db()
    assert (kept.title, kept.phone) == ("Head of IT", "1")
    assert Change.objects.get(subject_id=kept.pk, field="title").how == "merge"


def test_both_addresses_and_all_ids_name_the_one_that_is_kept(mara) -> None:
    kept = register({"email": "new@example.org"}, identities=[("crm", "1")])[0]
    other = register({"email": "Old@example.org"}, identities=[("crm", "2"), ("fair", "7")])[0]
    merge(kept, other, by=mara)
    assert register({"email": "old@example.org"}) == (kept, False)
    for named in (("crm", "1"), ("crm", "2"), ("fair", "7")):
        assert Identity.objects.get(system=named[0], external_id=named[1]).lead == kept


def test_the_address_of_the_other_can_be_chosen(mara) -> None:
    kept, other = make.lead(email="old@example.org"), make.lead(email="new@example.org")
    merge(kept, other, {"email": "new@example.org"}, by=mara)
    assert Lead.objects.unmerged().get().email == "new@example.org"
    assert register({"email": "old@example.org"}) == (kept, False)


def test_what_only_the_other_had_of_our_own_fields_is_taken_over(mara) -> None:
    make.custom_field("lines", "number"), make.custom_field("erp")
    kept, other = make.lead(custom={"erp": "SAP"}), make.lead(custom={"erp": "Oracle", "lines": 4})
    merge(kept, other, by=mara)
    kept.refresh_from_db()
    assert kept.custom == {"erp": "SAP", "lines": 4}


def test_only_the_kept_one_is_found(mara) -> None:
    kept, other = make.lead(family_name="Weber"), make.lead(family_name="Weber")
    merge(kept, other, by=mara)
    assert list(search(Lead.objects.all(), "web")) == [kept]


@pytest.mark.parametrize("farther_is_kept", [True, False])
def test_the_farther_journey_goes_on(mara, farther_is_kept: bool) -> None:
    near, far = make.lead(StageRole.MQL, created_at=AT), make.lead(StageRole.SQL, created_at=AT - timedelta(days=9))
    kept, other = (far, near) if farther_is_kept else (near, far)
    merge(kept, other, by=mara, at=AT + timedelta(days=1))
    journey = Journey.objects.get()
    assert (journey.lead, journey.stage.role, journey.entered_at) == (kept, "sql", AT - timedelta(days=9))
    steps = kept.transitions.order_by("-at", "-pk").values_list("from_stage__role", "to_stage__role", "by")
    assert steps[0] == ("mql", "sql", mara.pk)


def test_an_open_journey_goes_on_before_a_closed_one(mara) -> None:
    lost, open_one = make.lead(StageRole.OPPORTUNITY, created_at=AT), make.lead(StageRole.LEAD, created_at=AT)
    lost.journey.close(Journey.Ended.LOST, because="budget", at=AT)
    merge(lost, open_one, by=mara, at=AT)
    journey = Journey.objects.get()
    assert (journey.stage.role, journey.closed_at) == ("lead", None)


def test_of_two_open_handoffs_the_one_of_the_journey_that_goes_on_stays(mara) -> None:
    first = make.handoff(at=AT)
    second = make.handoff(at=AT + timedelta(minutes=5))
    merge(first.lead, second.lead, by=mara, at=AT + timedelta(hours=1))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.answer, second.answer) == ("withdrawn", "")
    assert first.lead == second.lead
    assert Handoff.objects.open().get() == second
    second.accept(by=second.rep, at=AT + timedelta(hours=2))
    assert Journey.objects.get().stage.role == "sal"


def test_a_persons_words_go_over(mara) -> None:
    kept, other, persona = make.lead(), make.lead(), Persona.objects.create()
    make.score(kept), make.score(other)
    other.score.override_quadrant(Quadrant.HOT, reason="Met at the fair", by=mara)
    say_persona(other, persona, reason="Runs a plant", by=mara)
    merge(kept, other, by=mara)
    score = Score.objects.get()
    assert (score.lead, score.override, score.override_reason) == (kept, "hot", "Met at the fair")
    match = Lead.objects.unmerged().get().persona_match
    assert (match.persona, match.override_reason) == (persona, "Runs a plant")


def test_whoever_was_merged_into_the_other_is_shown_with_the_kept(mara) -> None:
    first, second, third = make.lead(), make.lead(), make.lead()
    merge(second, third, by=mara)
    merge(first, second, by=mara)
    assert set(first.merged.all()) == {second, third}


def test_a_record_is_merged_once(mara) -> None:
    kept, other, third = make.lead(), make.lead(), make.lead()
    merge(kept, other, by=mara)
    for one, two in ((kept, other), (third, other), (other, third), (kept, kept)):
        with pytest.raises(CannotMerge):
            merge(one, two, by=mara)


def test_a_conflict_leaves_both_as_they_were(mara) -> None:
    third, kept, other = make.lead(email="third@example.org"), make.lead(), make.lead()
    make.activity(other, "call", AT)
    with pytest.raises(Conflict):
        merge(kept, other, {"email": third.email}, by=mara)
    assert Lead.objects.unmerged().count() == 3
    assert other.activities.count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_who_merge_at_once_one_wins() -> None:
    mara, one, two = make.user(Role.MARKETER), make.lead(), make.lead()
    barrier, outcomes = Barrier(2), []

    def go(kept: Lead, other: Lead) -> None:
        barrier.wait()
        try:
            merge(kept, other, by=mara)
            outcomes.append("merged")
        except CannotMerge:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [Thread(target=go, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["merged", "told"]
    assert Lead.objects.unmerged().count() == 1


@pytest.mark.parametrize("is_kept", [True, False])
def test_who_was_sent_back_stays_so_beside_a_newer_record(mara, is_kept: bool) -> None:
    back = make.lead(StageRole.MQL, created_at=AT)
    back.journey.move_to(Stage.objects.role(StageRole.LEAD), because="No", at=AT)
    newer = make.lead(StageRole.LEAD, created_at=AT + timedelta(days=1))
    kept, other = (back, newer) if is_kept else (newer, back)
    merge(kept, other, by=mara, at=AT + timedelta(days=2))
    journey = Journey.objects.get(pk=kept.pk)
    assert (journey.sent_back_from, journey.sent_back_at) == (Stage.objects.role(StageRole.MQL), AT)


def test_who_came_farther_with_the_other_record_is_not_held_back(mara) -> None:
    back = make.lead(StageRole.MQL, created_at=AT)
    back.journey.move_to(Stage.objects.role(StageRole.LEAD), because="No", at=AT)
    merge(back, make.lead(StageRole.MQL, created_at=AT), by=mara, at=AT + timedelta(days=2))
    assert Journey.objects.get(pk=back.pk).sent_back_at is None


def test_of_two_that_were_sent_back_the_later_counts(mara) -> None:
    leads = [make.lead(role, created_at=AT) for role in (StageRole.SQL, StageRole.MQL)]
    for days, lead in enumerate(leads):
        lead.journey.move_to(Stage.objects.role(StageRole.LEAD), because="No", at=AT + timedelta(days=days))
    merge(leads[0], leads[1], by=mara, at=AT + timedelta(days=3))
    journey = Journey.objects.get(pk=leads[0].pk)
    assert (journey.sent_back_from, journey.sent_back_at) == (
        Stage.objects.role(StageRole.MQL), AT + timedelta(days=1),
    )  # fmt: skip
