"""What the agreement in force says about the leads of each quadrant, in the words of its policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from scoring.models import Quadrant
from sla.agreement.document.lines import punctuation
from sla.agreement.document.policies import applicable_policies, describe_limits, describe_scope
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.policies import Policy


def quadrant_actions(*, at: datetime) -> dict[Quadrant, list[SafeString]]:
    """How hand-offs of such leads go, one sentence a policy; no sentence where no agreement is in force."""
    agreement = Agreement.objects.in_force(at).first()
    if agreement is None:
        return {quadrant: [] for quadrant in Quadrant}
    stages = set(agreement.hops.values_list("from_stage", flat=True))
    policies = list(agreement.policies.select_related("stage", "persona").prefetch_related("persona__versions"))
    personas = {version.persona_id: version.name for version in agreement.personas()}
    return {
        quadrant: [_sentence(policy, personas) for policy in policies_of(quadrant, policies, stages)]
        for quadrant in Quadrant
    }


def policies_of(quadrant: Quadrant, policies: Iterable[Policy], stages: set[int]) -> list[Policy]:
    """The policies that can apply to a lead of that quadrant: none after one that matches every such lead."""
    applicable, unmatched = [], set(stages)
    for policy in applicable_policies(policies, stages):
        matched = unmatched if policy.stage_id is None else unmatched & {policy.stage_id}
        if matched and policy.quadrant in ("", quadrant):
            applicable.append(policy)
            if not (policy.persona_id or policy.source):
                unmatched = unmatched - matched
    return applicable


def _sentence(policy: Policy, personas: Mapping[int, str]) -> SafeString:
    limits = format_html_join(punctuation("; ", "、"), "{}", ((limit,) for limit in describe_limits(policy)))
    scope = _("Once handed over") if policy.matches_all else describe_scope(policy, personas)
    return format_html("{}{}{}{}", scope, punctuation(": ", "："), limits, punctuation(".", "。"))
