"""What is said beside numbers by persona or quadrant while old steps are still being filled in."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from funnel.metrics.counting import KEPT
from sla.models import PastFill
from smarketing.pages.wording import percent


def describe_filling(cuts: Iterable[str]) -> str:
    """How far the steps from before are filled in, for an answer cut by what steps keep; "" once all are."""
    if not KEPT.keys() & set(cuts):
        return ""
    fill = PastFill.objects.filter(finished_at=None).first()
    if fill is None:
        return ""
    return _(
        "What leads were at steps from before the upgrade is being filled in: %(share)s are done. The rest counts as"
        " not known."
    ) % {"share": percent(fill.share)}
