"""Which policy of an agreement goes for a lead, and what of the lead it compares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from leads.models import Lead
from sla.agreement.models.hops import Hop
from sla.agreement.models.policies import Policy, Step
from smarketing.database.together import keep_related

# What of a lead policies compare.
COMPARED = ("persona_match", "score", "company", "owner")


def policies(agreement_id: int) -> list[Policy]:
    """The policies of an agreement in their order, with their steps."""
    return list(Policy.objects.filter(agreement=agreement_id).prefetch_related("steps").order_by("position"))


def policies_of(hop: Hop) -> list[Policy]:
    """The policies of the hop's agreement in their order, with their steps; not asked for again, where the hop was read
    with them."""
    kept = getattr(hop, "kept_policies", None)
    return policies(hop.agreement_id) if kept is None else cast(list[Policy], kept)


def keep_policies(hops: Sequence[Hop], found: Sequence[Policy], steps: Sequence[Step]) -> None:
    """Let these hops, the policies of their agreements and the steps of those, which were read together, be one."""
    for policy in found:
        keep_related(policy, "steps", [step for step in steps if step.policy_id == policy.pk])
    for hop in hops:
        cast(Any, hop).kept_policies = [policy for policy in found if policy.agreement_id == hop.agreement_id]


def persona_of(lead: Lead) -> int | None:
    match = getattr(lead, "persona_match", None)
    return match.persona_id if match else None


def quadrant_of(lead: Lead) -> str:
    score = getattr(lead, "score", None)
    return score.quadrant if score else ""


def policy_for(hop: Hop, lead: Lead, policies: Sequence[Policy]) -> Policy:
    """The first of the agreement's policies that matches the lead. The last one matches all."""
    persona, quadrant = persona_of(lead), quadrant_of(lead)
    for policy in policies:
        if (
            policy.stage_id in (None, hop.from_stage_id)
            and policy.quadrant in ("", quadrant)
            and policy.persona_id in (None, persona)
            and policy.source in ("", lead.source)
        ):
            return policy
    raise LookupError(f"No policy of agreement {hop.agreement_id} matches lead {lead.pk}.")
