"""What the next team is shown of a lead that is handed over: the fields that the agreement asks for, its persona, and
the touches of earlier hand-offs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leads.criteria import Catalogue, Field, Type
from leads.criteria.fields import Frame
from leads.models import Lead, PersonaVersion
from sla.agreement.models.agreements import AgreedPersona
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.touches import Touch
from smarketing.database.together import Asked
from smarketing.pages import wording

MAX_EARLIER_TOUCHES = 5


@dataclass(frozen=True)
class HandoffContext:
    """What is shown beside one hand-off. `field_values`: (label, formatted value) of the fields that the agreement asks
    for."""

    field_values: list[tuple[str, str]]
    persona: PersonaVersion | None
    earlier_touches: list[Touch]

    def __bool__(self) -> bool:
        return bool(self.field_values or self.persona or self.earlier_touches)


def asked_handoff_context(handoff: Handoff, *, at: datetime) -> Asked[HandoffContext]:
    """The context, to be asked with what else the page shows."""
    earlier = Touch.objects.filter(handoff__lead=handoff.lead_id).exclude(handoff=handoff.pk)

    def make(touches: list[Touch], agreed: list[AgreedPersona]) -> HandoffContext:
        return HandoffContext(
            field_values=field_values(handoff.lead, handoff.hop.ready_fields, at=at),
            persona=agreed[0].version if agreed else None,
            earlier_touches=touches,
        )

    touches = earlier.select_related("by").order_by("-at", "-pk")[:MAX_EARLIER_TOUCHES]
    return Asked((touches, _agreed_persona(handoff)), make)


def _agreed_persona(handoff: Handoff) -> QuerySet[AgreedPersona]:
    """The persona that the lead matched when it was offered, in the version that the agreement names."""
    if handoff.persona_id is None:
        return AgreedPersona.objects.none()
    agreed = AgreedPersona.objects.filter(agreement=handoff.hop.agreement_id, version__persona=handoff.persona_id)
    return agreed.select_related("version")[:1]


def field_values(lead: Lead, names: Sequence[str], *, at: datetime) -> list[tuple[str, str]]:
    """Return (label, formatted value) of the named criteria fields of a lead; – where a value is empty.
    Fields that were removed are left out."""
    catalogue = Catalogue()
    fields = [field for name in names if (field := catalogue.get(name))]
    if not fields:
        return []
    frame = Frame(at)
    columns, params = [], []
    for field in fields:
        sql, values = frame.fill(field.now)
        if field.source:
            source, source_values = frame.fill(field.source)
            sql, values = f"(SELECT {sql} FROM {source} LIMIT 1)", [*values, *source_values]
        columns.append(sql)
        params += values
    with connection.cursor() as cursor:
        # The pieces are those of the registry, written in code; what people typed goes as parameters.
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM leads_lead"
            " LEFT JOIN leads_company ON leads_company.id = leads_lead.company_id WHERE leads_lead.id = %s",
            [*params, lead.pk],
        )
        row = cursor.fetchone()
    return [(str(field.label), _format_value(field, value)) for field, value in zip(fields, row, strict=True)]


def _format_value(field: Field, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if field.type in (Type.CHOICE, Type.REFERENCE):
        return str(dict(field.options()).get(value, value))
    if field.type is Type.BOOLEAN:
        return _("yes") if value else _("no")
    if isinstance(value, int | float | Decimal):
        return wording.number(value)
    return wording.day(value) if isinstance(value, date) else str(value)
