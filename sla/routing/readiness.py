"""The fields that must be filled in before a lead is offered: until then, the lead waits."""

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


def required_fields(hop: Hop) -> list[Field]:
    """The fields that must be filled in, without those that an administrator has removed since."""
    catalogue = Catalogue()
    return [field for name in hop.ready_fields if (field := catalogue.get(name))]


def missing_fields(hop: Hop, lead_ids: Iterable[int], *, at: datetime | None = None) -> dict[int, list[Field]]:
    """The empty required fields of each lead that is not ready, by the lead's id. One query."""
    fields = {f"is_empty_{n}": field for n, field in enumerate(required_fields(hop))}
    ids = list(lead_ids)
    if not fields or not ids:
        return {}
    conditions = {column: condition(_is_empty(field), at=at or now()) for column, field in fields.items()}
    rows = Lead.objects.filter(pk__in=ids).annotate(**conditions).values("pk", *conditions)
    missing = {row["pk"]: [field for column, field in fields.items() if row[column]] for row in rows}
    return {pk: fields for pk, fields in missing.items() if fields}


def not_ready(transitions: QuerySet[Transition], hop: Hop, *, at: datetime | None = None) -> QuerySet[Transition]:
    """Of transitions into the hop's stage, those of leads that are not ready."""
    fields = required_fields(hop)
    if not fields:
        return transitions.none()
    return transitions.filter(condition({"any": [_is_empty(field) for field in fields]}, at=at or now(), lead="lead"))


def ready(transitions: QuerySet[Transition], hop: Hop, *, at: datetime) -> QuerySet[Transition]:
    """Of transitions into the hop's stage, those of leads that are ready."""
    fields = required_fields(hop)
    if not fields:
        return transitions
    return transitions.filter(condition({"not": {"any": [_is_empty(field) for field in fields]}}, at=at, lead="lead"))


def format_fields(fields: Iterable[Field]) -> str:
    """The labels as a list, in the active language."""
    return ("、" if japanese() else ", ").join(str(field.label) for field in fields)


def _is_empty(field: Field) -> dict[str, str]:
    return {"field": field.name, "op": "is_empty"}
