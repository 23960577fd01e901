"""Random pasts of the funnel, and the plain Python that counts them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from funnel.models import Opportunity, Stage, StageRole, Transition
from leads.models import Campaign, Lead, Persona, PersonaMatch
from scoring.models import Quadrant, Score, ScoreModel

ROLES = list(StageRole.values)
SOURCES = ["", "Expo", "検索", "paid search"]


@dataclass(frozen=True)
class Step:
    """One row of the ledger: `n` is its place in it, `kept` the persona and the quadrant of its moment."""

    n: int
    at: datetime
    to: str | None
    kept: dict[str, str]


@dataclass
class Person:
    pk: int
    # What it is today.
    by: dict[str, str]
    merged: bool
    steps: list[Step] = field(default_factory=list)
    # (won_at, amount, currency)
    deals: list[tuple[datetime, Decimal | None, str]] = field(default_factory=list)

    def first(self, role: str) -> Step | None:
        return min((step for step in self.steps if step.to == role), key=lambda step: (step.at, step.n), default=None)

    def again(self, role: str) -> list[Step]:
        first = self.first(role)
        return [step for step in self.steps if step.to == role and step != first]

    def stands(self, at: datetime) -> Step | None:
        """The step by which it stands somewhere then."""
        before = [step for step in self.steps if step.at < at]
        last = max(before, key=lambda step: (step.at, step.n), default=None)
        return last if last and last.to else None

    def kept_of_deal(self, won_at: datetime) -> dict[str, str]:
        """What its step into the opportunity stage kept, the last by the win or else the first after it; without one,
        its last step before the win."""
        steps = sorted(self.steps, key=lambda step: (step.at, step.n))
        opened = [step for step in steps if step.to == "opportunity"]
        by_then = [step for step in steps if step.at <= won_at and (step.to, step.at) != ("customer", won_at)]
        found = [step for step in opened if step.at <= won_at][-1:]
        found = found or [step for step in opened if step.at > won_at][:1] or by_then[-1:]
        return found[0].kept if found else {"persona": "", "quadrant": ""}


def moments(rng: random.Random, zone: ZoneInfo) -> list[datetime]:
    """Few enough to collide, many of them at the edge of a day, a week, a month, or an hour the clock skips."""
    begin = date(2026, 1, 20)
    found = []
    for _ in range(14):
        day = begin + timedelta(days=rng.randrange(100))
        if rng.random() < 0.4:
            day = rng.choice([day - timedelta(days=day.weekday()), day.replace(day=1)])
        midnight = datetime.combine(day, time(), zone)
        edges = [timedelta(0), timedelta(microseconds=-1), timedelta(hours=2, minutes=30), timedelta(hours=13)]
        found.append(midnight + rng.choice(edges))
    return found


def make(seed: int, zone: ZoneInfo, size: int = 24) -> list[Person]:
    """Write a random past into the database, and return it as plain objects."""
    rng = random.Random(seed)
    stages = {stage.role: stage for stage in Stage.objects.all()}
    personas = [Persona.objects.create() for _ in range(2)]
    campaigns = [Campaign.objects.create(name=f"Campaign {n}", channel="web") for n in range(2)]
    model = ScoreModel.objects.create(number=seed + 1)
    known = moments(rng, zone)
    survivor = Lead.objects.create(email=f"survivor{seed}@example.org")
    people = [_person(rng, n, seed, personas, campaigns, model, survivor) for n in range(size)]
    rows = []
    for person in people:
        moment = rng.choice(known)
        for _ in range(rng.randrange(7)):
            # Mostly on, sometimes at the very same moment, sometimes back in time: an import of what was before.
            later = [at for at in known if at >= moment] or [moment]
            moment = rng.choice(known) if rng.random() < 0.25 else min(later, key=lambda at: (at, rng.random()))
            if rng.random() < 0.6:
                moment = rng.choice(later)
            rows.append((person, moment, rng.choice([None, *ROLES, *ROLES])))
    rng.shuffle(rows)
    for person, at, role in rows:
        before = rng.choice([None, *stages.values()])
        how = rng.choice([Transition.How.MACHINE, Transition.How.MACHINE, Transition.How.IMPORT])
        brought_in = how == Transition.How.IMPORT
        persona = None if brought_in else rng.choice([None, *personas])
        quadrant = "" if brought_in else rng.choice(["", *Quadrant.values])
        made = Transition.objects.create(
            lead_id=person.pk,
            from_stage=before,
            to_stage=stages[role] if role else None,
            at=at,
            how=how,
            persona=persona,
            quadrant=quadrant,
        )
        kept = {"persona": str(persona.pk) if persona else "", "quadrant": quadrant}
        person.steps.append(Step(made.pk, at, role, kept))
    for person in people:
        for _ in range(rng.choice([0, 0, 1, 2])):
            _deal(rng, person, rng.choice(known))
    return people


def _person(
    rng: random.Random,
    n: int,
    seed: int,
    personas: list[Persona],
    campaigns: list[Campaign],
    model: ScoreModel,
    survivor: Lead,
) -> Person:
    merged = rng.random() < 0.1
    campaign = rng.choice([None, *campaigns])
    lead = Lead.objects.create(
        email=f"p{seed}-{n}@example.org",
        source=rng.choice(SOURCES),
        country=rng.choice(["", "JP"]),
        campaign=campaign,
        merged_into=survivor if merged else None,
        merged_at=survivor.created_at if merged else None,
    )
    by = {"source": lead.source, "country": lead.country, "campaign": campaign.name if campaign else ""}
    persona = rng.choice([None, *personas])
    if persona or rng.random() < 0.5:
        PersonaMatch.objects.create(lead=lead, persona=persona, machine=persona)
    by["persona"] = str(persona.pk) if persona else ""
    by["quadrant"] = _quadrant(rng, lead, model)
    return Person(lead.pk, by, merged)


def _quadrant(rng: random.Random, lead: Lead, model: ScoreModel) -> str:
    machine, said = rng.choice(Quadrant.values), rng.choice(["", "", "hot"])
    if rng.random() < 0.3:
        return ""
    Score.objects.create(
        lead=lead,
        model=model,
        machine_quadrant=machine,
        scored_on=date(2026, 1, 1),
        override=said,
        override_reason="we met" if said else "",
    )
    return said or machine


def _deal(rng: random.Random, person: Person, at: datetime) -> None:
    outcome = rng.choice(["won", "won", "lost", "open", "reopened"])
    amount = rng.choice([None, Decimal(100), Decimal("250.50")])
    currency = rng.choice(["", "JPY", "JPY", "EUR"])
    made = {"lead_id": person.pk, "amount": amount, "currency": currency, "opened_at": at}
    if outcome == "won":
        Opportunity.objects.create(won_at=at, **made)
        person.deals.append((at, amount, currency))
    elif outcome == "lost":
        Opportunity.objects.create(lost_at=at, **made)
    else:
        Opportunity.objects.create(reopened_at=at if outcome == "reopened" else None, **made)
