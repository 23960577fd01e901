"""The rows that an agreement consists of, read once for its document."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import BigIntegerField, QuerySet

from funnel.models import Definition
from leads.models import PersonaVersion
from scoring.models import FitRule, InterestRule, ScoreModel
from sla.agreement.models.agreements import AgreedDefinition, AgreedPersona, Agreement
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Party
from sla.agreement.models.policies import Policy, Step
from smarketing.database.statements import Given
from smarketing.database.together import Together
from smarketing.database.vocabulary import recall

STAGES_AND_TEAMS = ("from_stage", "accepted_stage", "rejected_stage", "offering_team", "receiving_team")


def _terms() -> list[QuerySet[Any, Any]]:
    """The lists of `Terms`, of the agreement in its place."""
    of_agreement = {"agreement": Given("agreement", BigIntegerField())}
    of_model = {"model__agreements": Given("agreement", BigIntegerField())}
    policies = Policy.objects.filter(**of_agreement).select_related("stage", "persona")
    parties = Party.objects.filter(**of_agreement)
    definitions = AgreedDefinition.objects.filter(**of_agreement).select_related("definition__stage")
    return [
        parties.select_related("team__head", "head", "escalates_to", "signature__by").order_by("pk"),
        Hop.objects.filter(**of_agreement).select_related(*STAGES_AND_TEAMS),
        policies,
        Step.objects.filter(**of_agreement),
        Clause.objects.filter(**of_agreement).select_related("team", "owner"),
        AgreedPersona.objects.filter(**of_agreement).select_related("version__persona").order_by("position"),
        PersonaVersion.objects.filter(persona__in=policies.order_by().values("persona")).order_by("number"),
        definitions.order_by("definition__stage__position"),
        ScoreModel.objects.filter(agreements=Given("agreement", BigIntegerField())),
        FitRule.objects.filter(**of_model),
        InterestRule.objects.filter(**of_model).select_related("kind").order_by("-points"),
    ]


TERMS = Together(_terms)


@dataclass(frozen=True)
class Terms:
    """What one agreement names, each list in its order."""

    parties: list[Party]
    hops: list[Hop]
    policies: list[Policy]
    steps: list[Step]
    clauses: list[Clause]
    agreed_personas: list[AgreedPersona]
    # Of the personas that policies name, agreed or not.
    versions_of_policies: list[PersonaVersion]
    agreed_definitions: list[AgreedDefinition]
    score_models: list[ScoreModel]
    fit_rules: list[FitRule]
    interest_rules: list[InterestRule]

    @classmethod
    def of(cls, agreement: Agreement) -> Terms:
        """Its terms, by one statement. While a page is made they are read once."""
        return recall((cls, agreement.pk), lambda: cls._read(agreement))

    @classmethod
    def _read(cls, agreement: Agreement) -> Terms:
        terms = cls(*TERMS.fetch(agreement=agreement.pk))
        own: list[list[Any]] = [terms.parties, terms.hops, terms.policies, terms.steps, terms.clauses]
        for row in chain(*own, terms.agreed_personas, terms.agreed_definitions):
            row.agreement = agreement
        return terms

    @property
    def personas(self) -> dict[int, str]:
        """What the agreement calls each persona, by its id; one that it does not name is called as it is today."""
        return {version.persona_id: version.name for version in (*self.versions_of_policies, *self.versions)}

    @property
    def versions(self) -> list[PersonaVersion]:
        """The agreed personas, in the order in which leads are matched."""
        return [agreed.version for agreed in self.agreed_personas]

    @property
    def definitions(self) -> dict[int, Definition]:
        """The agreed definitions in the order of the funnel, by the stage's id."""
        return {agreed.definition.stage_id: agreed.definition for agreed in self.agreed_definitions}

    @property
    def score_model(self) -> ScoreModel | None:
        return next(iter(self.score_models), None)

    def steps_of(self, policy: Policy) -> list[Step]:
        return [step for step in self.steps if step.policy_id == policy.pk]
