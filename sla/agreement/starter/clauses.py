"""The clauses to start from: the usual three, or those and how well each side works."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause
from teams.models import Team

# Days in which a lead is to become a customer.
CLOSE_WITHIN = 90


def add_usual_clauses(
    draft: Agreement,
    *,
    leads: int = 60,
    close_rate: Decimal = Decimal("0.05"),
    days: int = CLOSE_WITHIN,
    customers: int = 3,
) -> list[Clause]:
    """Add the three clauses of nearly every such agreement: leads handed over, the close rate within so many days, and
    contracts, each month at least. Raises `Frozen`."""
    marketing, _receiving, sales = _teams(draft)
    return _add_clauses(
        draft,
        Clause(team=marketing, metric="handed_over", target=leads, filters=_first_hop_filter(draft)),
        Clause(team=sales, metric="close_rate", target=close_rate, window_days=days),
        Clause(team=sales, metric="contracts", target=customers),
    )


def add_all_clauses(
    draft: Agreement,
    *,
    leads: int = 60,
    close_rate: Decimal = Decimal("0.05"),
    days: int = CLOSE_WITHIN,
    customers: int = 3,
) -> list[Clause]:
    """Add the usual clauses, and those about the quality of the leads and how soon and steadily they are worked.

    Raises `Frozen`.
    """
    marketing, receiving, _sales = _teams(draft)
    usual = add_usual_clauses(draft, leads=leads, close_rate=close_rate, days=days, customers=customers)
    first_hop, week = _first_hop_filter(draft), Clause.Every.WEEK

    def clause(team: Team | None, metric: str, target: str, **more: Any) -> Clause:
        return Clause(**{"team": team, "metric": metric, "target": Decimal(target), "filters": first_hop, **more})

    clauses = [
        clause(marketing, "acceptance", "0.7"),
        clause(marketing, "persona_fit", "0.8"),
        clause(marketing, "free_mail", "0.1", comparator=Clause.Comparator.AT_MOST),
        clause(receiving, "answered_in_time", "0.95", every=week),
        clause(receiving, "first_touch_in_time", "0.9", every=week),
        clause(receiving, "cadence_kept", "0.9"),
        clause(receiving, "worked", "0.95"),
    ]
    for hop in list(draft.hops.select_related("receiving_team"))[1:]:
        later = {"stage": str(hop.from_stage_id)}
        clauses.append(clause(hop.receiving_team, "answered_in_time", "0.95", every=week, filters=later))
    return usual + _add_clauses(draft, *clauses)


def _first_hop_filter(draft: Agreement) -> dict[str, str]:
    """A filter for the hand-offs by marketing, where SDRs make others: those of the first hop."""
    stages = list(draft.hops.values_list("from_stage", flat=True))
    return {"stage": str(stages[0])} if len(stages) > 1 else {}


def _teams(draft: Agreement) -> tuple[Team | None, Team | None, Team | None]:
    """The parties by their part: marketing, the team that receives leads first, sales."""
    parties = [party.team for party in draft.parties.select_related("team").order_by("pk")]

    def first(*kinds: Team.Kind) -> Team | None:
        return next((team for kind in kinds for team in parties if team.kind == kind), None)

    sales = first(Team.Kind.SALES, Team.Kind.SDR)
    hop = draft.hops.select_related("receiving_team").first()
    receiving = hop.receiving_team if hop and hop.receiving_team in parties else sales
    return first(Team.Kind.MARKETING, Team.Kind.VENDOR), receiving, sales


def _add_clauses(draft: Agreement, *clauses: Clause) -> list[Clause]:
    """Append clauses to those of the draft, except for teams that are no party."""
    with transaction.atomic():
        draft.lock_draft()
        last = draft.clauses.aggregate(last=Max("position"))["last"] or 0
        added = [clause for clause in clauses if clause.team_id]
        for position, clause in enumerate(added, last + 1):
            clause.agreement, clause.position = draft, position
            clause.save()
    return added
