"""One year of the demo company, hour by hour: leads come in, the machine qualifies and offers, reps answer, sell and
win. Everything that happens is done by the verbs that do it in real life, with the moment they are given."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta

from django.db import connection, transaction

from dashboards.demo import agreeing
from dashboards.demo.market import Market, Prospect
from dashboards.demo.selling import Sales
from dashboards.demo.simulation import Simulation
from dashboards.demo.texts import COMMENTS, SEGMENTS
from history.events import mark_told
from history.leases import Step
from leads.models import Activity, ActivityKind, Campaign, Company, Lead, Persona, PersonaComment, Segment
from leads.registering.reevaluation import enqueue_reevaluation
from leads.registering.registration import change
from leads.registering.searching import refresh
from sla.escalation.sweeping import sweep_timers
from sla.flow.advancing import advance_all, run_flow
from sla.models import Escalation
from sla.routing.offering import offer
from teams.models import Notice

SLOTS = (time(10, 30), time(16), time(23, 59))
WEEKEND_SLOTS = (time(23, 59),)
CHUNK = 400
SOON = timedelta(seconds=2)

Say = Callable[[str], None]


class Year(Simulation):
    """The story: a market, a team, and what happens hour by hour."""

    def __init__(
        self,
        end: datetime,
        *,
        days: int,
        leads: int,
        seed: int,
        say: Say = lambda text: None,
        step: Step = transaction.atomic,
    ) -> None:
        super().__init__(end, days=days, seed=seed)
        self.market = Market(seed, self.zone)
        self.count = leads
        self.say = say
        self.step = step
        self.companies: dict[str, int] = {}
        self.kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
        self.sales = Sales(self)

    # The story

    def run(self) -> None:
        """Live through the year, one step for each stretch of it. Call it while background work is paused."""
        with self.step():
            agreeing.begin(self)
            self.sales.plan()
            for n, (login, text) in enumerate(COMMENTS):
                self.later(self.start + timedelta(days=40 + 45 * n), self._comment(n, login, text))
        prospects = self.market.prospects(self.count, self.start, self.end)
        acts = heapq.merge(*([(at, n, kind, told) for at, kind, told in p.acts] for n, p in enumerate(prospects)))
        arrivals, pending = iter(prospects), next(acts, None)
        next_arrival, lead_of = next(arrivals, None), dict[int, int]()
        month = None
        for slot in self._slots():
            if (slot.year, slot.month) != month:
                month = (slot.year, slot.month)
                self.say(f"{slot:%Y-%m}")
                self._analyze()
            new: list[Prospect] = []
            while next_arrival is not None and next_arrival.created_at <= slot:
                new.append(next_arrival)
                next_arrival = next(arrivals, None)
            with self.step():
                for lead in self._arrive(new):
                    lead_of[len(lead_of)] = lead
                batch = []
                while pending is not None and pending[0] <= slot:
                    at, n, kind, told = pending
                    batch.append((lead_of[n], at, kind, told))
                    pending = next(acts, None)
                self.act(batch)
                self._step(slot)
        with self.step():
            self._finish()

    @staticmethod
    def _analyze() -> None:
        """The tables grow from nothing; the planner must hear of it."""
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _slots(self) -> Iterable[datetime]:
        day = self.start.date()
        while True:
            for clock in SLOTS if day.weekday() < 5 else WEEKEND_SLOTS:
                slot = datetime.combine(day, clock, self.zone)
                if slot >= self.end:
                    yield self.end
                    return
                yield slot
            day += timedelta(days=1)

    def _step(self, at: datetime) -> None:
        """Do what fell due until now, each at its own moment; then advance the leads."""
        while due := self.next_due(at):
            moment, act = due
            # What a clock does before somebody acts, it does before.
            self._sweep(moment)
            act(moment)
        self._sweep(at)
        advance_all(at=at)
        self.sales.answer_offers(at)

    def _sweep(self, until: datetime) -> None:
        """Take each step of a clock soon after it came, as workers that sweep all the time do."""
        come = Escalation.objects.filter(done_at=None, due_at__lt=until - SOON).order_by("due_at")
        for due_at in come.values_list("due_at", flat=True):
            sweep_timers(at=due_at + SOON)
        sweep_timers(at=until)

    # What is said of personas

    def _comment(self, n: int, login: str, text: str) -> Callable[[datetime], None]:
        def say(at: datetime) -> None:
            persona = Persona.objects.order_by("pk")[n % 3]
            PersonaComment.objects.create(persona=persona, by=self.users[login], text=text, at=at)

        return say

    # Leads and what they do

    def _arrive(self, new: list[Prospect]) -> list[int]:
        if not new:
            return []
        campaigns = {campaign.channel: campaign for campaign in Campaign.objects.all()}
        made = Lead.objects.bulk_create(
            Lead(
                **prospect.values,
                is_free_mail=prospect.values["email"].endswith(("gmail.com", "yahoo.co.jp", "outlook.com")),
                company_id=self._company(prospect.company, prospect.created_at),
                campaign=campaigns.get(prospect.source),
                created_at=prospect.created_at,
            )
            for prospect in new
        )
        self.prospects |= {lead.pk: prospect for lead, prospect in zip(made, new, strict=True)}
        ids = [lead.pk for lead in made]
        enqueue_reevaluation(ids, at=new[-1].created_at, news_at=new[-1].created_at)
        refresh(ids)
        return ids

    def _company(self, values: dict[str, object] | None, at: datetime) -> int | None:
        if values is None:
            return None
        domain = str(values["domain"])
        if domain not in self.companies:
            self.companies[domain] = Company.objects.create(**values, created_at=at).pk
        return self.companies[domain]

    def act(self, batch: list[tuple[int, datetime, str, dict[str, str]]]) -> None:
        if not batch:
            return
        Activity.objects.bulk_create(
            Activity(lead_id=lead, kind=self.kinds[kind], occurred_at=at, properties=told, created_at=at)
            for lead, at, kind, told in batch
        )
        latest: dict[int, datetime] = {}
        for lead, at, kind, _told in batch:
            latest[lead] = at
            if kind == "unsubscribe":
                change(Lead.objects.get(pk=lead), {"consent": "withdrawn"}, how="unsubscribe", at=at)
        when = max(latest.values())
        enqueue_reevaluation(list(latest), at=when, news_at=when)

    def _finish(self) -> None:
        """Everyone as of now, and what lies behind is read and told."""
        self.sales.qualify_reached(self.end)
        ids = list(Lead.objects.unmerged().order_by("pk").values_list("pk", flat=True))
        for first in range(0, len(ids), CHUNK):
            run_flow(ids[first : first + CHUNK], at=self.end)
            offer(ids[first : first + CHUNK], at=self.end)
        sweep_timers(at=self.end)
        agreeing.end(self)
        old = self.end - timedelta(days=3)
        Notice.objects.filter(created_at__lt=old).update(read_at=old)
        mark_told(at=self.end)
        for name, criteria in SEGMENTS:
            Segment.objects.create(name=name, criteria=criteria, created_by=self.users["marketer"])
