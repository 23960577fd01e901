"""What people are told about leads and their imports."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models.leads import Lead
from teams.notices import NameParams, NoticeKind, Page, describe_name, name_params, register
from teams.permissions import ADMINISTERING, MARKETING


class LeadParams(NameParams):
    """What a notice keeps of a lead."""

    lead: int


def lead_params(lead: Lead) -> LeadParams:
    return {"lead": lead.pk, **name_params(lead)}


def lead_name(params: LeadParams) -> str:
    return describe_name(params) or _("Lead %(id)s") % {"id": params["lead"]}


LEAD_PAGE = Page("lead", ["lead"])
LEAD_EXAMPLE: LeadParams = {"lead": 7, "given_name": "美咲", "family_name": "佐藤", "email": "sato@example.jp"}


class ImportParams(TypedDict):
    job: int
    file: str
    created: int
    updated: int
    rejected: int


def describe_import_done(params: ImportParams) -> str:
    return _("The import of %(file)s is finished.") % {"file": params["file"]}


IMPORT_DONE = register(
    NoticeKind[ImportParams](
        "import_done",
        gettext_lazy("An import is finished"),
        params=ImportParams,
        sentence=describe_import_done,
        icon="import",
        pages=[Page("import", ["job"])],
        roles=MARKETING | ADMINISTERING,
        usual=(),
        example={"job": 7, "file": "展示会", "created": 3, "updated": 2, "rejected": 1},
    )
)
