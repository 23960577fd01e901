"""The page on which heads sign, or send it back."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from scoring.models import ScoreModel
from sla.agreement import drafting, proposing, returning, scoring, signing
from sla.models import Agreement, Signature
from teams.models import Role, Team
from tests import make
from tests.sla.agreement.pages.forms import NO_REMARKS, Cast, mql, pending_agreement

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposal(signed, cast):
    draft = drafting.draft_next(by=cast.mara)
    draft.notes = "New"
    draft.save()
    proposing.propose(draft, by=cast.mara)
    return draft


def read(proposal: Agreement) -> dict[str, str]:
    """What a form of the page says of the proposal that it shows."""
    return {"proposal": proposal.proposal}


def agrees(proposal: Agreement) -> dict[str, str]:
    return read(proposal) | {"agrees": "on"}


def test_the_sign_page_is_there_for_heads_only(client, proposal, cast):
    make.sign_in(client, cast.sam)
    assert client.get(reverse("agreement_signature", args=[2])).status_code == 404
    assert client.post(reverse("agreement_signature", args=[2]), agrees(proposal)).status_code == 404
    make.sign_in(client, cast.gina)
    assert client.get(reverse("agreement_signature", args=[2])).status_code == 200


def test_signing_needs_the_tick_and_keeps_the_note(client, proposal, cast):
    make.sign_in(client, cast.gina)
    answer = client.post(reverse("agreement_signature", args=[2]), {"note": "I would sign"})
    assert answer.status_code == 422
    assert "I would sign" in answer.content.decode()
    assert "Tick this to sign." in answer.content.decode()
    assert not Signature.objects.filter(party__agreement=proposal).exists()


def test_a_head_sends_it_back_with_a_comment_which_the_draft_shows(client, proposal, cast):
    make.sign_in(client, cast.gina)
    assert client.post(reverse("agreement_return", args=[2]), NO_REMARKS | {"comment": ""}).status_code == 422
    client.post(
        reverse("agreement_return", args=[2]), NO_REMARKS | read(proposal) | {"comment": "Four hours are too few."}
    )
    make.sign_in(client, cast.mara)
    assert "Four hours are too few." in client.get(reverse("agreement_draft")).content.decode()


def test_a_comment_at_a_line_is_shown_there_until_the_next_proposal(client, proposal, cast):
    make.sign_in(client, cast.gina)
    page = client.get(reverse("agreement_signature", args=[2]))
    key = next(line.key for part in page.context["parts"] for line in part.lines if line.key.startswith("policy"))
    remarks = {
        "remarks-TOTAL_FORMS": "3",
        "remarks-INITIAL_FORMS": "0",
        "remarks-0-line": key,
        "remarks-0-text": "Two hours are too few.",
        "comment": "Nearly.",
    } | read(proposal)
    half = remarks | {"remarks-1-line": "thresholds"}
    answer = client.post(reverse("agreement_return", args=[2]), half)
    assert answer.status_code == 422
    assert "Say what should change there." in answer.content.decode()
    assert "Two hours are too few." in answer.content.decode()
    client.post(reverse("agreement_return", args=[2]), remarks)

    said = {comment.line: comment for comment in proposal.comments.all()}
    assert said[""].text == "Nearly."
    assert said[key].words.startswith("Hot leads: answer within 2 opening hours")
    make.sign_in(client, cast.mara)
    for name, args in (("agreement_draft", []), ("agreement_version", [2])):
        assert "Two hours are too few." in client.get(reverse(name, args=args)).content.decode()

    proposing.propose(pending_agreement(), by=cast.mara)
    assert "Two hours are too few." not in client.get(reverse("agreement_version", args=[2])).content.decode()
    assert "Two hours are too few." in client.get(reverse("agreement_history")).content.decode()


def test_what_has_changed_since_is_said_where_it_is_read_and_signed(client, proposal, cast):
    scoring.replace_score_model(ScoreModel.objects.create(number=9))
    make.sign_in(client, cast.gina)
    for name in ("agreement_version", "agreement_signature"):
        page = client.get(reverse(name, args=[2])).content.decode()
        assert "Score model v9 replaced v1, which it names: it begins with v9." in page
    Agreement.objects.pending().update(proposed_at=None)
    Agreement.objects.pending().update(score_model_may_change=False)
    Agreement.objects.pending().update(proposed_at=proposal.proposed_at)
    page = client.get(reverse("agreement_signature", args=[2])).content.decode()
    assert "Score model v1, which it names, was replaced by v9." in page
    assert 'name="agrees"' not in page
    answer = client.post(reverse("agreement_signature", args=[2]), agrees(proposal))
    assert answer.status_code == 409
    assert "It cannot be signed like this." in answer.content.decode()


def test_a_head_of_before_is_not_asked_to_sign(client, proposal, cast):
    Team.objects.filter(head=cast.gina).update(head=make.user(Role.MANAGER))
    make.sign_in(client, cast.gina)
    assert client.post(reverse("agreement_signature", args=[2]), agrees(proposal)).status_code == 404


def test_an_unchanged_definition_is_said_to_need_no_signature(as_mara, signed, cast):
    as_mara.post(reverse("definition_draft_new", args=[mql().pk]))
    same = signed.definitions()[0]
    data = {"criteria": json.dumps(same.criteria), "text": same.text, "cool_off_days": same.cool_off_days}
    answer = as_mara.post(reverse("definition_draft", args=[mql().pk]), data | {"then": "propose"}, follow=True)
    assert "The definition of MQL says the same as the agreed one: there is nothing to sign." in answer.content.decode()
    assert not Agreement.objects.pending().exists()


def test_whoever_has_signed_finds_nothing_more_to_sign(client, proposal, cast):
    make.sign_in(client, cast.mara)
    client.post(reverse("agreement_signature", args=[2]), agrees(proposal))
    answer = client.get(reverse("agreement_signature", args=[2]))
    assert answer.url == reverse("agreement_version", args=[2])


def test_who_signed_is_who_promises(client, proposal, cast):
    new = make.user(Role.MANAGER, given_name="Rosa", language="en")
    Team.objects.filter(pk=cast.sales.pk).update(head=new)
    make.sign_in(client, new)
    address = reverse("agreement_version", args=[2])
    assert promisers(client, address) == ["Mara", "Rosa"]
    client.post(reverse("agreement_signature", args=[2]), agrees(proposal))
    Team.objects.filter(pk=cast.sales.pk).update(head=cast.gina)
    assert promisers(client, address) == ["Mara", "Rosa"]
    assert promisers(client, reverse("agreement_version", args=[1])) == ["Mara", "Gina"]


def test_who_signed_stands_beside_what_the_side_attained(client, proposal, cast):
    new = make.user(Role.MANAGER, given_name="Rosa", language="en")
    Team.objects.filter(pk=cast.sales.pk).update(head=new)
    signing.sign(proposal, by=new)
    signing.sign(proposal, by=cast.mara)
    with time_machine.travel(now() + timedelta(days=100), tick=False):
        make.sign_in(client, new)
        page = client.get(reverse("attainment")).content.decode()
    names = re.findall(r'card__note push">([^<]*)<', page)
    assert {name.strip() for name in names} == {"Mara", "Rosa"}


def promisers(client: Client, address: str) -> list[str]:
    """Whom the page names under “Who promises”."""
    said = client.get(address).content.decode().partition('id="asked"')[2].partition("</section>")[0]
    return [name for name in ("Mara", "Gina", "Rosa") if name in said]


def propose_anew(proposal: Agreement, cast: Cast) -> None:
    """Somebody takes it back, and proposes something else under the same number."""
    returning.withdraw(proposal, by=cast.mara)
    proposal.preamble = "Everything is answered within five minutes."
    proposal.save()
    proposing.propose(proposal, by=cast.mara)


def test_only_the_proposal_that_was_read_is_signed(client, proposal, cast):
    make.sign_in(client, cast.gina)
    shown = agrees(proposal)
    assert f'name="proposal" value="{shown["proposal"]}"' in sign_page(client)
    propose_anew(proposal, cast)
    answer = client.post(reverse("agreement_signature", args=[2]), shown)
    assert answer.status_code == 409
    assert "It was proposed anew while you read it" in answer.content.decode()
    assert f'name="proposal" value="{proposal.proposal}"' in answer.content.decode()
    # Also where the password was asked for before, and the page stands at that address.
    assert f'method="post" action="{reverse("agreement_signature", args=[2])}"' in answer.content.decode()
    assert not Signature.objects.filter(party__agreement=proposal).exists()

    client.post(reverse("agreement_signature", args=[2]), agrees(proposal))
    assert Signature.objects.get(party__agreement=proposal).by == cast.gina


def test_only_the_proposal_that_was_read_is_sent_back(client, proposal, cast):
    make.sign_in(client, cast.gina)
    shown = NO_REMARKS | read(proposal) | {"comment": "Four hours are too few."}
    propose_anew(proposal, cast)
    answer = client.post(reverse("agreement_return", args=[2]), shown)
    assert answer.status_code == 409
    assert "It was proposed anew while you read it" in answer.content.decode()
    assert "Four hours are too few." in answer.content.decode()
    assert Agreement.objects.waiting().exists()
    assert not proposal.comments.exists()


def test_only_the_proposal_that_was_read_is_taken_back(client, proposal, cast):
    make.sign_in(client, cast.mara)
    shown = read(proposal)
    assert (
        f'name="proposal" value="{shown["proposal"]}"'
        in client.get(reverse("agreement_version", args=[2])).content.decode()
    )
    propose_anew(proposal, cast)
    answer = client.post(reverse("agreement_withdrawal", args=[2]), shown, follow=True)
    assert "It was proposed anew while you read it" in answer.content.decode()
    assert Agreement.objects.waiting().exists()


def sign_page(client: Client) -> str:
    return client.get(reverse("agreement_signature", args=[2])).content.decode()
