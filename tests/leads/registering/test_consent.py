"""Consent to e-mail: one table of what follows from what, for every way in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history.models import Change
from leads.activities.recording import ActivityInput, record, record_all
from leads.models import ActivityKind, Lead
from leads.registering.consent import consent_since, consent_since_sql, stated_by, withdraw_by_unsubscribing
from leads.registering.registration import change, register
from sla.flow.merging import merge
from tests import make
from tests.api import Program
from tests.leads.importing.importing import bring

NOW = make.MONDAY_9AM
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db
CONSENTS = ["", "given", "withdrawn"]


# ---- Stated


@pytest.mark.parametrize("before", CONSENTS)
@pytest.mark.parametrize("stated", CONSENTS)
def test_consent_is_as_it_was_stated_since_it_was_first_stated_so(before: str, stated: str) -> None:
    lead = make.lead(consent=before, consent_at=NOW - DAY if before else None)
    change(lead, {"consent": stated}, at=NOW)
    lead.refresh_from_db()
    assert lead.consent == stated
    assert lead.consent_at == ((NOW - DAY if before else None) if stated == before else NOW)


@pytest.mark.parametrize("before", CONSENTS)
@pytest.mark.parametrize("stated", [None, *CONSENTS])
def test_the_rule_in_sql_is_the_rule_in_python(before: str, stated: str | None) -> None:
    since = NOW - DAY if before else None
    with connection.cursor() as cursor:
        sql = consent_since_sql("%(before)s::text", "%(since)s::timestamptz", "%(stated)s::text")
        cursor.execute(f"SELECT {sql}", {"before": before, "since": since, "stated": stated, "at": NOW})
        assert cursor.fetchone()[0] == (since if stated is None else consent_since(before, since, stated, at=NOW))


def by_page(client: Client, lead: Lead, consent: str) -> None:
    client.post(reverse("lead_edit", args=[lead.pk]), {"email": lead.email, "consent": consent})


def by_api(program: Program, lead: Lead, consent: str) -> None:
    program.patch(f"leads/{lead.pk}/", {"consent": consent})


def by_file(lead: Lead, consent: str) -> None:
    bring("leads", f"mail,consent\n{lead.email},{consent}\n", {"mail": "email", "consent": "consent"})


def by_registering(lead: Lead, consent: str) -> None:
    register({"email": lead.email, "consent": consent}, at=NOW)


def by_merging(lead: Lead, consent: str) -> None:
    merge(lead, make.lead(consent=consent), {"consent": consent}, by=make.user(), at=NOW)


@pytest.mark.parametrize("way", ["page", "api", "file", "registering", "merging"])
@pytest.mark.parametrize("stated", ["given", "withdrawn"])
def test_every_way_in_states_it_alike(mara: object, client: Client, program: Program, way: str, stated: str) -> None:
    lead = make.lead()
    match way:
        case "page":
            by_page(client, lead, stated)
        case "api":
            by_api(program, lead, stated)
        case "file":
            by_file(lead, stated)
        case "registering":
            by_registering(lead, stated)
        case "merging":
            by_merging(lead, stated)
    lead.refresh_from_db()
    kept = Change.objects.get(subject="lead", subject_id=lead.pk, field="consent")
    assert (lead.consent, kept.old, kept.new) == (stated, "", stated)
    assert lead.consent_at == kept.at


@pytest.mark.parametrize(("way", "consent"), [("page", "given"), ("api", "given")])
def test_who_took_consent_back_gives_it_again_one_by_one(
    mara: object, client: Client, program: Program, way: str, consent: str
) -> None:
    lead = make.lead(consent="withdrawn", consent_at=NOW - DAY)
    {"page": lambda: by_page(client, lead, consent), "api": lambda: by_api(program, lead, consent)}[way]()
    lead.refresh_from_db()
    assert lead.consent == "given"


@pytest.mark.parametrize("way", [by_file, by_registering, by_merging])
def test_a_refusal_outlives_what_nobody_wrote_for_this_lead_alone(way: Callable[[Lead, str], None]) -> None:
    lead = make.lead(consent="withdrawn", consent_at=NOW - DAY)
    way(lead, "given")
    lead.refresh_from_db()
    assert (lead.consent, lead.consent_at) == ("withdrawn", NOW - DAY)
    assert not Change.objects.filter(field="consent").exists()


def test_a_refusal_of_the_other_record_outlives_a_merge() -> None:
    lead = make.lead(consent="given", consent_at=NOW - DAY)
    merge(lead, make.lead(consent="withdrawn"), {"consent": "given"}, by=make.user(), at=NOW)
    lead.refresh_from_db()
    assert lead.consent == "withdrawn"


def test_a_file_says_how_many_refusals_it_would_have_overwritten() -> None:
    for name in ("a", "b", "c"):
        make.lead(email=f"{name}@x.example", consent="withdrawn" if name < "c" else "")
    rows = "".join(f"{name}@x.example,given\n" for name in ("a", "b", "c"))
    made, _counts = bring("leads", f"mail,consent\n{rows}", {"mail": "email", "consent": "consent"})
    assert made.said == ["Lines 2 to 3: consent that 2 leads took back was not given back."]


# ---- Stated by a row of a file


@pytest.mark.parametrize(
    ("consent", "unsubscribed", "stated"),
    [
        (None, None, None),
        (None, False, None),
        (None, True, "withdrawn"),
        ("given", None, "given"),
        ("given", False, "given"),
        ("given", True, "withdrawn"),
        ("withdrawn", True, "withdrawn"),
        ("withdrawn", False, "withdrawn"),
        ("", True, "withdrawn"),
    ],
)
def test_a_row_that_says_it_twice(consent: str | None, unsubscribed: bool | None, stated: str | None) -> None:
    assert stated_by(consent, unsubscribed=unsubscribed) == stated


@pytest.mark.parametrize("columns", [["consent", "unsubscribed"], ["unsubscribed", "consent"]])
@pytest.mark.parametrize("consent", ["", "given", "withdrawn"])
@pytest.mark.parametrize("unsubscribed", ["", "yes", "no"])
def test_the_order_of_the_columns_does_not_matter(columns: list[str], consent: str, unsubscribed: str) -> None:
    cells = {"consent": consent, "unsubscribed": unsubscribed}
    text = f"email,{','.join(columns)}\na@x.example,{','.join(cells[name] for name in columns)}\n"
    bring("leads", text, {name: name for name in ("email", *columns)})
    answer = {"yes": True, "no": False}.get(unsubscribed)
    assert Lead.objects.get().consent == (stated_by(consent, unsubscribed=answer) or "")


@pytest.mark.parametrize("rows", ["a@x.example,,yes\na@x.example,given,", "a@x.example,given,\na@x.example,,yes"])
def test_of_two_rows_the_one_that_unsubscribed_counts_whichever_is_later(rows: str) -> None:
    columns = ("email", "consent", "unsubscribed")
    for _again in range(2):
        bring("leads", f"{','.join(columns)}\n{rows}\n", {name: name for name in columns})
        assert Lead.objects.get().consent == "withdrawn"


# ---- Taken back by unsubscribing


def oracle(consent: str, since: datetime | None, moments: list[datetime]) -> tuple[str, datetime | None]:
    last = min(max(moments), NOW)
    withdrawn = consent != "withdrawn" and (since is None or since <= last)
    return ("withdrawn", last) if withdrawn else (consent, since)


HOURS = st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))


@given(st.sampled_from(CONSENTS), st.none() | HOURS, st.lists(HOURS, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_unsubscribing_withdraws_what_was_not_stated_after_it(
    consent: str, since: datetime | None, moments: list[datetime]
) -> None:
    lead = make.lead(consent=consent, consent_at=since)
    rows = "SELECT %(lead)s::bigint AS lead_id, unnest(%(moments)s::timestamptz[]) AS unsubscribed_at"
    changed = withdraw_by_unsubscribing(rows, {"lead": lead.pk, "moments": moments}, told_at=NOW, how="test")
    lead.refresh_from_db()
    assert (lead.consent, lead.consent_at) == oracle(consent, since, moments)
    kept = Change.objects.filter(subject_id=lead.pk, how="test").values_list("field", "old", "new", "at")
    assert list(kept) == ([("consent", consent, "withdrawn", lead.consent_at)] if changed else [])


def unsubscribe_one(lead: Lead, at: datetime) -> None:
    record(lead, "unsubscribe", at, at=NOW)


def unsubscribe_in_batch(lead: Lead, at: datetime) -> None:
    kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
    record_all([ActivityInput(lead, kinds[key], at) for key in ("page_view", "unsubscribe")], at=NOW)


def unsubscribe_by_file(lead: Lead, at: datetime) -> None:
    text = f"mail,what,when\n{lead.email},unsubscribe,{at.isoformat()}\n"
    bring("activities", text, {"mail": "lead.email", "what": "kind", "when": "occurred_at"})


@pytest.mark.parametrize("way", [unsubscribe_one, unsubscribe_in_batch, unsubscribe_by_file])
@pytest.mark.parametrize(
    ("consent", "since", "moment", "after"),
    [
        ("given", NOW - DAY, NOW, "withdrawn"),
        ("given", NOW, NOW, "withdrawn"),
        ("given", NOW, NOW - DAY, "given"),
        ("given", None, NOW, "withdrawn"),
        ("", None, NOW, "withdrawn"),
        ("", NOW, NOW - DAY, ""),
    ],
)
def test_every_way_in_unsubscribes_alike(
    way: Any, consent: str, since: datetime | None, moment: datetime, after: str
) -> None:
    lead = make.lead(consent=consent, consent_at=since)
    way(lead, moment)
    lead.refresh_from_db()
    assert lead.consent == after
    assert lead.consent_at == (moment if after != consent else since)
    assert Change.objects.filter(field="consent").count() == (after != consent)


@pytest.mark.parametrize("way", [unsubscribe_one, unsubscribe_in_batch, unsubscribe_by_file])
def test_one_dated_ahead_is_honoured_when_we_are_told(way: Any) -> None:
    lead = make.lead(consent="given", consent_at=NOW - DAY)
    with time_machine.travel(NOW, tick=False):
        way(lead, NOW + 300 * DAY)
    lead.refresh_from_db()
    assert (lead.consent, lead.consent_at) == ("withdrawn", NOW)
    assert Change.objects.get(subject_id=lead.pk, field="consent").at == NOW


def test_the_lead_at_hand_knows_that_it_unsubscribed() -> None:
    lead = make.lead(consent="given", consent_at=NOW - DAY)
    record(lead, "unsubscribe", NOW, at=NOW)
    assert (lead.consent, lead.consent_at) == ("withdrawn", NOW)
