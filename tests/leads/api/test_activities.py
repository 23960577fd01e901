"""Activities, sent in batches by programs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from history.models import Change
from leads.models import Activity, Identity, Lead, PendingReevaluation
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db
LONG_AGO = "2026-01-05T09:00:00+09:00"


def viewed(email: str = "aya@example.org", **more: Any) -> dict[str, Any]:
    return {"lead": {"email": email}, "kind": "page_view", "occurred_at": LONG_AGO, **more}


@pytest.mark.parametrize("bare", [True, False])
def test_a_batch_is_taken_in_both_forms(program: Program, bare: bool) -> None:
    lead = make.lead(email="aya@example.org")
    batch = [viewed(message_id="1", properties={"path": "/pricing"}), viewed(kind="demo_request")]
    answer = program.post("activities/", batch if bare else {"activities": batch})
    assert answer.json() == {"created": 2, "known": 0, "rejected": []}
    first = Activity.objects.get(kind__key="page_view")
    assert (first.lead_id, first.system, first.properties) == (lead.pk, "api", {"path": "/pricing"})
    assert first.occurred_at == datetime(2026, 1, 5, tzinfo=UTC)
    mark = PendingReevaluation.objects.get(lead=lead)
    assert mark.news_at == first.occurred_at


def test_the_same_message_sent_again_is_the_same_activity(program: Program) -> None:
    make.lead(email="aya@example.org")
    once = [viewed(message_id="1"), viewed(message_id="1", system="other"), viewed(message_id="1")]
    assert program.post("activities/", once).json() == {"created": 2, "known": 1, "rejected": []}
    again = [viewed(message_id="1", occurred_at="2026-02-01T00:00:00Z"), viewed(message_id="2")]
    assert program.post("activities/", again).json() == {"created": 1, "known": 1, "rejected": []}
    # The first arrival's moment stands.
    assert not Activity.objects.filter(occurred_at__month=2).exists()
    assert Activity.objects.count() == 3


def test_a_lead_is_meant_by_id_e_mail_or_external_id(program: Program) -> None:
    lead = make.lead(email="aya@example.org")
    Identity.objects.create(lead=lead, system="crm", external_id="7")
    names = [{"id": lead.pk}, {"email": "ＡＹＡ@example.org"}, {"system": "crm", "external_id": "7"}]
    said = program.post("activities/", [viewed(lead=name) for name in names]).json()
    assert said["created"] == 3
    assert Activity.objects.filter(lead=lead).count() == 3


def test_the_good_are_kept_and_the_bad_are_told_why(program: Program) -> None:
    make.lead(email="aya@example.org")
    other = make.lead()
    Identity.objects.create(lead=other, system="crm", external_id="7")
    batch = [
        viewed(),
        viewed("nobody@example.org"),
        viewed(kind="nonsense"),
        viewed(occurred_at="yesterday"),
        viewed(occurred_at="0001-01-01T00:00:00Z"),
        viewed(lead={}),
        viewed(lead={"email": "aya@example.org", "system": "crm", "external_id": "7"}),
        viewed(properties=[1]),
        "nonsense",
        viewed(kind="call"),
    ]
    said = program.post("activities/", batch).json()
    assert (said["created"], said["known"]) == (2, 0)
    assert [one["index"] for one in said["rejected"]] == list(range(1, 9))
    wrong = [" ".join(one["errors"]) for one in said["rejected"]]
    for words, beginning in zip(
        wrong,
        ["lead: ", "kind: ", "occurred_at: ", "occurred_at: ", "lead: ", "The e-mail", "properties: ", ""],
        strict=True,
    ):
        assert words.startswith(beginning)
        assert words


def test_a_moment_without_a_zone_is_the_company_s(program: Program) -> None:
    make.lead(email="aya@example.org")
    program.post("activities/", [viewed(occurred_at="2026-01-05T09:00:00")])
    assert Activity.objects.get().occurred_at == datetime(2026, 1, 5, tzinfo=UTC)


def test_what_has_not_happened_yet_marks_its_lead_for_then(program: Program) -> None:
    lead = make.lead(email="aya@example.org")
    then = now() + timedelta(days=3)
    program.post("activities/", [viewed(occurred_at=then.isoformat()), viewed()])
    due = PendingReevaluation.objects.filter(lead=lead).order_by("due_at").values_list("due_at", flat=True)
    assert len(due) == 2
    assert due[1] == then


def test_unsubscribing_takes_consent_back(program: Program) -> None:
    gone = make.lead(email="aya@example.org", consent="given", consent_at=datetime(2026, 1, 1, tzinfo=UTC))
    since = make.lead(email="joe@example.org", consent="given", consent_at=datetime(2026, 3, 1, tzinfo=UTC))
    program.post("activities/", [viewed(kind="unsubscribe"), viewed("joe@example.org", kind="unsubscribe")])
    assert Lead.objects.get(pk=gone.pk).consent == "withdrawn"
    assert Lead.objects.get(pk=since.pk).consent == "given"
    kept = Change.objects.get()
    assert (kept.subject_id, kept.old, kept.new, kept.how) == (gone.pk, "given", "withdrawn", "unsubscribe")


def test_a_thousand_cost_what_one_costs(program: Program) -> None:
    leads = [make.lead() for _n in range(40)]

    def cost(count: int, run: str) -> int:
        batch = [viewed(lead={"id": leads[n % 40].pk}, message_id=f"{run} {n}") for n in range(count)]
        with CaptureQueriesContext(connection) as asked:
            assert program.post("activities/", batch).json()["created"] == count
        return sum("SAVEPOINT" not in query["sql"] for query in asked)

    cost(1, "first")
    assert cost(1000, "many") <= cost(1, "one") + 2 <= 12


def test_more_than_a_thousand_are_refused(program: Program) -> None:
    assert list(faults(program.post("activities/", [viewed()] * 1001))) == ["#"]
    assert list(faults(program.post("activities/", {"activities": [viewed()] * 1001}))) == ["#/activities"]
    assert list(faults(program.post("activities/", {"activities": []}))) == ["#/activities"]
    assert list(faults(program.post("activities/", {"activities": "a"}))) == ["#/activities"]


def test_activities_are_read_the_latest_first_and_of_one_lead(program: Program) -> None:
    lead, other = make.lead(), make.lead()
    old = make.activity(lead, "page_view", now() - timedelta(days=2))
    new = make.activity(lead, "call", now() - timedelta(days=1))
    make.activity(other, "call", now() - timedelta(days=3))
    said = program.get("activities/", lead=lead.pk).json()
    assert [one["id"] for one in said["results"]] == [new.pk, old.pk]
    assert said["results"][0]["kind"] == "call"
    assert len(program.get("activities/").json()["results"]) == 3
    for wrong in ("a", "-1", "", "１", "9" * 40):
        assert list(faults(program.get("activities/", lead=wrong))) == ["lead"]
