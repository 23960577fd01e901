"""How an agreement comes about, and what is in force then. Each sentence of the rules has its test."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import translation

from funnel.models import Definition, Journey, Stage, StageRole, Transition
from funnel.qualification.qualifying import qualify
from history.models import Change, Outbox
from leads.models import Persona, PersonaVersion
from scoring.models import ScoreModel
from sla.agreement import definition_drafts, drafting, outdated, proposing, returning, scoring, signing
from sla.agreement.missing import missing
from sla.agreement.notifying import notice_subject
from sla.agreement.starter import clauses, first_agreement
from sla.models import AgreedPersona, Agreement, Party, Policy, Signature
from sla.notices import OUTDATED, TO_SIGN
from teams.models import Notice, Role, Team
from tests import make

pytestmark = pytest.mark.django_db

NOW = make.MONDAY_9AM  # 9:00 in Tokyo
TUESDAY = datetime(2026, 11, 16, 15, tzinfo=UTC)  # Its start, in Tokyo
DAY = timedelta(days=1)


class Cast:
    """Mara heads marketing, Gina heads sales."""

    def __init__(self):
        self.mara, self.gina = make.user(Role.MARKETER, Role.MANAGER), make.user(Role.MANAGER)
        self.marketing = make.team(Team.Kind.MARKETING, head=self.mara)
        self.sales = make.team(Team.Kind.SALES, head=self.gina)


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def signed(cast):
    """The first agreement, which holds from Tuesday on."""
    return first_agreement.sign_first_agreement(at=NOW)


def propose_next(cast, at=TUESDAY):
    draft = drafting.draft_next(by=cast.mara, at=at)
    draft.notes = f"Version {draft.number}"
    draft.save()
    proposing.propose(draft, by=cast.mara, at=at)
    return draft


def draft_definition(stage, cast):
    """A draft that says something new."""
    changed = definition_drafts.draft_definition(stage, by=cast.mara)
    changed.text = "Who asked for a demo."
    changed.save()
    return changed


def sign_both(agreement, cast, at):
    signing.sign(agreement, by=cast.mara, at=at)
    signing.sign(agreement, by=cast.gina, at=at)
    agreement.refresh_from_db()


# The first one


def test_a_new_company_can_draft_its_first_agreement_and_sees_what_is_missing():
    by = make.user(Role.MARKETER)
    draft = first_agreement.draft_first_agreement(by=by, at=NOW)
    assert draft.number == 1
    assert {party.team.kind for party in draft.parties.all()} == {"marketing", "sales"}
    assert missing(draft) == [
        "Marketing has no head who could sign for it.",
        "Sales has no head who could sign for it.",
    ]


def test_the_starter_set_is_complete_once_the_teams_have_heads(cast):
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    assert missing(draft) == []
    assert first_agreement.draft_first_agreement(by=cast.mara, at=NOW).pk == draft.pk


def test_the_starter_set_goes_in_force_whole(signed):
    assert signed.in_force_from == TUESDAY
    for at, holds in ((TUESDAY - timedelta(microseconds=1), False), (TUESDAY, True)):
        assert Agreement.objects.in_force(at).exists() is holds
        assert ScoreModel.objects.in_force(at).exists() is holds
        assert Definition.objects.in_force(at).count() == (2 if holds else 0)


def test_what_somebody_has_written_before_is_taken_into_the_first_draft(cast):
    persona = Persona.objects.create()
    written = PersonaVersion.objects.create(persona=persona, name="Buyer", criteria={"all": []})
    mql = Definition.objects.create(
        stage=Stage.objects.role(StageRole.MQL), number=1, text="Ours", criteria={"all": []}
    )
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    assert draft.personas() == [written]
    assert draft.definitions()[0] == mql


def test_where_there_are_sdrs_the_first_draft_goes_by_way_of_them(cast):
    sdr = make.team(Team.Kind.SDR, head=cast.gina)
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    roles = {stage.pk: stage.role for stage in Stage.objects.all()}
    assert [
        (roles[hop.from_stage_id], hop.offering_team, hop.receiving_team, roles[hop.accepted_stage_id])
        for hop in draft.hops.all()
    ] == [("mql", cast.marketing, sdr, "sal"), ("sql", sdr, cast.sales, "sql")]
    assert [(p.stage and p.stage.role, p.quadrant) for p in draft.policies.all()] == [
        ("mql", "hot"),
        ("sql", ""),
        (None, ""),
    ]
    mql, sql = ({"stage": str(Stage.objects.role(role).pk)} for role in ("mql", "sql"))
    answered = draft.clauses.filter(metric="answered_in_time")
    assert [(clause.team, clause.filters) for clause in answered] == [(sdr, mql), (cast.sales, sql)]
    assert draft.clauses.get(metric="handed_over").filters == mql
    assert draft.clauses.get(metric="contracts").team == cast.sales
    assert missing(draft) == []


def test_the_first_draft_has_clauses_of_both_sides(cast):
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    promised = {
        team: set(draft.clauses.filter(team=team).values_list("metric", flat=True)) for team in Team.objects.all()
    }
    assert promised[cast.marketing] == {"handed_over", "acceptance", "persona_fit", "free_mail"}
    assert promised[cast.sales] == {
        "close_rate", "contracts", "answered_in_time", "first_touch_in_time", "cadence_kept", "worked",
    }  # fmt: skip


def test_a_team_that_is_no_party_gets_no_clauses(cast):
    draft = Agreement.objects.create(number=1)
    draft.parties.create(team=cast.sales, head=cast.gina)
    made = clauses.add_usual_clauses(draft, leads=10, customers=2)
    assert [(clause.metric, clause.target) for clause in made] == [("close_rate", Decimal("0.05")), ("contracts", 2)]


# Drafting


def test_the_next_draft_carries_everything_over(cast, signed):
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    assert draft.number == 2
    assert draft.preamble == signed.preamble
    assert draft.personas() == signed.personas()
    assert draft.definitions() == signed.definitions()
    assert draft.score_model == signed.score_model
    assert draft.score_model_may_change == signed.score_model_may_change
    hop, before = draft.hops.get(), signed.hops.get()
    assert hop.pk != before.pk
    for field in ("from_stage", "offering_team", "receiving_team", "accepted_stage", "rejected_stage", "ready_fields"):
        assert getattr(hop, field) == getattr(before, field)
    assert [(p.answer_within, p.touches, p.steps.count()) for p in draft.policies.all()] == [
        (p.answer_within, p.touches, p.steps.count()) for p in signed.policies.all()
    ]
    assert [(p.team, p.head) for p in draft.parties.all()] == [(p.team, p.head) for p in signed.parties.all()]


def test_a_party_is_signed_for_by_the_head_whom_its_team_has_now(cast, signed):
    cast.sales.head = make.user(Role.MANAGER)
    cast.sales.save()
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    assert draft.parties.get(team=cast.sales).head == cast.sales.head
    assert signed.parties.get(team=cast.sales).head == cast.gina


def test_there_is_one_draft(cast, signed):
    assert drafting.draft_next(by=cast.mara) == drafting.draft_next(by=cast.gina)


def test_a_draft_can_be_thrown_away(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    drafting.discard(draft)
    assert list(Agreement.objects.all()) == [signed]


# Proposing


def test_a_persona_without_criteria_holds_it_up(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    vague = PersonaVersion.objects.create(persona=Persona.objects.create(), name="Anybody")
    AgreedPersona.objects.create(agreement=draft, version=vague, position=9)
    with pytest.raises(Agreement.NotReady) as refused:
        proposing.propose(draft, by=cast.mara)
    assert refused.value.missing == ["The persona “Anybody” has no criteria."]
    draft.refresh_from_db()
    assert draft.proposed_at is None


def test_a_stage_that_crosses_teams_without_a_definition_holds_it_up(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    draft.agreed_definitions.filter(definition__stage__role="mql").delete()
    assert missing(draft) == [
        "Leads are handed over when they become MQL, but nothing defines MQL.",
    ]


def test_a_lone_party_or_a_stranger_in_a_hand_off_holds_it_up(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    draft.parties.filter(team=cast.sales).delete()
    assert missing(draft) == [
        "An agreement needs two parties or more.",
        f"{cast.sales} takes part in a hand-off but is no party.",
        f"{cast.sales} promises something but is no party.",
    ]


def test_without_a_score_model_or_a_hand_off_it_is_not_ready(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    draft.score_model = None
    draft.save()
    draft.hops.all().delete()
    assert missing(draft) == [
        "No hand-off is agreed: say who hands leads to whom.",
        "No score model is chosen.",
    ]


def test_proposing_freezes_what_it_names_and_asks_the_heads(cast):
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    proposing.propose(draft, by=cast.mara, at=NOW)
    assert all(version.frozen_at == NOW for version in draft.personas())
    assert all(definition.frozen_at == NOW for definition in draft.definitions())
    assert ScoreModel.objects.get().published_at == NOW
    assert set(Notice.objects.filter(kind="to_sign").values_list("user", flat=True)) == {cast.mara.pk, cast.gina.pk}


def test_a_proposal_is_not_edited(cast, signed):
    draft = propose_next(cast)
    with pytest.raises(Agreement.Frozen):
        proposing.propose(draft, by=cast.mara)
    with pytest.raises(Agreement.Frozen):
        drafting.discard(draft)
    with pytest.raises(Agreement.Frozen):
        drafting.draft_next(by=cast.mara)
    with pytest.raises(Agreement.Frozen):
        drafting.adopt_definition(draft, draft.definitions()[0])


def test_a_proposal_can_be_taken_back_until_somebody_signed(cast, signed):
    draft = propose_next(cast)
    returning.withdraw(draft, by=cast.mara, at=TUESDAY)
    assert draft.proposed_at is None
    assert not Notice.objects.unread().filter(kind="to_sign", about__startswith="agreement 2").exists()

    proposing.propose(draft, by=cast.mara, at=TUESDAY)
    signing.sign(draft, by=cast.mara, at=TUESDAY)
    with pytest.raises(Agreement.Frozen):
        returning.withdraw(draft, by=cast.mara, at=TUESDAY)


@pytest.mark.parametrize("gone", ["left", "succeeded"])
def test_a_proposal_whose_signer_cannot_sign_any_more_can_be_taken_back(cast, signed, gone):
    draft = propose_next(cast)
    signing.sign(draft, by=cast.mara, at=TUESDAY)
    if gone == "left":
        cast.gina.is_active = False
        cast.gina.save()
    else:
        cast.sales.head = make.user(Role.MANAGER)
        cast.sales.save()
    returning.withdraw(draft, by=cast.mara, at=TUESDAY)
    assert draft.proposed_at is None
    assert not Signature.objects.filter(party__agreement=draft).exists()


def test_an_unchanged_draft_is_not_proposed(cast, signed):
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    with pytest.raises(Agreement.NotReady) as problem:
        proposing.propose(draft, by=cast.mara, at=TUESDAY)
    assert problem.value.missing == ["It says the same as version 1: there is nothing to sign."]
    with translation.override("ja"), pytest.raises(Agreement.NotReady) as problem:
        proposing.propose(draft, by=cast.mara, at=TUESDAY)
    assert problem.value.missing == ["第1版と同じ内容です。署名するものがありません。"]


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: draft.clauses.filter(metric="acceptance").update(target=Decimal("0.5")),
        lambda draft: draft.steps.filter(percent=80).update(percent=70),
        lambda draft: draft.hops.update(ready_fields=["company.country"]),
        lambda draft: draft.parties.update(escalates_to=make.user(Role.MANAGER)),
        lambda draft: Agreement.objects.filter(pk=draft.pk).update(dispute_days=9),
        lambda draft: draft.agreed_personas.first().delete(),
    ],
)
def test_any_change_of_what_is_agreed_can_be_proposed(cast, signed, change):
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    change(draft)
    proposing.propose(draft, by=cast.mara, at=TUESDAY)
    assert draft.proposed_at == TUESDAY


def test_what_is_written_anew_with_the_same_words_changes_nothing(cast, signed):
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    agreed = draft.agreed_personas.select_related("version").first()
    version = agreed.version
    version.pk, version.number, version.frozen_at, version._state.adding = None, version.number + 1, None, True
    version.save()
    draft.agreed_personas.filter(pk=agreed.pk).update(version=version)
    drafting.adopt_definition(draft, definition_drafts.draft_definition(signed.definitions()[0].stage, at=TUESDAY))
    with pytest.raises(Agreement.NotReady, match="nothing to sign"):
        proposing.propose(draft, by=cast.mara, at=TUESDAY)


def test_an_unchanged_definition_is_not_proposed(cast, signed):
    same = definition_drafts.draft_definition(signed.definitions()[0].stage, by=cast.mara, at=TUESDAY)
    with pytest.raises(Agreement.Unchanged):
        definition_drafts.propose_definition(same, by=cast.mara, at=TUESDAY)
    assert not Agreement.objects.pending().exists()


def test_a_head_who_does_not_agree_sends_it_back_and_whoever_signed_signs_anew(cast, signed):
    draft = propose_next(cast)
    signing.sign(draft, by=cast.mara, at=TUESDAY)
    returning.send_back(draft, by=cast.gina, comment="Four hours are too few.", at=TUESDAY)
    assert draft.proposed_at is None
    assert not Signature.objects.filter(party__agreement=draft).exists()
    kept = Change.objects.filter(subject="agreement", subject_id=draft.pk, how="sent back")
    assert {change.new for change in kept} == {None, "Four hours are too few."}

    proposing.propose(draft, by=cast.mara, at=TUESDAY)
    assert signing.unsigned_by(draft, cast.mara)


def test_whoever_proposed_it_hears_that_it_was_sent_back_each_time(cast, signed):
    draft = propose_next(cast)
    returning.send_back(draft, by=cast.gina, comment="Four hours are too few.", at=TUESDAY)
    proposing.propose(draft, by=cast.mara, at=TUESDAY + DAY)
    returning.send_back(draft, by=cast.gina, remarks=[remark()], at=TUESDAY + 2 * DAY)
    told = Notice.objects.filter(kind="sent_back").order_by("created_at")
    assert [notice.user for notice in told] == [cast.mara, cast.mara]
    assert told[0].text == f"{cast.gina} sent version 2 of the agreement back: Four hours are too few."
    assert told[1].params["reason"] == remark().text


def test_only_a_head_who_has_not_signed_sends_it_back(cast, signed):
    draft = propose_next(cast)
    signing.sign(draft, by=cast.mara, at=TUESDAY)
    for someone in (cast.mara, make.user(Role.MANAGER)):
        with pytest.raises(Agreement.NotYours):
            returning.send_back(draft, by=someone, comment="No", at=TUESDAY)


# “Sign this definition”


def test_proposing_a_changed_definition_makes_the_next_agreement_which_carries_the_rest_over(cast, signed):
    mql = Stage.objects.role(StageRole.MQL)
    changed = definition_drafts.draft_definition(mql, by=cast.mara, at=TUESDAY)
    changed.criteria = {"did": "demo_request", "at_least": 1, "within_days": None}
    changed.save()
    proposal = definition_drafts.propose_definition(changed, by=cast.mara, at=TUESDAY)
    assert proposal.number == 2
    assert proposal.proposed_at == TUESDAY
    assert proposal.definitions()[0] == changed
    assert proposal.definitions()[1] == signed.definitions()[1]
    assert proposal.personas() == signed.personas()


def test_a_draft_with_other_changes_takes_the_definition_in_and_waits(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    changed = draft_definition(Stage.objects.role(StageRole.MQL), cast)
    assert definition_drafts.propose_definition(changed, by=cast.mara) == draft
    assert draft.proposed_at is None
    assert changed in draft.definitions()


def test_the_draft_of_a_definition_begins_as_the_agreed_one_and_is_one(cast, signed):
    mql = Stage.objects.role(StageRole.MQL)
    agreed = signed.definitions()[0]
    draft = definition_drafts.draft_definition(mql, by=cast.mara)
    assert (draft.number, draft.criteria, draft.text) == (agreed.number + 1, agreed.criteria, agreed.text)
    assert definition_drafts.draft_definition(mql, by=cast.gina) == draft


def test_a_definition_that_was_replaced_is_not_agreed_on_again(cast, signed):
    old = signed.definitions()[0]
    changed = draft_definition(old.stage, cast)
    proposal = definition_drafts.propose_definition(changed, by=cast.mara, at=TUESDAY)
    sign_both(proposal, cast, TUESDAY + timedelta(hours=1))
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY + 2 * DAY)
    drafting.adopt_definition(draft, old)
    assert missing(draft) == ["MQL v1 was in force before and was replaced: make its next version."]


def test_the_last_policy_has_to_match_all(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    needed = "The last policy of hand-offs must match all: say by when every other hand-off is answered."
    draft.policies.get(quadrant="").delete()
    assert missing(draft) == [needed]
    draft.policies.all().delete()
    assert missing(draft) == [needed]


def test_a_policy_that_is_never_used_holds_it_up(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    draft.policies.create(position=3, source="Trade fair")
    draft.policies.create(position=4)
    assert missing(draft) == [
        "Policy 3 of hand-offs is never used: one before it matches everything that it matches.",
        "Policy 4 of hand-offs is never used: one before it matches everything that it matches.",
    ]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"metric": "gone"}, "There is no metric “gone”"),
        ({"filters": {"shoe_size": "44"}}, "contracts cannot be cut by “shoe_size”"),
        ({"to_role": "sql"}, "contracts takes no stage “to”."),
        ({"window_days": 30}, "contracts takes no window in this view."),
    ],
)
def test_a_clause_that_its_metric_refuses_holds_up_the_proposal(cast, signed, changed, fault):
    draft = drafting.draft_next(by=cast.mara)
    draft.clauses.filter(metric="contracts").update(**changed)
    (said,) = missing(draft)
    assert said.startswith(f"Promise 3 of {cast.sales}: {fault}")


def test_the_team_of_a_clause_must_be_a_party(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    stranger = make.team(Team.Kind.VENDOR)
    draft.clauses.filter(metric__in=["contracts", "worked"]).update(team=stranger)
    assert missing(draft) == [f"{stranger} promises something but is no party."]


def test_required_fields_must_exist(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    draft.hops.update(ready_fields=["phone", "shoe_size"])
    assert missing(draft) == ["What must be filled in before MQL is handed over is not known: shoe_size."]


# Sending back


def remark(line="hours"):
    return returning.Remark(line, "Hours are opening hours.", "Longer.")


def test_what_should_change_is_kept_at_its_line(cast, signed):
    draft = propose_next(cast)
    returning.send_back(draft, by=cast.gina, comment="Nearly.", remarks=[remark()], at=TUESDAY + DAY)
    kept = [(each.line, each.words, each.text, each.by) for each in returning.open_comments(draft)]
    assert kept == [("", "", "Nearly.", cast.gina), ("hours", "Hours are opening hours.", "Longer.", cast.gina)]


def test_a_new_proposal_answers_the_comments_and_keeps_them(cast, signed):
    draft = propose_next(cast)
    returning.send_back(draft, by=cast.gina, remarks=[remark()], at=TUESDAY + DAY)
    proposing.propose(draft, by=cast.mara, at=TUESDAY + 2 * DAY)
    assert returning.open_comments(draft) == []
    returning.withdraw(draft, by=cast.mara, at=TUESDAY + 3 * DAY)
    assert returning.open_comments(draft) == []
    assert draft.comments.count() == 1


def test_sending_back_needs_a_comment_and_stores_it(cast, signed):
    draft = propose_next(cast)
    with pytest.raises(ValueError, match="what should change"):
        returning.send_back(draft, by=cast.gina, comment=" ")
    draft.refresh_from_db()
    assert draft.proposed_at


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


# Score models between agreements


def test_score_models_are_replaced_between_agreements_only_if_the_agreement_allows_it(cast, signed):
    assert scoring.may_replace_score_model(TUESDAY)
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    draft.score_model_may_change = False
    draft.save()
    proposing.propose(draft, by=cast.mara, at=TUESDAY)
    sign_both(draft, cast, TUESDAY + timedelta(hours=1))
    assert scoring.may_replace_score_model(TUESDAY + timedelta(hours=2))
    assert not scoring.may_replace_score_model(TUESDAY + DAY)


def replace_scores(at):
    newer = ScoreModel.objects.create(number=9)
    scoring.replace_score_model(newer, at=at)
    return newer


def test_a_proposal_goes_on_with_the_model_that_replaced_its_own(cast, signed):
    draft = propose_next(cast)
    signing.sign(draft, by=cast.mara, at=TUESDAY)
    newer = replace_scores(at=TUESDAY)
    told = Notice.objects.of(OUTDATED)
    assert {notice.user for notice in told} == {cast.mara, cast.gina}
    outdated.notify_outdated(at=TUESDAY + DAY)
    assert told.count() == 2
    assert outdated.changed_since(draft) == ["Score model v9 replaced v1, which it names: it begins with v9."]
    for days in (0, 2):
        with transaction.atomic():
            assert signing.sign(draft, by=cast.gina, at=TUESDAY + days * DAY)
            assert ScoreModel.objects.in_force(TUESDAY + 9 * DAY).get() == newer
            transaction.set_rollback(True)


def test_a_proposal_that_wants_signatures_for_a_score_model_cannot_be_signed_once_its_own_is_replaced(cast, signed):
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    draft.score_model_may_change = False
    draft.save()
    proposing.propose(draft, by=cast.mara, at=TUESDAY)
    signing.sign(draft, by=cast.mara, at=TUESDAY)
    replace_scores(at=TUESDAY)
    assert {notice.user for notice in Notice.objects.of(OUTDATED)} == {cast.mara, cast.gina}
    assert outdated.outdated(draft) == ["Score model v1, which it names, was replaced by v9."]
    with pytest.raises(Agreement.NotReady, match="was replaced by v9"):
        signing.sign(draft, by=cast.gina, at=TUESDAY)
    returning.withdraw(draft, by=cast.mara, at=TUESDAY)
    assert missing(draft) == ["Score model v1 was replaced: choose the one that holds or a newer one."]


def test_whatever_a_proposal_names_that_is_gone_is_said_before_the_last_signature(cast, signed):
    field = make.custom_field("budget")
    draft = drafting.draft_next(by=cast.mara, at=TUESDAY)
    draft.hops.update(ready_fields=["custom.budget"])
    proposing.propose(draft, by=cast.mara, at=TUESDAY)
    outdated.notify_outdated(at=TUESDAY)
    assert not Notice.objects.of(OUTDATED).exists()
    field.delete()
    outdated.notify_outdated(at=TUESDAY)
    assert {notice.user for notice in Notice.objects.of(OUTDATED)} == {cast.mara, cast.gina}
    with pytest.raises(Agreement.NotReady, match=r"custom\.budget"):
        signing.sign(draft, by=cast.mara, at=TUESDAY)


def test_a_signer_who_left_is_said_to_those_who_are_there(cast, signed):
    draft = propose_next(cast)
    type(cast.gina).objects.filter(pk=cast.gina.pk).update(is_active=False)
    outdated.notify_outdated(at=TUESDAY)
    assert {notice.user for notice in Notice.objects.of(OUTDATED)} == {cast.mara}
    with pytest.raises(Agreement.NotReady, match="no head who could sign"):
        signing.sign(draft, by=cast.mara, at=TUESDAY)


def test_the_next_draft_names_the_model_that_was_put_in_force_since(cast, signed):
    newer = ScoreModel.objects.create(number=9)
    newer.put_in_force(from_at=TUESDAY + DAY)
    assert drafting.draft_next(by=cast.mara, at=TUESDAY + DAY).score_model == newer


# Kept by the database


@pytest.mark.parametrize("change", [{"preamble": "Else"}, {"notes": "x"}, {"score_model": None}, {"proposed_at": None}])
def test_nothing_signed_is_ever_edited(signed, change):
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        Agreement.objects.filter(pk=signed.pk).update(**change)


def test_nothing_signed_is_removed(signed):
    with pytest.raises(DatabaseError), transaction.atomic():
        signed.delete()
    for rows in (signed.parties, signed.hops, signed.agreed_personas, signed.agreed_definitions):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.all().delete()


def test_nothing_is_added_to_what_was_signed(cast, signed):
    team = make.team(Team.Kind.SDR)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        Party.objects.create(agreement=signed, team=team)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        Policy.objects.filter(agreement=signed).update(answer_within=timedelta(hours=40))


def test_what_a_signed_agreement_names_is_not_edited(signed):
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        PersonaVersion.objects.filter(pk=signed.personas()[0].pk).update(name="Else")
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        ScoreModel.objects.filter(pk=signed.score_model_id).update(fit_threshold=1)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        signed.score_model.fit_rules.all().delete()


def test_a_signature_is_neither_changed_nor_taken_away_nor_forged(cast, signed):
    word = Signature.objects.get(party__agreement=signed, by=cast.mara)
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        Signature.objects.filter(pk=word.pk).update(note="I never said so")
    with pytest.raises(DatabaseError, match="signed by all"), transaction.atomic():
        word.delete()
    draft = propose_next(cast)
    party = draft.parties.get(team=cast.sales)
    with pytest.raises(DatabaseError, match="only the head"), transaction.atomic():
        Signature.objects.create(party=party, by=cast.mara)


def test_a_draft_stays_open_to_change(cast, signed):
    draft = drafting.draft_next(by=cast.mara)
    draft.preamble = "Otherwise"
    draft.save()
    draft.parties.get(team=cast.sales).delete()
    draft.policies.update(answer_within=timedelta(hours=2))
    assert Journey.objects.count() == 0


# Races


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_heads_who_sign_at_once_both_sign_and_it_begins_once():
    cast = Cast()
    draft = first_agreement.draft_first_agreement(by=cast.mara, at=NOW)
    proposing.propose(draft, by=cast.mara, at=NOW)
    ready = Barrier(4)
    last: list[bool | None] = []

    def sign(head):
        try:
            mine = Agreement.objects.get(pk=draft.pk)
            ready.wait()
            last.append(signing.sign(mine, by=head, at=NOW))
        except Agreement.NotYours:
            last.append(None)
        finally:
            connection.close()

    threads = [Thread(target=sign, args=(head,)) for head in (cast.mara, cast.gina, cast.mara, cast.gina)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(last, key=str) == [False, None, None, True]
    draft.refresh_from_db()
    assert draft.in_force_from == TUESDAY
    assert Signature.objects.count() == 2
    assert Outbox.objects.filter(kind="agreement.concluded").count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_who_begin_the_next_draft_at_once_get_the_same():
    cast = Cast()
    first_agreement.sign_first_agreement(at=NOW)
    ready, found = Barrier(4), []

    def draft():
        try:
            ready.wait()
            found.append(drafting.draft_next(by=cast.mara, at=TUESDAY).pk)
        finally:
            connection.close()

    threads = [Thread(target=draft) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
