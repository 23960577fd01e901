"""The numbers of the clauses once more, from raw rows in plain Python, without counting in the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from funnel.models import Opportunity, Stage, Transition
from leads.models import Lead
from sla.models import Agreement, Calendar, Clause, Handoff, Policy, Timer, Touch

Raw = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is asked, as moments: from, up to, and as of when."""

    start: datetime
    end: datetime
    at: datetime
    filters: dict[str, str]
    window: timedelta | None = None
    # Counts once a stage, not once a lead.
    by_stage: bool = False

    def has(self, moment: datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end and moment <= self.at


@dataclass(frozen=True)
class Case:
    """One counted thing: whether it is a hit, when it counts, under which keys, and how long it took."""

    lead: int
    hit: bool
    moment: datetime
    keys: dict[str, str]
    seconds: float | None = None
    flagged: bool = False


class Past:
    """Everything that happened, read once."""

    def __init__(self) -> None:
        self.stages = {row["id"]: row for row in Stage.objects.values()}
        self.leads = {row["id"]: row for row in Lead.objects.values("id", "source", "is_free_mail", "merged_into_id")}
        self.touches_needed = dict(Policy.objects.values_list("id", "touches"))
        self.handoffs: list[Raw] = list(Handoff.objects.values("hop__from_stage_id", *FIELDS))
        clocks: list[Any] = list(Timer.objects.values())
        self.clocks: dict[tuple[int, str], Raw] = {(clock["handoff_id"], clock["kind"]): clock for clock in clocks}
        self.touches: dict[int, list[Raw]] = {}
        touches: list[Any] = list(Touch.objects.values())
        for touch in touches:
            self.touches.setdefault(touch["handoff_id"], []).append(touch)
        self.entries: dict[int, list[Raw]] = {}
        steps: list[Any] = list(Transition.objects.values("lead_id", "to_stage_id", "at"))
        for step in steps:
            self.entries.setdefault(step["lead_id"], []).append(step)
        self.won: list[Any] = list(Opportunity.objects.filter(won_at__isnull=False).values("lead_id", "won_at"))
        self.customer = next(s["position"] for s in self.stages.values() if s["role"] == "customer")

    def keys(self, handoff: Raw) -> dict[str, str]:
        return {
            "source": self.leads[handoff["lead_id"]]["source"],
            "persona": str(handoff["persona_id"] or ""),
            "quadrant": handoff["quadrant"],
            "rep": str(handoff["rep_id"]),
            "stage": str(handoff["hop__from_stage_id"]),
        }

    def of(self, asked: Asked) -> Iterator[tuple[Raw, dict[str, str]]]:
        for handoff in self.handoffs:
            keys = self.keys(handoff)
            alive = self.leads[handoff["lead_id"]]["merged_into_id"] is None
            if alive and all(keys[name] == value for name, value in asked.filters.items()):
                yield handoff, keys

    def bought(self, lead: int) -> list[datetime]:
        steps = self.entries.get(lead, [])
        into = [s for s in steps if s["to_stage_id"]]
        return [s["at"] for s in into if self.stages[s["to_stage_id"]]["position"] >= self.customer]


FIELDS = (
    "id",
    "lead_id",
    "rep_id",
    "transition_id",
    "replaces_id",
    "offered_at",
    "answer",
    "answered_at",
    "verdict",
    "policy_id",
    "persona_id",
    "quadrant",
    "given_up_at",
)


def handed_over(past: Past, asked: Asked) -> Iterator[Case]:
    for handoff, keys in past.of(asked):
        if handoff["replaces_id"] is None and asked.has(handoff["offered_at"]):
            yield Case(handoff["lead_id"], True, handoff["offered_at"], keys)


def free_mail(past: Past, asked: Asked) -> Iterator[Case]:
    for case in handed_over(past, asked):
        yield Case(case.lead, past.leads[case.lead]["is_free_mail"], case.moment, case.keys)


def close_rate(past: Past, asked: Asked) -> Iterator[Case]:
    for handoff, keys in past.of(asked):
        if handoff["replaces_id"] is not None or not asked.has(handoff["offered_at"]):
            continue
        firsts = [h for h in past.handoffs if h["lead_id"] == handoff["lead_id"] and h["replaces_id"] is None]
        if asked.by_stage:
            firsts = [h for h in firsts if h["hop__from_stage_id"] == handoff["hop__from_stage_id"]]
        if min(firsts, key=lambda h: (h["offered_at"], h["id"])) != handoff:
            continue
        offered, bought = handoff["offered_at"], past.bought(handoff["lead_id"])
        until = offered + asked.window if asked.window else None
        after = [at for at in bought if offered <= at <= asked.at and (until is None or at < until)]
        flagged = not after and any(at < offered for at in bought)
        yield Case(handoff["lead_id"], bool(after), offered, keys, flagged=flagged)


def acceptance(past: Past, asked: Asked) -> Iterator[Case]:
    for handoff, keys in past.of(asked):
        if handoff["answer"] in ("accepted", "rejected") and asked.has(handoff["answered_at"]):
            yield Case(handoff["lead_id"], handoff["answer"] == "accepted", handoff["answered_at"], keys)


def persona_fit(past: Past, asked: Asked) -> Iterator[Case]:
    for handoff, keys in past.of(asked):
        answered = handoff["answer"] in ("accepted", "rejected") and asked.has(handoff["answered_at"])
        if answered and handoff["verdict"] and handoff["persona_id"]:
            yield Case(handoff["lead_id"], handoff["verdict"] == "fits", handoff["answered_at"], keys)


def _in_time(past: Past, asked: Asked, kind: str) -> Iterator[Case]:
    for handoff, keys in past.of(asked):
        clock = past.clocks.get((handoff["id"], kind))
        if clock is None or not asked.start <= clock["due_at"] < asked.end:
            continue
        stopped, due = clock["stopped_at"], clock["due_at"]
        done = clock["kept_at"] is not None
        # An answer was taken back; a touch was no longer called for. (A yes by the rule was nobody's answer in time.)
        gone = handoff["answer"] == "withdrawn" if kind == "answer" else not done
        if gone and stopped is not None and stopped <= due:
            continue
        kept = done and clock["kept_at"] <= asked.at
        if kept or due < asked.at:
            yield Case(handoff["lead_id"], kept, due, keys)


def answered_in_time(past: Past, asked: Asked) -> Iterator[Case]:
    return _in_time(past, asked, "answer")


def first_touch_in_time(past: Past, asked: Asked) -> Iterator[Case]:
    return _in_time(past, asked, "first_touch")


def worked(past: Past, asked: Asked) -> Iterator[Case]:
    for handoff, keys in past.of(asked):
        if handoff["answer"] == "accepted" and asked.has(handoff["answered_at"]):
            made = past.touches.get(handoff["id"], [])
            hit = any(handoff["answered_at"] <= touch["at"] <= asked.at for touch in made)
            yield Case(handoff["lead_id"], hit, handoff["answered_at"], keys)


def cadence_kept(past: Past, asked: Asked) -> Iterator[Case]:
    for handoff, keys in past.of(asked):
        needed = past.touches_needed.get(handoff["policy_id"])
        if needed is None or not asked.has(handoff["given_up_at"]):
            continue
        made = [t for t in past.touches.get(handoff["id"], []) if t["at"] <= handoff["given_up_at"]]
        hit = len(made) >= needed or any(touch["is_contact"] for touch in made)
        yield Case(handoff["lead_id"], hit, handoff["given_up_at"], keys)


def wait(past: Past, asked: Asked) -> Iterator[Case]:
    """Back along the offers that each replaced the one before."""
    by_pk = {handoff["id"]: handoff for handoff in past.handoffs}
    for handoff, keys in past.of(asked):
        if handoff["answer"] not in ("accepted", "rejected") or not asked.has(handoff["answered_at"]):
            continue
        clock = past.clocks.get((handoff["id"], "answer"))
        if clock is None or clock["open_time"] is None:
            continue
        total, each = timedelta(), handoff
        while True:
            total += past.clocks[each["id"], "answer"]["open_time"]
            if each["replaces_id"] is None:
                break
            each = by_pk[each["replaces_id"]]
        yield Case(handoff["lead_id"], True, handoff["answered_at"], keys, total.total_seconds())


def contracts(past: Past, asked: Asked) -> Iterator[Case]:
    for deal in past.won:
        lead = past.leads[deal["lead_id"]]
        keys = {"source": lead["source"]}
        mine = lead["merged_into_id"] is None and all(keys[name] == value for name, value in asked.filters.items())
        if mine and asked.has(deal["won_at"]):
            yield Case(deal["lead_id"], True, deal["won_at"], keys)


COUNTS = {"handed_over": handed_over, "contracts": contracts}
RATES = {
    "free_mail": free_mail,
    "close_rate": close_rate,
    "acceptance": acceptance,
    "persona_fit": persona_fit,
    "answered_in_time": answered_in_time,
    "first_touch_in_time": first_touch_in_time,
    "worked": worked,
    "cadence_kept": cadence_kept,
}
DURATIONS = {"wait": wait}
ALL = COUNTS | RATES | DURATIONS


def answer(name: str, cases: list[Case]) -> tuple[int, int | None, float | None]:
    """Numerator, denominator, value."""
    if name in COUNTS:
        return len(cases), None, len(cases)
    if name in DURATIONS:
        times = [case.seconds for case in cases if case.seconds is not None]
        return len(cases), None, median(times) if times else None
    hits = sum(case.hit for case in cases)
    return hits, len(cases), hits / len(cases) if cases else None


# Attainment

# Numerator, denominator, value, state.
Attained = tuple[int, int | None, float | None, str]


def attainments(at: datetime, zone: ZoneInfo) -> dict[tuple[int, date], Attained]:
    """Every clause in every period that began while its version held, up to the one under way."""
    past = Past()
    found: dict[tuple[int, date], Attained] = {}
    versions: list[Any] = list(Agreement.objects.filter(in_force_from__lte=at).values())
    for version in versions:
        day = version["in_force_from"].astimezone(zone).date()
        while midnight(day, zone) <= at:
            begins = midnight(day, zone)
            holds = version["in_force_from"] <= begins and (
                version["replaced_at"] is None or begins < version["replaced_at"]
            )
            for clause in Clause.objects.filter(agreement=version["id"]) if holds else ():
                if is_first_day(day, clause.every):
                    found[clause.pk, day] = attained(clause, day, past, at, zone)
            day += timedelta(days=1)
    return found


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def is_first_day(day: date, every: str) -> bool:
    return {
        "week": day.weekday() == 0,
        "month": day.day == 1,
        "quarter": day.day == 1 and day.month in (1, 4, 7, 10),
    }[every]


def attained(clause: Clause, day: date, past: Past, at: datetime, zone: ZoneInfo) -> Attained:
    end = day + timedelta(days=1)
    while not is_first_day(end, clause.every):
        end += timedelta(days=1)
    window = timedelta(days=clause.window_days) if clause.window_days else None
    ends_at = midnight(end, zone)
    asked = Asked(midnight(day, zone), ends_at, at, clause.filters, window, by_stage="stage" in clause.filters)
    numerator, denominator, value = answer(clause.metric, list(ALL[clause.metric](past, asked)))
    exact = Fraction(numerator, denominator) if denominator else None if value is None else Fraction(value)
    state = judged(clause, exact, day, end, at, zone)
    if window and at < ends_at + window:
        state = "maturing"
    return numerator, denominator, value, state


def judged(clause: Clause, value: Fraction | None, day: date, end: date, at: datetime, zone: ZoneInfo) -> str:
    target, at_most = Fraction(Decimal(clause.target)), clause.comparator == "<="
    if value is None:
        return "no_data"
    if at >= midnight(end, zone):
        return "met" if (value <= target if at_most else value >= target) else "missed"
    due = target
    if clause.metric in COUNTS and not at_most:
        due = target * open_days(day, min(end, at.astimezone(zone).date())) / max(open_days(day, end), 1)
        if not due:
            return "no_data"
    # Without a division: value ÷ due, or due ÷ value.
    more, less = (due, value) if at_most else (value, due)
    return "on_track" if more >= less else "at_risk" if more * 10 >= less * 8 else "behind"


def open_days(start: date, end: date) -> int:
    hours = Calendar.default().hours(at=datetime.combine(start, time(12), ZoneInfo("UTC")))
    days = (start + timedelta(days=n) for n in range((end - start).days))
    return sum(day not in hours.holidays and day.weekday() in hours.windows for day in days)
