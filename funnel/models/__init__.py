"""Where they stand."""

from funnel.models.deal_stages import DealStage, DealStageQuerySet
from funnel.models.journeys import Journey, Transition
from funnel.models.opportunities import Opportunity, OpportunityQuerySet
from funnel.models.opportunity_steps import OpportunityStep
from funnel.models.stages import Definition, Reason, ReasonQuerySet, Stage, StageQuerySet, StageRole

__all__ = [
    "DealStage",
    "DealStageQuerySet",
    "Definition",
    "Journey",
    "Opportunity",
    "OpportunityQuerySet",
    "OpportunityStep",
    "Reason",
    "ReasonQuerySet",
    "Stage",
    "StageQuerySet",
    "StageRole",
    "Transition",
]
