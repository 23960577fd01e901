"""What was proposed, signed and put in force since an agreement began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Definition
from history.models import Change
from scoring.models import ScoreModel
from sla.agreement import proposing
from sla.models import Agreement
from smarketing.database.together import Asked

WORDS = {
    "proposal": gettext_lazy("Version %(number)s was proposed"),
    "sent back": gettext_lazy("Version %(number)s was sent back"),
    "withdrawal": gettext_lazy("The proposal of version %(number)s was taken back"),
}


def asked_events(since: datetime, until: datetime) -> Asked[list[dict[str, Any]]]:
    """What came into force after `since`, and what was proposed, withdrawn or sent back."""
    period = {"in_force_from__gt": since, "in_force_from__lte": until}
    changes = Change.objects.filter(
        subject=proposing.HISTORY_SUBJECT, field="proposed_at", how__in=WORDS, at__gt=since, at__lte=until
    )
    return Asked(
        (
            Agreement.objects.filter(**period),
            Definition.objects.filter(**period).select_related("stage"),
            ScoreModel.objects.filter(**period),
            changes.select_related("by"),
            Agreement.objects.order_by().values_list("pk", "number"),
        ),
        lambda agreements, definitions, models, changes, numbers: [
            *_versions_in_force(agreements, definitions, models),
            *_proposal_events(changes, dict(numbers)),
        ],
    )


def _versions_in_force(
    agreements: list[Agreement], definitions: list[Definition], models: list[ScoreModel]
) -> Iterator[dict[str, Any]]:
    """Agreements, definitions and score models that came into force."""
    for agreement in agreements:
        text = _("Version %(number)s of the agreement came into force") % {"number": agreement.number}
        url = reverse("agreement_version", args=[agreement.number])
        yield {"icon": "agreement", "text": text, "at": agreement.in_force_from, "url": url}
    for definition in definitions:
        text = _("The definition of %(stage)s changed: version %(number)s") % {
            "stage": definition.stage,
            "number": definition.number,
        }
        url = reverse("definition", args=[definition.stage_id, definition.number])
        yield {"icon": "definition", "text": text, "at": definition.in_force_from, "url": url}
    for model in models:
        text = _("Score model %(model)s came into force") % {"model": model}
        url = reverse("score_model", args=[model.number])
        yield {"icon": "scoring", "text": text, "at": model.in_force_from, "url": url}


def _proposal_events(changes: list[Change], numbers: dict[int, int]) -> Iterator[dict[str, Any]]:
    """Agreements that were proposed, withdrawn, or sent back with a comment."""
    for change in changes:
        number = numbers.get(change.subject_id)
        if number is not None:
            note = str(change.new or "") if change.how == "sent back" else ""
            text = str(WORDS[change.how]) % {"number": number}
            yield {"icon": "back" if note else "agreement", "text": text, "at": change.at, "note": note}
