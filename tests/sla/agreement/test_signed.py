"""Nothing signed is ever edited, by whom and however many at once."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from funnel.models import Journey
from history.models import Outbox
from leads.models import PersonaVersion
from scoring.models import ScoreModel
from sla.agreement import drafting, proposing, signing
from sla.agreement.starter import first_agreement
from sla.models import Agreement, Party, Policy, Signature
from teams.models import Team
from tests import make
from tests.sla.agreement.heads import NOW, TUESDAY, Cast, propose_next

pytestmark = pytest.mark.django_db


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
