"""By what a lead is known: its id here, its e-mail (NFKC, case folded), the id that another system gave it.

When two of them name different leads, nobody decides for people: the caller is told both.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection
from django.utils.translation import gettext as _

from leads.models.leads import Lead
from leads.text.folding import fold, visible

# Of identities: an e-mail that a merged lead was known by goes on naming the lead it became.
FORMER_EMAIL = "e-mail"


class Conflict(Exception):
    """What should name one lead names two. Nothing was changed."""

    def __init__(self, leads: Iterable[Lead]) -> None:
        self.leads = tuple(sorted(leads, key=lambda lead: lead.pk))
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        names = [f"{lead} (#{lead.pk})" for lead in self.leads]
        return _("The e-mail and the external id name different leads: %(first)s and %(second)s.") % {
            "first": names[0],
            "second": names[-1],
        }


class Unnamed(ValueError):
    """A lead needs an e-mail or an external id."""


@dataclass(frozen=True)
class LeadKeys:
    """What somebody names a lead by: its id, its e-mail, the id that another system gave it; at least one of them. What
    a merged lead was known by names the lead that it became."""

    id: int | None = None
    email: str = ""
    system: str = ""
    external_id: str = ""


def lead_of_email(email_key: str) -> str:
    """SQL: the id of the lead that the folded address in this column names, or NULL."""
    return f"""coalesce(
        (SELECT l.id FROM leads_lead l WHERE l.email_key = {email_key} AND l.email <> '' AND l.merged_into_id IS NULL),
        (SELECT i.lead_id FROM leads_identity i WHERE i.system = '{FORMER_EMAIL}' AND i.external_id = {email_key})
    )"""


def lead_of_external_id(system: str, external_id: str) -> str:
    """SQL: the id of the lead that a system's id in this column names, or NULL."""
    return f"(SELECT i.lead_id FROM leads_identity i WHERE i.system = {system} AND i.external_id = {external_id})"


# Row by row through the unique indexes, however the planner estimates the tables.
LEADS_NAMED = f"""
SELECT (SELECT coalesce(l.merged_into_id, l.id) FROM leads_lead l WHERE l.id = r.id),
       {lead_of_email("r.email_key")}, {lead_of_external_id("r.system", "r.external_id")}
FROM unnest(%(ids)s::bigint[], %(email_keys)s::text[], %(systems)s::text[], %(external_ids)s::text[])
     WITH ORDINALITY r (id, email_key, system, external_id, place)
ORDER BY r.place
"""


def leads_named(references: Sequence[LeadKeys]) -> list[list[Lead]]:
    """For each reference the leads that it names: none, one, or several that contradict each other. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            LEADS_NAMED,
            {
                "ids": [reference.id for reference in references],
                "email_keys": [fold(reference.email) or None for reference in references],
                "systems": [reference.system for reference in references],
                "external_ids": [reference.external_id or None for reference in references],
            },
        )
        ids_by_reference = [list(dict.fromkeys(filter(None, row))) for row in cursor.fetchall()]
    leads = Lead.objects.in_bulk({lead_id for ids in ids_by_reference for lead_id in ids})
    return [[leads[lead_id] for lead_id in ids if lead_id in leads] for ids in ids_by_reference]


def leads_named_by(email: str, identities: Iterable[tuple[str, str]] = ()) -> list[Lead]:
    """The leads that one e-mail and external ids name together: none, one, or several that contradict each other."""
    references = [LeadKeys(email=email)] if email else []
    references += [LeadKeys(system=system, external_id=external_id) for system, external_id in identities]
    found = {lead.pk: lead for leads in leads_named(references) for lead in leads}
    return list(found.values())


def keep_identities(lead: Lead, identities: Iterable[tuple[str, str]]) -> None:
    """Let the lead be known by these external ids too."""
    known = set(lead.identities.values_list("system", "external_id"))
    for system, external_id in identities:
        if (system, external_id) not in known:
            lead.identities.create(system=system, external_id=external_id)
            known.add((system, external_id))


def normal_email(text: str) -> str:
    """The address as it is kept: NFKC, without spaces around it. Raises `ValidationError` for what is none."""
    email = visible(unicodedata.normalize("NFKC", text)).strip()
    if email:
        validate_email(email)
        if len(email) > 254:
            raise ValidationError(_("Longer than an e-mail address can be."))
    return email


def cleaned_email(text: str) -> str:
    """The same, with what is wrong told at the attribute “email”."""
    try:
        return normal_email(text)
    except ValidationError as wrong:
        raise ValidationError({"email": wrong.messages})
