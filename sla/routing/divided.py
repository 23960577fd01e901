"""Companies that two reps of one team work: each has a reason that is kept, or the administrators are notified."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from history.models import Change
from leads.models import Company
from sla.handoffs.company_reps import is_one_company, worked_handoffs
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.threads import TwoReps
from teams.models import Team

log = logging.getLogger(__name__)

# So many companies are named in the log.
NAMED = 20


@dataclass(frozen=True)
class DividedCompany:
    """One company, the team that works it, and its hand-offs by rep."""

    company: Company
    team: Team
    handoffs: list[Handoff]

    @property
    def is_explained(self) -> bool:
        """Whether all but the rep who worked it first have a reason kept."""
        return len({handoff.rep_id for handoff in self.handoffs if not handoff.two_reps}) <= 1


def divided_companies(teams: Iterable[Team] | None = None, *, limit: int | None = None) -> list[DividedCompany]:
    """The companies that several reps of one team work, by name; with a limit, the hand-offs of no more are read."""
    divided = _divided_handoffs(teams)
    if limit is not None:
        divided = divided.filter(lead__company__in=_first_companies(divided, limit))
    rows = divided.select_related("lead__company", "hop__receiving_team", "rep").order_by("lead__company__name", "pk")
    groups: dict[tuple[int, int], list[Handoff]] = {}
    for handoff in rows:
        if handoff.lead.company and is_one_company(handoff.lead.company):
            groups.setdefault((handoff.lead.company.pk, handoff.hop.receiving_team_id), []).append(handoff)
    return [
        DividedCompany(handoffs[0].lead.company, handoffs[0].hop.receiving_team, handoffs)
        for handoffs in groups.values()
        if handoffs[0].lead.company
    ][:limit]


def _divided_handoffs(teams: Iterable[Team] | None) -> QuerySet[Handoff]:
    worked: Any = worked_handoffs().filter(lead__company__isnull=False)
    if teams is not None:
        worked = worked.filter(hop__receiving_team__in=list(teams))
    others = worked_handoffs().filter(
        lead__company=OuterRef("lead__company"), hop__receiving_team=OuterRef("hop__receiving_team")
    )
    found: QuerySet[Handoff] = worked.filter(Exists(others.exclude(rep=OuterRef("rep"))))
    return found


def _first_companies(divided: QuerySet[Handoff], limit: int) -> list[int]:
    """The first companies by name whose leads belong together, read so many at a time."""
    of_handoffs = divided.order_by().values("lead__company")
    companies = Company.objects.filter(pk__in=of_handoffs).only("name", "domain").order_by("name", "pk")
    first: list[int] = []
    for start in count(0, limit):
        read = list(companies[start : start + limit])
        first += [company.pk for company in read if is_one_company(company)]
        if len(read) < limit or len(first) >= limit:
            break
    return first[:limit]


def _keep_reasons_of_joined(companies: Iterable[DividedCompany]) -> None:
    """Keep the reason of hand-offs whose lead came to its company, by an edit or a merge, after it was offered."""
    lead = Cast("subject_id", BigIntegerField())
    came = Change.objects.filter(subject="lead", field="company", at__gt=OuterRef("offered_at"))
    unexplained = {
        handoff.pk: handoff
        for divided in companies
        if not divided.is_explained
        for handoff in divided.handoffs
        if not handoff.two_reps
    }
    joined = Handoff.objects.filter(
        Exists(came.annotate(lead=lead).filter(lead=OuterRef("lead"))), pk__in=list(unexplained)
    )
    if keys := list(joined.values_list("pk", flat=True)):
        Handoff.objects.filter(pk__in=keys).update(two_reps=TwoReps.MERGED)
    for key in keys:
        unexplained[key].two_reps = TwoReps.MERGED


def report_divided() -> list[int]:
    """Log the companies that two reps of one team work without a reason, and return them."""
    companies = divided_companies()
    _keep_reasons_of_joined(companies)
    divided = list(dict.fromkeys(each.company.pk for each in companies if not each.is_explained))
    if divided:
        named = ", ".join(map(str, divided[:NAMED]))
        log.error("%s companies are worked by two reps of one team without a reason: %s", len(divided), named)
    return divided
