from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from leads.models import ActivityKind
from scoring.drafts import previewing
from scoring.drafts.drafting import begin_draft
from scoring.models import FitRule, Preview, Quadrant, Score, ScoreModel
from scoring.rescoring import rescore
from teams.models import Role
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db
MANAGER = {"field": "seniority", "op": "=", "value": "Manager"}


def filled(draft: ScoreModel, **changes: str) -> dict[str, str]:
    """What the draft's page would post."""
    values = {"fit_threshold": "50", "interest_threshold": "50", "note": ""}
    values |= {f"fit-{rule.pk}-points": str(rule.points) for rule in draft.fit_rules.all()}
    values |= {f"kind-{rule.kind_id}-points": str(rule.points) for rule in draft.interest_rules.all()}
    return values | changes


def test_the_first_page_says_what_to_do_next(mara: Client):
    page = mara.get(reverse("scoring")).content.decode()
    assert "Draft the first model" in page
    assert "No lead has a score yet" in mara.get(reverse("quadrants")).content.decode()


def test_a_draft_begins_as_what_counts(mara: Client):
    score_model(fit=[(MANAGER, 30)], interest={"page_view": (1, 5, 7)}, fit_threshold=60)
    mara.post(reverse("score_draft_new"))
    mara.post(reverse("score_draft_new"))
    (draft,) = ScoreModel.objects.drafts()
    assert (draft.fit_threshold, draft.fit_rules.get().criteria) == (Decimal(60), MANAGER)
    assert draft.interest_rules.get().half_life_days == 7
    assert 'value="30"' in mara.get(reverse("score_draft")).content.decode()


def test_a_draft_is_saved_as_a_whole(mara: Client):
    draft = begin_draft()
    FitRule.objects.create(model=draft, criteria=MANAGER, points=30)
    kind = ActivityKind.objects.get(key="demo_request")
    values = filled(draft, note="Fewer views")
    values |= {f"kind-{kind.pk}-points": "40", f"kind-{kind.pk}-cap": "60", f"kind-{kind.pk}-half_life_days": "30"}
    assert mara.post(reverse("score_draft"), values | {"save": ""}).status_code == 302
    rule = draft.interest_rules.get()
    assert (rule.kind, rule.points, rule.cap, rule.half_life_days) == (kind, Decimal(40), Decimal(60), Decimal(30))
    mara.post(
        reverse("score_draft"),
        values | {f"kind-{kind.pk}-points": "", f"kind-{kind.pk}-cap": "", f"kind-{kind.pk}-half_life_days": ""},
    )
    assert not draft.interest_rules.exists()


def test_what_is_wrong_is_said_at_the_field_and_nothing_is_written(mara: Client):
    draft = begin_draft()
    kind = ActivityKind.objects.get(key="demo_request")
    values = filled(draft, fit_threshold="120") | {f"kind-{kind.pk}-cap": "60"}
    answer = mara.post(reverse("score_draft"), values)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Say how many points it is worth." in page
    assert 'value="120"' in page
    assert 'value="60"' in page
    draft.refresh_from_db()
    assert draft.fit_threshold == 50


def test_a_fit_rule_is_written_with_its_conditions(mara: Client):
    draft = begin_draft()
    values = {"criteria": '{"field": "seniority", "op": "=", "value": "Manager"}', "points": "12.5"}
    assert mara.post(reverse("fit_rule_new"), values).status_code == 302
    rule = draft.fit_rules.get()
    assert (rule.criteria, rule.points) == (MANAGER, Decimal("12.5"))
    about_scores = {"criteria": '{"field": "fit", "op": ">=", "value": 5}', "points": "1"}
    assert mara.post(reverse("fit_rule_new"), about_scores).status_code == 422
    assert mara.get(reverse("fit_rule", args=[rule.pk])).status_code == 200
    mara.post(reverse("fit_rule_delete", args=[rule.pk]))
    assert not draft.fit_rules.exists()


def test_a_draft_that_was_proposed_meanwhile_is_not_edited(mara: Client):
    draft = begin_draft()
    draft.freeze()
    assert mara.post(reverse("score_draft"), filled(draft))["location"] == reverse("scoring")
    assert mara.get(reverse("fit_rule_new")).status_code == 404


def test_a_preview_lists_who_changes_quadrant(mara: Client):
    score_model(fit=[(MANAGER, 30)])
    ann, bob, cleo = (
        make.lead(seniority=each, family_name=f"Name{nth}") for nth, each in enumerate(["Manager", "Staff", "Manager"])
    )
    rescore(at=now())
    Score.objects.get(lead=cleo).override_quadrant(Quadrant.HOT, reason="Fair", by=make.user())
    draft = begin_draft()
    draft.fit_rules.update(points=60)
    mara.post(reverse("score_preview"))
    preview = Preview.objects.get(model=draft)
    assert (preview.changing, preview.leads, preview.scored_first) == (1, 3, 0)
    page = mara.get(reverse("score_preview")).content.decode()
    assert "1 lead changes its quadrant" in page
    assert "Name0" in page
    assert "Name1" not in page
    assert "Name2" not in page
    assert Score.objects.get(lead=ann).machine_quadrant == Quadrant.DROP
    assert "Name0" in mara.get(reverse("score_preview"), {"from": "drop", "to": "nurture"}).content.decode()
    assert "Name0" not in mara.get(reverse("score_preview"), {"from": "hot", "to": "nurture"}).content.decode()
    assert bob.score.machine_quadrant == Quadrant.DROP


def test_a_preview_of_many_leads_is_worked_off_behind_the_page(mara: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(previewing, "RANGES_AT_ONCE", 0)
    score_model(fit=[(MANAGER, 30)])
    make.lead(seniority="Manager")
    rescore(at=now())
    begin_draft().fit_rules.update(points=60)
    mara.post(reverse("score_preview"))
    page = mara.get(reverse("score_preview"), headers={"hx-request": "true"}).content.decode()
    assert 'role="progressbar"' in page
    assert "<html" not in page
    assert previewing.finish_previews() == 1
    assert "1 lead changes its quadrant" in mara.get(reverse("score_preview")).content.decode()


def test_pages_ask_the_database_little(mara: Client, django_assert_max_num_queries):
    score_model(fit=[(MANAGER, 60), (MANAGER, 5)], interest={"page_view": (1, 5, 7), "call": (1, 5, 7)})
    begin_draft()
    for name in ("scoring", "quadrants", "score_comparison"):
        with django_assert_max_num_queries(11):
            mara.get(reverse(name))


def test_saving_the_draft_makes_its_preview_old(mara: Client):
    draft = begin_draft()
    mara.post(reverse("score_preview"))
    mara.post(reverse("score_draft"), filled(draft))
    assert not Preview.objects.exists()
    assert mara.post(reverse("score_draft"), filled(draft) | {"preview": ""})["location"] == reverse("score_preview")
    assert Preview.objects.get().finished_at


def test_two_versions_are_compared(mara: Client):
    score_model(fit=[(MANAGER, 30)], interest={"page_view": (1, 5, 7)})
    draft = begin_draft()
    draft.fit_rules.update(points=20)
    draft.interest_rules.all().delete()
    page = mara.get(reverse("score_comparison")).content.decode()
    assert "2 lines are different" in page
    assert "+30" in page
    assert "+20" in page


def test_each_quadrant_counts_its_leads_and_opens_them(mara: Client):
    score_model(fit=[(MANAGER, 60)])
    leads = [make.lead(seniority=each) for each in ("Manager", "Manager", "")]
    make.lead(merged_into=leads[0], merged_at=now())
    rescore(at=now())
    Score.objects.get(lead=leads[0]).override_quadrant(Quadrant.HOT, reason="Fair", by=make.user())
    cells = mara.get(reverse("quadrants")).context["cells"]
    assert {each.value: cell.count for each, cell in cells.items()} == {
        "hot": 1,
        "nurture": 1,
        "opportunistic": 0,
        "drop": 1,
    }
    for cell in cells.values():
        assert mara.get(cell.url).context["page"].count == cell.count


def test_old_versions_stay_readable(mara: Client):
    old = score_model(fit=[(MANAGER, 30)], in_force_from=now() - timedelta(days=9))
    score_model(in_force_from=now() - timedelta(days=1))
    assert "Replaced" in mara.get(reverse("score_model", args=[old.number])).content.decode()


@pytest.mark.parametrize("name", ["scoring", "quadrants", "score_comparison"])
def test_sales_reads_what_marketing_writes(client: Client, name: str):
    score_model(fit=[(MANAGER, -30)], interest={"page_view": (1, 5, None)})
    begin_draft()
    client.force_login(make.user(Role.REP, language="ja"))
    assert client.get(reverse(name)).status_code == 200
    assert client.get(reverse("score_draft")).status_code == 403
    assert client.post(reverse("score_draft_new")).status_code == 403
