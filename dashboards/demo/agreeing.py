"""The demo company's agreement: the first version, a second one in the middle of the year, and their reviews."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import translation

from dashboards.demo.simulation import Simulation
from dashboards.demo.texts import DECISIONS, SHARPER_MQL
from funnel.models import Stage, StageRole
from leads.models import Company
from sla.agreement import definition_drafts, drafting, proposing, returning, signing
from sla.agreement.starter import first_agreement
from sla.attainment import computing as attainment
from sla.models import Agreement, Calendar, CalendarDay, CalendarUse, Clause, Decision, Review, Territory
from sla.reviews import reviewing
from teams.models import Team

# Targets that are met most of the time.
FIRST_TARGETS: dict[str, Decimal | int] = {
    "handed_over": 38,
    "contracts": 4,
    "acceptance": Decimal("0.7"),
    "answered_in_time": Decimal("0.85"),
}
SECOND_TARGETS: dict[str, Decimal | int] = {
    "handed_over": 34,
    "acceptance": Decimal("0.75"),
    "close_rate": Decimal("0.08"),
}
SDR_DAY = [["09:30", "12:00"], ["13:00", "18:30"]]
ABROAD = {
    "all": [
        {"not": {"field": "company.country", "op": "is_empty"}},
        {"field": "company.country", "op": "!=", "value": "JP"},
    ]
}


def begin(year: Simulation) -> None:
    """Create calendars, territories and the first agreement; schedule the second one and the reviews."""
    _calendars(year)
    sales = Team.objects.get(kind=Team.Kind.SALES)
    abroad = Territory.objects.create(team=sales, name="Outside Japan", position=1, criteria=ABROAD)
    abroad.members.set([year.users["rep1"], year.users["rep3"]])
    with translation.override("en"):
        at = year.start - timedelta(days=1, hours=-10)
        draft = first_agreement.draft_first_agreement(by=year.users["head-of-marketing"], at=at)
        _set_targets(draft, FIRST_TARGETS)
        proposing.propose(draft, by=year.users["head-of-marketing"], at=at)
        _sign(year, draft, at)
    half = year.start + (year.end - year.start) / 2
    year.later(half, lambda at: _sign_second_version(year, at))
    day = year.day(year.start) + timedelta(days=1)
    while day < year.day(year.end):
        year.later(_moment(year, day, 8), _begin_day)
        year.later(_moment(year, day, 17), lambda at: _hold_reviews(year, at))
        day += timedelta(days=1)


def end(year: Simulation) -> None:
    """Give companies an owner, and compute the attainment of every clause."""
    for n, company in enumerate(Company.objects.order_by("pk")[:40]):
        Company.objects.filter(pk=company.pk).update(owner=year.users[f"rep{n % 3 + 1}"])
    _begin_day(year.end)
    attainment.compute(at=year.end, full=True)


def _calendars(year: Simulation) -> None:
    sdr, _ = Calendar.objects.update_or_create(
        name="Inside sales", defaults={"windows": {str(day): SDR_DAY for day in range(5)}}
    )
    CalendarUse.objects.create(calendar=sdr, team=Team.objects.get(kind=Team.Kind.SDR))
    for calendar in (Calendar.default(), sdr):
        for newyear in (year.start.year + 1, year.start.year + 2):
            days = [date(newyear - 1, 12, 29) + timedelta(days=n) for n in range(6)]
            CalendarDay.objects.bulk_create(CalendarDay(calendar=calendar, day=day, name="年末年始") for day in days)


def _moment(year: Simulation, day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), year.zone)


def _set_targets(draft: Agreement, targets: dict[str, Decimal | int]) -> None:
    for clause in draft.clauses.filter(metric__in=targets):
        Clause.objects.filter(pk=clause.pk).update(target=targets[clause.metric])


def _sign(year: Simulation, proposal: Agreement, at: datetime, note: str = "") -> None:
    signing.sign(proposal, by=year.users["head-of-marketing"], at=at + timedelta(hours=1))
    signing.sign(proposal, by=year.users["head-of-sdr"], at=at + timedelta(hours=3))
    signing.sign(proposal, by=year.users["head-of-sales"], at=at + timedelta(hours=5), note=note)


def _sign_second_version(year: Simulation, at: datetime) -> None:
    """The heads sharpen the definition of MQL; sales sends the proposal back once, then all sign."""
    head = year.users["head-of-marketing"]
    definition = definition_drafts.draft_definition(Stage.objects.role(StageRole.MQL), by=head, at=at)
    definition.criteria = SHARPER_MQL
    definition.text = "Someone of the companies and positions that we want, who asked for a demo or keeps coming back."
    definition.save()
    draft = drafting.draft_next(by=head, at=at)
    drafting.adopt_definition(draft, definition)
    _set_targets(draft, {"acceptance": Decimal("0.75")})
    proposing.propose(draft, by=head, at=at)
    comment = (
        "If the definition is sharper, fewer leads come: then the number in your promise is lower, and ours higher."
    )
    returning.send_back(draft, by=year.users["head-of-sales"], comment=comment, at=at + timedelta(hours=26))
    _set_targets(draft, SECOND_TARGETS)
    proposing.propose(draft, by=head, at=at + timedelta(hours=50))
    _sign(year, draft, at + timedelta(hours=51), note="Fewer, better. We will look at it again in spring.")


def _begin_day(at: datetime) -> None:
    reviewing.begin_day(at=at)


def _hold_reviews(year: Simulation, at: datetime) -> None:
    """Hold the reviews that are due, with a decision each; the last one is left open."""
    if at > year.end - timedelta(days=20):
        return
    for review in Review.objects.filter(held_at=None, due_on__lte=year.day(at)):
        who = year.users["head-of-sales"]
        text = DECISIONS[review.pk % len(DECISIONS)]
        Decision.objects.create(review=review, text=text, by=who, at=at)
        Review.objects.filter(pk=review.pk).update(held_at=at, held_by=who)
