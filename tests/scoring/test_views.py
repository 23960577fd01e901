"""The pages of score models: where a version stands, what differs between two, and the board."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from leads.models import ActivityKind
from scoring.drafts.drafting import begin_draft
from scoring.models import InterestRule, Quadrant, Score, ScoreModel
from scoring.quadrant_board import board, dot, shares
from scoring.rescoring import rescore
from scoring.views import Line, compare_fit_rules, compare_interest_rules
from teams.models import Role
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db
AT = make.TEN
DAY = timedelta(days=1)
MANAGER = {"field": "seniority", "op": "=", "value": "Manager"}
JAPAN = {"field": "country", "op": "=", "value": "JP"}


# Where a version stands


def test_a_version_is_said_to_begin_soon_until_it_begins(mara: Client):
    score_model(fit_threshold=10)
    coming = score_model(in_force_from=now() + DAY)
    page = mara.get(reverse("scoring"))
    assert page.context["coming"] == coming
    assert page.context["model"].fit_threshold == 10
    assert f"Score model v{coming.number}" in page.content.decode()


def test_every_version_is_listed_newest_first(mara: Client):
    old, new = score_model(in_force_from=now() - 2 * DAY), score_model(in_force_from=now() - DAY)
    draft = begin_draft()
    versions = mara.get(reverse("scoring")).context["versions"]
    assert versions == [(draft, "draft"), (new, "in_force"), (old, "replaced")]


def test_a_version_that_does_not_exist_is_not_there(mara: Client):
    assert mara.get(reverse("score_model", args=[404])).status_code == 404


def test_the_number_of_a_draft_leads_those_who_may_edit_it_to_its_page(mara: Client, client: Client):
    draft = begin_draft()
    address = reverse("score_model", args=[draft.number])
    assert mara.get(address)["location"] == reverse("score_draft")
    sam = make.signed_in(make.user(Role.REP, language="en"))
    assert sam.get(address).context["state"] == "draft"


def test_a_version_is_compared_with_the_one_before_it(mara: Client):
    first, second = score_model(), score_model(in_force_from=AT)
    assert mara.get(reverse("score_model", args=[second.number])).context["before"] == first
    assert mara.get(reverse("score_model", args=[first.number])).context["before"] is None


def test_who_may_not_edit_is_offered_nothing_to_edit():
    score_model()
    begin_draft()
    page = make.signed_in(make.user(Role.REP, language="en")).get(reverse("scoring")).content.decode()
    assert reverse("score_draft") not in page


def test_a_model_is_read_in_japanese():
    score_model(fit=[(MANAGER, 30)], interest={"demo_request": (40, None, 30)})
    page = make.signed_in(make.user(Role.REP, language="ja")).get(reverse("scoring")).content.decode()
    for words in ("有効", "半減するまで", "30日", "なし"):
        assert words in page
    assert "Half after" not in page


# Comparing


def test_a_rule_that_reads_the_same_is_the_same_rule():
    older = score_model(fit=[(MANAGER, 30), (JAPAN, 5)])
    newer = score_model(fit=[(JAPAN, 5), (MANAGER, 20)], in_force_from=AT)
    assert [line.kind for line in compare_fit_rules(older, newer)] == ["changed", "same"]


def test_a_rule_is_gone_or_new_where_one_version_lacks_it():
    older, newer = score_model(fit=[(MANAGER, 30)]), score_model(fit=[(JAPAN, 5)], in_force_from=AT)
    gone, new = compare_fit_rules(older, newer)
    assert (gone.kind, gone.before, gone.after) == ("gone", 30, None)
    assert (new.kind, new.before, new.after) == ("new", None, 5)


def test_of_two_rules_that_read_the_same_each_has_its_own_twin():
    older = score_model(fit=[(MANAGER, 30), (MANAGER, 5)])
    newer = score_model(fit=[(MANAGER, 30)], in_force_from=AT)
    assert [line.kind for line in compare_fit_rules(older, newer)] == ["same", "gone"]


def test_a_renamed_rule_is_called_by_its_new_name():
    older = score_model(fit=[(MANAGER, 30)])
    newer = score_model(fit=[(MANAGER, 30)], in_force_from=None)
    newer.fit_rules.update(name="Leads a team")
    assert [line.what for line in compare_fit_rules(older, newer)] == ["Leads a team"]


@pytest.mark.parametrize("worth", [(41, 60, 30), (40, 61, 30), (40, 60, 31), (40, None, 30), (40, 60, None)])
def test_a_kind_differs_in_points_cap_or_half_life(worth: tuple[int, int | None, int | None]):
    older = score_model(interest={"demo_request": (40, 60, 30), "call": (1, None, None)})
    newer = score_model(interest={"demo_request": worth, "call": (1, None, None)}, in_force_from=AT)
    kinds = {line.what: line.kind for line in compare_interest_rules(older, newer)}
    assert kinds == {"Demo request": "changed", "Call": "same"}


def test_0_points_differ_from_no_rule():
    assert Line("", Decimal(0), None).kind == "gone"
    assert Line("", None, Decimal(0)).kind == "new"
    assert Line("", Decimal(0), Decimal("0.000000")).kind == "same"


def test_one_version_alone_is_compared_with_nothing(mara: Client):
    score_model()
    assert mara.get(reverse("score_comparison"))["location"] == reverse("scoring")


def compared(browser: Client, **asked: str | int) -> tuple[int, int]:
    context = browser.get(reverse("score_comparison"), asked).context
    return context["older"].number, context["newer"].number


def test_the_newest_is_compared_with_the_one_in_force(mara: Client):
    first, in_force = score_model(in_force_from=now() - 2 * DAY), score_model(in_force_from=now() - DAY)
    assert compared(mara) == (first.number, in_force.number)
    draft = begin_draft()
    assert compared(mara) == (in_force.number, draft.number)


def test_two_versions_are_chosen_by_their_numbers_in_any_order(mara: Client):
    first, second = score_model(), score_model(in_force_from=AT)
    assert compared(mara, a=second.number, b=first.number) == (second.number, first.number)


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "１"])
def test_a_number_of_no_version_chooses_nothing(mara: Client, number: str):
    score_model()
    second = score_model(in_force_from=AT)
    assert compared(mara, b=number)[1] == second.number


# The board


def scored(fit: int, interest: int, quadrant: Quadrant = Quadrant.DROP, **fields: object) -> Score:
    return make.score(make.lead(), fit=fit, interest=interest, machine_quadrant=quadrant, **fields)


def test_a_lead_with_100_points_lies_in_the_last_square():
    scored(100, 100)
    scored(99, 0)
    assert {(found["column"], found["row"]) for found in shares()} == {(9, 9), (0, 9)}


def test_a_square_begins_with_its_first_point():
    for fit in (9, 10, 19, 20):
        scored(fit, 0)
    assert {found["row"]: found["n"] for found in shares()} == {0: 1, 1: 2, 2: 1}


def test_a_lead_is_counted_where_a_person_put_it():
    scored(10, 10, Quadrant.DROP, override=Quadrant.HOT, override_reason="Fair")
    scored(10, 10, Quadrant.DROP)
    counted = {found["counted"]: (found["n"], found["by_people"]) for found in shares()}
    assert counted == {"hot": (1, 1), "drop": (1, 0)}


def test_the_board_is_one_query_however_many_leads(django_assert_num_queries):
    for points in range(10):
        scored(points * 10, 0)
    with django_assert_num_queries(1):
        shares()


def test_the_thresholds_cut_the_board_into_its_quadrants():
    cut = board(ScoreModel(number=1, fit_threshold=Decimal(25), interest_threshold=Decimal(50)))
    assert (cut["x"], cut["y"]) == (274, 247)
    fields = {field["quadrant"]: (field["x"], field["y"], field["width"], field["height"]) for field in cut["fields"]}
    assert fields == {
        Quadrant.NURTURE: (24, 22, 250, 225),
        Quadrant.HOT: (274, 22, 250, 225),
        Quadrant.DROP: (24, 247, 250, 75),
        Quadrant.OPPORTUNISTIC: (274, 247, 250, 75),
    }


def test_a_threshold_of_0_leaves_no_room_below_it():
    cut = board(ScoreModel(number=1, fit_threshold=Decimal(0), interest_threshold=Decimal(0)))
    rooms = {field["quadrant"]: (field["width"], field["height"]) for field in cut["fields"]}
    assert rooms[Quadrant.HOT] == (500, 300)
    assert rooms[Quadrant.DROP] == (0, 0)


def test_a_dot_lies_in_the_middle_of_its_square_and_grows_with_its_leads():
    lowest, highest = dot((0, 0), 1, 4), dot((9, 9), 4, 4)
    assert (lowest.x, lowest.y) == (49, 307)
    assert (highest.x, highest.y) == (499, 37)
    assert (lowest.radius, highest.radius) == (7.5, 13.5)


def test_the_board_of_nobody_has_no_dots(mara: Client):
    score_model()
    context = mara.get(reverse("quadrants")).context
    assert (context["total"], context["dots"]) == (0, [])
    assert context["board"] is not None


def test_scores_stay_on_the_board_when_no_model_counts_any_more(mara: Client):
    """Nobody is left without a word on it: the numbers are those of the last model."""
    make.score(make.lead())
    context = mara.get(reverse("quadrants")).context
    assert (context["total"], context["board"]) == (1, None)


def test_the_rules_of_an_old_version_keep_a_kind_that_was_retired(mara: Client):
    model = score_model(interest={"call": (5, None, None)}, in_force_from=None)
    ActivityKind.objects.filter(key="call").update(retired_at=now())
    with transaction.atomic():
        model.put_in_force(from_at=AT)
    rules = mara.get(reverse("score_model", args=[model.number])).context["interest_rules"]
    assert rules == [InterestRule.objects.get()]


def test_leads_of_every_quadrant_are_counted_once(mara: Client):
    score_model(fit=[(MANAGER, 60)], interest={"call": (60, None, None)})
    for seniority in ("Manager", "Staff"):
        make.lead(seniority=seniority)
        make.activity(make.lead(seniority=seniority), "call", now() - DAY)
    rescore()
    context = mara.get(reverse("quadrants")).context
    assert {cell.count for cell in context["cells"].values()} == {1}
    assert context["total"] == sum(found.count for found in context["dots"]) == 4
