"""What the next team must know of a lead before it is offered one: until that is filled in, the lead waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils.timezone import now

from funnel.models import Transition
from leads.criteria import Catalogue, Field, condition
from leads.models import Lead
from sla.agreement.models.hops import Hop
from smarketing.pages.wording import japanese


def needed(hop: Hop) -> list[Field]:
    """The fields that must be filled in. One that the administrator has removed since is nobody's to fill in."""
    known = Catalogue()
    return [field for name in hop.ready_fields if (field := known.get(name))]


def lacking(hop: Hop, lead_ids: Iterable[int], *, at: datetime | None = None) -> dict[int, list[Field]]:
    """What is not filled in of each lead that is not ready, by the lead's id. One query."""
    fields = {f"lacks_{n}": field for n, field in enumerate(needed(hop))}
    ids = list(lead_ids)
    if not fields or not ids:
        return {}
    asked = {column: condition(_is_empty(field), at=at or now()) for column, field in fields.items()}
    rows = Lead.objects.filter(pk__in=ids).annotate(**asked).values("pk", *asked)
    lacks = {row["pk"]: [field for column, field in fields.items() if row[column]] for row in rows}
    return {pk: missing for pk, missing in lacks.items() if missing}


def not_ready(steps: QuerySet[Transition], hop: Hop, *, at: datetime | None = None) -> QuerySet[Transition]:
    """Of steps into the hop's stage, those of leads that are not ready."""
    fields = needed(hop)
    if not fields:
        return steps.none()
    return steps.filter(condition({"any": [_is_empty(field) for field in fields]}, at=at or now(), lead="lead"))


def in_words(fields: Iterable[Field]) -> str:
    """The fields as a list, in the language in use."""
    return ("、" if japanese() else ", ").join(str(field.label) for field in fields)


def _is_empty(field: Field) -> dict[str, str]:
    return {"field": field.name, "op": "is_empty"}
