"""Five thousand leads, 130,107 activities and their deals: brought in, scored, qualified and offered."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as configured
from django.core.management import call_command
from pytest_django import Settings

from funnel.models import Journey, Opportunity, Transition
from leads.models import Activity, Company, Lead, PendingReevaluation
from scoring.models import Score
from sla.flow.advancing import advance_all
from sla.models import Handoff
from teams.models import Role, Team
from tests import make
from tests.proof.leadforge import SOURCE, Row, joined, leads, rows
from tests.scoring.make import score_model

DATA = Path(os.environ.get("SMARKETING_DATA") or configured.BASE_DIR.parent / "shared" / "data") / "leadforge"
pytestmark = [
    pytest.mark.proof,
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"The leadforge data are not there: {DATA}"),
]
SENIOR = ["vp", "c_suite", "director"]
# The leads were made in January 2024, and did what they did until May.
TODAY = datetime(2024, 7, 1, 9, tzinfo=UTC)


@contextmanager
def timed(step: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"{step}: {time.perf_counter() - begun:.1f} s")


def bring(kind: str, file: Path, mapping: Path, *more: str) -> dict[str, int]:
    out = StringIO()
    call_command(
        "import_csv",
        kind,
        str(file),
        "--mapping",
        str(mapping),
        "--source",
        SOURCE,
        *more,
        stdout=out,
        stderr=StringIO(),
    )
    counts: dict[str, int] = json.loads(out.getvalue())
    return counts


def agree() -> None:
    """A score model, one definition of an MQL that takes up who stands and meets it, and ten reps."""
    score_model(
        fit=[
            ({"field": "company.employees", "op": ">=", "value": 500}, 30),
            ({"field": "seniority", "op": "in", "value": SENIOR}, 30),
            ({"field": "buying_role", "op": "=", "value": "economic_buyer"}, 20),
        ],
        interest={
            "demo_request": (25, 60, 60), "pricing_page_view": (12, 40, 30), "content_download": (6, 30, 45),
            "webinar_attended": (8, 30, 45), "page_view": (2, 10, 20), "meeting": (10, 40, 60),
        },
        fit_threshold=30, interest_threshold=30,
    )  # fmt: skip
    criteria = {
        "all": [
            {"field": "fit", "op": ">=", "value": 30},
            {"did": "content_download", "at_least": 1, "within_days": None},
        ]
    }
    wanted = make.definition(criteria=criteria, qualifies_standing=True)
    make.agreement(definitions=[wanted], in_force_from=TODAY - timedelta(days=1))
    sales = Team.objects.get(kind=Team.Kind.SALES)
    for number in range(10):
        make.user(Role.REP, team=sales, email=f"rep{number}@example.org")


@time_machine.travel(TODAY, tick=True)
def test_leadforge_goes_all_the_way(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.COMPANY_TIME_ZONE = "UTC"
    files = joined(DATA, tmp_path)
    with capsys.disabled():
        print()
        for kind, (file, mapping) in files.items():
            asked = ("--qualify-at-once",) if kind == "leads" else ()
            with timed(f"import {kind}"):
                told = bring(kind, file, mapping, *asked)
            assert told["rejected"] == told["updated"] == told["unchanged"] == 0
            assert told["created"] == {"leads": 5000, "activities": 130_107, "opportunities": 4641}[kind]
        before = list(Transition.objects.order_by("pk").values())
        for kind, (file, mapping) in files.items():
            with timed(f"import {kind} again"):
                told = bring(kind, file, mapping)
            assert told["created"] == told["updated"] == told["rejected"] == 0
        assert list(Transition.objects.order_by("pk").values()) == before
        agree()
        with timed("persona, scores, stage, offer"):
            advance_all(at=TODAY + timedelta(hours=1))
        stages = Counter(Journey.objects.values_list("stage__role", "closed_as"))
        print("where they ended:", dict(stages))
        print("quadrants:", dict(Counter(Score.objects.values_list("machine_quadrant", flat=True))))
        standing = Score.objects.filter(lead__journey__stage__role__in=["lead", "mql"])
        print("quadrants of those without a deal:", dict(Counter(standing.values_list("machine_quadrant", flat=True))))
        print("hand-offs:", Handoff.objects.count())

    assert Company.objects.filter(leads__isnull=False).distinct().count() == len(
        {row["account_id"] for row in rows(DATA, "leads")}
    )
    assert Activity.objects.count() == 130_107
    deals = list(rows(DATA, "opportunities"))
    assert Opportunity.objects.won().count() == sum(1 for row in deals if row["close_outcome"] == "closed_won")
    won = {row["lead_id"] for row in deals if row["close_outcome"] == "closed_won"}
    customers = Lead.objects.filter(journey__stage__role="customer").values_list("identities__external_id", flat=True)
    assert set(customers) == won
    assert Journey.objects.count() == Score.objects.count() == 5000
    assert not PendingReevaluation.objects.filter(due_at__lte=TODAY).exists()
    # Those with a deal stand beyond; the machine takes up whoever has none, and meets the definition.
    moved = Transition.objects.filter(to_stage__role="mql")
    assert set(moved.values_list("lead__identities__external_id", flat=True)) == qualified()
    assert Handoff.objects.open().count() == moved.count() > 0
    queues = Counter(Handoff.objects.values_list("rep", flat=True)).values()
    assert max(queues) - min(queues) <= 1


def qualified() -> set[str]:
    """Who meets the definition, told from the files alone."""
    with_deal = {row["lead_id"] for row in rows(DATA, "opportunities")}
    keen = {row["lead_id"] for row in rows(DATA, "touches") if row["touch_type"] == "content_download"}
    return {row["lead_id"] for row in leads(DATA) if fit(row) >= 30} & keen - with_deal


def fit(row: Row) -> int:
    points = 30 if int(row["employees"]) >= 500 else 0
    points += 30 if row["seniority"] in SENIOR else 0
    return points + (20 if row["buyer_role"] == "economic_buyer" else 0)
