"""The pages of definitions and score models, as each person meets them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from funnel.models import Definition, Stage, StageRole
from scoring.models import ScoreModel
from sla.agreement import definition_drafts, drafting, proposing, signing
from sla.agreement.starter import definitions
from tests import make
from tests.sla.agreement.pages.forms import LONG_AGO, mql, pending_agreement

pytestmark = pytest.mark.django_db


# Definitions


def test_a_marketer_drafts_a_definition_and_one_click_proposes_the_next_agreement(as_mara, signed, cast):
    place = mql().pk
    assert as_mara.post(reverse("definition_draft_new", args=[place])).url == reverse("definition_draft", args=[place])
    page = as_mara.get(reverse("definition_draft", args=[place])).content.decode()
    assert "Replaces version 1" in page
    data = {"criteria": '{"field": "fit", "op": ">=", "value": 70}', "text": "Sure ones", "cool_off_days": "30"}
    as_mara.post(reverse("definition_draft", args=[place]), data)
    saved = Definition.objects.get(frozen_at=None)
    assert (saved.text, saved.cool_off_days) == ("Sure ones", 30)
    answer = as_mara.post(reverse("definition_draft", args=[place]), data | {"then": "propose"})
    assert answer.url == reverse("agreement_version", args=[2])
    proposal = pending_agreement()
    assert proposal.proposed_by == cast.mara
    assert proposal.definitions()[0].criteria == {"field": "fit", "op": ">=", "value": 70}


def test_invalid_criteria_are_refused_and_kept(as_mara, signed):
    place = mql().pk
    as_mara.post(reverse("definition_draft_new", args=[place]))
    data = {"criteria": '{"field": "shoe_size", "op": "=", "value": 70}', "text": "Typed", "cool_off_days": "60"}
    answer = as_mara.post(reverse("definition_draft", args=[place]), data)
    assert answer.status_code == 422
    assert "Typed" in answer.content.decode()
    assert Definition.objects.get(frozen_at=None).criteria == definitions.MQL_CRITERIA


def test_a_definition_joins_a_draft_that_holds_other_changes(as_mara, signed, cast):
    draft = drafting.draft_next(by=cast.mara)
    definition_drafts.draft_definition(mql(), by=cast.mara)
    data = {"criteria": '{"field": "fit", "op": ">=", "value": 70}', "text": "", "cool_off_days": "60"}
    answer = as_mara.post(reverse("definition_draft", args=[mql().pk]), data | {"then": "propose"})
    assert answer.url == reverse("agreement_draft")
    draft.refresh_from_db()
    assert draft.proposed_at is None


def test_a_stage_where_people_decide_has_no_definition_to_write(as_mara, signed):
    sal = Stage.objects.role(StageRole.SAL).pk
    assert as_mara.post(reverse("definition_draft_new", args=[sal])).status_code == 404
    assert as_mara.get(reverse("definition_draft", args=[sal])).status_code == 404


def test_trying_it_on_a_lead_explains_which_conditions_hold(as_mara, signed):
    lead = make.lead(StageRole.LEAD, family_name="Nakamura", given_name="Aya")
    make.activity(lead, "demo_request")
    page = as_mara.get(reverse("definition_trial", args=[mql().pk, 1]), {"lead": lead.pk}).content.decode()
    assert "Does not meet the definition of MQL" in page
    held = '<li data-tone="kept"> <span class="muted"> Holds: </span> It did “Demo request”'
    assert held in " ".join(page.split())


def test_a_condition_under_unless_that_does_not_hold_is_shown_as_good(as_mara, signed, cast):
    cto, student = ({"field": "title", "op": "=", "value": title} for title in ("CTO", "Student"))
    draft = definition_drafts.draft_definition(mql(), by=cast.mara)
    Definition.objects.filter(pk=draft.pk).update(criteria={"all": [cto, {"not": {"any": [student]}}]})
    url = reverse("definition_trial", args=[mql().pk, draft.number])

    def tried(title: str) -> str:
        lead = make.lead(StageRole.LEAD, title=title)
        return " ".join(as_mara.get(url, {"lead": lead.pk}).content.decode().split())

    good, bad = tried("CTO"), tried("Student")
    assert '<li data-tone="breached">' not in good
    assert '<li data-tone="kept"> <span class="muted"> Does not hold, as it should be: </span>' in good
    assert '<li data-tone="breached"> <span class="muted"> Holds, but should not: </span>' in bad
    assert '<li data-tone="breached"> <span class="muted"> Does not hold: </span>' in bad


def test_it_is_tried_on_a_lead_as_it_was_and_says_what_is_not_known(as_mara, signed, cast):
    before, later = make.MONDAY_9AM - timedelta(days=60), make.MONDAY_9AM - timedelta(days=10)
    draft = definition_drafts.draft_definition(mql(), by=cast.mara)
    Definition.objects.filter(pk=draft.pk).update(criteria={"field": "title", "op": "=", "value": "CTO"})
    lead = make.lead(StageRole.LEAD, title="CTO", created_at=before, recorded_at=later)
    url = reverse("definition_trial", args=[mql().pk, draft.number])

    def tried(on: str) -> str:
        return str(as_mara.get(url, {"lead": lead.pk, "on": on}).content.decode())

    known, dated_back = tried(f"{later + timedelta(days=2):%Y-%m-%d}"), tried(f"{before + timedelta(days=2):%Y-%m-%d}")
    assert "told later" in dated_back
    assert "the title is as we were first told it" in dated_back
    assert "told later" not in known
    assert "the title is as we were first told it" not in known
    assert "is not a date" in tried("soon")
    assert "That day is not over." in tried("2999-01-01")


def test_the_standing_leads_that_it_would_move_are_listed(as_mara, signed, cast):
    standing = make.lead(StageRole.LEAD, family_name="Nakamura")
    make.lead(StageRole.SAL, family_name="Further")
    draft = definition_drafts.draft_definition(mql(), by=cast.mara)
    Definition.objects.filter(pk=draft.pk).update(criteria={"all": []})
    page = as_mara.get(reverse("definition_standing", args=[mql().pk, draft.number]))
    assert list(page.context["page"].rows) == [standing]


# Score models


def test_a_score_model_is_published_between_agreements_where_the_agreement_allows_it(as_mara, signed):
    model = ScoreModel.objects.create(number=2)
    as_mara.post(reverse("score_model_publication", args=[2]))
    model.refresh_from_db()
    assert model.in_force_from == signing.next_day_start(now())


def test_else_it_goes_into_the_next_draft(as_mara, signed, cast):
    draft = drafting.draft_next(by=cast.mara, at=LONG_AGO)
    draft.score_model_may_change = False
    draft.save()
    proposing.propose(draft, by=cast.mara, at=LONG_AGO)
    for head in (cast.mara, cast.gina):
        signing.sign(draft, by=head, at=LONG_AGO + timedelta(days=1))
    model = ScoreModel.objects.create(number=2)
    answer = as_mara.post(reverse("score_model_publication", args=[2]))
    model.refresh_from_db()
    assert answer.url == reverse("agreement_draft")
    assert model.in_force_from is None
    assert pending_agreement().score_model == model
