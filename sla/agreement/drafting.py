"""The draft of the next version: begun from the agreement signed last, changed, discarded.

Only an agreement is signed. What it names (personas, definitions, the score model) is frozen when it is proposed, and
put in force when the last head has signed. Nothing signed is ever edited; the next version replaces it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import now

from funnel.models import Definition
from scoring.models import ScoreModel
from sla.agreement.models.agreements import AgreedDefinition, AgreedPersona, Agreement
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Party
from sla.agreement.models.policies import Policy, Step
from sla.agreement.scoring import current_score_model
from teams.models import User


def draft_next(*, by: User | None = None, at: datetime | None = None) -> Agreement:
    """Return the draft; where there is none, begin one from the agreement signed last.

    Raises `Frozen` while a proposal waits for signatures.
    """
    draft = Agreement.objects.pending().first() or _begin_draft(by, at or now())
    if not draft.is_draft:
        raise Agreement.Frozen
    return draft


@transaction.atomic
def _begin_draft(by: User | None, at: datetime) -> Agreement:
    agreements = Agreement.objects.lock_series()
    # Somebody else may have begun one while we waited for the lock.
    if draft := Agreement.objects.pending().first():
        return draft
    draft = agreements.create(number=agreements.next_number(), created_by=by, created_at=at)
    if signed := Agreement.objects.signed().first():
        _copy_terms(signed, draft)
    return draft


def _copy_terms(signed: Agreement, draft: Agreement) -> None:
    """Copy everything that was agreed; heads and score model are those of today."""
    draft.preamble, draft.notes = signed.preamble, signed.notes
    draft.score_model_may_change = signed.score_model_may_change
    draft.score_model = current_score_model() or signed.score_model
    draft.review_months, draft.dispute_days = signed.review_months, signed.dispute_days
    draft.meeting_weekday, draft.meeting_at = signed.meeting_weekday, signed.meeting_at
    draft.save()
    for party in signed.parties.select_related("team"):
        head = party.team.head_id or party.head_id
        Party.objects.create(agreement=draft, team=party.team, head_id=head, escalates_to_id=party.escalates_to_id)
    for persona in signed.agreed_personas.all():
        AgreedPersona.objects.create(agreement=draft, version_id=persona.version_id, position=persona.position)
    for agreed in signed.agreed_definitions.all():
        AgreedDefinition.objects.create(agreement=draft, definition_id=agreed.definition_id)
    for hop in signed.hops.all():
        _copy(hop, draft)
    for clause in signed.clauses.all():
        _copy(clause, draft)
    for policy in signed.policies.prefetch_related("steps"):
        steps = list(policy.steps.all())
        _copy(policy, draft)
        for step in steps:
            step.policy = policy
            _copy(step, draft)


def _copy(row: Hop | Clause | Policy | Step, draft: Agreement) -> None:
    row.pk, row.agreement = None, draft
    row._state.adding = True
    row.save()


def adopt_definition(draft: Agreement, definition: Definition) -> None:
    """Make this the definition that the draft names for its stage. Raises `Frozen`."""
    with transaction.atomic():
        draft.lock_draft()
        draft.agreed_definitions.filter(definition__stage=definition.stage_id).delete()
        AgreedDefinition.objects.create(agreement=draft, definition=definition)


def adopt_score_model(draft: Agreement, model: ScoreModel) -> None:
    """Make this the score model that the draft names. Raises `Frozen`."""
    with transaction.atomic():
        draft.lock_draft()
        Agreement.objects.filter(pk=draft.pk).update(score_model=model)


def discard(draft: Agreement) -> None:
    """Delete the draft; what it named stays. Raises `Frozen`."""
    with transaction.atomic():
        draft.lock_draft().delete()
