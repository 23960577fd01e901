"""Who they are and what they did."""

from leads.models.activities import Activity, ActivityIdentity, ActivityKind
from leads.models.campaigns import Campaign
from leads.models.companies import Company, CompanyIdentity
from leads.models.custom_fields import CustomField
from leads.models.imports import EqualRow, FilePart, Import, ImportMapping, RejectedRow
from leads.models.leads import Identity, Lead, LeadQuerySet, PendingReevaluation, SearchEntry
from leads.models.mail_domains import MailDomain
from leads.models.names import Fold, Named, named
from leads.models.personas import Persona, PersonaComment, PersonaMatch, PersonaVersion
from leads.models.segments import Segment

__all__ = [
    "Activity",
    "ActivityIdentity",
    "ActivityKind",
    "Campaign",
    "Company",
    "CompanyIdentity",
    "CustomField",
    "EqualRow",
    "FilePart",
    "Fold",
    "Identity",
    "Import",
    "ImportMapping",
    "Lead",
    "MailDomain",
    "LeadQuerySet",
    "Named",
    "Persona",
    "PersonaComment",
    "PersonaMatch",
    "PersonaVersion",
    "RejectedRow",
    "SearchEntry",
    "Segment",
    "PendingReevaluation",
    "named",
]
