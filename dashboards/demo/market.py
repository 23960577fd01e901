"""The leads of the demo company, drawn from one seed, with causes for the closed loop to find.

- Who asks for a demo or keeps coming back to the pricing page really buys more often.
- Paid ads bring many leads and hardly a buyer.
- Opening e-mails and following on social media mean nothing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboards.demo import words

# Source, share of the leads, share of real buyers among them, how keen those are.
SOURCES = [
    ("Web search", 0.24, 0.55, 0.5),
    ("Webinar", 0.18, 0.6, 0.6),
    ("展示会", 0.17, 0.5, 0.4),
    ("Referral", 0.08, 0.75, 0.75),
    ("Paid ads", 0.25, 0.18, 0.2),
    ("Partner", 0.08, 0.6, 0.55),
]


@dataclass
class Prospect:
    """A future lead: its attributes, its hidden interest (`keen`, 0 to 1), and its activities."""

    created_at: datetime
    source: str
    values: dict[str, Any]
    company: dict[str, Any] | None
    fits: bool
    keen: float
    acts: list[tuple[datetime, str, dict[str, str]]] = field(default_factory=list)

    def did(self, kind: str, before: datetime) -> bool:
        return any(act == kind and at <= before for at, act, _ in self.acts)


class Market:
    """Draws companies, people and what they do."""

    def __init__(self, seed: int, zone: ZoneInfo) -> None:
        self.draw = random.Random(seed)  # nosec B311 # companies, not secrets
        self.zone = zone
        self.companies = [self._company(n) for n in range(900)]
        self.emails: set[str] = set()

    def prospects(self, count: int, start: datetime, end: datetime) -> list[Prospect]:
        """Draw `count` prospects, in the order in which they become leads."""
        moments = sorted(self._arrival(start, end) for _ in range(count))
        return [self._prospect(at, end) for at in moments]

    def _arrival(self, start: datetime, end: datetime) -> datetime:
        while True:
            day = start + (end - start) * self.draw.random()
            if day.astimezone(self.zone).weekday() < 5 or self.draw.random() < 0.15:
                return self._working_moment(day, end)

    def _working_moment(self, day: datetime, end: datetime) -> datetime:
        local = day.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        hours = min(23.5, max(0.0, self.draw.gauss(13.5, 3.2)))
        return min(local + timedelta(hours=hours, seconds=self.draw.randrange(60)), end)

    def _company(self, n: int) -> dict[str, Any]:
        lines = self.draw.randrange(1, 30)
        employees = int(min(20_000, max(8, self.draw.lognormvariate(5.6, 1.2))))
        common = {"employees": employees, "custom": {"production_lines": lines}}
        if self.draw.random() < 0.28:
            name, (trade, industry) = self.draw.choice(words.WESTERN), self.draw.choice(words.WESTERN_TRADES)
            country = self.draw.choice(["DE", "GB", "US", "SG", "AU"])
            domain = f"{name}-{trade}{n}.example".lower()
            return common | {"name": f"{name} {trade}", "industry": industry, "country": country, "domain": domain}
        (place, roman), (trade, english, industry) = self.draw.choice(words.PLACES), self.draw.choice(words.TRADES)
        form = "株式会社{}" if self.draw.random() < 0.7 else "{}株式会社"
        domain = f"{roman}-{english}{n}.example"
        return common | {"name": form.format(place + trade), "industry": industry, "country": "JP", "domain": domain}

    def _prospect(self, at: datetime, end: datetime) -> Prospect:
        weights = [weight for _, weight, _, _ in SOURCES]
        source, _, buyers, keenness = self.draw.choices(SOURCES, weights)[0]
        fits = self.draw.random() < buyers
        keen = min(1.0, max(0.02, self.draw.gauss(keenness if fits else 0.22, 0.22)))
        company = self._employer(fits)
        values = self._person(company, fits) | {"source": source}
        prospect = Prospect(at, source, values, company, fits, keen)
        prospect.acts = self._acts(prospect, end)
        return prospect

    def _employer(self, fits: bool) -> dict[str, Any] | None:
        if not fits and self.draw.random() < 0.25:
            return None
        while True:
            company = self.draw.choice(self.companies)
            if not fits or company["employees"] >= 80 or self.draw.random() < 0.2:
                return company

    def _person(self, company: dict[str, Any] | None, fits: bool) -> dict[str, Any]:
        western = company is not None and company["country"] != "JP"
        if western:
            given, family = self.draw.choice(words.ENGLISH_GIVEN), self.draw.choice(words.ENGLISH_FAMILY)
            names = {"given_name": given, "family_name": family}
            local = f"{given[0]}.{family}".lower()
        else:
            (family, family_kana), (given, given_kana) = self.draw.choice(words.FAMILY), self.draw.choice(words.GIVEN)
            names = {
                "given_name": given,
                "family_name": family,
                "family_name_reading": family_kana,
                "given_name_reading": given_kana,
            }
            local = f"user{self.draw.randrange(10_000)}"
        positions = {
            (True, True): words.BUYERS_EN,
            (True, False): words.OTHERS_EN,
            (False, True): words.BUYERS_JA,
            (False, False): words.OTHERS_JA,
        }
        title, department, seniority = self.draw.choice(positions[western, fits])
        domain = company["domain"] if company and self.draw.random() < 0.93 else self.draw.choice(words.FREE_MAIL)
        phone = f"+81 3 5550 {self.draw.randrange(10_000):04d}" if self.draw.random() < 0.7 else ""
        return names | {
            "email": self._email(local, domain),
            "title": title,
            "department": department,
            "seniority": seniority,
            "country": company["country"] if company else "JP",
            "phone": phone,
            "consent": "given" if self.draw.random() < 0.8 else "",
        }

    def _email(self, local: str, domain: str) -> str:
        email, n = f"{local}@{domain}", 2
        while email in self.emails:
            email, n = f"{local}{n}@{domain}", n + 1
        self.emails.add(email)
        return email

    def _acts(self, prospect: Prospect, end: datetime) -> list[tuple[datetime, str, dict[str, str]]]:
        """The activities of a lead: visits in bursts, more and nearer to buying the keener it is."""
        acts = [(prospect.created_at, self._first_kind(prospect.source), self._properties("content_download"))]
        bursts = 1 + int(self.draw.expovariate(1 / (1.4 + 4.0 * prospect.keen)))
        day = prospect.created_at
        for _ in range(bursts):
            day = day + timedelta(days=self.draw.expovariate(1 / 9))
            if day >= end:
                break
            acts += self._burst(prospect, self._working_moment(day, end), end)
        return sorted((act for act in acts if prospect.created_at <= act[0] <= end), key=lambda act: act[0])

    def _burst(self, prospect: Prospect, at: datetime, end: datetime) -> list[tuple[datetime, str, dict[str, str]]]:
        kinds = ["email_open"] * self.draw.randrange(0, 3)
        kinds += ["email_click"] * (self.draw.random() < 0.35)
        kinds += ["page_view"] * self.draw.randrange(1, 9)
        keen = prospect.keen
        kinds += ["pricing_page_view"] * (self.draw.random() < 0.45 * keen) * self.draw.randrange(1, 3)
        kinds += ["content_download"] * (self.draw.random() < 0.12 + 0.3 * keen)
        kinds += ["webinar_registered", "webinar_attended"] * (self.draw.random() < 0.2 * keen)
        kinds += ["demo_request"] * (self.draw.random() < 0.16 * keen * keen)
        kinds += ["social_follow"] * (self.draw.random() < 0.06)
        kinds += ["unsubscribe"] * (self.draw.random() < 0.004)
        acts = []
        for kind in kinds:
            at = min(at + timedelta(minutes=self.draw.randrange(1, 25)), end)
            acts.append((at, kind, self._properties(kind)))
        return acts

    @staticmethod
    def _first_kind(source: str) -> str:
        return {"Webinar": "webinar_registered", "展示会": "form_submission", "Referral": "form_submission"}.get(
            source, "content_download"
        )

    def _properties(self, kind: str) -> dict[str, str]:
        if kind == "page_view":
            return {"path": self.draw.choice(words.PAGES)}
        if kind == "pricing_page_view":
            return {"path": "/pricing"}
        if kind == "content_download":
            return {"title": self.draw.choice(words.CONTENT)}
        if kind.startswith("webinar"):
            return {"title": self.draw.choice(words.WEBINARS)}
        return {}
