"""The leadforge data as files that the importer takes: contacts and companies joined to their leads."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, str]
SOURCE = "leadforge"
BANDS = {"200-499": "350", "500-999": "750", "1000-1999": "1500", "2000+": "3000"}
# Their words for what happened, in ours.
KINDS = {
    "call": "call", "email": "email_open", "linkedin_message": "social_follow", "content_download": "content_download",
    "webinar": "webinar_attended", "website": "page_view", "pricing_page": "pricing_page_view",
    "demo_page": "page_view", "demo": "demo_request", "meeting": "meeting",
}  # fmt: skip
MAPPINGS: dict[str, dict[str, Any]] = {
    "leads": {
        "columns": {
            "lead_id": "external_id", "lead_created_at": "created_at", "lead_source": "source", "job_title": "title",
            "role_function": "department", "seniority": "seniority", "buyer_role": "buying_role",
            "account_id": "company.external_id", "company_name": "company.name", "industry": "company.industry",
            "region": "company.region", "employees": "company.employees",
            "process_maturity_band": "company.custom.maturity",
        }
    },
    "activities": {
        "columns": {
            "lead_id": "lead.external_id", "kind": "kind", "at": "occurred_at", "id": "message_id",
            "outcome": "properties.outcome",
        },
        "values": {"kind": KINDS},
    },
    "opportunities": {
        "columns": {
            "lead_id": "lead.external_id", "opportunity_id": "external_id", "created_at": "opened_at",
            "estimated_acv": "amount", "won_at": "won_at", "lost_at": "lost_at",
        },
        "constants": {"currency": "USD"},
    },
}  # fmt: skip


def rows(folder: Path, name: str) -> Iterator[Row]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def joined(data: Path, into: Path) -> dict[str, tuple[Path, Path]]:
    """Write the files and their mappings; return them by kind, in the order in which they are brought in."""
    made = {"leads": leads(data), "activities": activities(data), "opportunities": opportunities(data)}
    found = {}
    for kind, lines in made.items():
        file, mapping = into / f"{kind}.csv", into / f"{kind}.json"
        columns = list(MAPPINGS[kind]["columns"])
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(lines)
        mapping.write_text(json.dumps(MAPPINGS[kind]))
        found[kind] = (file, mapping)
    return found


def leads(data: Path) -> Iterator[Row]:
    contacts = {row["contact_id"]: row for row in rows(data, "contacts")}
    accounts = {row["account_id"]: row for row in rows(data, "accounts")}
    for lead in rows(data, "leads"):
        account = accounts[lead["account_id"]]
        yield contacts[lead["contact_id"]] | account | lead | {"employees": BANDS[account["employee_band"]]}


def activities(data: Path) -> Iterator[Row]:
    for name, id_, kind, at, outcome in (
        ("touches", "touch_id", "touch_type", "touch_timestamp", "touch_direction"),
        ("sessions", "session_id", "session_type", "session_timestamp", ""),
        ("sales_activities", "activity_id", "activity_type", "activity_timestamp", "activity_outcome"),
    ):
        for row in rows(data, name):
            did = {"kind": row[kind], "at": row[at], "id": row[id_], "outcome": row.get(outcome, "")}
            yield {"lead_id": row["lead_id"], **did}


def opportunities(data: Path) -> Iterator[Row]:
    for row in rows(data, "opportunities"):
        outcome = {"closed_won": "won_at", "closed_lost": "lost_at"}.get(row["close_outcome"])
        yield row | ({outcome: row["closed_at"]} if outcome else {})
