"""The pages of a draft: who may do what, in which order, and what they say."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from scoring.drafts import previewing
from scoring.drafts.drafting import begin_draft
from scoring.models import FitRule, Preview, PreviewedLead, Quadrant, ScoreModel
from scoring.rescoring import rescore
from teams.models import Role
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db
MANAGER = {"field": "seniority", "op": "=", "value": "Manager"}
THRESHOLDS = {"fit_threshold": "50", "interest_threshold": "50"}
RULE = {"criteria": '{"field": "seniority", "op": "=", "value": "Manager"}', "points": "5"}


@pytest.mark.parametrize("name", ["score_draft", "score_preview"])
def test_without_a_draft_its_pages_lead_to_the_model(mara: Client, name: str):
    assert mara.get(reverse(name))["location"] == reverse("scoring")


def test_without_a_draft_there_is_no_rule_to_edit_and_nothing_to_discard(mara: Client):
    rule = FitRule.objects.create(model=ScoreModel.objects.create(number=1), criteria=MANAGER, points=1)
    rule.model.freeze()
    assert mara.get(reverse("fit_rule_new")).status_code == 404
    assert mara.get(reverse("fit_rule", args=[rule.pk])).status_code == 404
    assert mara.post(reverse("fit_rule_delete", args=[rule.pk])).status_code == 404
    assert mara.post(reverse("score_draft_discard")).status_code == 404
    assert FitRule.objects.get() == rule


def test_a_rule_of_a_published_model_is_not_reached_by_way_of_a_draft(mara: Client):
    published = score_model(fit=[(MANAGER, 30)]).fit_rules.get()
    begin_draft()
    assert mara.post(reverse("fit_rule", args=[published.pk]), RULE).status_code == 404
    assert mara.post(reverse("fit_rule_delete", args=[published.pk])).status_code == 404


def test_a_draft_says_who_began_it(mara: Client):
    mara.post(reverse("score_draft_new"))
    assert ScoreModel.objects.drafts().get().created_by == mara.get(reverse("scoring")).context["user"]


def test_a_discarded_draft_is_gone_with_all_of_it(mara: Client):
    in_force = score_model(fit=[(MANAGER, 30)])
    previewing.request_preview(begin_draft())
    assert mara.post(reverse("score_draft_discard"))["location"] == reverse("scoring")
    assert list(ScoreModel.objects.all()) == [in_force]
    assert not Preview.objects.exists()
    assert in_force.fit_rules.count() == 1


@pytest.mark.parametrize("name", ["score_draft_new", "score_draft_discard", "fit_rule_delete"])
def test_reading_an_address_that_changes_something_changes_nothing(mara: Client, name: str):
    rule = FitRule.objects.create(model=begin_draft(), criteria=MANAGER, points=1)
    assert mara.get(reverse(name, args=[rule.pk] if name == "fit_rule_delete" else [])).status_code == 405
    assert FitRule.objects.filter(pk=rule.pk).exists()


def test_new_rules_stand_behind_those_that_are_there(mara: Client):
    draft = begin_draft()
    for _ in range(3):
        mara.post(reverse("fit_rule_new"), RULE)
    assert list(draft.fit_rules.values_list("position", flat=True)) == [0, 1, 2]
    mara.post(reverse("fit_rule_delete", args=[draft.fit_rules.first().pk]))
    mara.post(reverse("fit_rule_new"), RULE)
    assert list(draft.fit_rules.values_list("position", flat=True)) == [1, 2, 3]


def test_a_wrong_rule_keeps_what_was_typed(mara: Client):
    begin_draft()
    answer = mara.post(reverse("fit_rule_new"), RULE | {"name": "製造業の部長", "points": "1000"})
    assert answer.status_code == 422
    assert 'value="製造業の部長"' in answer.content.decode()
    assert 'value="1000"' in answer.content.decode()
    assert not FitRule.objects.exists()


@pytest.mark.parametrize("act", ["write", "delete"])
def test_changing_a_rule_makes_the_preview_old(mara: Client, act: str):
    draft = begin_draft()
    rule = FitRule.objects.create(model=draft, criteria=MANAGER, points=1)
    previewing.request_preview(draft)
    name = "fit_rule" if act == "write" else "fit_rule_delete"
    mara.post(reverse(name, args=[rule.pk]), RULE)
    assert not Preview.objects.exists()


def test_saving_on_the_way_to_a_rule_goes_there(mara: Client):
    draft = begin_draft()
    rule = FitRule.objects.create(model=draft, criteria=MANAGER, points=1)
    values = THRESHOLDS | {f"fit-{rule.pk}-points": "9"}
    answer = mara.post(reverse("score_draft"), values | {"rule": str(rule.pk)})
    assert answer["location"] == reverse("fit_rule", args=[rule.pk])
    assert mara.post(reverse("score_draft"), values | {"rule": ""})["location"] == reverse("fit_rule_new")
    assert mara.post(reverse("score_draft"), values | {"rule": "²"})["location"] == reverse("fit_rule_new")
    assert mara.post(reverse("score_draft"), values | {"rule": "１"})["location"] == reverse("fit_rule_new")
    rule.refresh_from_db()
    assert rule.points == 9


def test_saving_says_that_nothing_changes_for_leads_yet(mara: Client):
    begin_draft()
    page = mara.post(reverse("score_draft"), THRESHOLDS, follow=True).content.decode()
    assert "Nothing changes for leads until it is published." in page


def test_somebody_who_published_first_is_told_to_the_other(mara: Client, monkeypatch: pytest.MonkeyPatch):
    """Between looking at the draft and holding it, a colleague proposes it."""
    draft = begin_draft()
    rule = FitRule.objects.create(model=draft, criteria=MANAGER, points=1)
    monkeypatch.setattr("scoring.drafts.views.get_draft", lambda: draft)
    ScoreModel.objects.get(pk=draft.pk).freeze()
    for name, args in (("fit_rule", [rule.pk]), ("fit_rule_delete", [rule.pk]), ("score_draft_discard", [])):
        page = mara.post(reverse(name, args=args), RULE, follow=True).content.decode()
        assert "The draft was published or proposed a moment ago." in page
    rule.refresh_from_db()
    assert rule.points == 1


@pytest.fixture
def preview() -> Preview:
    """Three managers would be nurtured, one would no longer be keen, and nobody else changes."""
    score_model(fit=[(MANAGER, 30)], interest={"call": (60, None, None)})
    for _ in range(3):
        make.lead(seniority="Manager")
    keen = make.lead()
    make.activity(keen, "call", now() - timedelta(minutes=1))
    rescore()
    draft = begin_draft()
    draft.fit_rules.update(points=60)
    draft.interest_rules.update(points=10)
    return previewing.request_preview(draft)


def listed(browser: Client, **asked: str) -> list[tuple[str, str]]:
    page = browser.get(reverse("score_preview"), asked).context["page"]
    return [(change.before, change.after) for change in page.rows]


@pytest.mark.usefixtures("preview")
def test_the_leads_of_each_move_are_those_that_its_number_counts(mara: Client):
    moves = mara.get(reverse("score_preview")).context["moves"]
    counted = {(old, new): n for old, row in moves for new, n, _same in row if n}
    assert counted == {("drop", "nurture"): 3, ("opportunistic", "drop"): 1}
    for (old, new), n in counted.items():
        assert listed(mara, **{"from": old, "to": new}) == [(old, new)] * n


@pytest.mark.usefixtures("preview")
def test_one_end_of_a_move_is_enough_to_filter_by(mara: Client):
    assert len(listed(mara)) == 4
    assert listed(mara, to="drop") == [("opportunistic", "drop")]
    assert len(listed(mara, **{"from": "drop"})) == 3


@pytest.mark.usefixtures("preview")
def test_a_quadrant_that_is_none_filters_nothing(mara: Client):
    assert len(listed(mara, **{"from": "warm", "to": "ＤＲＯＰ"})) == 4


def test_a_preview_of_yesterday_is_called_old(mara: Client, preview: Preview):
    assert not mara.get(reverse("score_preview")).context["is_old"]
    Preview.objects.filter(pk=preview.pk).update(at=now() - timedelta(days=1))
    assert mara.get(reverse("score_preview")).context["is_old"]


def test_a_page_of_changes_costs_the_same_for_four_leads_and_for_fourteen(mara: Client, preview: Preview):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            listed(mara)
        return len(asked)

    few = queries()
    scores = dict.fromkeys(("fit_before", "fit_after", "interest_before", "interest_after"), 0)
    for _ in range(10):
        lead = make.lead(company=make.company())
        PreviewedLead.objects.create(preview=preview, lead=lead, before=Quadrant.HOT, after=Quadrant.DROP, **scores)
    assert len(listed(mara)) == 14
    assert queries() <= few


def test_a_preview_not_asked_for_yet_is_offered(mara: Client):
    begin_draft()
    page = mara.get(reverse("score_preview"))
    assert "Compute it" in page.content.decode()
    assert not Preview.objects.exists()


@pytest.mark.parametrize("role", [Role.REP, Role.SDR, Role.ADMINISTRATOR])
def test_only_marketing_and_managers_edit_a_draft(role: Role):
    rule = FitRule.objects.create(model=begin_draft(), criteria=MANAGER, points=1)
    browser = make.signed_in(make.user(role))
    for name in ("score_draft", "score_preview", "fit_rule_new"):
        assert browser.get(reverse(name)).status_code == 403
    assert browser.post(reverse("fit_rule_delete", args=[rule.pk])).status_code == 403
    assert browser.post(reverse("score_draft_discard")).status_code == 403
    assert FitRule.objects.get() == rule


def test_a_manager_edits_a_draft_as_marketing_does():
    begin_draft()
    assert make.signed_in(make.user(Role.MANAGER)).get(reverse("score_draft")).status_code == 200
