"""Score models that are replaced between two agreements."""

from datetime import timedelta

import pytest
from django.db import transaction

from scoring.models import ScoreModel
from sla.agreement import drafting, outdated, proposing, returning, scoring, signing
from sla.agreement.missing import missing
from sla.models import Agreement
from sla.notices import OUTDATED
from teams.models import Notice
from tests import make
from tests.sla.agreement.heads import DAY, TUESDAY, propose_next, sign_both

pytestmark = pytest.mark.django_db


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
