"""The numbers of the funnel against a plain Python count of the same past."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leads.models import Lead
from metrics.period import Period
from metrics.question import ALL, Question
from metrics.rate import Row
from metrics.registry import metric
from tests.funnel.metrics import histories
from tests.funnel.metrics.histories import ROLES, Person, Step

pytestmark = pytest.mark.django_db

ZONES = ["Asia/Tokyo", "America/New_York", "America/Sao_Paulo"]
LONG_AFTER = datetime(2027, 1, 1, tzinfo=UTC)
CUTS = ["", "month", "week", "source", "persona", "campaign", "country", "quadrant"]
PAIRS = [("lead", "mql"), ("mql", "customer"), ("mql", "sal"), ("lead", "customer"), ("sql", "opportunity")]

# What is counted: (key, lead, weight) a case.
Cases = list[tuple[str, int]]


class Oracle:
    """Counts by looking at everyone, one after the other, in plain words."""

    def __init__(self, people: list[Person], question: Question) -> None:
        self.people = [person for person in people if not person.merged]
        self.question = question
        self.zone = question.period.zone

    def is_asked(self, by: dict[str, str]) -> bool:
        return all(by[name] == value for name, value in self.question.filters.items())

    def within(self, at: datetime, period: Period | None = None) -> bool:
        period = period or self.question.period
        return period.start <= at.astimezone(self.zone).date() < period.end and at <= self.question.at

    def key(self, values: dict[str, str], at: datetime) -> str:
        by = self.question.by
        day = at.astimezone(self.zone).date()
        if not by:
            return ALL
        if by == "month":
            return f"{day:%Y-%m}"
        if by == "week":
            return (day - timedelta(days=day.weekday())).isoformat()
        return values[by]

    def first_into(self, role: str) -> Cases:
        return self.cases((person, step) for person in self.people if (step := person.first(role)))

    def again_into(self, role: str) -> Cases:
        return self.cases((person, step) for person in self.people for step in person.again(role))

    def cases(self, steps: Iterable[tuple[Person, Step]]) -> Cases:
        cut = [(person, step, person.by | step.kept) for person, step in steps if self.within(step.at)]
        return [(self.key(by, step.at), person.pk) for person, step, by in cut if self.is_asked(by)]

    def conversion(self) -> dict[str, Cases]:
        return {"cohort": self.cohort, "period": self.period, "stock": self.stock}[self.question.view]()

    def cohort(self) -> dict[str, Cases]:
        asked = self.question
        reached = ROLES[ROLES.index(asked.to_role) :]
        found: dict[str, Cases] = {"denominator": [], "numerator": [], "flagged": []}
        for person in self.people:
            entry = person.first(asked.from_role)
            if not entry or not self.cases([(person, entry)]):
                continue
            (case,) = self.cases([(person, entry)])
            outcomes = [step.at for step in person.steps if step.to in reached and step.at <= asked.at]
            until = entry.at.astimezone(UTC) + (asked.window or timedelta(days=99_999))
            found["denominator"].append(case)
            if any(entry.at <= at < until for at in outcomes):
                found["numerator"].append(case)
            elif any(at < entry.at for at in outcomes):
                found["flagged"].append(case)
        return found

    def period(self) -> dict[str, Cases]:
        asked = self.question
        return {
            "denominator": self.first_into(asked.from_role),
            "numerator": self.first_into(asked.to_role),
            "flagged": [],
        }

    def stock(self) -> dict[str, Cases]:
        asked = self.question
        found: dict[str, Cases] = {"denominator": [], "numerator": [], "flagged": []}
        buckets = {p.key: p.ends_at for p in asked.buckets()} if asked.by in ("month", "week") else {}
        for person in self.people:
            for name, end in (buckets or {"": asked.period.ends_at}).items():
                step = person.stands(min(end, asked.at + timedelta(microseconds=1)))
                if step is None or not self.is_asked(by := person.by | step.kept):
                    continue
                key = name or self.key(by, asked.period.starts_at)
                if ROLES.index(str(step.to)) >= ROLES.index(asked.from_role):
                    found["denominator"].append((key, person.pk))
                    if ROLES.index(str(step.to)) >= ROLES.index(asked.to_role):
                        found["numerator"].append((key, person.pk))
        return found

    def contracts(self) -> list[tuple[str, int, Decimal | None, str]]:
        return [
            (self.key(by, at), p.pk, amount, currency)
            for p in self.people
            for at, amount, currency in p.deals
            if self.within(at) and self.is_asked(by := p.by | p.kept_of_deal(at))
        ]


def keys_of(question: Question, cases: Cases) -> set[str]:
    """The rows there should be: every week and month, else those in which there was something."""
    if question.by in ("month", "week"):
        return {period.key for period in question.buckets()}
    return {key for key, _ in cases} if question.by else {ALL}


def check_counts(name: str, question: Question, cases: Cases) -> None:
    rows = {row.key: row for row in metric(name).rows(question)}
    counts = Counter(key for key, _ in cases)
    assert {key: row.value for key, row in rows.items()} == {key: counts[key] for key in keys_of(question, cases)}
    for key in rows:
        assert behind(name, question, key, "numerator") == sorted({pk for k, pk in cases if k == key})


def check_rates(name: str, question: Question, found: dict[str, Cases]) -> None:
    rows = {row.key: row for row in metric(name).rows(question)}
    assert set(rows) == keys_of(question, found["numerator"] + found["denominator"])
    for key, row in rows.items():
        parts = {part: [pk for k, pk in cases if k == key] for part, cases in found.items()}
        n, of = len(parts["numerator"]), len(parts["denominator"])
        assert (row.numerator, row.denominator, row.flagged) == (n, of, len(parts["flagged"]))
        assert row.value == (n / of if of else None)
        for part, leads in parts.items():
            assert behind(name, question, key, part) == sorted(leads)


def behind(name: str, question: Question, key: str, part: Any) -> list[int]:
    leads = metric(name).behind(question, key, part)
    return sorted(Lead.objects.filter(pk__in=leads).values_list("pk", flat=True))


@dataclass
class Past:
    """A random past, and questions about it: all of it, a slice with ragged ends, one asked while it is going on."""

    seed: int
    people: list[Person]
    questions: list[Question]
    thorough: bool

    def asked(self, *choices: Sequence[Any], n: int = 12) -> list[Any]:
        """Some of all questions with these choices; in the long form of the test, all."""
        every = list(product(self.questions, *choices))
        return every if self.thorough else random.Random(self.seed).sample(every, n)


LONG = [pytest.param(seed, marks=pytest.mark.proof) for seed in range(3, 9)]


@pytest.fixture(params=[0, 1, 2, *LONG])
def past(request: pytest.FixtureRequest, settings: Any) -> Past:
    seed = request.param
    zone = ZoneInfo(ZONES[seed % len(ZONES)])
    settings.COMPANY_TIME_ZONE = zone.key
    whole = Question(Period(date(2026, 1, 1), date(2026, 6, 1)), at=LONG_AFTER)
    ragged = Question(Period(date(2026, 2, 11), date(2026, 4, 16)), at=LONG_AFTER)
    going_on = replace(whole, at=datetime(2026, 3, 20, 15, tzinfo=UTC))
    some = replace(whole, filters={"source": "Expo"})
    hot = replace(whole, filters={"quadrant": "hot"})
    return Past(seed, histories.make(seed, zone), [whole, ragged, going_on, some, hot], thorough=seed > 2)


def test_entries_and_re_entries_agree_with_a_plain_count(past):
    for question, by, role in past.asked(CUTS, ("lead", "mql", "customer")):
        cut = replace(question, by=by, to_role=role)
        check_counts("entered", cut, Oracle(past.people, cut).first_into(role))
        check_counts("reentered", cut, Oracle(past.people, cut).again_into(role))


@pytest.mark.parametrize("view", ["cohort", "period", "stock"])
def test_conversion_agrees_with_a_plain_count(past, view):
    for question, by, (a, b) in past.asked(CUTS, PAIRS):
        cut = replace(question, view=view, by=by, from_role=a, to_role=b)
        check_rates("conversion", cut, Oracle(past.people, cut).conversion())


def test_a_window_counts_only_what_followed_within_it(past):
    for question, by, window in past.asked(("", "month", "week", "persona"), (1, 14, 60)):
        cut = replace(question, view="cohort", by=by, from_role="mql", to_role="sql", window_days=window)
        check_rates("conversion", cut, Oracle(past.people, cut).conversion())


def test_contracts_and_revenue_agree_with_a_plain_count(past):
    for question, by in past.asked(CUTS):
        cut = replace(question, by=by)
        contracts = Oracle(past.people, cut).contracts()
        check_counts("contracts", cut, [(key, pk) for key, pk, _, _ in contracts])
        check_revenue(cut, contracts)


def check_revenue(question: Question, contracts: list[tuple[str, int, Decimal | None, str]]) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    parts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for key, pk, amount, currency in contracts:
        ours = amount is not None and currency in ("", "JPY")
        sums[key] += amount if ours and amount else 0
        parts[key, "numerator" if ours else "flagged"].append(pk)
    rows = metric("revenue").rows(question)
    assert {row.key for row in rows} == keys_of(question, [(key, pk) for key, pk, _, _ in contracts])
    for row in rows:
        counted, odd = parts[row.key, "numerator"], parts[row.key, "flagged"]
        assert (row.value, row.numerator, row.flagged) == (sums[row.key], len(counted), len(odd))
        assert behind("revenue", question, row.key, "numerator") == sorted(set(counted))
        assert behind("revenue", question, row.key, "flagged") == sorted(set(odd))


def test_a_month_without_anything_is_a_row_without_a_rate():
    question = Question(Period(date(2026, 1, 1), date(2026, 3, 1)), from_role="mql", to_role="sal", by="month")
    rows = metric("conversion").rows(replace(question, at=LONG_AFTER))
    assert rows == [Row("2026-01", 0, 0, None), Row("2026-02", 0, 0, None)]


def test_a_cohort_matures_when_the_window_after_its_end_has_passed():
    question = Question(
        Period(date(2026, 1, 1), date(2026, 3, 1)),
        view="cohort",
        from_role="mql",
        to_role="sal",
        by="month",
        window_days=30,
        at=datetime(2026, 3, 10, tzinfo=UTC),
    )
    assert [row.mature for row in metric("conversion").rows(question)] == [True, False]
