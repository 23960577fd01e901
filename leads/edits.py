"""What people edit around leads: personas, campaigns, kinds, fields. Leads themselves have a history of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from history.edits import Kind, never_edited, register
from leads.criteria.reading import sentence
from leads.criteria.tree import BadCriteria
from leads.models.activities import Activity, ActivityIdentity, ActivityKind
from leads.models.campaigns import Campaign
from leads.models.companies import Company, CompanyIdentity
from leads.models.custom_fields import CustomField
from leads.models.imports import EqualRow, FilePart, Import, ImportMapping, RejectedRow
from leads.models.leads import Identity, Lead, PendingReevaluation, SearchEntry
from leads.models.mail_domains import MailDomain
from leads.models.personas import Persona, PersonaComment, PersonaMatch, PersonaVersion
from leads.models.segments import Segment


def describe_criteria(tree: Any) -> str:
    """Conditions as a sentence; such as name what is gone meanwhile as they are kept."""
    try:
        return sentence(tree)
    except BadCriteria:
        return str(tree)


def persona_names(ids: Collection[int]) -> Mapping[int, str]:
    """By their newest version."""
    versions = PersonaVersion.objects.filter(persona__in=ids).order_by("number")
    return dict(versions.values_list("persona_id", "name"))


CRITERIA = {"criteria": describe_criteria}
register(
    Kind(Campaign, _("Campaign"), link="campaign"),
    Kind(
        Persona,
        _("Persona"),
        link="persona",
        labels={"created_at": _("Made"), "retired_at": _("Retired")},
        names=persona_names,
    ),
    Kind(
        PersonaVersion,
        _("Version of a persona"),
        link="persona",
        link_by="persona_id",
        labels={
            "persona": _("Persona"),
            "number": _("Version"),
            "created_by": _("Made by"),
            "created_at": _("Made"),
            "frozen_at": _("Frozen"),
        },
        words={**CRITERIA, "number": "v{}".format},
    ),
    Kind(
        Segment,
        _("Segment"),
        link="segment_edit",
        labels={"created_by": _("Made by"), "created_at": _("Made")},
        words=CRITERIA,
    ),
    Kind(
        ActivityKind,
        _("Activity kind"),
        link="activity_kind_edit",
        labels={
            "is_own_doing": _("The lead's own doing"),
            "is_built_in": _("Built in"),
            "retired_at": _("Retired"),
        },
    ),
    Kind(CustomField, _("Custom field"), link="custom_field_edit"),
    Kind(MailDomain, _("Free mail"), link="free_mail", link_by=""),
)
never_edited(
    Lead,
    because="Each attribute that changes is a history.Change.",
    named="family_name given_name email",
)
never_edited(Company, because="Each attribute that changes is a history.Change.", named="name")
never_edited(PersonaMatch, because="A person's word is a history.Change of the lead.")
never_edited(Activity, ActivityIdentity, because="Written once, and never edited.")
never_edited(Identity, CompanyIdentity, because="Systems say how they know it; no page edits it.")
never_edited(PersonaComment, because="Written once, with who and when.")
never_edited(Import, FilePart, RejectedRow, EqualRow, because="A job, with who and when; what it changes has history.")
never_edited(ImportMapping, because="How the last file was read: a memory.")
never_edited(SearchEntry, PendingReevaluation, because="Computed from leads.")
