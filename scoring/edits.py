"""What people edit about scores: the models and their rules."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from history.edits import Kind, never_edited, register
from leads.edits import CRITERIA
from scoring.models import FitRule, InterestRule, Preview, PreviewedLead, Score, ScoreModel

register(
    Kind(
        ScoreModel,
        _("Score model"),
        link="score_model",
        link_by="number",
        labels={
            "number": _("Version"),
            "created_by": _("Made by"),
            "created_at": _("Made"),
            "published_at": _("Published"),
            "in_force_from": _("In force from"),
            "replaced_at": _("Replaced"),
        },
        words={"number": "v{}".format},
    ),
    Kind(
        FitRule,
        _("Fit rule"),
        link="scoring",
        link_by="",
        labels={"model": _("Score model"), "position": _("Order")},
        words=CRITERIA,
    ),
    Kind(InterestRule, _("Interest rule"), link="scoring", link_by="", labels={"model": _("Score model")}),
)
never_edited(Score, because="Computed; a person's word is a history.Change of the lead.")
never_edited(Preview, PreviewedLead, because="Computed from a draft.")
