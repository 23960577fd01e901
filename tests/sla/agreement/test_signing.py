"""Who signs, and from when on it is in force."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from funnel.models import Definition, Stage, StageRole, Transition
from funnel.qualification.qualifying import qualify
from history.models import Outbox
from scoring.models import ScoreModel
from sla.agreement import definition_drafts, drafting, outdated, proposing, returning, signing
from sla.agreement.missing import missing
from sla.agreement.notifying import notice_subject
from sla.models import Agreement, Party, Signature
from sla.notices import TO_SIGN
from teams.models import Notice, Role, Team
from tests import make
from tests.sla.agreement.heads import DAY, NOW, TUESDAY, draft_definition, propose_next, sign_both

pytestmark = pytest.mark.django_db


# Signing


def test_it_needs_every_partys_head(cast, signed):
    draft = propose_next(cast)
    assert signing.sign(draft, by=cast.mara, note="Good", at=TUESDAY) is False
    assert draft.in_force_from is None
    assert signing.sign(draft, by=cast.gina, at=TUESDAY + timedelta(hours=1)) is True
    assert draft.in_force_from == TUESDAY + DAY
    word = Signature.objects.get(party__agreement=draft, by=cast.mara)
    assert (word.note, word.at) == ("Good", TUESDAY)
    assert Outbox.objects.filter(kind="agreement.signed", payload__agreement=draft.pk).count() == 2
    assert Notice.objects.filter(kind="in_force", user=cast.gina, about__startswith="agreement 2").exists()


def test_only_the_partys_head_signs_and_only_once(cast, signed):
    draft = propose_next(cast)
    with pytest.raises(Agreement.NotYours):
        signing.sign(draft, by=make.user(Role.MANAGER), at=TUESDAY)
    signing.sign(draft, by=cast.mara, at=TUESDAY)
    with pytest.raises(Agreement.NotYours):
        signing.sign(draft, by=cast.mara, at=TUESDAY)


def test_who_heads_the_team_when_it_is_signed_signs_and_the_head_before_does_not(cast, signed):
    draft = propose_next(cast)
    new = make.user(Role.MANAGER)
    Team.objects.filter(pk=cast.sales.pk).update(head=new)
    with pytest.raises(Agreement.NotYours):
        signing.sign(draft, by=cast.gina, at=TUESDAY)
    with pytest.raises(Agreement.NotYours):
        returning.send_back(draft, by=cast.gina, comment="No", at=TUESDAY)
    with pytest.raises(DatabaseError, match="only the head"), transaction.atomic():
        Signature.objects.create(party=draft.parties.get(team=cast.sales), by=cast.gina)

    outdated.notify_outdated(at=TUESDAY)
    assert Notice.objects.unread().of(TO_SIGN).filter(user=new, about=notice_subject(draft)).exists()
    assert not Notice.objects.unread().of(TO_SIGN).filter(user=cast.gina, about=notice_subject(draft)).exists()
    assert outdated.changed_since(draft) == [f"{cast.gina} no longer heads {cast.sales}: {new} signs for it."]
    signing.sign(draft, by=cast.mara, at=TUESDAY)
    assert signing.sign(draft, by=new, at=TUESDAY)


def test_only_who_heads_the_team_is_named_to_sign(cast, signed):
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    other = make.user(Role.MANAGER)
    draft.parties.filter(team=cast.sales).update(head=other)
    assert missing(draft) == [f"{other} does not head {cast.sales}: only its head, {cast.gina}, signs for it."]


def test_a_draft_is_not_signed(cast, signed):
    with pytest.raises(Agreement.NotYours):
        signing.sign(drafting.draft_next(by=cast.mara), by=cast.mara)


def test_who_heads_two_parties_signs_for_both(cast, signed):
    sdr = make.team(Team.Kind.SDR, head=cast.gina)
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    Party.objects.create(agreement=draft, team=sdr, head=cast.gina)
    proposing.propose(draft, by=cast.mara, at=TUESDAY)
    sign_both(draft, cast, TUESDAY)
    assert Signature.objects.filter(party__agreement=draft, by=cast.gina).count() == 2


# In force


@pytest.mark.parametrize(
    ("effective_on", "signed_at", "begins"),
    [
        (None, TUESDAY, TUESDAY),  # signed on the stroke of midnight: that day is not over
        (None, TUESDAY + timedelta(microseconds=1), TUESDAY + DAY),
        (date(2026, 11, 1), TUESDAY + timedelta(hours=5), TUESDAY + DAY),  # never in the past
        (date(2026, 11, 18), TUESDAY + timedelta(hours=5), TUESDAY + DAY),
        (date(2026, 12, 1), TUESDAY + timedelta(hours=5), datetime(2026, 11, 30, 15, tzinfo=UTC)),
    ],
)
def test_it_begins_at_the_start_of_a_company_day_and_never_in_the_past(effective_on, signed_at, begins):
    assert signing.begins_at(Agreement(effective_on=effective_on), signed_at) == begins


@pytest.mark.parametrize("zone", ["America/New_York", "America/Sao_Paulo", "Pacific/Apia", "Asia/Tokyo"])
@pytest.mark.parametrize("hours", range(0, 26, 5))
def test_the_day_is_the_companys_also_where_the_clock_changes(zone, hours, settings):
    settings.COMPANY_TIME_ZONE = zone
    at = datetime(2026, 10, 31, 20, tzinfo=UTC) + timedelta(hours=hours)
    begins = signing.next_day_start(at)
    there = begins.astimezone(begins.tzinfo)
    assert (there.hour, there.minute, there.second) == (0, 0, 0)
    assert timedelta() <= begins - at <= timedelta(hours=25)


def test_the_next_replaces_the_one_before_from_the_day_it_holds(cast, signed):
    draft = propose_next(cast)
    sign_both(draft, cast, TUESDAY + timedelta(hours=1))
    signed.refresh_from_db()
    assert signed.replaced_at == draft.in_force_from == TUESDAY + DAY
    moments = (TUESDAY, TUESDAY + DAY - timedelta(microseconds=1), TUESDAY + DAY)
    assert [Agreement.objects.in_force(at).get().number for at in moments] == [1, 1, 2]


def test_what_did_not_change_goes_on_and_what_did_is_replaced(cast, signed):
    before = signed.definitions()
    changed = draft_definition(before[0].stage, cast)
    draft = definition_drafts.propose_definition(changed, by=cast.mara, at=TUESDAY)
    sign_both(draft, cast, TUESDAY + timedelta(hours=1))
    for definition in (*before, changed):
        definition.refresh_from_db()
    assert (before[0].in_force_from, before[0].replaced_at) == (TUESDAY, TUESDAY + DAY)
    assert (before[1].in_force_from, before[1].replaced_at) == (TUESDAY, None)
    assert (changed.in_force_from, changed.replaced_at) == (TUESDAY + DAY, None)
    assert ScoreModel.objects.in_force(TUESDAY + 2 * DAY).get() == signed.score_model


def test_a_definition_that_is_left_out_ends(cast, signed):
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    draft.agreed_definitions.filter(definition__stage__role="sql").delete()
    proposing.propose(draft, by=cast.mara, at=TUESDAY)
    sign_both(draft, cast, TUESDAY + timedelta(hours=1))
    assert [d.stage.role for d in Definition.objects.in_force(TUESDAY + DAY)] == ["mql"]


def test_a_version_signed_for_later_gives_way_to_one_signed_for_sooner(cast, signed):
    later = drafting.draft_next(by=cast.mara, at=TUESDAY)
    later.effective_on, later.notes = date(2026, 12, 15), "From December on"
    later.save()
    proposing.propose(later, by=cast.mara, at=TUESDAY)
    sign_both(later, cast, TUESDAY)
    sooner = propose_next(cast, at=TUESDAY + DAY)
    sign_both(sooner, cast, TUESDAY + DAY + timedelta(hours=1))
    found = [Agreement.objects.in_force(TUESDAY + days * DAY).get().number for days in (0, 1, 2, 30, 60)]
    assert found == [1, 1, 3, 3, 3]
    assert Definition.objects.in_force(TUESDAY + 60 * DAY).count() == 2


def test_a_transition_names_the_version_that_made_it(cast, signed):
    agreements_of = {}
    for number in (1, 2):
        definition = Definition.objects.in_force(TUESDAY + number * DAY).get(stage__role="mql")
        agreements_of[number] = definition
        if number == 1:
            changed = definition_drafts.draft_definition(definition.stage, by=cast.mara)
            changed.criteria = {"all": []}
            changed.save()
            sign_both(
                definition_drafts.propose_definition(changed, by=cast.mara, at=TUESDAY),
                cast,
                TUESDAY + timedelta(hours=1),
            )
    lead = make.lead(StageRole.LEAD, created_at=TUESDAY + DAY)
    assert qualify(at=TUESDAY + DAY) == [lead.pk]
    assert Transition.objects.get(lead=lead, to_stage__role="mql").definition == agreements_of[2]


def test_the_signers_choose_whether_standing_leads_qualify(cast, signed):
    standing = make.lead(StageRole.LEAD, created_at=NOW - 30 * DAY)
    changed = definition_drafts.draft_definition(Stage.objects.role(StageRole.MQL), by=cast.mara)
    changed.criteria = {"all": []}
    changed.save()
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    drafting.adopt_definition(draft, changed)
    assert definition_drafts.standing_leads_by_definition(draft, at=TUESDAY) == [(changed, 1)]
    for chosen in (False, True):
        draft.refresh_from_db()
        Agreement.objects.filter(pk=draft.pk).update(qualifies_standing=chosen)
        with transaction.atomic():
            proposing.propose(draft, by=cast.mara, at=TUESDAY)
            sign_both(draft, cast, TUESDAY + timedelta(hours=1))
            assert qualify(at=TUESDAY + DAY) == ([standing.pk] if chosen else [])
            transaction.set_rollback(True)


def test_definitions_switch_at_once_and_running_hand_offs_keep_their_hop(cast, signed):
    rep = make.user(Role.REP, team=cast.sales)
    from sla.routing.offering import offer  # noqa: PLC0415

    lead = make.mql(at=TUESDAY + timedelta(hours=10))
    offer([lead.pk], at=TUESDAY + timedelta(hours=10))
    handoff = lead.handoffs.get()
    due_at = handoff.timers.get().due_at
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    draft.policies.update(answer_within=timedelta(hours=1))
    proposing.propose(draft, by=cast.mara, at=TUESDAY)
    sign_both(draft, cast, TUESDAY + timedelta(hours=11))
    handoff.refresh_from_db()
    assert (handoff.rep, handoff.hop.agreement, handoff.timers.get().due_at) == (rep, signed, due_at)
