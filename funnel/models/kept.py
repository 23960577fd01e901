"""What a step keeps of its moment: the persona and the quadrant that its lead had when it was made.

A person's word counts before the machine's, in both. Steps that an import brought in keep none: what their leads were
then is not known.
"""

from __future__ import annotations

from typing import TypedDict

from leads.models import Lead
from scoring.metrics import quadrant_of

# The columns, and what a lead that stands in `rows` is now: SQL for a statement that writes many steps.
KEPT_COLUMNS = "persona_id, quadrant"
KEPT_SQL = "kept_match.persona_id, coalesce(nullif(kept_score.override, ''), kept_score.machine_quadrant, '')"
KEPT_FROM = """LEFT JOIN leads_personamatch kept_match ON kept_match.lead_id = {rows}.lead_id
    LEFT JOIN scoring_score kept_score ON kept_score.lead_id = {rows}.lead_id"""


class Kept(TypedDict):
    persona_id: int | None
    quadrant: str


NOTHING_KEPT: Kept = {"persona_id": None, "quadrant": ""}


def kept_of(lead_id: int) -> Kept:
    """What a step of that lead keeps that is made now."""
    found = Lead.objects.filter(pk=lead_id).values_list("persona_match__persona", quadrant_of(""))
    persona_id, quadrant = found.get()
    return {"persona_id": persona_id, "quadrant": quadrant}
