"""What imports of stages and of deals share."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from funnel.models.journeys import Transition

WHEN = gettext_lazy("When")
TABLES = ("funnel_journey", "funnel_transition")


def redate_first(imported: Any, at: Any) -> bool:
    first = imported.order_by("at", "pk").first()
    return bool(first and Transition.objects.filter(pk=first.pk).update(at=at))
