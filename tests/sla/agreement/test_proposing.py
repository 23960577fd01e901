"""What holds a proposal up, what it freezes, and how it is sent back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from funnel.models import Stage, StageRole
from history.models import Change
from leads.models import Persona, PersonaVersion
from scoring.models import ScoreModel
from sla.agreement import definition_drafts, drafting, proposing, returning, signing
from sla.agreement.missing import missing
from sla.agreement.starter import first_agreement
from sla.models import AgreedPersona, Agreement, Signature
from teams.models import Notice, Role, Team
from tests import make
from tests.sla.agreement.heads import DAY, NOW, TUESDAY, draft_definition, propose_next, sign_both

pytestmark = pytest.mark.django_db


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
    assert list(returning.open_comments(draft)) == []
    returning.withdraw(draft, by=cast.mara, at=TUESDAY + 3 * DAY)
    assert list(returning.open_comments(draft)) == []
    assert draft.comments.count() == 1


def test_sending_back_needs_a_comment_and_stores_it(cast, signed):
    draft = propose_next(cast)
    with pytest.raises(ValueError, match="what should change"):
        returning.send_back(draft, by=cast.gina, comment=" ")
    draft.refresh_from_db()
    assert draft.proposed_at
