"""`import_csv`: to its end by itself, with one JSON line."""

from __future__ import annotations

import csv
import json
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from funnel.models import Journey, Opportunity, Transition
from leads.models import CustomField, Import, Lead, PendingReevaluation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _zone(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = "America/Sao_Paulo"


def run(kind: str, file: Path, mapping: Any, folder: Path, *more: str) -> dict[str, int]:
    """The counts, which are the last and only line of its output."""
    written = folder / "mapping.json"
    written.write_text(mapping if isinstance(mapping, str) else json.dumps(mapping))
    out = StringIO()
    call_command("import_csv", kind, str(file), "--mapping", str(written), *more, stdout=out, stderr=StringIO())
    (line,) = out.getvalue().splitlines()
    counts: dict[str, int] = json.loads(line)
    assert set(counts) == {"created", "updated", "unchanged", "rejected"}
    return counts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_bytes("Kunde;Mail;Stadt\n1;a@x.example;Köln\n2;bad;Bonn\n".encode("utf-8-sig"))
    return path


MAPPING = {"columns": {"Kunde": "external_id", "Mail": "email", "Stadt": "region"}}


def test_it_prints_the_counts(file: Path, tmp_path: Path) -> None:
    assert run("leads", file, MAPPING, tmp_path) == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    assert Lead.objects.get().region == "Köln"
    assert Import.objects.get().status == Import.Status.DONE


def test_a_dry_run_prints_the_same_and_leaves_nothing(file: Path, tmp_path: Path) -> None:
    told = run("leads", file, MAPPING, tmp_path, "--dry-run")
    assert told == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    assert not Lead.objects.exists()
    assert not Import.objects.exists()


def test_the_source_is_the_system_of_the_ids(file: Path, tmp_path: Path) -> None:
    run("leads", file, MAPPING, tmp_path, "--source", "erp")
    assert Lead.objects.get().identities.get().system == "erp"


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("{", "not JSON"),
        ({"columns": {"Kunde": "shoe"}}, "no field “shoe”"),
        ({"columns": {"Name": "email"}}, "no column “Name”"),
        ({"column": {}}, "no part “column”"),
        ({"columns": []}, "are objects"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(file: Path, tmp_path: Path, mapping: Any, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run("leads", file, mapping, tmp_path)
    assert not Import.objects.exists()


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no file"):
        run("leads", tmp_path / "gone.csv", MAPPING, tmp_path)


OLIST = Path(configured.BASE_DIR).parent / "shared" / "data" / "olist_marketing_funnel"
MQLS, DEALS = OLIST / "olist_marketing_qualified_leads_dataset.csv", OLIST / "olist_closed_deals_dataset.csv"
MQL_COLUMNS = {
    "mql_id": "external_id",
    "first_contact_date": "stage.mql",
    "origin": "source",
    "landing_page_id": "custom.landing_page_id",
}
DEAL_COLUMNS = {"mql_id": "lead.external_id", "seller_id": "external_id", "won_date": "won_at"}


@pytest.mark.skipif(not OLIST.is_dir(), reason="the real funnel is not here")
def test_a_real_funnel_comes_in_whole_and_once(tmp_path: Path) -> None:
    def both() -> list[dict[str, int]]:
        deals = {"columns": DEAL_COLUMNS | {"declared_monthly_revenue": "amount"}, "constants": {"currency": "BRL"}}
        return [
            run("leads", MQLS, {"columns": MQL_COLUMNS}, tmp_path, "--source", "olist"),
            run("opportunities", DEALS, deals, tmp_path, "--source", "olist"),
        ]

    first = both()
    assert [told["created"] for told in first] == [8000, 842]
    assert [told["rejected"] for told in first] == [0, 0]
    ledger = set(Transition.objects.values_list("lead", "from_stage", "to_stage", "at"))
    PendingReevaluation.objects.all().delete()
    assert [told["unchanged"] for told in both()] == [8000, 842]
    assert set(Transition.objects.values_list("lead", "from_stage", "to_stage", "at")) == ledger
    assert not PendingReevaluation.objects.exists()

    with MQLS.open(encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    sources = Counter(Lead.objects.values_list("source", flat=True))
    assert sources == Counter(row["origin"] for row in rows)
    assert CustomField.objects.get().key == "landing_page_id"
    # One was won before its first contact: that is history, and it stands at its last step.
    assert Counter(Journey.objects.values_list("stage__role", flat=True)) == {"mql": 7159, "customer": 841}
    assert Opportunity.objects.won().count() == 842
    entered = {lead: at for lead, at in Transition.objects.filter(to_stage__role="mql").values_list("lead", "at")}
    won = Transition.objects.filter(to_stage__role="customer").values_list("lead", "at")
    assert sum(1 for lead, at in won if at < entered[lead]) == 1
