"""A small company in which every page has rows to show, and as many more of each as one likes."""

from datetime import date, timedelta
from itertools import count

from django.db.models import F

from dashboards.goals.models import Goal
from funnel.models import DealStage, Reason, Stage, StageRole
from history import audit
from history.models import AuditEntry
from integrations.chat.models import Channel
from integrations.messages.models import Delivery
from leads.models import ActivityKind, Campaign, Import, Persona, PersonaMatch, PersonaVersion, Segment
from scoring.models import Quadrant
from sla.agreement.drafting import draft_next
from sla.disputes.disputing import raise_dispute
from sla.models import Agreement, Calendar, Capacity, Handoff, Review, Territory, Timer
from teams.models import Notice, Role, Scope, Team, Token
from tests import make
from tests.make import MONDAY_9AM, TEN
from tests.scoring.make import score_model

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
CTO = {"all": [{"field": "title", "op": "=", "value": "CTO"}, {"did": "demo_request", "at_least": 1}]}
NINE_TO_FIVE = {str(weekday): [["09:00", "17:00"]] for weekday in range(5)}


class FilledCompany:
    """Everybody has something to do since Monday, 9 am; it is 10 now."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.head = make.user(Role.MANAGER, given_name="Hana")
        self.sales = make.team(Team.Kind.SALES, head=self.head)
        self.marketing = make.team(Team.Kind.MARKETING, head=self.head)
        team_of = {Role.MARKETER: self.marketing, Role.MANAGER: self.sales, Role.SDR: self.sales, Role.REP: self.sales}
        self.people = {role: make.user(role, team=team_of.get(role)) for role in Role}
        self.rep = self.people[Role.REP]
        self.model = score_model(fit=[(CTO, 30)], interest={"demo_request": (40, None, 30), "call": (5, 20, None)})
        self.agreement: Agreement = make.agreement(
            receiving=self.sales,
            agreed={"score_model": self.model},
            definitions=[make.definition(role, CTO) for role in (StageRole.MQL, StageRole.SQL)],
        )

    def grow(self, rows: int) -> None:
        """So many more of everything that lists show."""
        for _ in range(rows):
            number = next(self.numbers)
            self._add_settings(number)
            self._add_people(number)
            self._add_words(number)
        self._agree_on_more(rows)
        for _ in range(rows):
            self._add_leads()

    def _add_settings(self, number: int) -> None:
        Stage.objects.put_after(
            Stage.objects.role(StageRole.SQL), Stage(name_en=f"Stage {number}", position=0, description="Between")
        )
        DealStage.objects.create(key=f"deal-stage-{number}", name_en=f"Deal stage {number}")
        for kind in Reason.Kind:
            Reason.objects.create(kind=kind, key=f"reason-{number}", name_en=f"Reason {number}")
        ActivityKind.objects.create(key=f"kind-{number}", name_en=f"Kind {number}")
        make.custom_field(f"field_{number}")
        make.custom_field(f"of_company_{number}", subject="company")
        Campaign.objects.create(name=f"Campaign {number}", starts_on=date(2026, 11, 1))
        calendar = Calendar.objects.create(name=f"Calendar {number}", windows=NINE_TO_FIVE)
        calendar.days.create(day=date(2026, 12, 28))
        calendar.uses.create(user=make.user(Role.REP, team=self.sales))
        for month in (11, 12):
            starts_on = date(2026, month, number)
            Goal.objects.create(measure="contracts", starts_on=starts_on, ends_on=starts_on + DAY, target=number)

    def _add_people(self, number: int) -> None:
        team = make.team(Team.Kind.SALES, head=make.user(Role.REP))
        for person in (make.user(Role.REP, team=team), make.user(Role.REP, team=self.sales), *self.people.values()):
            person.absences.create(from_on=date(2026, 12, number), until_on=date(2026, 12, number))
            Notice.objects.filter(user=person).delete()
            make.notice(person, about=f"handoff {number}", at=MONDAY_9AM)
            Token.objects.issue(person, name=f"Program {number}", scopes=[Scope.READ])
            audit.write(AuditEntry.Kind.SIGNED_IN, by=person, at=MONDAY_9AM)
        for each in (team, self.sales):
            territory = Territory.objects.create(team=each, name=f"Territory {number}", criteria=CTO)
            territory.members.add(make.user(Role.REP, team=each))
        member = make.user(Role.REP, team=team)
        Capacity.objects.create(user=member, most_open=5, most_a_week=9)
        channel = Channel.objects.create(user=member, url="https://hooks.example.org/1")
        make.notice(member, at=MONDAY_9AM)
        Delivery.objects.create(
            notice=Notice.objects.get(user=member),
            way="chat",
            channel=channel,
            address="hooks.example.org",
            due_at=MONDAY_9AM,
            next_try_at=TEN,
            tries=1,
            error="refused",
        )

    def _add_words(self, number: int) -> None:
        persona = Persona.objects.create()
        persona.versions.create(name=f"Persona {number}", criteria=CTO)
        persona.comments.create(by=self.rep, text="They exist.")
        Segment.objects.create(name=f"Segment {number}", criteria=CTO, created_by=self.head)
        make.definition(StageRole.MQL, CTO, replaced_at=None, frozen_at=MONDAY_9AM)
        score_model(fit=[(CTO, number)], in_force_from=None)
        review = Review.objects.create(
            kind="goals",
            agreement=self.agreement,
            due_on=date(2026, 12, number),
            starts_on=date(2026, 11, 1),
            ends_on=date(2026, 12, 1),
        )
        review.decide("We call sooner.", by=self.head, at=MONDAY_9AM)
        made = Import.objects.create(kind="leads", file_name=f"leads-{number}.csv", by=self.head, status="done")
        made.rejected_rows.create(line=number, cells=["?"], reasons=[{"column": "E-mail", "reason": "no address"}])

    def _add_leads(self) -> None:
        company = make.company(owner=self.rep)
        offered, working, rejected = (self._hand_off(company=company, title="CTO") for _ in range(3))
        working.accept(by=self.rep, at=TEN - HOUR / 2)
        working.touch("call", by=self.rep, contact=True, at=TEN - HOUR / 3)
        reason = Reason.objects.offered(Reason.Kind.REJECTED).filter(needs_text=False)[0]
        rejected.reject(by=self.rep, reason=reason, at=TEN - HOUR / 2)
        raise_dispute(rejected, "It was ready.", by=self.people[Role.MARKETER], at=TEN - HOUR / 4)
        for outcome in ({}, {"won_at": TEN - DAY}, {"lost_at": TEN - DAY}):
            make.opportunity(working.lead, owner=self.rep, opened_at=TEN - 9 * DAY, amount=100, **outcome)
        make.lead(company=company, owner=self.rep, campaign=Campaign.objects.latest("pk"), created_at=TEN - DAY)

    def _hand_off(self, **fields: object) -> Handoff:
        lead = make.mql(at=MONDAY_9AM, owner=self.rep, created_at=MONDAY_9AM - 3 * DAY, **fields)
        make.activity(lead, "demo_request", MONDAY_9AM - DAY)
        make.score(lead, machine_quadrant=Quadrant.HOT)
        PersonaMatch.objects.create(lead=lead)
        hop = self.agreement.hops.get()
        handoff = Handoff.objects.create(
            lead=lead,
            hop=hop,
            transition=lead.transitions.latest("pk"),
            rep=self.rep,
            offered_at=MONDAY_9AM,
            policy=self.agreement.policies.latest("pk"),
        )
        Timer.start([handoff], at=MONDAY_9AM)
        return handoff

    def _agree_on_more(self, rows: int) -> None:
        """The next version, with more clauses, policies and personas, and the draft of the one after it."""
        from_at = MONDAY_9AM - (20 - self.agreement.number % 10) * DAY
        draft = draft_next(at=from_at)
        draft.policies.update(position=F("position") + rows)
        for position in range(1, rows + 1):
            policy = draft.policies.create(position=position, source=f"Source {from_at} {position}")
            draft.steps.create(policy=policy, percent=80, action="remind")
            version = PersonaVersion.objects.exclude(pk__in=draft.agreed_personas.values("version")).latest("pk")
            draft.agreed_personas.create(version=version, position=100 + version.pk)
        clauses = [{"target": 10 + each, "every": "month"} for each in range(rows)]
        self.agreement = make.next_agreement(self.agreement, from_at=from_at, clauses=clauses)
        draft_next(by=self.head, at=MONDAY_9AM)
