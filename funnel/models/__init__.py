"""Where they stand."""

from funnel.models.journeys import Journey, Transition
from funnel.models.opportunities import Opportunity, OpportunityQuerySet
from funnel.models.stages import Definition, DefinitionQuerySet, Reason, ReasonQuerySet, Stage, StageQuerySet, StageRole

__all__ = [
    "Definition",
    "DefinitionQuerySet",
    "Journey",
    "Opportunity",
    "OpportunityQuerySet",
    "Reason",
    "ReasonQuerySet",
    "Stage",
    "StageQuerySet",
    "StageRole",
    "Transition",
]
