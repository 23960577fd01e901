"""What people edit about the agreement, calendars and who gets what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from funnel.models import StageRole
from history.edits import Kind, never_edited, register
from leads.edits import CRITERIA
from metrics.registry import UnknownMetric, metric
from sla.agreement.models.agreements import AgreedDefinition, AgreedPersona, Agreement
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Comment, Party, Signature
from sla.agreement.models.policies import Policy, Step
from sla.attainment.models import Attainment
from sla.calendars.models import Absence, Calendar, CalendarDay, CalendarUse, format_windows
from sla.disputes.models import Dispute
from sla.feed.models import Feed
from sla.flow.models import BegunDay, PastFill
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Escalation, Pause, Timer
from sla.handoffs.models.touches import Touch
from sla.reviews.models import Decision, Review
from sla.routing.models import Capacity, CompanyWait, Territory, TerritoryMember


def describe_metric(name: str) -> str:
    try:
        return str(metric(name).label)
    except UnknownMetric:
        return name


def describe_role(role: str) -> str:
    return str(dict(StageRole.choices).get(role, role))


def describe_windows(stored: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """ "Mon 09:00–12:00, 13:00–18:00; Tue 09:00–12:00"."""
    days = (f"{WEEKDAYS_ABBR[int(day)]} {format_windows(windows)}" for day, windows in sorted(stored.items()))
    return "; ".join(days)


AGREEMENT = {"agreement": _("Agreement"), "position": _("Order")}
register(
    Kind(
        Agreement,
        _("Agreement"),
        link="agreement_version",
        link_by="number",
        labels={
            "number": _("Version"),
            "created_by": _("Made by"),
            "created_at": _("Made"),
            "score_model": _("Score model"),
            "meeting_at": _("Time of the weekly meeting"),
            "qualifies_standing": _("Qualifies who stands there"),
            "proposed_by": _("Proposed by"),
            "proposed_at": _("Proposed"),
            "in_force_from": _("In force from"),
            "replaced_at": _("Replaced"),
        },
        words={"number": "v{}".format},
    ),
    Kind(AgreedPersona, _("Persona of the agreement"), labels={**AGREEMENT, "version": _("Persona")}),
    Kind(AgreedDefinition, _("Definition of the agreement"), labels={**AGREEMENT, "definition": _("Definition")}),
    Kind(
        Clause,
        _("Clause"),
        labels={**AGREEMENT, "key": _("Key"), "filters": _("Filters")},
        words={"metric": describe_metric, "from_role": describe_role, "to_role": describe_role},
    ),
    Kind(
        Hop,
        _("Way of hand-offs"),
        labels={
            **AGREEMENT,
            "from_stage": _("At stage"),
            "offering_team": _("From team"),
            "receiving_team": _("To team"),
            "accepted_stage": _("Accepted, goes to"),
            "rejected_stage": _("Rejected, goes to"),
        },
    ),
    Kind(
        Party,
        _("Party of the agreement"),
        labels={**AGREEMENT, "team": _("Team"), "head": _("Head"), "escalates_to": _("Escalates to")},
    ),
    Kind(Policy, _("Policy"), labels=AGREEMENT),
    Kind(Step, _("Step of a policy"), labels={**AGREEMENT, "policy": _("Policy")}),
    Kind(
        Calendar,
        _("Calendar"),
        link="calendar_other",
        labels={"is_default": _("The company's")},
        words={"windows": describe_windows},
    ),
    Kind(
        CalendarDay,
        _("Closed day"),
        link="calendar_other",
        link_by="calendar_id",
        labels={"calendar": _("Calendar"), "closed_from": _("Closed from"), "closed_until": _("Closed until")},
    ),
    Kind(
        CalendarUse,
        _("Who works by a calendar"),
        link="calendar_other",
        link_by="calendar_id",
        labels={"calendar": _("Calendar"), "team": _("Team"), "user": _("Member")},
    ),
    Kind(Absence, _("Absence"), link="absences", link_by="", labels={"user": _("Member"), "changed_at": _("Changed")}),
    Kind(Capacity, _("Capacity"), link="capacity", link_by="", labels={"user": _("Member")}),
    Kind(
        Territory,
        _("Territory"),
        link="capacity",
        link_by="",
        labels={"team": _("Team"), "position": _("Order")},
        words=CRITERIA,
    ),
    Kind(
        TerritoryMember,
        _("Who works a territory"),
        link="capacity",
        link_by="",
        labels={"territory": _("Territory"), "user": _("Member")},
    ),
    Kind(
        Review,
        _("Review"),
        link="review",
        labels={
            "kind": _("Kind"),
            "agreement": _("Agreement"),
            "due_on": _("Due"),
            "starts_on": _("From"),
            "ends_on": _("To, exclusive"),
            "held_at": _("Held"),
            "held_by": _("Held by"),
            "changed_at": _("Changed"),
        },
    ),
    Kind(
        Decision,
        _("Decision"),
        link="review",
        link_by="review_id",
        labels={
            "review": _("Review"),
            "clause": _("Clause"),
            "by": _("Who"),
            "at": _("When"),
            "draft": _("Taken up by"),
        },
    ),
    Kind(
        Feed,
        _("Calendar feed"),
        labels={"user": _("Member"), "secret": _("Secret"), "secret_digest": _("Secret"), "renewed_at": _("Renewed")},
    ),
)
never_edited(Signature, Comment, because="Written once, with who and when.")
never_edited(Handoff, Timer, Escalation, Pause, Touch, because="A ledger: written once, with who and when.")
never_edited(Dispute, because="Its answer is written once, with who and when.")
never_edited(Attainment, CompanyWait, BegunDay, PastFill, because="The machine computes and keeps its own order.")
