"""What people are told about leads and their imports."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models.leads import Lead
from teams.models import Notice
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


def describe_lead_failed(params: LeadParams) -> str:
    return _("%(lead)s cannot be processed; the others go on. The server's log says why.") % {"lead": lead_name(params)}


LEAD_FAILED = register(
    NoticeKind[LeadParams](
        "lead_failed",
        gettext_lazy("A lead cannot be processed"),
        params=LeadParams,
        sentence=describe_lead_failed,
        icon="warning",
        pages=[LEAD_PAGE],
        roles=ADMINISTERING,
        example=LEAD_EXAMPLE,
    )
)


class RowFailedParams(TypedDict):
    job: int
    file: str
    line: int


def describe_row_failed(params: RowFailedParams) -> str:
    words = {"file": params["file"], "line": params["line"]}
    return _("Line %(line)s of %(file)s cannot be imported; the others go on. The server's log says why.") % words


ROW_FAILED = register(
    NoticeKind[RowFailedParams](
        "row_failed",
        gettext_lazy("A row of an import cannot be processed"),
        params=RowFailedParams,
        sentence=describe_row_failed,
        icon="warning",
        pages=[Page("import", ["job"])],
        roles=ADMINISTERING,
        example={"job": 7, "file": "展示会", "line": 3},
    )
)
# When so many fail at once, they have one cause.
MOST_FAILED = 50


def notify_failed_leads(lead_ids: Collection[int], *, at: datetime) -> None:
    """Notify the administrators of leads that cannot be processed, once a lead and company day."""
    if not lead_ids:
        return
    leads = Lead.objects.filter(pk__in=sorted(set(lead_ids))[:MOST_FAILED]).order_by("pk")
    failures = [(f"lead {lead.pk}", lead_params(lead)) for lead in leads]
    Notice.objects.notify_administrators(LEAD_FAILED, failures, at=at)
