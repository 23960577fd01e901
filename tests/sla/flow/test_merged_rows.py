"""Merging does with every row that refers to a lead what the register says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model

from funnel.models import Journey, Opportunity, Transition
from history.subjects import Merging, records
from leads.models import Activity, Identity, Lead, PendingReevaluation, Persona, PersonaMatch, SearchEntry
from leads.registering.searching import refresh
from scoring.models import Preview, PreviewedLead, Score
from sla.flow.merging import merge
from sla.models import Handoff
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM

NO_POINTS = dict.fromkeys(["fit_before", "fit_after", "interest_before", "interest_after"], 0)
# One row that refers to a lead by this key.
MAKE: dict[tuple[type[Model], str], Callable[[Lead], Any]] = {
    (Activity, "lead"): lambda lead: make.activity(lead, "call", AT),
    # The lead itself.
    (Lead, "id"): lambda lead: lead,
    (Lead, "merged_into"): lambda lead: make.lead(merged_into=lead, merged_at=AT),
    (Identity, "lead"): lambda lead: Identity.objects.create(lead=lead, system="crm", external_id=str(lead.pk)),
    (SearchEntry, "lead"): lambda lead: refresh([lead.pk]),
    (PendingReevaluation, "lead"): lambda lead: PendingReevaluation.objects.create(lead=lead, due_at=AT),
    (PersonaMatch, "lead"): lambda lead: PersonaMatch.objects.create(lead=lead, **persona()),
    (Score, "lead"): lambda lead: make.score(lead),
    (PreviewedLead, "lead"): lambda lead: PreviewedLead.objects.create(lead=lead, preview=preview(), **NO_POINTS),
    (Opportunity, "lead"): lambda lead: make.opportunity(lead),
    # Made with the hand-off.
    (Journey, "lead"): lambda lead: lead.journey,
    (Transition, "lead"): lambda lead: lead.transitions.first(),
    (Handoff, "lead"): lambda lead: lead.handoffs.get(),
}


def persona() -> dict[str, Persona]:
    made = Persona.objects.create()
    return {"persona": made, "machine": made}


def preview() -> Preview:
    model = make.score(make.lead()).model
    return Preview.objects.get_or_create(model=model, defaults={"at": AT})[0]


def rows_of(model: type[Model], key: str, lead: Lead) -> set[Any]:
    return set(model._base_manager.filter(**{key: lead.pk}).values_list("pk", flat=True))


def keys() -> list[tuple[type[Model], str, Merging]]:
    return [(record.model, key, merging) for record in records() for key, merging in record.merging.items()]


def test_each_key_to_a_lead_has_a_row_to_try_it_with() -> None:
    assert set(MAKE) == {(model, key) for model, key, _merging in keys()}


def test_every_row_ends_as_the_register_says() -> None:
    kept, other = make.handoff(at=AT).lead, make.handoff(at=AT + timedelta(minutes=5)).lead
    for make_row in MAKE.values():
        make_row(kept), make_row(other)
    before = {(model, key): (rows_of(model, key, kept), rows_of(model, key, other)) for model, key in MAKE}
    assert all(mine and theirs for mine, theirs in before.values())

    merge(kept, other, by=make.user(Role.MARKETER), at=AT + timedelta(hours=1))

    for model, key, merging in keys():
        mine, theirs = before[model, key]
        now_mine, now_theirs = rows_of(model, key, kept), rows_of(model, key, other)
        name = f"{model._meta.label}.{key}"
        match merging:
            case Merging.MOVED:
                assert (now_mine >= mine | theirs, now_theirs) == (True, set()), name
            case Merging.KEPT:
                assert (now_mine, now_theirs) == (mine, theirs), name
            case Merging.COMBINED:
                assert (len(now_mine), now_theirs) == (1, set()), name
            case Merging.DROPPED:
                assert (now_mine & theirs, now_theirs) == (set(), set()), name
