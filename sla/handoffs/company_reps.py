"""Who of a team works which leads of a company: further leads go to the same rep, so that a company hears one voice."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery

from funnel.models import Opportunity, Stage, StageRole
from leads.models import Company, Lead
from leads.text.free_mail import is_free_mail
from leads.text.placeholders import is_placeholder
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.querying import TAKEN, WORKED
from sla.handoffs.models.threads import TwoReps
from smarketing.database.statements import Given, given_ids
from smarketing.database.together import Together
from teams.models import Role, Team

# From so many leads worked at once on, only those of the same region or persona stay together.
MANY = 20
SELLING = {Role.REP.value, Role.SDR.value}


@dataclass(frozen=True)
class WorkedLead:
    """One lead of a company that a rep works: offered, accepted, or with an open deal."""

    company: int
    lead: int
    rep: int
    since: datetime
    region: str
    persona: int | None
    # Whether further leads may go to them: a head who does not sell is offered only what the policy says.
    sells: bool
    # The open hand-off whose answer the company's further leads wait for.
    first: int | None = None
    two_reps: str = ""


class CompanyReps:
    """The reps of one team who work some companies."""

    def __init__(self, worked: Iterable[WorkedLead], companies: Iterable[int] = ()) -> None:
        self.by_company: dict[int, list[WorkedLead]] = {company: [] for company in companies}
        for each in worked:
            self.by_company.setdefault(each.company, []).append(each)

    @classmethod
    def of(cls, team: Team, leads: Iterable[Lead]) -> CompanyReps:
        """Those of the companies of some leads; a company that is none is left out. One query at most."""
        companies = {lead.company.pk for lead in leads if lead.company and is_one_company(lead.company)}
        if not companies:
            return cls([])
        handoffs, deals = WORKED_NOW.fetch(team=team.pk, head=team.head_id, companies=sorted(companies))
        return cls([*_by_handoff(team, handoffs), *_by_deal(deals)], companies)

    def rep_for(self, lead: Lead, *, persona: int | None) -> WorkedLead | None:
        """The latest of the leads of the same company that somebody works; of many only those of the same region or
        persona."""
        others = [each for each in self._of(lead) if each.lead != lead.pk]
        if len({each.lead for each in others}) > MANY:
            others = [each for each in others if _is_alike(each, lead, persona)]
        others = [each for each in others if each.sells]
        return max(others, key=lambda each: (each.since, each.lead), default=None)

    def is_known(self, lead: Lead) -> bool:
        """Whether its company is one whose leads belong together."""
        return lead.company_id in self.by_company

    def first_of(self, lead: Lead, rep: int) -> int | None:
        """The unanswered hand-off of that rep for which a further lead of the company waits."""
        waiting = [each for each in self._of(lead) if each.rep == rep and each.first and each.lead != lead.pk]
        return min(waiting, key=lambda each: each.since).first if waiting else None

    def has_another(self, lead: Lead, rep: int) -> bool:
        """Whether somebody else works another lead of the company."""
        return any(each.rep != rep and each.lead != lead.pk for each in self._of(lead))

    def reason_of(self, lead: Lead, rep: int) -> str:
        """Why the company has several reps already, this one among them; empty if it has not."""
        kept = [each for each in self._of(lead) if each.two_reps]
        mine = next((each.two_reps for each in kept if each.rep == rep), "")
        works = any(each.rep == rep for each in self._of(lead))
        return mine or next((each.two_reps for each in kept if works), "")

    def without(self, reps: Collection[int]) -> CompanyReps:
        return CompanyReps(each for worked in self.by_company.values() for each in worked if each.rep not in reps)

    def add(self, worked: WorkedLead) -> None:
        self.by_company.setdefault(worked.company, []).append(worked)

    def _of(self, lead: Lead) -> list[WorkedLead]:
        return self.by_company.get(lead.company_id or 0, [])


def is_one_company(company: Company) -> bool:
    """Whether its leads belong together: not those of a free-mail provider, nor of a name that says nothing."""
    return not is_free_mail(f"@{company.domain or company.name}") and not is_placeholder(company.name)


def why_two_reps(handoff: Handoff, rep: int, reason: TwoReps) -> str:
    """`reason` if somebody else of the team works another lead of the hand-off's company; else nothing."""
    lead = Lead.objects.select_related("company").get(pk=handoff.lead_id)
    reps = CompanyReps.of(handoff.hop.receiving_team, [lead])
    # Those that wait for its answer go along with it.
    moving = {lead.pk, *Handoff.objects.open().filter(follows=handoff.pk).values_list("lead", flat=True)}
    for each in reps.by_company.values():
        each[:] = [worked for worked in each if worked.lead not in moving]
    return reason if reps.has_another(lead, rep) else ""


def worked_handoffs() -> QuerySet[Handoff]:
    """The hand-offs that wait for an answer, and those accepted whose lead stands at SAL, SQL or opportunity, of reps
    who are here."""
    stands = Q(
        lead__journey__closed_at=None,
        lead__journey__stage__position__gte=_position(StageRole.SAL),
        lead__journey__stage__position__lte=_position(StageRole.OPPORTUNITY),
    )
    later = Handoff.objects.filter(
        TAKEN,
        lead=OuterRef("lead"),
        hop__receiving_team=OuterRef("hop__receiving_team"),
        pk__gt=OuterRef("pk"),
    )
    accepted = WORKED & stands & ~Exists(later)
    return Handoff.objects.filter(Q(answer="") | accepted, rep__is_active=True, lead__merged_into=None)


def _position(role: StageRole) -> Subquery:
    return Subquery(Stage.objects.filter(role=role).order_by().values("position"))


def _worked() -> list[QuerySet[Any, Any]]:
    """The hand-offs and the open deals of a team's reps at some companies."""
    team, head, companies = Given("team", BigIntegerField()), Given("head", BigIntegerField()), given_ids("companies")
    ours = Q(rep__team=team) | Q(rep=head)
    handoffs: QuerySet[Any] = worked_handoffs().filter(ours, hop__receiving_team=team, lead__company__among=companies)
    deals = Opportunity.objects.open().filter(
        owner__team=team, owner__is_active=True, lead__company__among=companies, lead__merged_into=None
    )
    dated: QuerySet[Any] = deals.annotate(persona=F("lead__persona_match__persona"))
    return [
        handoffs.values_list(
            "lead__company", "lead", "rep", "offered_at", "answered_at", "lead__region", "persona", "pk", "follows",
            "follows__answer", "answer", "two_reps", "rep__team", "rep__roles",
        ),
        dated.values_list("lead__company", "lead", "owner", "opened_at", "lead__region", "persona", "owner__roles"),
    ]  # fmt: skip


WORKED_NOW = Together(_worked)


def _by_handoff(team: Team, rows: Iterable[Any]) -> Iterable[WorkedLead]:
    for company, lead, rep, offered, answered, region, persona, pk, follows, first, answer, two_reps, of, roles in rows:
        # One that waits itself is no first.
        is_first = not answer and (follows is None or first != "")
        yield WorkedLead(
            company,
            lead,
            rep,
            answered or offered,
            region,
            persona,
            sells=of == team.pk and not SELLING.isdisjoint(roles),
            first=pk if is_first else None,
            two_reps=two_reps,
        )


def _by_deal(rows: Iterable[Any]) -> Iterable[WorkedLead]:
    for company, lead, rep, since, region, persona, roles in rows:
        yield WorkedLead(company, lead, rep, since, region, persona, sells=not SELLING.isdisjoint(roles))


def _is_alike(worked: WorkedLead, lead: Lead, persona: int | None) -> bool:
    same_region = bool(lead.region) and worked.region == lead.region
    return same_region or persona is not None and worked.persona == persona
