"""Activities that a file brings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from history.models import Change
from leads.importing.engine import running
from leads.models import (
    Activity,
    ActivityIdentity,
    EqualRow,
    Lead,
    PendingReevaluation,
)
from leads.registering.registration import register
from tests import make
from tests.leads.importing.importing import bring, counts, reasons

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM
DID = {
    "lead": "lead.external_id",
    "what": "kind",
    "when": "occurred_at",
    "page": "properties.page",
    "msg": "message_id",
}


@pytest.fixture
def known() -> Lead:
    lead, _ = register({"email": "a@x.example"}, identities=[("crm", "1")], at=NOW - timedelta(days=400))
    PendingReevaluation.objects.all().delete()
    return lead


def test_activities_are_written_once(known: Lead) -> None:
    text = "lead,what,when,page,msg\n1,demo_request,2026-11-01,/demo,m1\n"
    text += "1,Page view,2026-11-02,,m2\n1,call,2026-11-03,,m1\n"
    assert bring("activities", text, DID)[1] == counts(created=2, unchanged=1)
    assert bring("activities", text, DID)[1] == counts(unchanged=3)
    assert ActivityIdentity.objects.count() == 2
    first = Activity.objects.order_by("occurred_at")[0]
    assert (first.kind.key, first.properties, first.system) == ("demo_request", {"page": "/demo"}, "crm")
    assert PendingReevaluation.objects.get().news_at == datetime(2026, 11, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize("size", [1, 2, 5_000])
def test_the_nth_equal_row_is_the_nth_equal_activity(known: Lead, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", size)
    mapping = {name: field for name, field in DID.items() if name != "msg"}
    twice = "lead,what,when,page\n1,call,2026-11-01,\n1,call,2026-11-01,\n1,call,2026-11-01,/x\n"
    assert bring("activities", twice, mapping)[1] == counts(created=3)
    assert bring("activities", twice, mapping)[1] == counts(unchanged=3)
    assert bring("activities", twice + "1,call,2026-11-01,\n", mapping)[1] == counts(created=1, unchanged=3)
    assert Activity.objects.count() == 4
    assert not EqualRow.objects.exists()


def test_equal_rows_of_two_systems_and_with_an_id_and_without_are_not_one_activity(known: Lead) -> None:
    register({"email": known.email}, identities=[("shop", "1")], at=NOW)
    row = "lead,what,when,page,msg\n1,call,2026-11-01,/x,"
    assert bring("activities", f"{row}m1\n", DID)[1] == counts(created=1)
    assert bring("activities", f"{row}\n", DID)[1] == counts(created=1)
    assert bring("activities", f"{row}\n", DID, system="shop")[1] == counts(created=1)
    assert bring("activities", f"{row}\n", DID)[1] == counts(unchanged=1)
    assert Activity.objects.filter(lead=known).count() == 3


def test_activities_of_nobody_or_of_no_kind_are_rejected(known: Lead) -> None:
    text = "lead,what,when,page,msg\n9,call,2026-11-01,,\n1,dance,2026-11-01,,\n1,call,,,\n1,call,2026-11-01,,\n"
    made, told = bring("activities", text, DID)
    assert told == counts(created=1, rejected=3)
    texts = [text for _, (text,) in reasons(made)]
    assert "no lead “9”" in texts[0]
    assert "“dance”" in texts[1]
    assert "no date" in texts[2]


def test_an_imported_unsubscription_takes_consent_back(known: Lead) -> None:
    Lead.objects.update(consent="given", consent_at=NOW - timedelta(days=30))
    bring("activities", "lead,what,when,page,msg\n1,unsubscribe,2026-11-10,,\n", DID)
    known.refresh_from_db()
    assert known.consent == "withdrawn"
    assert Change.objects.get(field="consent").old == "given"


def test_messages_whose_id_says_nothing_are_not_one_activity(known: Lead) -> None:
    text = "lead,what,when,page,msg\n1,call,2026-11-01,,null\n1,call,2026-11-02,,null\n"
    assert bring("activities", text, DID)[1] == counts(created=2)
    assert bring("activities", text, DID)[1] == counts(unchanged=2)
    assert not ActivityIdentity.objects.exists()
