"""The pages of the agreement: from nothing, read, and drafted."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from funnel.models import Reason, StageRole
from sla.agreement import definition_drafts, drafting, proposing, signing
from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.agreement.missing import missing
from sla.models import Agreement, Signature
from tests import make
from tests.sla.agreement.pages.forms import blank_row, filled, mql, pending_agreement, row_of

pytestmark = pytest.mark.django_db


# From nothing


def test_with_no_agreement_the_page_offers_to_draft_the_first_one(as_mara):
    page = as_mara.get(reverse("agreement"))
    assert "Nothing is agreed yet" in page.content.decode()
    answer = as_mara.post(reverse("agreement_draft_new"), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("agreement_draft")
    assert "Nothing is missing: it can be proposed." in answer.content.decode()


def test_a_rep_reads_that_nothing_is_agreed_and_cannot_draft(client, cast):
    make.sign_in(client, cast.sam)
    assert "Draft the first one" not in client.get(reverse("agreement")).content.decode()
    assert client.post(reverse("agreement_draft_new")).status_code == 403


def test_from_nothing_to_in_force_by_the_pages(client, cast):
    make.sign_in(client, cast.mara)
    client.post(reverse("agreement_draft_new"))
    data = filled(client.get(reverse("agreement_draft")))
    answer = client.post(reverse("agreement_draft"), data | {"then": "propose"})
    assert answer.url == reverse("agreement_version", args=[1])

    for head in (cast.mara, cast.gina):
        make.sign_in(client, head)
        assert "Read and sign" in client.get(reverse("agreement")).content.decode()
        said = {"proposal": pending_agreement().proposal, "agrees": "on", "note": "Good"}
        client.post(reverse("agreement_signature", args=[1]), said)

    made = Agreement.objects.get()
    assert made.in_force_from == signing.next_day_start(now())
    assert [word.note for word in Signature.objects.all()] == ["Good", "Good"]


# Reading


def test_it_reads_as_one_document_in_both_languages(as_mara, signed, cast):
    page = as_mara.get(reverse("agreement")).content.decode()
    assert "A lead is an MQL when fit is <b>50</b> or more" in page
    assert "<strong>Hot leads</strong>: answer within <strong>2 opening hours</strong>" in page
    assert "to hand over <strong>at least 60</strong> leads, every month." in page
    assert "Monday to Friday, 9:00–12:00 and 13:00–18:00" in page
    cast.mara.language = "ja"
    cast.mara.save()
    page = as_mara.get(reverse("agreement")).content.decode()
    assert "リードはMQLになります。" in page
    assert "営業時間で4時間" in page


def test_every_page_opens_for_who_may_see_it(as_mara, signed, cast):
    make.lead(StageRole.LEAD, family_name="Nakamura")
    draft = definition_drafts.draft_definition(mql(), by=cast.mara)
    place = mql().pk
    for name, args in (
        ("agreement", []),
        ("agreement_version", [1]),
        ("agreement_history", []),
        ("definitions", []),
        ("stage_definition", [place]),
        ("definition", [place, 1]),
        ("definition", [place, draft.number]),
        ("definition_draft", [place]),
        ("definition_comparison", [place]),
        ("definition_standing", [place, 1]),
        ("definition_trial", [place, 1]),
    ):
        assert as_mara.get(reverse(name, args=args)).status_code == 200, name


def test_two_versions_compare_line_by_line(as_mara, signed, cast):
    draft = drafting.draft_next(by=cast.mara)
    draft.policies.update(answer_within=timedelta(hours=8))
    page = as_mara.get(reverse("agreement_comparison"))
    assert [each.line.key.split()[0] for each in page.context["changed"]] == ["policy", "policy"]
    assert "<del>4 </del>" in page.content.decode()
    assert "<ins>8 </ins>" in page.content.decode()


# Drafting


def test_a_draft_is_edited_and_carries_the_rest_over(as_mara, signed, cast):
    as_mara.post(reverse("agreement_draft_new"))
    data = filled(as_mara.get(reverse("agreement_draft")))
    as_mara.post(reverse("agreement_draft"), data | {"preamble": "One goal."})
    draft = pending_agreement()
    assert draft.preamble == "One goal."
    assert draft.personas() == signed.personas()
    assert missing(draft) == []


def test_a_draft_is_kept_while_a_head_is_still_to_be_named(as_mara, signed, cast):
    as_mara.post(reverse("agreement_draft_new"))
    data = filled(as_mara.get(reverse("agreement_draft")))
    answer = as_mara.post(reverse("agreement_draft"), data | {f"head_{cast.sales.pk}": "", "then": "save"})
    assert answer.status_code == 302
    assert missing(pending_agreement()) == [f"{cast.sales} has no head who could sign for it."]


def test_personas_are_put_in_order_and_left_out(as_mara, signed):
    as_mara.post(reverse("agreement_draft_new"))
    data = filled(as_mara.get(reverse("agreement_draft")))
    first, second, third = [version.persona_id for version in signed.personas()]
    as_mara.post(
        reverse("agreement_draft"),
        data | {f"order_{first}": "3", f"order_{third}": "1", f"persona_{second}": ""},
    )
    draft = pending_agreement()
    assert [version.persona_id for version in draft.personas()] == [third, first]


def test_an_invalid_value_is_reported_at_the_field_and_what_was_typed_stays(as_mara, signed, cast):
    as_mara.post(reverse("agreement_draft_new"))
    data = filled(as_mara.get(reverse("agreement_draft")))
    wrong = {
        "preamble": "What I typed",
        "effective_on": "2020-01-01",
        f"head_{cast.sales.pk}": "",
        "then": "propose",
    }
    answer = as_mara.post(reverse("agreement_draft"), data | wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "What I typed" in page
    assert "An agreement does not begin in the past." in page
    assert f"Say who signs for {cast.sales}." in page
    assert pending_agreement().preamble == signed.preamble


def test_policies_are_edited_put_in_order_and_their_steps_with_them(as_mara, signed):
    as_mara.post(reverse("agreement_draft_new"))
    page = as_mara.get(reverse("agreement_draft"))
    hot, new = row_of(page, "policies", quadrant="hot"), blank_row(page, "policies")
    changed = {
        f"{hot}-answer_within": "1.5",
        f"{hot}-answer_50": "remind",
        f"{hot}-answer_100": "",
        f"{hot}-after_percent": "200",
        f"{hot}-after_action": "withdraw",
        f"{new}-source": "Trade fair",
        f"{new}-answer_within": "8",
        f"{new}-ORDER": "1",
    }
    assert as_mara.post(reverse("agreement_draft"), filled(page) | changed).status_code == 302
    fair, hot, rest = pending_agreement().policies.all()
    assert [fair.source, hot.quadrant, rest.matches_all] == ["Trade fair", "hot", True]
    assert [each.position for each in (fair, hot, rest)] == [1, 2, 3]
    assert (fair.answer_within, fair.touch_within) == (timedelta(hours=8), None)
    assert hot.answer_within == timedelta(hours=1.5)
    assert [(step.clock, step.percent, step.action) for step in hot.steps.all()] == [
        ("answer", 50, "remind"),
        ("answer", 80, "remind"),
        ("answer", 200, "withdraw"),
        ("first_touch", 80, "remind"),
    ]
    assert rest.steps.count() == signed.policies.get(quadrant="").steps.count()
    assert missing(pending_agreement()) == []


@pytest.mark.parametrize(
    ("typed", "order"),
    [
        ({2: "1"}, [2, 0, 1]),  # Of two with one number, the changed one goes first.
        ({0: "2"}, [0, 1, 2]),
        ({0: "3"}, [1, 0, 2]),
        ({0: "2", 2: "2"}, [0, 2, 1]),
    ],
)
def test_clauses_go_where_their_numbers_say(as_mara, signed, typed, order):
    as_mara.post(reverse("agreement_draft_new"))
    page = as_mara.get(reverse("agreement_draft"))
    data = filled(page)
    before = list(pending_agreement().clauses.values_list("key", flat=True))
    changed = {f"clauses-{row}-ORDER": number for row, number in typed.items()}
    assert as_mara.post(reverse("agreement_draft"), data | changed).status_code == 302
    after = list(pending_agreement().clauses.values_list("key", flat=True))
    assert after == [before[n] for n in order] + before[3:]


@pytest.mark.parametrize("number", ["999", ""])
def test_a_clause_without_a_number_goes_last(as_mara, signed, number):
    as_mara.post(reverse("agreement_draft_new"))
    first, *rest = pending_agreement().clauses.values_list("key", flat=True)
    page = as_mara.get(reverse("agreement_draft"))
    assert as_mara.post(reverse("agreement_draft"), filled(page) | {"clauses-0-ORDER": number}).status_code == 302
    assert list(pending_agreement().clauses.values_list("key", flat=True)) == [*rest, first]


@pytest.mark.parametrize("number", ["0", "-1", "1000", "first"])
def test_no_number_of_an_order_is_refused_at_its_place(as_mara, signed, number):
    as_mara.post(reverse("agreement_draft_new"))
    page = as_mara.get(reverse("agreement_draft"))
    answer = as_mara.post(reverse("agreement_draft"), filled(page) | {"clauses-0-ORDER": number})
    assert answer.status_code == 422


def test_a_policy_that_is_never_used_is_refused_at_its_place(as_mara, signed):
    as_mara.post(reverse("agreement_draft_new"))
    page = as_mara.get(reverse("agreement_draft"))
    hot, rest = row_of(page, "policies", quadrant="hot"), row_of(page, "policies", quadrant="")
    answer = as_mara.post(reverse("agreement_draft"), filled(page) | {f"{hot}-ORDER": "2", f"{rest}-ORDER": "1"})
    assert answer.status_code == 422
    assert "It is never used" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"answer_within": "0"}, "An answer takes some time."),
        ({"touches": "", "touch_days": "5"}, "A cadence has touches and days: fill in both, or neither."),
        ({"after_percent": "90"}, "Ensure this value is greater than or equal to 100."),
        ({"after_percent": ""}, "Say when: at which percent of the time to answer, 100 or more."),
    ],
)
def test_an_invalid_policy_is_refused_at_its_field(as_mara, signed, typed, said):
    as_mara.post(reverse("agreement_draft_new"))
    page = as_mara.get(reverse("agreement_draft"))
    hot = row_of(page, "policies", quadrant="hot")
    answer = as_mara.post(reverse("agreement_draft"), filled(page) | {f"{hot}-{name}": v for name, v in typed.items()})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_targets_are_typed_in_their_own_unit_and_clauses_keep_their_key(as_mara, signed, cast):
    as_mara.post(reverse("agreement_draft_new"))
    page = as_mara.get(reverse("agreement_draft"))
    old = pending_agreement().clauses.get(metric="answered_in_time")
    in_time, new = row_of(page, "clauses", metric="answered_in_time"), blank_row(page, "clauses")
    assert filled(page)[f"{in_time}-target"] == "95"
    persona = signed.personas()[0].persona_id
    changed = {
        f"{in_time}-target": "97.5",
        f"{new}-team": str(cast.sales.pk),
        f"{new}-metric": "time_to_answer",
        f"{new}-comparator": "<=",
        f"{new}-target": "2",
        f"{new}-every": "week",
        f"{new}-persona": str(persona),
        f"{new}-owner": str(cast.sam.pk),
    }
    assert as_mara.post(reverse("agreement_draft"), filled(page) | changed).status_code == 302
    draft = pending_agreement()
    again = draft.clauses.get(metric="answered_in_time")
    assert (again.key, again.target) == (old.key, Decimal("0.975"))
    made = draft.clauses.get(metric="time_to_answer")
    assert (made.target, made.filters, made.owner) == (Decimal(7200), {"persona": str(persona)}, cast.sam)
    assert made.position == draft.clauses.count()
    assert missing(draft) == []


@pytest.mark.parametrize(("metric", "taken"), [("contracts", True), ("answered_in_time", False)])
def test_a_clause_names_new_business_alone_where_its_metric_counts_deals(as_mara, signed, cast, metric, taken):
    as_mara.post(reverse("agreement_draft_new"))
    page = as_mara.get(reverse("agreement_draft"))
    new = blank_row(page, "clauses")
    typed = {
        "team": str(cast.sales.pk),
        "metric": metric,
        "comparator": ">=",
        "target": "3",
        "every": "month",
        "kind": "new",
    }
    answer = as_mara.post(
        reverse("agreement_draft"), filled(page) | {f"{new}-{name}": value for name, value in typed.items()}
    )
    assert answer.status_code == (302 if taken else 422)
    made = pending_agreement().clauses.filter(filters={"kind": "new"})
    assert made.count() == taken
    if taken:
        assert "contracts (Kind of deal: New business)" in as_text(describe_clause(made.get()))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"target": "0"}, "At least nothing is no promise."),
        ({"target": "101"}, "A share is 100 percent at most."),
        ({"target": "many"}, "Enter a number."),
        ({"window_days": "30"}, "“Acceptance” takes no number of days."),
        ({"to_role": "sql"}, "“Acceptance” takes no stage here."),
        ({"metric": "conversion"}, "is counted from a stage to a stage."),
        ({"metric": "conversion", "from_role": "sql", "to_role": "mql"}, "comes after the one to count from"),
        ({"metric": "gone"}, "Select a valid choice."),
    ],
)
def test_what_a_metric_does_not_take_is_refused_at_its_field(as_mara, signed, typed, said):
    as_mara.post(reverse("agreement_draft_new"))
    page = as_mara.get(reverse("agreement_draft"))
    row = row_of(page, "clauses", metric="acceptance")
    answer = as_mara.post(reverse("agreement_draft"), filled(page) | {f"{row}-{name}": v for name, v in typed.items()})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_hops_list_required_fields_and_reasons_to_reject(as_mara, signed):
    as_mara.post(reverse("agreement_draft_new"))
    page = as_mara.get(reverse("agreement_draft"))
    reason = Reason.objects.offered(Reason.Kind.REJECTED).first().key
    hop = page.context["hops"].forms[0].prefix
    chosen = {f"{hop}-ready_fields": ["phone", "company.name"], f"{hop}-reason_keys": [reason]}
    as_mara.post(reverse("agreement_draft"), filled(page) | chosen)
    made = pending_agreement().hops.get()
    assert (made.ready_fields, made.reason_keys) == (["phone", "company.name"], [reason])


def test_meetings_reviews_and_contacts_are_edited(as_mara, signed, cast):
    as_mara.post(reverse("agreement_draft_new"))
    typed = {
        "review_months": "3",
        "meeting_weekday": "4",
        "meeting_at": "16:00",
        "dispute_days": "10",
        f"told_{cast.sales.pk}": str(cast.mara.pk),
    }
    as_mara.post(reverse("agreement_draft"), filled(as_mara.get(reverse("agreement_draft"))) | typed)
    draft = pending_agreement()
    assert (draft.review_months, draft.meeting_weekday, draft.dispute_days) == (3, 4, 10)
    assert f"{draft.meeting_at:%H:%M}" == "16:00"
    assert draft.parties.get(team=cast.sales).escalates_to == cast.mara


@pytest.mark.parametrize(
    ("then", "made"),
    [
        ("usual", {"handed_over", "close_rate", "contracts"}),
        (
            "full",
            {
                "handed_over", "close_rate", "contracts", "acceptance", "persona_fit", "free_mail",
                "answered_in_time", "first_touch_in_time", "cadence_kept", "worked",
            },
        ),
    ],
)  # fmt: skip
def test_the_usual_clauses_are_added_and_nothing_typed_is_lost(as_mara, signed, then, made):
    as_mara.post(reverse("agreement_draft_new"))
    pending_agreement().clauses.all().delete()
    page = as_mara.get(reverse("agreement_draft"))
    typed = {"preamble": "Typed", "usual-leads": "80", "usual-close_rate": "4.5", "then": then}
    wrong = as_mara.post(reverse("agreement_draft"), filled(page) | typed | {"usual-days": "0"})
    assert wrong.status_code == 422
    assert not pending_agreement().clauses.exists()
    as_mara.post(reverse("agreement_draft"), filled(page) | typed)
    draft = pending_agreement()
    assert {clause.metric for clause in draft.clauses.all()} == made
    assert draft.preamble == "Typed"
    assert draft.clauses.get(metric="handed_over").target == 80
    assert draft.clauses.get(metric="close_rate").target == Decimal("0.045")
    assert missing(draft) == []


@pytest.mark.parametrize("name", ["agreement_draft", "agreement_version"])
def test_more_clauses_and_policies_cost_no_more_queries(as_mara, signed, name, django_assert_num_queries):
    as_mara.post(reverse("agreement_draft_new"))
    draft = pending_agreement()
    draft.clauses.exclude(metric="contracts").delete()
    url = reverse(name, args=[draft.number] if name == "agreement_version" else [])
    team, persona = draft.clauses.get().team, draft.personas()[0].persona

    def add(n: int) -> None:
        filters = {"persona": str(persona.pk)}
        draft.clauses.create(team=team, metric="contracts", target=n + 1, position=10 + n, filters=filters)
        draft.policies.create(position=10 + n, source=f"Fair {n}", persona=persona)

    add(0)
    as_mara.get(url)
    with CaptureQueriesContext(connection) as few:
        as_mara.get(url)
    for n in range(1, 10):
        add(n)
    with django_assert_num_queries(len(few)):
        as_mara.get(url)


def test_proposing_an_incomplete_draft_lists_what_is_missing(as_mara, signed):
    as_mara.post(reverse("agreement_draft_new"))
    data = filled(as_mara.get(reverse("agreement_draft")))
    answer = as_mara.post(
        reverse("agreement_draft"), data | {f"definition_{mql().pk}": "", "then": "propose"}, follow=True
    )
    assert "Leads are handed over when they become MQL, but nothing defines MQL." in answer.content.decode()
    assert pending_agreement().proposed_at is None


def test_what_was_proposed_meanwhile_is_not_edited(as_mara, signed, cast):
    as_mara.post(reverse("agreement_draft_new"))
    data = filled(as_mara.get(reverse("agreement_draft")))
    Agreement.objects.pending().update(notes="New")
    proposing.propose(pending_agreement(), by=cast.mara)
    answer = as_mara.post(reverse("agreement_draft"), data | {"preamble": "Too late"})
    assert answer.url == reverse("agreement_version", args=[2])
    assert pending_agreement().preamble == signed.preamble


def test_a_draft_is_thrown_away_a_proposal_is_taken_back(as_mara, signed, cast):
    as_mara.post(reverse("agreement_draft_new"))
    as_mara.post(reverse("agreement_discard"))
    assert not Agreement.objects.pending().exists()
    drafting.draft_next(by=cast.mara)
    Agreement.objects.pending().update(notes="New")
    proposing.propose(pending_agreement(), by=cast.mara)
    as_mara.post(reverse("agreement_discard"))
    assert pending_agreement().proposed_at
    as_mara.post(reverse("agreement_withdrawal", args=[2]), {"proposal": pending_agreement().proposal})
    assert pending_agreement().proposed_at is None
