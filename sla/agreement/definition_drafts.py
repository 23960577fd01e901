"""Drafts of the definitions of MQL and SQL: begun, proposed, and how many leads they would qualify."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import now

from funnel.models import Definition, Stage
from funnel.qualification.qualifying import standing
from sla.agreement.drafting import adopt_definition, draft_next
from sla.agreement.models.agreements import AgreedDefinition, Agreement
from sla.agreement.proposing import propose
from teams.models import User


def draft_definition(stage: Stage, *, by: User | None = None, at: datetime | None = None) -> Definition:
    """Return the stage's draft definition; where there is none, begin one from the newest version."""
    with transaction.atomic():
        Stage.objects.select_for_update().get(pk=stage.pk)
        newest = Definition.objects.filter(stage=stage).order_by("-number").first()
        if newest is not None and newest.frozen_at is None:
            return newest
        source = _pending_definition(stage) or _newest_signed(stage) or newest
        return Definition.objects.create(
            stage=stage,
            number=newest.number + 1 if newest else 1,
            text=source.text if source else "",
            criteria=source.criteria if source else None,
            cool_off_days=source.cool_off_days if source else 60,
            created_by=by,
            created_at=at or now(),
        )


def _pending_definition(stage: Stage) -> Definition | None:
    """The version that was frozen by a proposal and sent back with it."""
    named = AgreedDefinition.objects.filter(agreement__in_force_from=None, definition__stage=stage)
    row = named.select_related("definition").first()
    return row.definition if row else None


def _newest_signed(stage: Stage) -> Definition | None:
    return Definition.objects.filter(stage=stage, in_force_from__isnull=False).order_by("-number").first()


def propose_definition(definition: Definition, *, by: User, at: datetime | None = None) -> Agreement:
    """Propose an agreement that changes only this definition.

    Where a draft with other changes exists, the definition is added to it and the draft returned unproposed.

    Raises `Frozen` while another proposal waits; `NotReady`, with the draft kept, when something is missing.
    """
    existing = Agreement.objects.pending().first()
    draft = draft_next(by=by, at=at)
    adopt_definition(draft, definition)
    if existing is None:
        propose(draft, by=by, at=at)
    draft.refresh_from_db()
    return draft


def standing_leads_by_definition(agreement: Agreement, *, at: datetime | None = None) -> list[tuple[Definition, int]]:
    """For each definition that the agreement changes: how many standing leads it would qualify, by today's scores."""
    at = at or now()
    in_force = set(Definition.objects.in_force(at).values_list("pk", flat=True))
    changed = [definition for definition in agreement.definitions() if definition.pk not in in_force]
    return [(definition, standing(definition, at=at).count()) for definition in changed]
