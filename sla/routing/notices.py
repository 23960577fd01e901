"""The notices about leads that wait to be offered, and hand-offs that were reassigned."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.criteria import Catalogue, Field
from leads.criteria.fields import is_of_a_family
from leads.notices import LEAD_EXAMPLE, LEAD_PAGE, LeadParams, lead_name
from sla.agreement.document.lines import join_words
from smarketing.pages.wording import in_every_language, in_language
from teams.notices import NameParams, NoticeKind, Way, describe_name, register
from teams.permissions import ANSWERING, MANAGING, MARKETING, SELLING


class UnofferedParams(LeadParams):
    team: str


def describe_unoffered(params: UnofferedParams) -> str:
    words = {"lead": lead_name(params), "team": params["team"]}
    return _("%(lead)s waits, and nobody of %(team)s can take it.") % words


UNOFFERED = register(
    NoticeKind[UnofferedParams](
        "unoffered",
        gettext_lazy("A lead waits and nobody can take it"),
        params=UnofferedParams,
        sentence=describe_unoffered,
        icon="warning",
        pages=[LEAD_PAGE],
        roles=MANAGING,
        to_heads=True,
        usual=Way,
        in_team_chat=True,
        example={**LEAD_EXAMPLE, "team": "営業部"},
    )
)


class FieldParams(TypedDict):
    """What a notice keeps of a field: its name, and its label in every language where it is no text of ours."""

    name: str
    label: dict[str, str]


def field_params(field: Field) -> FieldParams:
    own_label = in_every_language(field.label) if is_of_a_family(field.name) else {}
    return {"name": field.name, "label": own_label}


class NotReadyParams(LeadParams):
    fields: list[FieldParams]


def describe_not_ready(params: NotReadyParams) -> str:
    words = {"lead": lead_name(params), "fields": describe_fields(params["fields"])}
    return _("%(lead)s cannot be handed over yet: %(fields)s is not filled in.") % words


def describe_fields(fields: list[FieldParams] | str) -> str:
    """The labels as a list. Earlier versions kept it finished."""
    if isinstance(fields, str):
        return fields
    return join_words(map(field_label, fields))


def field_label(kept: FieldParams) -> str:
    known = None if kept["label"] else Catalogue().get(kept["name"])
    return str(known.label) if known else in_language(kept["label"]) or kept["name"]


NOT_READY = register(
    NoticeKind[NotReadyParams](
        "not_ready",
        gettext_lazy("A lead waits because something is not filled in"),
        params=NotReadyParams,
        sentence=describe_not_ready,
        icon="edit",
        pages=[LEAD_PAGE],
        roles=MARKETING | SELLING | MANAGING,
        to_heads=True,
        usual=(),
        example={
            **LEAD_EXAMPLE,
            "fields": [
                {"name": "company.employees", "label": {}},
                {"name": "custom.budget", "label": {"en": "Budget", "ja": "予算"}},
            ],
        },
    )
)


class ReassignedParams(LeadParams):
    rep: NameParams
    # Who gave it to somebody else; nobody where it was not answered.
    person: NameParams | None


def describe_reassigned(params: ReassignedParams) -> str:
    words = {"lead": lead_name(params), "rep": describe_name(params["rep"])}
    if params["person"]:
        return _("%(person)s gave %(lead)s to %(rep)s.") % (words | {"person": describe_name(params["person"])})
    return _("%(lead)s went to %(rep)s, because it was not answered.") % words


REASSIGNED = register(
    NoticeKind[ReassignedParams](
        "reassigned",
        gettext_lazy("A hand-off went to somebody else"),
        params=ReassignedParams,
        sentence=describe_reassigned,
        icon="share",
        pages=[LEAD_PAGE],
        roles=ANSWERING,
        usual=Way,
        example={
            **LEAD_EXAMPLE,
            "rep": {"given_name": "健", "family_name": "高橋", "email": "takahashi@example.jp"},
            "person": None,
        },
    )
)
