"""What a draft would change, counted and listed before it counts."""

from datetime import timedelta
from typing import Any

import pytest

from leads.models import Lead
from scoring.drafts import previewing
from scoring.drafts.drafting import begin_draft
from scoring.models import Preview, PreviewedLead, Quadrant, Score, ScoreModel
from scoring.rescoring import RANGE, Range, rescore
from scoring.tasks import preview as preview_task
from tests import make
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM + timedelta(hours=5)
MANAGER = {"field": "seniority", "op": "=", "value": "Manager"}


@pytest.fixture
def draft() -> ScoreModel:
    """A draft that makes managers fit, where the model in force does not."""
    score_model(fit=[(MANAGER, 30)], interest={"page_view": (1, None, 1)})
    draft = begin_draft(at=AT)
    draft.fit_rules.update(points=60)
    return draft


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is previewed is too much to wait for."""
    monkeypatch.setattr(previewing, "RANGES_AT_ONCE", 0)


def manager(**fields: Any) -> Lead:
    lead = make.lead(seniority="Manager", **fields)
    rescore([lead.pk], at=AT)
    return lead


def test_a_preview_counts_moves_from_each_quadrant_to_each(draft: ScoreModel):
    for _ in range(2):
        manager()
    rescore([make.lead(seniority="Staff").pk], at=AT)
    assert previewing.request_preview(draft, at=AT).counts == {"drop": {"nurture": 2, "drop": 1}}


def test_a_preview_says_of_who_moves_what_the_scores_were_and_would_be(draft: ScoreModel):
    lead = manager()
    make.activity(lead, "page_view", AT)
    rescore([lead.pk], at=AT)
    previewing.request_preview(draft, at=AT)
    moved = PreviewedLead.objects.get(lead=lead)
    assert (moved.before, moved.after) == (Quadrant.DROP, Quadrant.NURTURE)
    assert (moved.fit_before, moved.fit_after) == (30_000_000, 60_000_000)
    assert (moved.interest_before, moved.interest_after) == (1_000_000, 1_000_000)


def test_a_preview_changes_no_score(draft: ScoreModel):
    lead = manager()
    before = Score.objects.filter(lead=lead).values().get()
    previewing.request_preview(draft, at=AT)
    assert Score.objects.filter(lead=lead).values().get() == before


def test_a_lead_without_a_score_is_counted_and_not_listed(draft: ScoreModel):
    make.lead(seniority="Manager")
    preview = previewing.request_preview(draft, at=AT)
    assert preview.counts == {"": {"nurture": 1}}
    assert (preview.leads, preview.changing, preview.scored_first) == (1, 0, 1)
    assert not preview.changes.exists()


def test_a_person_s_word_stays_in_the_preview(draft: ScoreModel):
    lead = manager()
    Score.objects.get(lead=lead).override_quadrant(Quadrant.HOT, reason="Fair", by=make.user(), at=AT)
    assert previewing.request_preview(draft, at=AT).counts == {"hot": {"hot": 1}}


def test_a_merged_lead_is_in_no_preview(draft: ScoreModel):
    kept = manager()
    make.lead(seniority="Manager", merged_into=kept, merged_at=AT)
    assert previewing.request_preview(draft, at=AT).leads == 1


def test_a_preview_is_as_of_its_own_moment(draft: ScoreModel):
    lead = manager()
    make.activity(lead, "page_view", AT)
    draft.interest_rules.update(points=60)
    assert previewing.request_preview(draft, at=AT - timedelta(microseconds=1)).counts == {"drop": {"nurture": 1}}
    assert previewing.request_preview(draft, at=AT).counts == {"drop": {"hot": 1}}


def test_a_new_preview_takes_the_place_of_the_old_one(draft: ScoreModel):
    manager()
    old = previewing.request_preview(draft, at=AT)
    new = previewing.request_preview(draft, at=AT)
    assert list(Preview.objects.all()) == [new] != [old]
    assert PreviewedLead.objects.count() == 1


def test_nobody_to_compare_is_a_finished_preview(draft: ScoreModel):
    preview = previewing.request_preview(draft, at=AT)
    assert preview.finished_at is not None
    assert (preview.total, preview.done, preview.leads) == (0, 0, 0)


@pytest.mark.usefixtures("behind")
def test_a_preview_goes_on_where_it_was_interrupted(draft: ScoreModel):
    """Each range of leads is compared once, whoever does it, and counts are added up."""
    far = manager().pk + RANGE
    manager(pk=far)
    preview = previewing.request_preview(draft, at=AT)
    assert (preview.total, preview.done, preview.finished_at) == (2, 0, None)
    assert previewing.compare_next_range(preview.pk)
    preview.refresh_from_db()
    assert (preview.done, preview.leads, preview.finished_at) == (1, 1, None)
    assert previewing.finish_previews() == 1
    preview.refresh_from_db()
    assert (preview.done, preview.leads, preview.changes.count()) == (2, 2, 2)
    assert preview.finished_at is not None


@pytest.mark.usefixtures("behind")
def test_finishing_twice_changes_nothing(draft: ScoreModel):
    manager()
    preview = previewing.request_preview(draft, at=AT)
    preview_task()
    assert previewing.finish_previews() == 0
    assert not previewing.compare_next_range(preview.pk)
    preview.refresh_from_db()
    assert preview.leads == 1


@pytest.mark.usefixtures("behind")
def test_a_preview_whose_draft_is_gone_is_not_finished(draft: ScoreModel):
    manager()
    previewing.request_preview(draft, at=AT)
    draft.delete()
    assert previewing.finish_previews() == 0


@pytest.mark.usefixtures("behind")
def test_ranges_that_came_meanwhile_are_compared_too(draft: ScoreModel):
    first = manager()
    preview = previewing.request_preview(draft, at=AT)
    manager(pk=first.pk + RANGE)
    assert previewing.finish_previews() == 2
    preview.refresh_from_db()
    assert (preview.total, preview.leads) == (2, 2)


def test_a_range_holds_the_leads_up_to_the_next_one():
    assert Range(3).where("id")[1] == [3 * RANGE, 4 * RANGE]
