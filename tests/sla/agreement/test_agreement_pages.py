"""The pages of the agreement and of definitions, as each person meets them."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from funnel.models import Definition, Reason, Stage, StageRole
from scoring.models import ScoreModel
from sla.agreement import definition_drafts, drafting, proposing, scoring, signing
from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.agreement.missing import missing
from sla.agreement.starter import definitions, first_agreement
from sla.models import Agreement, Signature
from teams.models import Role, Team
from tests import make

pytestmark = pytest.mark.django_db

LONG_AGO = make.MONDAY_9AM - timedelta(days=400)
MQL = {"all": [{"field": "fit", "op": ">=", "value": 60}]}


class Cast:
    def __init__(self):
        self.mara = make.user(Role.MARKETER, Role.MANAGER, given_name="Mara", language="en")
        self.gina = make.user(Role.MANAGER, Role.REP, given_name="Gina", language="en")
        self.sam = make.user(Role.REP, given_name="Sam", language="en")
        self.marketing = make.team(Team.Kind.MARKETING, head=self.mara)
        self.sales = make.team(Team.Kind.SALES, head=self.gina)


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def signed(cast):
    return first_agreement.sign_first_agreement(at=LONG_AGO)


@pytest.fixture
def as_mara(client, cast):
    make.sign_in(client, cast.mara)
    return client


def filled(page):
    """What the forms of a page would send, were nothing changed."""
    rows = [page.context[name] for name in ("hops", "policies", "clauses")]
    forms = [page.context["form"], page.context["usual"], *(each.management_form for each in rows)]
    data: dict[str, Any] = {}
    for form in [*forms, *(form for each in rows for form in each.forms)]:
        for field in form:
            value = field.value()
            if isinstance(value, list):
                data[field.html_name] = value
            elif value is not None and value is not False and value != "":
                data[field.html_name] = "on" if value is True else str(value.pk if hasattr(value, "pk") else value)
    return data | {"qualifies_standing": "False"}


def row_of(page, rows, **wanted):
    """The prefix of the first row whose instance is so: "clauses-2"."""
    found = page.context[rows].forms
    return next(
        form.prefix
        for form in found
        if form.instance.pk and all(getattr(form.instance, name) == value for name, value in wanted.items())
    )


def blank_row(page, rows):
    return page.context[rows].extra_forms[0].prefix


NO_REMARKS = {"remarks-TOTAL_FORMS": "0", "remarks-INITIAL_FORMS": "0"}


def pending_agreement() -> Agreement:
    return Agreement.objects.get(in_force_from=None)


def mql() -> Stage:
    return Stage.objects.role(StageRole.MQL)


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
        client.post(reverse("agreement_signature", args=[1]), {"agrees": "on", "note": "Good"})

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
    as_mara.post(reverse("agreement_withdrawal", args=[2]))
    assert pending_agreement().proposed_at is None


# Signing


@pytest.fixture
def proposal(signed, cast):
    draft = drafting.draft_next(by=cast.mara)
    draft.notes = "New"
    draft.save()
    proposing.propose(draft, by=cast.mara)
    return draft


def test_the_sign_page_is_there_for_heads_only(client, proposal, cast):
    make.sign_in(client, cast.sam)
    assert client.get(reverse("agreement_signature", args=[2])).status_code == 404
    assert client.post(reverse("agreement_signature", args=[2]), {"agrees": "on"}).status_code == 404
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
    client.post(reverse("agreement_return", args=[2]), NO_REMARKS | {"comment": "Four hours are too few."})
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
    }
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
    answer = client.post(reverse("agreement_signature", args=[2]), {"agrees": "on"})
    assert answer.status_code == 409
    assert "It cannot be signed like this." in answer.content.decode()


def test_a_head_of_before_is_not_asked_to_sign(client, proposal, cast):
    Team.objects.filter(head=cast.gina).update(head=make.user(Role.MANAGER))
    make.sign_in(client, cast.gina)
    assert client.post(reverse("agreement_signature", args=[2]), {"agrees": "on"}).status_code == 404


def test_an_unchanged_definition_is_said_to_need_no_signature(as_mara, signed, cast):
    as_mara.post(reverse("definition_draft_new", args=[mql().pk]))
    same = signed.definitions()[0]
    data = {"criteria": json.dumps(same.criteria), "text": same.text, "cool_off_days": same.cool_off_days}
    answer = as_mara.post(reverse("definition_draft", args=[mql().pk]), data | {"then": "propose"}, follow=True)
    assert "The definition of MQL says the same as the agreed one: there is nothing to sign." in answer.content.decode()
    assert not Agreement.objects.pending().exists()


def test_whoever_has_signed_finds_nothing_more_to_sign(client, proposal, cast):
    make.sign_in(client, cast.mara)
    client.post(reverse("agreement_signature", args=[2]), {"agrees": "on"})
    answer = client.get(reverse("agreement_signature", args=[2]))
    assert answer.url == reverse("agreement_version", args=[2])


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
    held = '<li data-tone="kept"> <span class="visually-hidden"> Holds: </span>It did “Demo request”'
    assert held in " ".join(page.split())


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
