"""What is kept about leads: who they are, and what they did."""

from __future__ import annotations

from history.subjects import (
    NUMBER,
    WORK,
    Merging,
    Person,
    Record,
    done_by,
    mentions,
    not_personal,
    not_personal_table,
    of_member,
    personal,
    register,
)
from leads.models.activities import Activity, ActivityIdentity, ActivityKind
from leads.models.campaigns import Campaign
from leads.models.companies import Company, CompanyIdentity
from leads.models.custom_fields import CustomField
from leads.models.imports import EqualRow, FilePart, Import, ImportMapping, RejectedRow
from leads.models.leads import Identity, Lead, PendingReevaluation, SearchEntry
from leads.models.mail_domains import MailDomain
from leads.models.personas import Persona, PersonaComment, PersonaMatch, PersonaVersion
from leads.models.segments import Segment

COMPANY = "About a company, not a person."
PERSONA = "About whoever both teams look for, nobody in particular."
COUNTED = "Numbers go on counting leads that were erased."
DERIVED = "Derived from what is exported."

register(
    Record(
        Lead,
        person=Person.LEAD,
        paths=["id", "merged_into"],
        merging={"id": Merging.KEPT, "merged_into": Merging.MOVED},
        export="lead",
        history="lead",
        columns=[
            personal("id created_at recorded_at merged_into merged_at source campaign country", kept=COUNTED),
            personal(
                "email", anonymised="A keyed digest of the address keeps the next import from bringing them back."
            ),
            personal("email_key", hidden=DERIVED, anonymised="It follows the address."),
            personal("is_free_mail", hidden=DERIVED, kept="It says nothing without the address."),
            personal("family_name given_name family_name_reading given_name_reading phone phone_e164"),
            personal("title department seniority buying_role region company custom"),
            personal("consent consent_at"),
            of_member("owner", hidden=WORK),
        ],
    )
)
register(
    Record(
        SearchEntry,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.COMBINED},
        deleted=True,
        columns=[personal("lead text words name_key", hidden=DERIVED)],
    )
)
register(
    Record(
        Identity,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.MOVED},
        export="identities",
        deleted=True,
        columns=[not_personal("id", because=NUMBER), personal("lead system external_id is_of_merged")],
    )
)
register(
    Record(
        PendingReevaluation,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.DROPPED},
        deleted=True,
        columns=[
            not_personal("id", because=NUMBER),
            personal("lead due_at news_at failures", hidden="Work that waits for seconds, or for a day to come."),
        ],
    )
)
register(
    Record(
        Activity,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.MOVED},
        export="activities",
        columns=[
            not_personal("id", because=NUMBER),
            personal("lead kind occurred_at system created_at", kept=COUNTED),
            personal("properties"),
        ],
    )
)
register(
    Record(
        ActivityIdentity,
        person=Person.LEAD,
        paths=["activity__lead"],
        export="activity_identities",
        deleted=True,
        columns=[not_personal("id", because=NUMBER), personal("activity system message_id")],
    )
)
register(
    Record(
        PersonaMatch,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.COMBINED},
        export="persona",
        columns=[
            personal("lead persona machine matched_at override_at", kept="Numbers by persona count it."),
            personal("override_reason", anonymised="Who says otherwise than the machine gave a reason."),
            done_by("override_by"),
        ],
    )
)

register(
    Record(
        Import,
        columns=[
            not_personal(
                "id kind encoding delimiter date_format decimal header_line system language", because="How it is read."
            ),
            not_personal("qualify_at_once correct status", because="What was asked for, and how far it is."),
            not_personal("total line created updated unchanged rejected", because="How many, not who."),
            not_personal("created_at started_at finished_at", because="When it ran."),
            mentions("file_name headers mapping", because="A file without headers has a person in the first line."),
            mentions("said dry_run error", because="Cells are quoted that were taken otherwise, or not at all."),
            done_by("by"),
        ],
    )
)
register(
    Record(
        FilePart,
        columns=[
            not_personal("id import_job number", because=NUMBER),
            mentions("content", because="The file as it is: it goes when the import is done, or after a week."),
        ],
    )
)
register(
    Record(
        RejectedRow,
        columns=[
            not_personal("id import_job line", because=NUMBER),
            mentions("cells reasons", because="The row as it was in the file."),
        ],
    )
)
register(
    Record(
        ImportMapping,
        columns=[
            not_personal("id kind used_at", because="About files of one kind."),
            not_personal("header_digest", because="A digest of the headers, to know them again."),
            mentions("mapping", because="A file without headers has a person in the first line."),
        ],
    )
)
register(
    not_personal_table(EqualRow, "id import_job digest rows", because="Digests of rows, until the import is done.")
)

register(
    Record(
        Company,
        history="company",
        columns=[
            not_personal("id name name_key domain industry employees revenue", because=COMPANY),
            not_personal("country region custom created_at recorded_at", because=COMPANY),
            done_by("owner"),
        ],
    )
)
register(not_personal_table(MailDomain, "id domain is_free", because="About providers of addresses."))
register(not_personal_table(CompanyIdentity, "id company system external_id", because=COMPANY))
register(
    Record(
        Segment,
        columns=[
            not_personal("id created_at", because=NUMBER),
            mentions("name criteria", because="A condition may name one person."),
            done_by("created_by"),
        ],
    )
)
register(not_personal_table(Persona, "id created_at retired_at", because=PERSONA))
register(
    Record(
        PersonaVersion,
        columns=[
            not_personal("id persona number name description goals pains objections", because=PERSONA),
            not_personal("awareness consideration decision criteria created_at frozen_at", because=PERSONA),
            done_by("created_by"),
        ],
    )
)
register(
    Record(
        PersonaComment,
        columns=[
            not_personal("id persona at", because=PERSONA),
            mentions("text", because="Whoever meets such buyers writes what they want."),
            done_by("by"),
        ],
    )
)
register(not_personal_table(Campaign, "id name channel goal starts_on ends_on", because="About all whom it reaches."))
register(
    not_personal_table(
        ActivityKind, "name_en name_ja id key is_built_in is_own_doing retired_at", because="A kind, no deed."
    )
)
register(
    not_personal_table(CustomField, "id name_en name_ja subject key type choices", because="An attribute, no value.")
)
