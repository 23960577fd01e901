"""Generated leads and what they did: the same for the same seed, made inside the server, faster than any COPY.

A year of activities ends with 2025. A few leads do much, most do little; activities arrive in the order of time, as
they do in life, so that one lead's lie scattered over the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from bench import database
from bench.report import say
from funnel.models import Journey, Stage, Transition
from leads.models import Activity, ActivityKind, Company, Lead

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
# What is made, here and by `bench.timers`: another number when it changes, so that it is made anew.
KIND = 2
# How often each kind occurs: twelve of them.
KINDS = {
    "page_view": 40,
    "email_open": 20,
    "email_click": 9,
    "pricing_page_view": 6,
    "content_download": 6,
    "social_follow": 4,
    "form_submission": 4,
    "webinar_registered": 3,
    "webinar_attended": 2,
    "newsletter_signup": 3,
    "call": 2,
    "demo_request": 1,
}
PICKS = {
    "source": ["Organic search", "Paid search", "Webinar", "Trade fair", "Referral", "Social", ""],
    "seniority": ["Executive", "Director", "Manager", "Staff", "Staff", "Staff"],
    "department": ["Engineering", "Information systems", "Purchasing", "Marketing", "Human resources"],
    "country": ["JP", "JP", "JP", "US", "DE", "SG"],
    "family_name": ["Sato", "Suzuki", "Takahashi", "Tanaka", "Ito", "Smith", "Meyer", "Garcia"],
    "given_name": ["Haruka", "Ren", "Yui", "Sota", "Anna", "James", "Maria", "Paul"],
}
INDUSTRIES = ["Manufacturing", "Software", "Retail", "Logistics", "Finance", "Health"]


def ensure(*, leads: int, activities: int, seed: float) -> None:
    """Make the data, unless it is there from before."""
    what = {"kind": KIND, "leads": leads, "activities": activities, "seed": seed, "until": UNTIL.isoformat()}
    if database.is_filled_with(what):
        say(f"The database {database.NAME} holds {leads:,} leads and {activities:,} activities.")
        return
    say(f"Making {leads:,} leads and {activities:,} activities in the database {database.NAME}.")
    database.make_anew()
    fill(leads, activities, seed)
    database.vacuum(analyze=True)
    database.remember(what)


def fill(leads: int, activities: int, seed: float) -> None:
    companies = max(1, leads // 5)
    with database.untold(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [seed])
        cursor.execute(*_companies(companies))
        cursor.execute(*_leads(leads, companies))
        for statement in _journeys(leads):
            cursor.execute(*statement)
        cursor.execute(*_activities(leads, activities))
        for model in (Company, Lead, Activity, Transition):
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


def _companies(companies: int) -> tuple[str, list[Any]]:
    columns = {
        "id": "i",
        "name": "'Company ' || i",
        "domain": "'company' || i || '.example'",
        "industry": _pick(INDUSTRIES),
        "employees": "(10 * 10 ^ (random() * 3.3))::int",
        "country": _pick(PICKS["country"]),
        "created_at": "%s",
    }
    return insert(Company, columns, f"generate_series(1, {companies}) i"), [UNTIL - timedelta(days=400)]


def _leads(leads: int, companies: int) -> tuple[str, list[Any]]:
    columns = {name: _pick(values) for name, values in PICKS.items()} | {
        "id": "i",
        "email": "'lead' || i || '@company' || i %% 97 || '.example'",
        "phone": "'03-0000-' || lpad((i %% 10000)::text, 4, '0')",
        "company_id": f"1 + i %% {companies}",
        "created_at": f"%s + i::float8 / {leads} * interval '365 days'",
    }
    return insert(Lead, columns, f"generate_series(1, {leads}) i"), [UNTIL - timedelta(days=366)]


def _journeys(leads: int) -> Iterator[tuple[str, list[Any]]]:
    """Each began with its lead, before the last month, and stands where its one step led."""
    stage = str(Stage.objects.order_by("position").values_list("pk", flat=True)[0])
    began = f"least(%s + i::float8 / {leads} * interval '365 days', %s)"
    moments = [UNTIL - timedelta(days=366), UNTIL - timedelta(days=31)]
    for model, columns in (
        (Journey, {"lead_id": "i", "stage_id": stage, "entered_at": began}),
        (Transition, {"id": "i", "lead_id": "i", "to_stage_id": stage, "at": began, "how": "'machine'"}),
    ):
        yield insert(model, columns, f"generate_series(1, {leads}) i"), moments


def _activities(leads: int, activities: int) -> tuple[str, list[Any]]:
    ids = dict(ActivityKind.objects.filter(key__in=KINDS).values_list("key", "pk"))
    often = [str(ids[key]) for key, weight in KINDS.items() for _ in range(weight)]
    columns = {
        "lead_id": f"1 + floor({leads} * random() ^ 1.5)::bigint",
        "kind_id": f"(ARRAY[{','.join(often)}])[1 + floor({len(often)} * random())::int]",
        "occurred_at": f"%s + (i - random()) / {activities} * interval '365 days'",
        "created_at": "%s",
    }
    return insert(Activity, columns, f"generate_series(1, {activities}) i"), [UNTIL - timedelta(days=365), UNTIL]


def insert(model: type[models.Model], given: dict[str, str], rows: str) -> str:
    """One INSERT for a model: the columns given, the defaults of the others, whatever others there will be."""
    columns = dict(given)
    for field in model._meta.concrete_fields:
        if not (field.generated or field.null or field.primary_key or field.has_db_default()):
            columns.setdefault(str(field.column), _default(field))
    names = ", ".join(columns)
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(columns.values())} FROM {rows}"


def _default(field: models.Field[Any, Any]) -> str:
    if isinstance(field, models.JSONField):
        return "'[]'" if field.default is list else "'{}'"
    if isinstance(field, models.DateTimeField):
        return "now()"
    if isinstance(field, ArrayField):
        return "'{}'"
    default = field.get_default()
    return str(default).lower() if isinstance(default, bool | int) else f"'{default or ''}'"


def _pick(values: list[str]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"(ARRAY[{listed}])[1 + floor({len(values)} * random())::int]"
