"""What happens to leads, for programs outside."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from history.events import Event, register


class LeadMerged(TypedDict):
    lead: int
    merged: int


LEAD_MERGED = register(Event("lead.merged", LeadMerged, _("Two records of one person were merged into one lead.")))
