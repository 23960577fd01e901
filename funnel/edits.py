"""What people edit about the funnel: its stages, definitions and reasons, and deals."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from funnel.models.deal_stages import DealStage
from funnel.models.journeys import Journey, Transition
from funnel.models.opportunities import Opportunity
from funnel.models.opportunity_steps import OpportunityStep
from funnel.models.stages import Definition, Reason, Stage
from history.edits import Kind, never_edited, register
from leads.edits import CRITERIA

register(
    Kind(Stage, _("Stage"), link="stage_edit"),
    Kind(DealStage, _("Stage of a deal"), link="deal_stage_edit", labels={"retired_at": _("Retired")}),
    Kind(Reason, _("Reason"), link="reason_edit", labels={"retired_at": _("Retired")}),
    Kind(
        Definition,
        _("Definition"),
        link="stage_definition",
        link_by="stage_id",
        labels={
            "stage": _("Stage"),
            "number": _("Version"),
            "created_by": _("Made by"),
            "created_at": _("Made"),
            "qualifies_standing": _("Qualifies who stands there"),
            "frozen_at": _("Frozen"),
            "in_force_from": _("In force from"),
            "replaced_at": _("Replaced"),
        },
        words={**CRITERIA, "number": "v{}".format},
    ),
    Kind(
        Opportunity,
        _("Opportunity"),
        link="opportunity",
        labels={
            "lead": _("Lead"),
            "system": _("System"),
            "external_id": _("ID in its system"),
            "reopened_at": _("Reopened"),
        },
    ),
)
never_edited(Journey, Transition, OpportunityStep, because="A ledger: written once, with who and how.")
