"""Texts that try to become something else: a tag, an attribute, code, a template, a formula, a statement, a line."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

SHORT = (
    '"><b pwn>',
    "'onpwn=pwn() '",
    "<pwn/>",
    "{{7*191}}pwn{%pwn%}",
    "javascript:pwn()",
    "=1+1+cmd|pwn",
    "';--pwn\\",
    "\u202epwn\u2066\u200b",
)
LONG = (
    '"><script>pwn()</script><img src=x onerror=pwn()>',
    "</title></textarea></script><svg/onload=pwn()>",
    "'; DROP TABLE leads_lead; -- pwn" + "W" * 60,
)
ENDLESS = ("<pwn>" + "W" * 4000,)
# An expression of a template that was taken for one.
CALCULATED = "1337pwn"
# Columns of names that code reads, and what the database itself keeps to a shape.
CODES = {
    "about",
    "address",
    "content_type",
    "country",
    "currency",
    "date_format",
    "delimiter",
    "digest",
    "domain",
    "email",
    "encoding",
    "field",
    "from_role",
    "header_digest",
    "holder",
    "key",
    "kind",
    "language",
    "line",
    "metric",
    "outcome",
    "password",
    "phone_e164",
    "secret",
    "seen",
    "subject",
    "time_zone",
    "to_role",
    "topic",
    "url",
    "zone",
}
OURS = ("teams", "leads", "scoring", "funnel", "sla", "history", "dashboards", "integrations")
# In these columns lie texts under names of our own; elsewhere only what stands under "value" is free.
FREE = {"leads.Activity.properties", "leads.Lead.custom", "leads.Company.custom"}
ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "data-url", "hx-get", "hx-post"}


def text_columns() -> Iterator[tuple[type[models.Model], models.Field[Any, Any]]]:
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        for column in model._meta.concrete_fields:
            is_text = isinstance(column, models.CharField | models.TextField) and not isinstance(
                column, models.SlugField
            )
            if is_text and not column.choices and column.name not in CODES:
                yield model, column


def fill() -> list[str]:
    """Write payloads into every text column, another in each row; return the columns that took none."""
    untaken = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # Also what was signed.
        for model, column in text_columns():
            limit = column.max_length or 10_000
            fitting = [text for text in (*SHORT, *LONG, *ENDLESS) if len(text) + 12 <= limit]
            names = {"table": model._meta.db_table, "column": column.column, "pk": model._meta.pk.column}
            change = (
                'UPDATE "{table}" SET "{column}" = (%s::text[])[1 + (hashtext("{pk}"::text) & 65535) %% %s] || "{pk}"'
            ).format(**names)
            if not any(_taken(change + where.format(**names), fitting) for where in ("", " WHERE \"{column}\" <> ''")):
                untaken.append(f"{model._meta.label}.{column.name}")
        for model in apps.get_models():
            for column in model._meta.concrete_fields if model._meta.app_label in OURS else ():
                if isinstance(column, models.JSONField):
                    fill_json(model, column.name)
    return untaken


def _taken(change: str, fitting: list[str]) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change, [fitting, len(fitting)])
    except DatabaseError:
        return False
    return True


def fill_json(model: type[models.Model], column: str) -> None:
    free = f"{model._meta.label}.{column}" in FREE
    for n, row in enumerate(model._default_manager.order_by("-pk")[:200]):
        text = (*SHORT, *LONG)[n % (len(SHORT) + len(LONG))]
        value = getattr(row, column)
        changed = {**dict.fromkeys(value, text), text: text} if free else poisoned(value, text)
        if changed != value:
            model._default_manager.filter(pk=row.pk).update(**{column: changed})


def poisoned(value: Any, text: str) -> Any:
    """The same tree; texts under "value" are this one."""
    if isinstance(value, dict):
        return {
            key: text if key == "value" and isinstance(each, str) else poisoned(each, text)
            for key, each in value.items()
        }
    return [poisoned(each, text) for each in value] if isinstance(value, list) else value


class Reading(HTMLParser):
    """What a page makes of the payloads in it."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.links: list[str] = []
        self.fields: set[str] = set()
        self._script: str | None = None
        if CALCULATED in page:
            self.faults.append("a template was calculated")
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        made = [name for name in given if name.startswith(("on", "pwn")) or "pwn" in name]
        runs = [name for name in ADDRESSES & set(given) if given[name].strip().lower().startswith("javascript:")]
        if tag == "pwn" or made or runs:
            self.faults.append(self.get_starttag_text() or tag)
        if tag == "script":
            self._script = given.get("type", "")
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag in {"input", "select", "textarea"} and given.get("name"):
            self.fields.add(given["name"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None and self._script != "application/json" and "pwn" in data:
            self.faults.append(f"<script>{data[:80]}")
