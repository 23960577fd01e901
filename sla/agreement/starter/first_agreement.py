"""The first agreement: drafted from the starter set, for a company without one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now

from funnel.models import StageRole
from sla.agreement.drafting import adopt_definition, draft_next
from sla.agreement.missing import missing
from sla.agreement.models.agreements import AgreedPersona, Agreement
from sla.agreement.models.parties import Party
from sla.agreement.proposing import propose
from sla.agreement.scoring import current_score_model
from sla.agreement.signing import sign
from sla.agreement.starter.bilingual import translated
from sla.agreement.starter.clauses import add_all_clauses
from sla.agreement.starter.definitions import MQL_CRITERIA, SQL_CRITERIA, starting_definition
from sla.agreement.starter.handoffs import starting_escalations, starting_hops, starting_policies
from sla.agreement.starter.personas import starting_personas
from sla.agreement.starter.scoring import starting_score_model
from teams.models import Team, User


@transaction.atomic
def draft_first_agreement(*, by: User | None = None, at: datetime | None = None, hours: float = 4) -> Agreement:
    """Draft the first agreement from the starter set, using the teams, personas and drafts that exist.

    Where there is an SDR team, leads go by way of it. `hours`: open time to answer. Raises `Frozen` when an agreement
    was signed or proposed before.
    """
    if Agreement.objects.signed().exists():
        raise Agreement.Frozen
    at = at or now()
    pending = Agreement.objects.pending().first()
    draft = draft_next(by=by, at=at)
    if pending is not None:
        return draft
    marketing, sales = _team_of_kind(Team.Kind.MARKETING), _team_of_kind(Team.Kind.SALES)
    sdr = _sdr_team()
    for team in filter(None, (marketing, sdr, sales)):
        Party.objects.create(agreement=draft, team=team, head=team.head)
    for position, version in enumerate(starting_personas(by, at), 1):
        AgreedPersona.objects.create(agreement=draft, version=version, position=position)
    for role, criteria in ((StageRole.MQL, MQL_CRITERIA), (StageRole.SQL, SQL_CRITERIA)):
        adopt_definition(draft, starting_definition(role, criteria, by, at))
    draft.score_model = current_score_model() or starting_score_model(by, at)
    draft.score_model_may_change = True
    draft.preamble = translated(
        "Marketing and sales share one goal: contracts. This is what each side can rely on from"
        " the other; both are measured by the same clock and the same numbers.",
        "マーケティングと営業の目標はただ一つ、契約です。ここに、互いに当てにできることを定めます。"
        "双方を同じ時計と同じ数字で測ります。",
    )
    draft.save()
    for hop in starting_hops(draft, marketing, sdr, sales):
        hop.save()
    for policy in starting_policies(draft, timedelta(hours=hours), with_sdr=sdr is not None):
        policy.save()
        for step in starting_escalations(draft, policy):
            step.save()
    add_all_clauses(draft)
    return draft


def sign_first_agreement(*, at: datetime | None = None, hours: float = 4) -> Agreement:
    """Draft, propose and sign the starter set in the name of the heads, in force from the next company day."""
    at = at or now()
    draft = draft_first_agreement(at=at, hours=hours)
    if problems := missing(draft):
        raise Agreement.NotReady(problems)
    heads = {party.head.pk: party.head for party in draft.parties.select_related("head") if party.head}
    first = next(iter(heads.values()))
    Agreement.objects.filter(pk=draft.pk).update(created_by=first)
    draft.refresh_from_db()
    propose(draft, by=first, at=at)
    for head in heads.values():
        sign(draft, by=head, at=at)
    return draft


def _team_of_kind(kind: Team.Kind) -> Team:
    """The team of that kind, one with a head if there are several, created if there is none."""
    team = Team.objects.filter(kind=kind).order_by("head", "pk").first()
    names = {Team.Kind.MARKETING: ("Marketing", "マーケティング"), Team.Kind.SALES: ("Sales", "営業")}
    name, name_ja = names[kind]
    return team or Team.objects.create(kind=kind, name=name, name_ja=name_ja)


def _sdr_team() -> Team | None:
    return Team.objects.filter(kind=Team.Kind.SDR).select_related("head").order_by("head", "pk").first()
