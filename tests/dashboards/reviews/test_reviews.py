"""Reviews as people prepare, hold and read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from dashboards.reviews.models import KeptReview
from dashboards.reviews.page import ReviewPage
from funnel.models import Opportunity, Reason, Stage, StageRole, Transition
from sla.agreement import drafting
from sla.attainment import computing as attainment
from sla.disputes.disputing import settle
from sla.flow.merging import merge
from sla.models import Agreement, Decision, Dispute, Handoff, Review
from sla.reviews.reviewing import plan_reviews
from teams.models import Role, Team, User
from tests import make

pytestmark = pytest.mark.django_db

# In force since 1 October in Tokyo; looked at on Tuesday 1 December, a little after noon.
OCTOBER = datetime(2026, 9, 30, 15, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 4, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 16, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_december():
    with time_machine.travel(DECEMBER, tick=False):
        yield


class Cast:
    def __init__(self, *more_clauses: dict[str, str]) -> None:
        self.gina = make.user(Role.MANAGER, given_name="Gina", language="en")
        self.hana = make.user(Role.REP, given_name="Hana", language="en")
        self.sam = make.user(Role.REP, given_name="Sam", language="en")
        self.mara = make.user(Role.MARKETER, given_name="Mara", language="en")
        self.sales = make.team(Team.Kind.SALES, head=self.hana)
        self.definition = make.definition(StageRole.MQL)
        self.agreement = make.agreement(
            in_force_from=OCTOBER,
            receiving=self.sales,
            definitions=[self.definition],
            clauses=[{"metric": "acceptance", "target": "0.8", "every": "month"}, *more_clauses],
        )
        plan_reviews(at=OCTOBER)
        self.review = Review.objects.get(kind="goals", starts_on=date(2026, 11, 1))


@pytest.fixture
def cast() -> Cast:
    return Cast()


def seen(user: User, url: str) -> str:
    answer = make.signed_in(user).get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def qualified(cast: Cast, answer: str = "", at: datetime = NOVEMBER) -> Handoff:
    """A lead that qualified under the definition, was offered to Sam and answered."""
    handoff = make.handoff(to=cast.sam, at=at)
    Transition.objects.filter(pk=handoff.transition_id).update(definition=cast.definition)
    if answer == "accepted":
        handoff.accept(by=cast.sam, at=at + timedelta(hours=1))
    elif answer == "rejected":
        reason = Reason.objects.filter(kind=Reason.Kind.REJECTED, needs_text=False, disqualifies=False).earliest("pk")
        handoff.reject(by=cast.sam, reason=reason, verdict=Handoff.Verdict.NO, at=at + timedelta(hours=1))
    return handoff


def test_without_an_agreement_the_page_says_what_to_do():
    assert "No review is planned" in seen(make.user(Role.MARKETER, language="en"), "/reviews/")


def test_reviews_are_listed_as_missed_to_come_and_held(cast: Cast):
    missed = Review.objects.get(kind="goals", starts_on=date(2026, 10, 1))
    context = make.signed_in(cast.mara).get("/reviews/").context
    assert [missed] == context["missed"]
    assert context["coming"][0] == cast.review
    assert len(context["coming"]) == 4
    missed.hold(by=cast.gina)
    context = make.signed_in(cast.mara).get("/reviews/").context
    assert (context["missed"], context["held"]) == ([], [missed])


def test_the_page_shows_clauses_yields_rejections_and_disputes_each_with_its_rows(cast: Cast):
    for answer in ("accepted", "accepted", "rejected", ""):
        handoff = qualified(cast, answer)
        if answer == "rejected":
            Dispute.objects.create(handoff=handoff, text="They asked for a demo", by=cast.mara, at=NOVEMBER)
    qualified(cast, "accepted", at=NOVEMBER - timedelta(days=20))
    won, lost = (Opportunity.open(make.lead(), opened_at=NOVEMBER) for _each in range(2))
    won.win(at=NOVEMBER)
    lost.lose(reason=Reason.objects.get(kind="lost", key="price"), at=NOVEMBER)
    attainment.compute(at=DECEMBER)
    page = make.signed_in(cast.mara).get(f"/reviews/{cast.review.pk}/").context["page"]
    ((team, (promise,)),) = page.sides
    assert team == cast.sales
    (november,) = promise.periods
    assert (november.rate.numerator, november.rate.denominator, november.row.state) == (2, 3, "missed")
    (one,) = page.yields
    assert one.counts == {"qualified": 4, "accepted": 2, "rejected": 1, "customers": 0}
    assert {each.name: [(row.name, row.n) for row in each.rows] for each in page.reasons} == {
        "rejected": [("Not the persona", 1)], "lost": [("Price", 1)], "contracts": [("none", 1)],
    }  # fmt: skip
    assert [dispute.text for dispute in page.disputes] == ["They asked for a demo"]
    html = seen(cast.mara, f"/reviews/{cast.review.pk}/")
    assert "They asked for a demo" in html
    client = make.signed_in(cast.mara)
    for part, n in one.counts.items():
        assert len(client.get(one.urls[part]).context["page"].rows) == n
    for counted in page.reasons:
        assert len(client.get(counted.rows[0].url).context["page"].rows) == counted.rows[0].n
    assert client.get(f"{one.urls['qualified']}x").status_code == 404


def test_a_customer_counts_for_the_definition_that_qualified_it(cast: Cast):
    handoff = qualified(cast, "accepted")
    handoff.lead.journey.refresh_from_db()
    handoff.lead.journey.move_to(
        Stage.objects.role(StageRole.CUSTOMER), because="Won", at=DECEMBER, how=Transition.How.PERSON
    )
    (one,) = make.signed_in(cast.mara).get(f"/reviews/{cast.review.pk}/").context["page"].yields
    assert one.counts["customers"] == 1


def test_heads_and_managers_write_decisions_down_and_others_do_not(cast: Cast):
    url = f"/reviews/{cast.review.pk}/decisions/"
    key = str(cast.agreement.clauses.get().key)
    make.signed_in(cast.gina).post(url, {"text": "Answer sooner", "clause": key})
    make.signed_in(cast.hana).post(url, {"text": "Meet on Tuesdays", "clause": ""})
    assert [str(each.clause or "") for each in Decision.objects.all()] == [key, ""]
    for person in (cast.sam, cast.mara):
        assert make.signed_in(person).post(url, {"text": "More money"}).status_code == 404
        assert "Write it down" not in seen(person, f"/reviews/{cast.review.pk}/")
    first = Decision.objects.earliest("pk")
    make.signed_in(cast.hana).post(f"{url}{first.pk}/delete/")
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"text": " "}, {"text": "x" * 501}, {"text": "Fine", "clause": "nonsense"}])
def test_an_empty_decision_is_refused_and_keeps_what_was_typed(cast: Cast, wrong: dict[str, str]):
    answer = make.signed_in(cast.gina).post(f"/reviews/{cast.review.pk}/decisions/", wrong)
    assert answer.status_code == 422
    assert wrong["text"].strip() in answer.content.decode()
    assert not Decision.objects.exists()


def test_it_is_held_once_and_what_it_decided_stays(cast: Cast):
    url = f"/reviews/{cast.review.pk}/"
    client = make.signed_in(cast.gina)
    client.post(f"{url}notes/", {"notes": "All were there"})
    client.post(f"{url}decisions/", {"text": "Answer sooner"})
    assert client.post(f"{url}holding/").status_code == 302
    cast.review.refresh_from_db()
    assert (cast.review.held_at, cast.review.held_by) == (DECEMBER, cast.gina)
    decision = Decision.objects.get()
    assert client.post(f"{url}holding/").status_code == 409
    assert client.post(f"{url}decisions/", {"text": "One more"}).status_code == 409
    assert client.post(f"{url}decisions/{decision.pk}/delete/").status_code == 409
    lost = client.post(f"{url}notes/", {"notes": "Typed for an hour"})
    assert lost.status_code == 409
    assert "All were there" in client.get(url).content.decode()
    assert "We held it" not in client.get(url).content.decode()


def test_what_was_told_after_it_was_held_is_none_of_what_the_meeting_saw(cast: Cast):
    earlier = make.handoff(to=cast.sam, at=OCTOBER + timedelta(days=3))
    reason = Reason.objects.filter(kind=Reason.Kind.REJECTED, needs_text=False, disqualifies=False).earliest("pk")
    earlier.reject(by=cast.sam, reason=reason, at=OCTOBER + timedelta(days=3))
    dispute = Dispute.objects.create(handoff=earlier, text="Wrong", by=cast.mara, at=OCTOBER + timedelta(days=4))
    lead = qualified(cast, "accepted").lead
    held_at = DECEMBER + timedelta(hours=1)
    cast.review.hold(by=cast.gina, at=held_at)
    with time_machine.travel(held_at + timedelta(days=1), tick=False):
        won_at = NOVEMBER + timedelta(days=2)
        make.opportunity(lead, opened_at=NOVEMBER, won_at=won_at)
        customer = Stage.objects.role(StageRole.CUSTOMER)
        Transition.objects.create(lead=lead, to_stage=customer, at=won_at, how="opportunity")
        settle(dispute, upheld=False, ruling="It stands", by=cast.gina, at=held_at + timedelta(hours=1))
        page = ReviewPage(cast.review, held_at + timedelta(days=1))
        assert [yielded.counts["customers"] for yielded in page.yields] == [0]
        assert [each.total for each in page.reasons if each.name == "contracts"] == [0]
        assert page.disputes == [dispute]
        Review.objects.update(held_at=None)
        cast.review.refresh_from_db()
        page = ReviewPage(cast.review, held_at + timedelta(days=1))
        assert [yielded.counts["customers"] for yielded in page.yields] == [1]
        assert [each.total for each in page.reasons if each.name == "contracts"] == [1]


def promised(page: ReviewPage) -> list[tuple[str, str, str]]:
    return [
        (each.value_text, each.row.state, each.revised_from)
        for _team, promises in page.sides
        for promise in promises
        for each in promise.periods
    ]


def test_the_numbers_of_a_held_review_stay_whatever_becomes_of_the_records(cast: Cast):
    first, second = qualified(cast, "accepted"), qualified(cast, "rejected")
    attainment.compute(at=DECEMBER)
    before = ReviewPage(cast.review, DECEMBER)
    assert promised(before) == [("1 / 2", "missed", "")]
    make.signed_in(cast.gina).post(f"/reviews/{cast.review.pk}/holding/")
    cast.review.refresh_from_db()
    qualified(cast, "accepted")
    merge(first.lead, second.lead, by=cast.gina, at=DECEMBER + timedelta(hours=1))
    attainment.compute(at=DECEMBER + timedelta(days=1), full=True)
    page = ReviewPage(cast.review, DECEMBER + timedelta(days=1))
    assert promised(page) == promised(before)
    assert [each.counts for each in page.yields] == [each.counts for each in before.yields]
    assert [each.rows[0].n for each in page.reasons if each.name == "rejected"] == [1]
    assert "known then" in seen(cast.mara, f"/reviews/{cast.review.pk}/")
    with pytest.raises(IntegrityError), transaction.atomic():
        KeptReview.objects.update(numbers={})


def test_a_review_that_was_held_before_its_numbers_were_kept_shows_what_was_known_then():
    cast = Cast({"metric": "contracts", "target": "2", "every": "month"})
    lead = qualified(cast, "accepted").lead
    attainment.compute(at=DECEMBER)
    held_at = DECEMBER + timedelta(hours=1)
    cast.review.hold(by=cast.gina, at=held_at)
    with time_machine.travel(held_at + timedelta(days=1), tick=False):
        make.opportunity(lead, opened_at=NOVEMBER, won_at=NOVEMBER + timedelta(days=2))
        attainment.compute(full=True)
        page = ReviewPage(cast.review, held_at + timedelta(days=1))
        assert promised(page) == [("1 / 1", "met", ""), ("0", "missed", "")]
        Review.objects.update(held_at=None)
        cast.review.refresh_from_db()
        page = ReviewPage(cast.review, held_at + timedelta(days=1))
        assert promised(page) == [("1 / 1", "met", ""), ("1", "missed", "0")]


def test_what_a_promise_was_decided_as_before_the_meeting_is_shown_as_the_meeting_saw_it():
    cast = Cast({"metric": "contracts", "target": "1", "every": "month"})
    attainment.compute(at=DECEMBER)
    with time_machine.travel(DECEMBER + timedelta(days=1), tick=False):
        make.opportunity(opened_at=NOVEMBER, won_at=NOVEMBER + timedelta(days=2))
        attainment.compute(full=True)
    with time_machine.travel(DECEMBER + timedelta(days=2), tick=False):
        cast.review.hold(by=cast.gina)
        assert promised(ReviewPage(cast.review, DECEMBER + timedelta(days=2)))[-1] == ("1", "met", "0")


def test_a_dispute_that_was_settled_after_the_review_was_open_then(cast: Cast):
    handoff = qualified(cast, "rejected")
    dispute = Dispute.objects.create(handoff=handoff, text="Wrong", by=cast.mara, at=NOVEMBER + timedelta(days=1))
    cast.review.hold(by=cast.gina, at=DECEMBER)
    with time_machine.travel(DECEMBER + timedelta(days=1), tick=False):
        settle(dispute, upheld=False, ruling="It stands, says Gina", by=cast.gina)
        html = seen(cast.mara, f"/reviews/{cast.review.pk}/")
    assert "It stands, says Gina" not in html
    assert "the rejection stands" not in html


def test_a_review_whose_days_are_not_over_is_not_held(cast: Cast):
    coming = Review.objects.get(kind="goals", starts_on=date(2026, 12, 1))
    answer = make.signed_in(cast.gina).post(f"/reviews/{coming.pk}/holding/", follow=True).content.decode()
    assert "not over yet" in answer
    coming.refresh_from_db()
    assert coming.held_at is None


def test_the_next_version_is_drafted_from_the_decisions_and_shows_them(cast: Cast):
    cast.review.decide("Answer sooner", by=cast.gina)
    client = make.signed_in(cast.gina)
    answer = client.post(f"/reviews/{cast.review.pk}/draft/", follow=True)
    assert answer.redirect_chain[-1][0] == "/agreement/draft/"
    assert "Answer sooner" in answer.content.decode()
    draft = Agreement.objects.pending().first()
    assert list(draft.decisions.values_list("text", flat=True)) == ["Answer sooner"]
    again = client.post(f"/reviews/{cast.review.pk}/draft/", follow=True).content.decode()
    assert "in a draft already" in again
    assert make.signed_in(cast.sam).post(f"/reviews/{cast.review.pk}/draft/").status_code == 403


def test_while_a_proposal_waits_the_draft_waits_too(cast: Cast):
    draft = drafting.draft_next(by=cast.gina)
    Agreement.objects.filter(pk=draft.pk).update(proposed_at=DECEMBER)
    cast.review.decide("Answer sooner", by=cast.gina)
    answer = make.signed_in(cast.gina).post(f"/reviews/{cast.review.pk}/draft/", follow=True).content.decode()
    assert "A proposal waits for signatures" in answer
    assert Decision.objects.get().draft is None


def test_changes_since_the_signing_are_listed(cast: Cast):
    agreed = make.next_agreement(cast.agreement, from_at=NOVEMBER)
    changes = make.signed_in(cast.mara).get(f"/reviews/{cast.review.pk}/").context["page"].changes
    assert [f"Version {agreed.number} of the agreement came into force"] == [each["text"] for each in changes]


@pytest.mark.parametrize("many", [1, 6])
def test_the_pages_cost_the_same_for_one_and_for_many(cast: Cast, many: int, django_assert_max_num_queries: Any):
    for n in range(many):
        handoff = qualified(cast, "rejected")
        Dispute.objects.create(handoff=handoff, text="No", by=cast.mara, at=NOVEMBER)
        cast.review.decide(f"Decision {n}", by=cast.gina)
    attainment.compute(at=DECEMBER)
    client = make.signed_in(cast.gina)
    client.get(f"/reviews/{cast.review.pk}/")
    with django_assert_max_num_queries(28):
        client.get(f"/reviews/{cast.review.pk}/")
    with django_assert_max_num_queries(10):
        client.get("/reviews/")
