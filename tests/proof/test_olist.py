"""A real funnel: 8,000 qualified leads and 842 deals of a company, counted here and by pandas.

The data (licence: non-commercial) are used in place, where they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from funnel.models import Opportunity, Transition
from leads.models import Lead
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric

DATA = Path(os.environ.get("SMARKETING_DATA") or django_settings.BASE_DIR.parent / "shared" / "data")
OLIST = DATA / "olist_marketing_funnel"
MQLS, DEALS = (OLIST / f"olist_{name}_dataset.csv" for name in ("marketing_qualified_leads", "closed_deals"))
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not MQLS.exists(), reason=f"The Olist data are not there: {OLIST}"),
]
# Its clock changes at midnight: on 15 October 2017 the day began at one o'clock.
ZONE = "America/Sao_Paulo"
START, END = "2017-06-01", "2018-12-01"
LEADS = {
    "columns": {
        "mql_id": "external_id",
        "first_contact_date": "stage.mql",
        "origin": "source",
        "landing_page_id": "custom.landing_page",
    }
}
WON = {"columns": {"mql_id": "lead.external_id", "seller_id": "external_id", "won_date": "won_at"}}


@pytest.fixture(scope="module")
def imported(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: Any) -> Iterator[list[Any]]:
    """Both files, brought in by the command, once for all tests here."""

    class Undo(Exception):
        pass

    folder = tmp_path_factory.mktemp("olist")
    with django_db_blocker.unblock(), override_settings(COMPANY_TIME_ZONE=ZONE):
        try:
            with transaction.atomic():
                yield [
                    bring(folder, kind, file, mapping)
                    for kind, file, mapping in (("leads", MQLS, LEADS), ("opportunities", DEALS, WON))
                ]
                raise Undo
        except Undo:
            pass


def bring(folder: Path, kind: str, file: Path, mapping: dict[str, Any]) -> dict[str, int]:
    written = folder / f"{kind}.json"
    written.write_text(json.dumps(mapping))
    said = call(f"import_csv {kind}", str(file), "--mapping", str(written), "--source", "olist")
    return dict(json.loads(said.splitlines()[-1]))


def call(command: str, *args: str) -> str:
    out = StringIO()
    name, *first = command.split()
    call_command(name, *first, *args, stdout=out)
    return out.getvalue()


def asked(*args: str) -> dict[str, dict[str, Any]]:
    """What the command says about conversion, by key."""
    words = ("--from", "mql", "--to", "customer", "--start", START, "--end", END, "--json")
    answer = json.loads(call("metric conversion", *words, *args))
    return {row["key"]: row for row in answer["rows"]}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """One row a lead: the day of its first contact, where it came from, and when it was won."""
    leads = pd.read_csv(MQLS, parse_dates=["first_contact_date"], keep_default_na=False)
    deals = pd.read_csv(DEALS, parse_dates=["won_date"])[["mql_id", "won_date"]]
    frame = leads.merge(deals.groupby("mql_id", as_index=False).min(), on="mql_id", how="left")
    frame["month"] = frame["first_contact_date"].dt.strftime("%Y-%m")
    frame["won_month"] = frame["won_date"].dt.strftime("%Y-%m")
    frame["converted"] = frame["won_date"] >= frame["first_contact_date"]
    frame["flagged"] = frame["won_date"] < frame["first_contact_date"]
    return frame


def months() -> list[str]:
    return [str(month) for month in pd.period_range(START, "2018-11", freq="M")]


def test_every_row_comes_in_and_opens_nothing(imported):
    leads, deals = imported
    assert leads == {"created": 8000, "updated": 0, "unchanged": 0, "rejected": 0}
    assert (deals["created"], deals["rejected"]) == (842, 0)
    assert (Lead.objects.count(), Opportunity.objects.won().count()) == (8000, 842)
    assert set(Transition.objects.values_list("how", flat=True)) == {"import"}


@pytest.mark.parametrize("window", [None, 30, 90])
def test_cohorts_agree_with_pandas_month_by_month(imported, frame, window):
    converted = frame["converted"]
    if window:
        # A window is days of 24 hours, also across the nights when the clock was changed.
        entered = frame["first_contact_date"].dt.tz_localize(ZONE, nonexistent="shift_forward")
        won = frame["won_date"].dt.tz_localize(ZONE, ambiguous=True, nonexistent="shift_forward")
        converted = converted & (won < entered + pd.Timedelta(days=window))
    expected = frame.assign(hit=converted).groupby("month").agg(n=("mql_id", "size"), hits=("hit", "sum"))
    rows = asked("--view", "cohort", "--by", "month", *(["--window", str(window)] if window else []))
    assert list(rows) == months()
    for month, row in rows.items():
        n, hits = (int(x) for x in expected.loc[month]) if month in expected.index else (0, 0)
        assert (row["numerator"], row["denominator"]) == (hits, n), month
        assert row["value"] == (pytest.approx(hits / n) if n else None)
        assert row["mature"]


def test_periods_agree_with_pandas_also_where_there_are_wins_and_no_new_leads(imported, frame):
    entered, won = frame["month"].value_counts(), frame["won_month"].value_counts()
    rows = asked("--view", "period", "--by", "month")
    assert list(rows) == months()
    for month, row in rows.items():
        n, hits = int(entered.get(month, 0)), int(won.get(month, 0))
        assert (row["numerator"], row["denominator"]) == (hits, n), month
        assert row["value"] == (pytest.approx(hits / n) if n else None)
    late = rows["2018-06"]
    assert late["numerator"] > 0
    assert (late["denominator"], late["value"]) == (0, None)


def test_the_deal_before_its_first_contact_is_flagged_and_counted_as_no_success(imported, frame):
    month = frame.loc[frame["flagged"], "month"].item()
    rows = asked("--view", "cohort", "--by", "month")
    assert {key: row["flagged"] for key, row in rows.items() if row.get("flagged")} == {month: 1}
    question = question_of(month)
    (lead,) = Lead.objects.filter(pk__in=metric("conversion").behind(question, "all", "flagged"))
    assert lead.identities.get().external_id == frame.loc[frame["flagged"], "mql_id"].item()
    converted = metric("conversion").behind(question, "all", "numerator")
    everyone = metric("conversion").behind(question, "all", "denominator")
    assert not Lead.objects.filter(pk=lead.pk, pk__in=converted).exists()
    assert Lead.objects.filter(pk=lead.pk, pk__in=everyone).exists()


def question_of(month: str) -> Question:
    year, number = map(int, month.split("-"))
    return Question(Period.month_of(date(year, number, 1)), view="cohort", from_role="mql", to_role="customer")


def test_sources_agree_with_pandas_and_a_missing_one_has_an_empty_key(imported, frame):
    expected = frame.groupby("origin").agg(n=("mql_id", "size"), hits=("converted", "sum"))
    rows = asked("--view", "cohort", "--by", "source")
    assert {key: (row["numerator"], row["denominator"]) for key, row in rows.items()} == {
        str(origin): (int(row["hits"]), int(row["n"])) for origin, row in expected.iterrows()
    }
    assert rows[""]["denominator"] == 60


def test_the_whole_agrees_with_pandas(imported, frame):
    row = asked("--view", "cohort")["all"]
    assert (row["numerator"], row["denominator"], row["flagged"]) == (841, 8000, 1)
    assert int(frame["converted"].sum()) == 841


def test_bringing_the_files_again_changes_nothing(imported, tmp_path):
    assert bring(tmp_path, "leads", MQLS, LEADS)["unchanged"] == 8000
    assert bring(tmp_path, "opportunities", DEALS, WON)["unchanged"] == 842
