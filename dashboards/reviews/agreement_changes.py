"""What was proposed, signed and put in force since an agreement began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from funnel.models import Definition
from history.models import Change
from scoring.models import ScoreModel
from sla.agreement import proposing
from sla.models import Agreement


def versions_in_force(since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    """Agreements, definitions and score models that came into force after `since`."""
    period = {"in_force_from__gt": since, "in_force_from__lte": until}
    for agreement in Agreement.objects.filter(**period):
        text = _("Version %(number)s of the agreement came into force") % {"number": agreement.number}
        url = reverse("agreement_version", args=[agreement.number])
        yield {"icon": "agreement", "text": text, "at": agreement.in_force_from, "url": url}
    for definition in Definition.objects.filter(**period).select_related("stage"):
        text = _("The definition of %(stage)s changed: version %(number)s") % {
            "stage": definition.stage,
            "number": definition.number,
        }
        url = reverse("definition", args=[definition.stage_id, definition.number])
        yield {"icon": "definition", "text": text, "at": definition.in_force_from, "url": url}
    for model in ScoreModel.objects.filter(**period):
        text = _("Score model %(model)s came into force") % {"model": model}
        url = reverse("score_model", args=[model.number])
        yield {"icon": "scoring", "text": text, "at": model.in_force_from, "url": url}


def proposal_events(since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    """Agreements that were proposed, withdrawn, or sent back with a comment."""
    words = {
        "proposal": _("Version %(number)s was proposed"),
        "sent back": _("Version %(number)s was sent back"),
        "withdrawal": _("The proposal of version %(number)s was taken back"),
    }
    changes = Change.objects.filter(
        subject=proposing.HISTORY_SUBJECT, field="proposed_at", how__in=words, at__gt=since, at__lte=until
    )
    numbers = dict(Agreement.objects.values_list("pk", "number"))
    for change in changes.select_related("by"):
        number = numbers.get(change.subject_id)
        if number is not None:
            note = str(change.new or "") if change.how == "sent back" else ""
            text = words[change.how] % {"number": number}
            yield {"icon": "back" if note else "agreement", "text": text, "at": change.at, "note": note}
