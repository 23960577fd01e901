"""Lists to choose from are read once a page, however many forms it has."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.lead.forms import ActivityForm
from funnel.journeys.forms import DisqualifyForm, RecycleForm, StepForm
from funnel.models import DealStage, Journey, Reason, Stage, StageRole
from funnel.opportunities.forms import DealStageForm, LostForm, OpportunityForm, WonForm
from funnel.stages.forms import StageForm
from sla.inbox.forms import GivingUpForm
from smarketing.database.vocabulary import remembering
from tests import make

pytestmark = pytest.mark.django_db


def values(form: forms.BaseForm, name: str) -> list[Any]:
    field: Any = form.fields[name]
    return [value for value, _label in field.choices]


def test_all_forms_of_a_page_read_their_lists_together():
    journey = make.lead(StageRole.MQL).journey
    deal = make.opportunity()
    own = Stage.objects.put_after(Stage.objects.role(StageRole.SAL), Stage(name_en="Met", position=0))
    Reason.objects.filter(kind="lost").first()
    with CaptureQueriesContext(connection) as asked, remembering():
        shown = [
            form.as_p()
            for form in (
                RecycleForm(),
                DisqualifyForm(),
                StepForm(journey=journey),
                WonForm(opportunity=deal),
                LostForm(opportunity=deal),
                DealStageForm(opportunity=deal),
                StageForm(instance=own),
                ActivityForm(),
                GivingUpForm(is_done=False),
            )
        ]
    assert all(shown)
    assert len(asked) == 1


def test_they_offer_what_they_take():
    """The list that is shown is that of which one is accepted."""
    Reason.objects.filter(kind="lost", key="price").update(retired_at="2026-11-01T00:00Z")
    DealStage.objects.filter(pk=DealStage.objects.latest("position").pk).update(retired_at="2026-11-01T00:00Z")
    journey, deal = make.lead(StageRole.MQL).journey, make.opportunity()
    closed = make.lead(StageRole.MQL).journey
    Journey.objects.filter(pk=closed.pk).update(closed_at="2026-11-01T00:00Z", closed_as="lost")
    closed.refresh_from_db()
    for form, name in (
        (RecycleForm(), "reason"),
        (DisqualifyForm(), "reason"),
        (WonForm(opportunity=deal), "reason"),
        (LostForm(opportunity=deal), "reason"),
        (StepForm(journey=journey), "stage"),
        (StepForm(journey=closed), "stage"),
        (DealStageForm(opportunity=deal), "stage"),
        (OpportunityForm(), "stage"),
        (StageForm(), "after"),
    ):
        field: Any = form.fields[name]
        assert [value for value in values(form, name) if value] == [each.pk for each in field.queryset]


def test_an_empty_choice_stays_where_there_was_one():
    deal = make.opportunity()
    assert deal.stage is None
    assert values(DealStageForm(opportunity=deal), "stage")[0] == ""
    deal.stage = DealStage.objects.offered().first()
    assert "" not in values(DealStageForm(opportunity=deal), "stage")
    assert "" not in values(RecycleForm(), "reason")
    assert "" not in values(StageForm(), "after")
