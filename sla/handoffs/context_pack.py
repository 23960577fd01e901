"""What goes with a lead to the next team: what the agreement asks to be known of it, whom it is taken for, and what
was done to reach it before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from leads.criteria import Catalogue, Field, Type
from leads.criteria.fields import Frame
from leads.models import Lead, PersonaVersion
from sla.agreement.models.agreements import AgreedPersona
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.touches import Touch
from smarketing.pages import wording

EARLIER = 5


@dataclass(frozen=True)
class Pack:
    """What goes with one hand-off. `known`: the fields that the agreement asks for, in words, with their values."""

    known: list[tuple[str, str]]
    persona: PersonaVersion | None
    earlier: list[Touch]

    def __bool__(self) -> bool:
        return bool(self.known or self.persona or self.earlier)


def packed(handoff: Handoff, *, at: datetime) -> Pack:
    earlier = Touch.objects.filter(handoff__lead=handoff.lead_id).exclude(handoff=handoff.pk)
    return Pack(
        known=known(handoff.lead, handoff.hop.ready_fields, at=at),
        persona=_persona(handoff),
        earlier=list(earlier.select_related("by").order_by("-at", "-pk")[:EARLIER]),
    )


def _persona(handoff: Handoff) -> PersonaVersion | None:
    """The persona that the lead was when it was offered, as the agreement words it."""
    if handoff.persona_id is None:
        return None
    agreed = AgreedPersona.objects.filter(agreement=handoff.hop.agreement_id, version__persona=handoff.persona_id)
    found = agreed.select_related("version").first()
    return found.version if found else None


def known(lead: Lead, names: Sequence[str], *, at: datetime) -> list[tuple[str, str]]:
    """Return what is known of a lead by the names of criteria fields: (label, value in words), – where nothing is.
    Fields that there are no more are left out."""
    catalogue = Catalogue()
    fields = [field for name in names if (field := catalogue.get(name))]
    if not fields:
        return []
    frame = Frame(at)
    columns, params = [], []
    for field in fields:
        sql, given = frame.fill(field.now)
        if field.source:
            source, more = frame.fill(field.source)
            sql, given = f"(SELECT {sql} FROM {source} LIMIT 1)", [*given, *more]
        columns.append(sql)
        params += given
    with connection.cursor() as cursor:
        # The pieces are those of the registry, written in code; what people typed goes as parameters.
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM leads_lead"
            " LEFT JOIN leads_company ON leads_company.id = leads_lead.company_id WHERE leads_lead.id = %s",
            [*params, lead.pk],
        )
        values = cursor.fetchone()
    return [(str(field.label), _in_words(field, value)) for field, value in zip(fields, values, strict=True)]


def _in_words(field: Field, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if field.type in (Type.CHOICE, Type.REFERENCE):
        return str(dict(field.options()).get(value, value))
    if field.type is Type.BOOLEAN:
        return _("yes") if value else _("no")
    if isinstance(value, int | float | Decimal):
        return wording.number(value)
    return wording.day(value) if isinstance(value, date) else str(value)
