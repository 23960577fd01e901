"""Drafts of the definitions of MQL and SQL: begun, proposed, and how many leads they would qualify."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import now

from funnel.models import Definition, Stage
from funnel.qualification.qualifying import standing
from sla.agreement.content import content
from sla.agreement.drafting import adopt_definition, draft_next
from sla.agreement.models.agreements import AgreedDefinition, Agreement
from sla.agreement.proposing import propose
from sla.agreement.terms import Terms
from teams.models import User


def draft_definition(stage: Stage, *, by: User | None = None, at: datetime | None = None) -> Definition:
    """Return the stage's draft definition; where there is none, begin one from the newest version."""
    with transaction.atomic():
        definitions = Definition.objects.lock_series(stage)
        if draft := definitions.drafts().first():
            return draft
        source = _pending_definition(stage) or definitions.dated().newest() or definitions.newest()
        return definitions.create(
            stage=stage,
            number=definitions.next_number(),
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


def propose_definition(definition: Definition, *, by: User, at: datetime | None = None) -> Agreement:
    """Propose an agreement that changes only this definition.

    Where a draft with other changes exists, the definition is added to it and the draft returned unproposed.

    Raises `Unchanged` where the agreed one says the same; `Frozen` while another proposal waits; `NotReady`, with the
    draft kept, when something is missing.
    """
    agreed = AgreedDefinition.objects.filter(
        agreement=Agreement.objects.signed().first(), definition__stage=definition.stage_id
    ).first()
    if agreed and content(agreed.definition) == content(definition):
        raise Agreement.Unchanged
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
    changed = [each for each in Terms.of(agreement).definitions.values() if not each.holds(at)]
    return [(definition, standing(definition, at=at).count()) for definition in changed]
