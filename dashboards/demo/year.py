"""One year of the demo company, hour by hour: leads come in, the machine qualifies and offers, reps answer, sell and
win. Everything that happens is done by the verbs that do it in real life, with the moment they are given."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count

from django.db import connection, transaction
from django.utils import translation

from dashboards.demo.cast import DOMAIN
from dashboards.demo.market import Market, Prospect
from funnel.models import Journey, Opportunity, Reason, Stage, StageRole
from history.models import Outbox
from leads.models import Activity, ActivityKind, Campaign, Company, Lead, Persona, PersonaComment, Segment
from leads.registration import change, mark
from leads.searching import refresh
from sla import agreements, starter
from sla.advancing import advance_all, flow
from sla.hours import OpeningHours
from sla.models import Calendar, Handoff
from sla.sweeping import sweep_timers
from smarketing.company import company_zone
from teams.models import Notice, User

SLOTS = (time(10, 30), time(16), time(23, 59))
WEEKEND_SLOTS = (time(23, 59),)
# From the first day of this many months before the end, all hand-offs of a month go to one rep.
OVERLOAD_MONTHS_AGO = 4
CHUNK = 400
FRESH = timedelta(days=2)

Say = Callable[[str], None]


@dataclass(order=True)
class _Due:
    at: datetime
    n: int
    do: Callable[[datetime], None] = field(compare=False)


class Year:
    """The simulation: a market, a team, and what is still to happen."""

    def __init__(self, end: datetime, *, days: int, leads: int, seed: int, say: Say = lambda text: None) -> None:
        self.zone = company_zone()
        self.end = end
        self.start = datetime.combine(end.astimezone(self.zone).date() - timedelta(days=days), time(), self.zone)
        self.draw = random.Random(seed)
        self.market = Market(seed, self.zone)
        self.count = leads
        self.say = say
        self.due: list[_Due] = []
        self.tick = count()
        self.prospects: dict[int, Prospect] = {}
        self.companies: dict[str, int] = {}
        self.kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
        self.users = {user.email.split("@")[0]: user for user in User.objects.filter(email__endswith=f"@{DOMAIN}")}
        self.reasons = {(reason.kind, reason.key): reason for reason in Reason.objects.all()}
        self.seen = 0
        self.hours: OpeningHours | None = None

    # The story

    def run(self) -> None:
        """Live through the year, one transaction for each stretch of it. Hold the machine meanwhile."""
        with transaction.atomic():
            self._agree()
        prospects = self.market.prospects(self.count, self.start, self.end)
        acts = heapq.merge(*([(at, n, kind, told) for at, kind, told in p.acts] for n, p in enumerate(prospects)))
        arrivals, pending = iter(prospects), next(acts, None)
        next_arrival, lead_of = next(arrivals, None), dict[int, int]()
        month = None
        for slot in self._slots():
            if (slot.year, slot.month) != month:
                month = (slot.year, slot.month)
                self.say(f"{slot:%Y-%m}")
                self._staff(slot)
                self._analyze()
            new: list[Prospect] = []
            while next_arrival is not None and next_arrival.created_at <= slot:
                new.append(next_arrival)
                next_arrival = next(arrivals, None)
            with transaction.atomic():
                for lead in self._arrive(new):
                    lead_of[len(lead_of)] = lead
                batch = []
                while pending is not None and pending[0] <= slot:
                    at, n, kind, told = pending
                    batch.append((lead_of[n], at, kind, told))
                    pending = next(acts, None)
                self._act(batch)
                self._step(slot)
        with transaction.atomic():
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
        """What fell due until now, each at its own moment; then the machine."""
        while self.due and self.due[0].at <= at:
            event = heapq.heappop(self.due)
            event.do(event.at)
        sweep_timers(at=at)
        advance_all(at=at)
        self._meet_offers(at)

    # The agreement

    def _agree(self) -> None:
        with translation.override("en"):
            signed_at = self.start - timedelta(days=1, hours=-10)
            starter.agree_on_starter(at=signed_at)
        half = self.start + (self.end - self.start) / 2
        self._later(half, self._agree_anew)
        for n, (login, text) in enumerate(COMMENTS):
            self._later(self.start + timedelta(days=40 + 45 * n), self._comment(n, login, text))

    def _agree_anew(self, at: datetime) -> None:
        """In the middle of the year the heads sharpen what an MQL is, and sign the next version."""
        mql = Stage.objects.role(StageRole.MQL)
        draft = agreements.draft_definition(mql, by=self.users["head-of-marketing"], at=at)
        draft.criteria = SHARPER_MQL
        draft.text = "Someone of the companies and positions that we want, who asked for a demo or keeps coming back."
        draft.save()
        proposed = agreements.propose_definition(draft, by=self.users["head-of-marketing"], at=at)
        agreements.sign(proposed, by=self.users["head-of-marketing"], at=at + timedelta(hours=1))
        note = "Fewer, better. We will look at it again in spring."
        agreements.sign(proposed, by=self.users["head-of-sales"], at=at + timedelta(hours=26), note=note)

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
        mark(ids, at=new[-1].created_at, news_at=new[-1].created_at)
        refresh(ids)
        return ids

    def _company(self, values: dict[str, object] | None, at: datetime) -> int | None:
        if values is None:
            return None
        domain = str(values["domain"])
        if domain not in self.companies:
            self.companies[domain] = Company.objects.create(**values, created_at=at).pk
        return self.companies[domain]

    def _act(self, batch: list[tuple[int, datetime, str, dict[str, str]]]) -> None:
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
        mark(list(latest), at=when, news_at=when)

    # Sales

    def _staff(self, slot: datetime) -> None:
        """One month everyone but the first rep is away: he answers late, and wins less."""
        there = not self._overloaded(slot)
        User.objects.get_queryset().filter(email__in=[f"rep{n}@{DOMAIN}" for n in (2, 3)]).update(is_active=there)

    def _overloaded(self, at: datetime) -> bool:
        months = (self.end.year - at.year) * 12 + self.end.month - at.month
        return months == OVERLOAD_MONTHS_AGO

    def _meet_offers(self, at: datetime) -> None:
        fresh = Handoff.objects.filter(pk__gt=self.seen).order_by("pk").select_related("rep", "hop", "lead")
        for handoff in fresh:
            self.seen = handoff.pk
            if at > self.end - FRESH and self.draw.random() < 0.65:
                continue  # still in somebody's inbox when we look
            self._later(self._answer_moment(handoff, at), self._answer(handoff.pk))

    def _answer_moment(self, handoff: Handoff, at: datetime) -> datetime:
        """Most answer well within the four hours; the overloaded and the busiest rep do not."""
        typical = {"rep1": 1.5, "rep2": 0.9, "rep3": 1.3}[handoff.rep.email.split("@")[0]]
        if self._overloaded(at):
            typical = 5.5
        wait = timedelta(hours=min(40.0, self.draw.lognormvariate(0, 0.8) * typical))
        if self.hours is None or at.month == 1:
            self.hours = Calendar.default().hours(at=at)
        return self.hours.deadline(at, max(wait, timedelta(minutes=4)))

    def _answer(self, pk: int) -> Callable[[datetime], None]:
        def answer(at: datetime) -> None:
            handoff = Handoff.objects.select_related("rep", "hop__rejected_stage", "hop__accepted_stage", "lead").get(
                pk=pk
            )
            prospect = self.prospects[handoff.lead_id]
            try:
                if self.draw.random() < (0.9 if prospect.fits else 0.45):
                    handoff.accept(by=handoff.rep, at=at)
                    self._later(at + timedelta(hours=20 * self.draw.random()), self._work(handoff.lead_id, handoff.rep))
                else:
                    key, verdict, note = self._why_not(prospect)
                    reason = self.reasons["rejected", key]
                    handoff.reject(by=handoff.rep, reason=reason, verdict=verdict, note=note, at=at)
            except (Handoff.Answered, Journey.Moved):
                pass  # withdrawn meanwhile: the lead moved on by another way

        return answer

    def _why_not(self, prospect: Prospect) -> tuple[str, Handoff.Verdict, str]:
        if not prospect.fits:
            key = self.draw.choices(["not_persona", "competitor", "unreachable", "other"], [6, 2, 2, 1])[0]
            verdict = self.draw.choice([Handoff.Verdict.NO, Handoff.Verdict.NO, Handoff.Verdict.PARTLY])
        else:
            key = self.draw.choices(["no_project", "in_contact", "unreachable"], [5, 2, 3])[0]
            verdict = self.draw.choice([Handoff.Verdict.FITS, Handoff.Verdict.FITS, Handoff.Verdict.PARTLY])
        return key, verdict, self.draw.choice(NOTES[key])

    def _work(self, lead_id: int, rep: User) -> Callable[[datetime], None]:
        """Call, meet, and either go on or give the lead back."""

        def work(at: datetime) -> None:
            prospect = self.prospects[lead_id]
            self._act([(lead_id, at, "call", {"note": self.draw.choice(CALLS)})])
            if self.draw.random() < 0.25 + 0.55 * prospect.keen:
                met_at = self._office(at + timedelta(days=self.draw.uniform(2, 14)))
                self._later(met_at, self._meet(lead_id, rep))
            else:
                self._later(at + timedelta(days=self.draw.uniform(14, 30)), self._give_back(lead_id, rep))

        return work

    def _meet(self, lead_id: int, rep: User) -> Callable[[datetime], None]:
        def meet(at: datetime) -> None:
            self._act([(lead_id, at, "meeting", {"title": self.draw.choice(MEETINGS)})])
            wants = self.draw.random() < 0.3 + 0.5 * self.prospects[lead_id].keen
            later = at + timedelta(days=self.draw.uniform(3, 15))
            self._later(self._office(later), self._deal(lead_id, rep) if wants else self._give_back(lead_id, rep))

        return meet

    def _give_back(self, lead_id: int, rep: User) -> Callable[[datetime], None]:
        def give_back(at: datetime) -> None:
            journey = Journey.objects.select_related("stage").get(lead=lead_id)
            if journey.closed_at or journey.stage.role not in ("sal", "sql"):
                return
            key = self.draw.choice(["timing", "no_answer", "budget"])
            journey.recycle(self.reasons["recycled", key], by=rep, at=at)

        return give_back

    def _deal(self, lead_id: int, rep: User) -> Callable[[datetime], None]:
        def open_deal(at: datetime) -> None:
            lead = Lead.objects.select_related("company", "journey").get(pk=lead_id)
            if lead.journey.closed_at:
                return
            amount = Decimal(round(self.draw.lognormvariate(15.5, 0.5) / 10_000) * 10_000)
            decided_at = self._office(at + timedelta(days=self.draw.uniform(15, 55)))
            deal = Opportunity.open(
                lead,
                name=f"{lead.company or lead}",
                amount=amount,
                expected_close_on=self._day(decided_at + timedelta(days=self.draw.uniform(-9, 9))),
                owner=rep,
                opened_at=at,
                by=rep,
            )
            self._later(decided_at, self._decide(deal.pk, rep, self._overloaded(at)))

        return open_deal

    def _decide(self, pk: int, rep: User, rushed: bool) -> Callable[[datetime], None]:
        """The planted causes: a demo and the pricing page before, and a rep who had the time."""

        def decide(at: datetime) -> None:
            deal = Opportunity.objects.select_related("lead").get(pk=pk)
            prospect = self.prospects[deal.lead_id]
            chance = 0.1 + 0.35 * prospect.did("demo_request", at) + 0.2 * prospect.did("pricing_page_view", at)
            chance += 0.1 * prospect.keen - 0.2 * rushed
            if self.draw.random() < chance:
                key = self.draw.choices(["fit", "trust", "speed", "price"], [5, 3, 2, 1])[0]
                deal.win(reason=self.reasons["won", key], by=rep, at=at)
            else:
                key = self.draw.choices(["no_decision", "competitor", "price", "timing", "missing"], [4, 3, 2, 2, 1])[0]
                deal.lose(reason=self.reasons["lost", key], by=rep, at=at)

        return decide

    # The clock

    def _later(self, at: datetime, do: Callable[[datetime], None]) -> None:
        heapq.heappush(self.due, _Due(at, next(self.tick), do))

    def _office(self, at: datetime) -> datetime:
        """The same day, or the next Monday, at a time when people meet."""
        local = at.astimezone(self.zone)
        local += timedelta(days=max(0, 7 - local.weekday())) if local.weekday() > 4 else timedelta()
        return local.replace(hour=self.draw.choice([9, 10, 11, 13, 14, 15, 16]), minute=self.draw.choice([0, 15, 30]))

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _finish(self) -> None:
        """Everyone as of now, and what lies behind is read and told."""
        ids = list(Lead.objects.here().order_by("pk").values_list("pk", flat=True))
        for first in range(0, len(ids), CHUNK):
            flow(ids[first : first + CHUNK], at=self.end)
        sweep_timers(at=self.end)
        old = self.end - timedelta(days=3)
        Notice.objects.filter(created_at__lt=old).update(read_at=old)
        Outbox.objects.filter(told_at=None).update(told_at=self.end)
        for name, criteria in SEGMENTS:
            Segment.objects.create(name=name, criteria=criteria, created_by=self.users["marketer"])


SHARPER_MQL = {
    "all": [
        {"field": "fit", "op": ">=", "value": 50},
        {
            "any": [
                {"did": "demo_request", "at_least": 1, "within_days": 90},
                {
                    "all": [
                        {"did": "webinar_attended", "at_least": 1, "within_days": 60},
                        {"field": "interest", "op": ">=", "value": 40},
                    ]
                },
                {"did": "pricing_page_view", "at_least": 2, "within_days": 14},
                {"field": "interest", "op": ">=", "value": 60},
            ]
        },
        {"not": {"field": "consent", "op": "=", "value": "withdrawn"}},
    ]
}
SEGMENTS = [
    ("Demo in the last 30 days", {"did": "demo_request", "at_least": 1, "within_days": 30}),
    (
        "従業員300名以上・未接触",
        {
            "all": [
                {"field": "company.employees", "op": ">=", "value": 300},
                {"did": "call", "at_most": 0, "within_days": None},
            ]
        },
    ),
]
COMMENTS = [
    ("rep1", "They always ask who looks after it once the project is over. Our one-page answer helps."),
    ("rep2", "監査の前の月は話を聞いてもらえません。時期を外して声をかけましょう。"),
    ("sdr", "Security questions come first; having the paper ready saves a week."),
    ("head-of-sales", "工場長よりも、DX推進室から入るほうが早く進みます。"),
]
NOTES = {
    "not_persona": ["Sells to factories, does not run one.", "製造現場の担当ではありませんでした。", ""],
    "competitor": ["Works for a competitor.", "学生の方でした。"],
    "unreachable": ["Five calls, no answer.", "電話・メールとも応答なし。", ""],
    "other": ["Asked for a job.", "既存顧客の別部署。窓口に引き継ぎました。"],
    "no_project": ["Budget is decided in April; ask again in February.", "今期の予算は確定済み。来期に再提案。", ""],
    "in_contact": ["Already talking to his boss.", "別ルートで商談中。"],
}
CALLS = [
    "Reached, sent the ROI sheet.",
    "Left a message.",
    "要件をヒアリング。次回は工場長も同席。",
    "Asked for a quote.",
]
MEETINGS = ["First meeting", "Demo with own data", "初回訪問", "オンライン打ち合わせ"]
