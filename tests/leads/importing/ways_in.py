"""The two ways of the same rows: as a file, and one by one through the verbs; and what each leaves in the tables."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from history.models import Change
from leads.activities.recording import record
from leads.models import Activity, Company, CompanyIdentity, Identity, Lead, PendingReevaluation, SearchEntry
from leads.registering.companies import register_company
from leads.registering.identities import Conflict, leads_named_by
from leads.registering.registration import register
from teams.models import User
from tests.leads.importing.importing import bring

SYSTEM = "crm"
# What a cell of a custom attribute is, for a program that sends JSON.
TYPED: Mapping[str, Callable[[str], Any]] = {"yes": lambda _cell: True, "no": lambda _cell: False}


@dataclass(frozen=True)
class File:
    """Rows of one kind, by field, as cells: an empty one says nothing."""

    kind: str
    rows: list[dict[str, str]] = field(default_factory=list)


def import_file(file: File, *, at: datetime, news: bool) -> None:
    columns = list(dict.fromkeys(name for row in file.rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(file.rows)
    mapping = {name: name for name in columns}
    bring(file.kind, text.getvalue(), mapping, at=at, system=SYSTEM, qualify_at_once=news)


def register_rows(file: File, *, at: datetime, news: bool) -> None:
    """The same rows, each by the verb that a page or the API would call."""
    for row in file.rows:
        given = {name: cell for name, cell in row.items() if cell}
        {"leads": _register_lead, "companies": _register_company, "activities": _record}[file.kind](given, at, news)


def _register_lead(given: dict[str, Any], at: datetime, news: bool) -> None:
    identities = [(SYSTEM, given.pop("external_id"))] if "external_id" in given else []
    if given.pop("unsubscribed", "") == "yes":
        given["consent"] = "withdrawn"
    if "owner" in given:
        given["owner"] = User.objects.get(email=given["owner"])

    def write(values: dict[str, Any]) -> None:
        try:
            register(values, identities=identities, at=at, news=news)
        except Conflict:
            return  # As the row is rejected.

    _without_refused(write, given)


def _register_company(given: dict[str, Any], at: datetime, news: bool) -> None:
    _without_refused(lambda values: register_company(values, at=at), given)


def _without_refused(write: Callable[[dict[str, Any]], Any], given: dict[str, Any]) -> None:
    """Write the values; without those of custom attributes that are refused, which a file leaves empty."""
    values = {name: TYPED.get(cell, lambda cell: cell)(cell) for name, cell in given.items()}
    try:
        write(values)
    except ValidationError as wrong:
        refused = {name for name in wrong.message_dict if "custom." in name}
        if not refused:
            raise
        _without_refused(write, {name: cell for name, cell in given.items() if name not in refused})


def _record(given: dict[str, Any], at: datetime, news: bool) -> None:
    external_id = given.get("lead.external_id", "")
    named = leads_named_by(given.get("lead.email", ""), [(SYSTEM, external_id)] if external_id else [])
    if len(named) == 1:
        record(
            named[0],
            given["kind"],
            datetime.fromisoformat(given["occurred_at"]),
            properties={"page": given["properties.page"]} if "properties.page" in given else {},
            system=SYSTEM,
            message_id=given.get("message_id", ""),
            at=at,
        )


# ---- What is left


@contextmanager
def taken_back() -> Iterator[None]:
    """Do it, look, and leave nothing."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def left_behind(*, at: datetime, news: bool) -> dict[str, Any]:
    """All tables of leads at that moment, without moments of writing, `how`, and ids. The queue as who is due and who
    will be; with the news only where files are news, since a quiet file's leads are none."""
    leads = {lead.pk: lead for lead in Lead.objects.select_related("company", "owner", "campaign")}
    ids = {pk: frozenset(Identity.objects.filter(lead=pk).values_list("system", "external_id")) for pk in leads}
    name = {pk: (lead.email_key, ids[pk]) for pk, lead in leads.items()}
    companies = {company.pk: company for company in Company.objects.all()}
    by_record = {"lead": name, "company": {pk: company.name_key for pk, company in companies.items()}}
    linked = {"company": by_record["company"], "owner": dict(User.objects.values_list("pk", "email"))}

    def in_words(field: str, value: Any) -> Any:
        return linked[field].get(value) if field in linked else repr(value)

    queue: dict[Any, Any] = {}
    for stale in PendingReevaluation.objects.all():
        key = name[stale.lead_id], max(stale.due_at, at)
        queue[key] = max(filter(None, (queue.get(key), stale.news_at)), default=None)
    return {
        "leads": {
            name[pk]: {each: in_words(each, value) for each, value in _attributes(lead).items()}
            for pk, lead in leads.items()
        },
        "companies": Counter(repr(_attributes(company)) for company in companies.values()),
        "company ids": CompanyIdentity.objects.count(),
        "found by": {name[entry.lead_id]: (entry.text, entry.name_key) for entry in SearchEntry.objects.all()},
        "activities": Counter(
            (name[each.lead_id], each.kind.key, each.occurred_at, repr(each.properties), each.system,
             each.identity.message_id if hasattr(each, "identity") else "")
            for each in Activity.objects.select_related("kind", "identity")
        ),
        "changes": Counter(
            (each.subject, by_record[each.subject][each.subject_id], each.field, in_words(each.field, each.old),
             in_words(each.field, each.new), each.by_id)
            for each in Change.objects.all()
        ),
        "queue": queue if news else set(queue),
    }  # fmt: skip


def _attributes(record: Lead | Company) -> dict[str, Any]:
    left_out = {"id", "created_at", "recorded_at", "consent_at"}
    fields = (each for each in record._meta.concrete_fields if each.name not in left_out)
    return {each.name: getattr(record, each.attname) for each in fields}
