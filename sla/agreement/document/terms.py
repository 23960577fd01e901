"""The rows that an agreement consists of, read once for its document."""

from __future__ import annotations

from dataclasses import dataclass

from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Party
from sla.agreement.models.policies import Policy


@dataclass(frozen=True)
class Terms:
    """The parties of one agreement with their hand-offs, policies and clauses."""

    parties: list[Party]
    hops: list[Hop]
    policies: list[Policy]
    clauses: list[Clause]
    # What the agreement calls each persona, by its id.
    personas: dict[int, str]

    @classmethod
    def of(cls, agreement: Agreement) -> Terms:
        stages_and_teams = ("from_stage", "accepted_stage", "rejected_stage", "offering_team", "receiving_team")
        return cls(
            list(agreement.parties.select_related("team", "head", "escalates_to").order_by("pk")),
            list(agreement.hops.select_related(*stages_and_teams)),
            list(agreement.policies.select_related("stage", "persona").prefetch_related("steps", "persona__versions")),
            list(agreement.clauses.select_related("owner")),
            {version.persona_id: version.name for version in agreement.personas()},
        )
