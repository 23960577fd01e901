"""When a fact happened, and when we were told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from funnel.models import Opportunity, Stage, StageRole, Transition
from history.recording import told_at, told_when_it_happens
from leads.models import Company, Lead
from leads.registering.registration import register
from tests import make
from tests.leads.importing.importing import bring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
DAY = timedelta(days=1)
LONG_AGO = make.MONDAY_9AM - 300 * DAY
NOW = time_machine.travel(make.MONDAY_9AM, tick=False)
FILE = "Email,Company,Created,MQL date\nann@example.org,Ito,2026-01-05,2026-02-03\n"
COLUMNS = {"Email": "email", "Company": "company.name", "Created": "created_at", "MQL date": "stage.mql"}


@NOW
def test_what_is_dated_back_was_told_now() -> None:
    lead, _is_new = register({"email": "ann@example.org", "company.name": "Ito", "created_at": LONG_AGO})
    lead.refresh_from_db()
    assert (lead.created_at, lead.recorded_at) == (LONG_AGO, make.MONDAY_9AM)
    assert lead.company is not None
    assert lead.company.recorded_at == make.MONDAY_9AM
    deal = Opportunity.open(lead, opened_at=LONG_AGO + DAY)
    assert deal.recorded_at == make.MONDAY_9AM
    assert set(Transition.objects.values_list("recorded_at", flat=True)) == {make.MONDAY_9AM}


@NOW
def test_an_import_tells_when_it_comes_in() -> None:
    bring("leads", FILE, COLUMNS)
    lead, company, step = Lead.objects.get(), Company.objects.get(), Transition.objects.get()
    assert lead.created_at < step.at < lead.recorded_at
    assert {lead.recorded_at, company.recorded_at, step.recorded_at} == {make.MONDAY_9AM}


@NOW
def test_the_demo_tells_each_row_at_its_own_moment() -> None:
    with told_when_it_happens():
        (lead,) = Lead.objects.bulk_create([Lead(email="ann@example.org", created_at=LONG_AGO)])
        make.definition()
        deal = Opportunity.open(lead, opened_at=LONG_AGO + DAY)
    assert (lead.recorded_at, deal.recorded_at) == (LONG_AGO, LONG_AGO + DAY)
    assert [step.recorded_at for step in lead.transitions.order_by("at")] == [LONG_AGO, LONG_AGO + DAY]
    assert told_at(LONG_AGO) == make.MONDAY_9AM


@NOW
def test_nothing_is_told_before_it_happened() -> None:
    ahead = make.MONDAY_9AM + DAY
    assert make.lead(StageRole.LEAD, created_at=ahead).recorded_at == ahead
    lead = make.lead(StageRole.LEAD, created_at=LONG_AGO)
    step = lead.journey.move_to(Stage.objects.role(StageRole.MQL), because="", at=ahead)
    assert step.recorded_at == ahead
    for told in (lead, step):
        with pytest.raises(IntegrityError, match="is_told_when_it_is"), transaction.atomic():
            type(told)._default_manager.filter(pk=told.pk).update(recorded_at=LONG_AGO - DAY)


@NOW
def test_a_correction_makes_no_lead_younger_than_our_knowledge_of_it() -> None:
    bring("leads", FILE, COLUMNS, at=make.MONDAY_9AM - 10 * DAY)
    later = FILE.replace("2026-01-05", "2026-11-10").replace("2026-02-03", "2026-11-12")
    job, _counts = bring("leads", later, COLUMNS, correct=True)
    lead, step = Lead.objects.get(), Transition.objects.get()
    assert f"{lead.created_at:%Y-%m-%d}" == "2026-01-04"
    assert any("was left out" in warning for warning in job.said)
    # That it was made later is told now.
    assert (f"{step.at:%Y-%m-%d}", step.recorded_at) == ("2026-11-11", make.MONDAY_9AM)
