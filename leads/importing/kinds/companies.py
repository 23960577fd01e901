"""Companies that a file brings: as rows of their own, or beside the leads that work there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.importing.engine import cells
from leads.importing.engine.attributes import plain, update
from leads.importing.engine.batches import Batch, quoted
from leads.importing.engine.registry import Field, Kind, Prefix, Values
from leads.registering.companies import COMPANIES_LOCK, COMPANY_FIELDS
from leads.registering.searching import refresh_companies
from leads.text.folding import fold

GROUP = gettext_lazy("Company")
TYPES = {"employees": "integer", "revenue": "numeric"}


def fields(prefix: str, group: Any = GROUP) -> list[Field]:
    """The fields of a company, as `name` in a file of companies and `company.name` in a file of leads."""

    def field(name: str, label: Any, read: cells.Reader, *synonyms: str) -> Field:
        return Field(f"{prefix}{name}", label, read, TYPES.get(name, "text"), group, synonyms=synonyms)

    return [
        field("external_id", gettext_lazy("External id of the company"), cells.text(200), "company id", "account id",
              "associated company id", "associated company ids", "会社ID", "企業ID", "法人番号"),
        field("name", gettext_lazy("Company"), cells.text(200), "company", "company name", "account", "account name",
              "organization", "organisation", "associated company", "employer", "会社", "会社名", "企業名", "社名",
              "法人名", "勤務先", "所属", "所属企業", "貴社名", "御社名", "取引先", "取引先名"),
        field("domain", gettext_lazy("Domain"), cells.domain, "website", "website url", "web site", "company domain",
              "company domain name", "url", "ホームページ", "ウェブサイト", "webサイト", "ドメイン", "会社url"),
        field("industry", gettext_lazy("Industry"), cells.text(120), "sector", "業種", "業界", "産業"),
        field("employees", gettext_lazy("Employees"), cells.whole_number, "number of employees", "employee count",
              "company size", "従業員数", "社員数", "従業員", "従業員規模"),
        field("revenue", gettext_lazy("Yearly revenue"), cells.amount, "annual revenue", "revenue", "年商", "売上",
              "売上高", "年間売上"),
        field("country", gettext_lazy("Country of the company"), cells.text(80), "company country", "会社国"),
        field("region", gettext_lazy("Region of the company"), cells.text(80), "company region", "company state",
              "会社所在地", "本社所在地"),
    ]  # fmt: skip


def names(values: Values, prefix: str = "company.") -> Iterable[str]:
    """By what two rows are about the same company."""
    if external_id := values.get(f"{prefix}external_id"):
        yield f"{prefix}external_id {external_id}"
    elif name := values.get(f"{prefix}name"):
        yield f"{prefix}name {fold(name)}"
    elif domain := values.get(f"{prefix}domain"):
        yield f"{prefix}domain {domain}"


def stage(batch: Batch, prefix: str) -> bool:
    """Gather the companies that the rows of `coming` name into `firms`, each once. Says whether there are any."""
    given = [name for name in ("external_id", *COMPANY_FIELDS) if batch.gives(f"{prefix}{name}")]
    if not {"external_id", "name", "domain"} & set(given):
        return False
    custom = batch.plan.kind.prefixes[f"{prefix}custom."].column
    has_custom = any(name.startswith(f"{prefix}custom.") for name in batch.names)
    columns = ", ".join(f"{name} {TYPES.get(name, 'text')}" for name in ("external_id", *COMPANY_FIELDS))
    batch.run("DROP TABLE IF EXISTS pg_temp.firms")
    batch.run(
        f"CREATE TEMP TABLE firms (key text, line integer, name_key text, {columns}, custom jsonb, id bigint,"
        " is_new boolean NOT NULL DEFAULT false, changed boolean NOT NULL DEFAULT false) ON COMMIT DROP"
    )
    # Where several rows give the same attribute, they give the same value or only the last still has it.
    best = ", ".join(f"max(c.{quoted(prefix + name)})" for name in given)
    whole = f"(jsonb_agg(c.{quoted(custom)}) FILTER (WHERE c.{quoted(custom)} IS NOT NULL))" if has_custom else "NULL"
    batch.run(
        f"""
        INSERT INTO firms (key, line, {", ".join(given)}, custom)
        SELECT c.company_key, min(c.line), {best},
               (SELECT jsonb_object_agg(own.key, own.value)
                FROM jsonb_array_elements({whole}) each, jsonb_each(each) own)
        FROM coming c WHERE c.company_key IS NOT NULL AND c.refused IS NULL GROUP BY c.company_key
        """
        if has_custom
        else f"""
        INSERT INTO firms (key, line, {", ".join(given)})
        SELECT c.company_key, min(c.line), {best}
        FROM coming c WHERE c.company_key IS NOT NULL AND c.refused IS NULL GROUP BY c.company_key
        """
    )
    batch.run("UPDATE firms SET name_key = fold(name) WHERE name IS NOT NULL")
    batch.run("ANALYZE firms")
    return True


KNOWN = """
UPDATE firms f SET id = i.company_id FROM leads_companyidentity i
WHERE i.system = %(system)s AND i.external_id = f.external_id
"""
# A name finds the first company of that name; with an external id only one that this system knows by no other id.
BY_NAME = """
UPDATE firms f SET id = found.company
FROM (
    SELECT DISTINCT ON (c.id) c.id AS company, f.key
    FROM firms f
    JOIN LATERAL (
        SELECT id FROM leads_company c WHERE c.name_key = f.name_key AND (f.external_id IS NULL OR NOT EXISTS (
            SELECT FROM leads_companyidentity i WHERE i.company_id = c.id AND i.system = %(system)s))
        ORDER BY id LIMIT 1
    ) c ON true
    WHERE f.id IS NULL AND f.name_key IS NOT NULL AND {which}
    ORDER BY c.id, f.line
) found
WHERE f.key = found.key
"""
BY_DOMAIN = """
UPDATE firms f SET id = (SELECT min(c.id) FROM leads_company c WHERE c.domain = f.domain)
WHERE f.id IS NULL AND f.name_key IS NULL AND f.domain IS NOT NULL AND {which}
"""
NEW = """
WITH made AS (
    UPDATE firms f SET id = nextval(pg_get_serial_sequence('leads_company', 'id')), is_new = true
    WHERE f.id IS NULL AND {which}
    RETURNING f.*
)
INSERT INTO leads_company (id, name, domain, industry, employees, revenue, country, region, custom, created_at)
SELECT id, coalesce(name, domain, external_id), coalesce(domain, ''), coalesce(industry, ''), employees, revenue,
       coalesce(country, ''), coalesce(region, ''), coalesce(custom, '{{}}'), %(at)s
FROM made ORDER BY line
"""
IDENTITIES = """
WITH named AS (
    INSERT INTO leads_companyidentity (company_id, system, external_id)
    SELECT f.id, %(system)s, f.external_id FROM firms f
    WHERE f.external_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM leads_companyidentity i WHERE i.system = %(system)s AND i.external_id = f.external_id)
    RETURNING external_id
)
UPDATE firms f SET changed = true FROM named WHERE f.external_id = named.external_id
"""


def bring_firms(batch: Batch) -> None:
    """Find or make each company of `firms`, and give it what the file says of it."""
    if not batch.is_dry:
        # Whoever registers a lead of a new company waits for us, and we for them: a company is made once.
        batch.run("SELECT pg_advisory_xact_lock(%(lock)s)", lock=COMPANIES_LOCK)
    batch.run(KNOWN)
    # First those with an id of their own: a row that only gives the name is about the one that was just made.
    for which in ("f.external_id IS NOT NULL", "f.external_id IS NULL"):
        batch.run(BY_NAME.format(which=which))
        batch.run(BY_DOMAIN.format(which=which))
        batch.run(NEW.format(which=which))
        if which == "f.external_id IS NOT NULL":
            batch.run(IDENTITIES)
    _update(batch)


def _update(batch: Batch) -> None:
    attributes = [
        # A company found by its name keeps the spelling of its name.
        plain(name, given="CASE WHEN c.external_id IS NOT NULL THEN c.name END" if name == "name" else f"c.{name}")
        for name in COMPANY_FIELDS
    ]
    changed = update(
        batch, subject="company", table="leads_company", coming="firms", record="id", attributes=attributes,
        custom="c.custom", where="NOT c.is_new",
    )  # fmt: skip
    if not changed:
        return
    refresh_companies([company for company, fields in changed if {"name", "domain"} & set(fields)])
    batch.mark(
        "SELECT l.id AS lead_id, %(at)s::timestamptz AS due_at, %(news_at)s::timestamptz AS news_at FROM leads_lead l"
        " WHERE l.company_id = ANY(%(companies)s) AND l.merged_into_id IS NULL",
        companies=[company for company, _ in changed],
        news_at=batch.at if batch.qualify_at_once else None,
    )


def bring_employers(batch: Batch) -> None:
    """Bring the companies in that rows of leads name, and note at each row which it is."""
    if stage(batch, "company."):
        bring_firms(batch)
        batch.run("UPDATE coming c SET company_id = f.id, changed = f.changed FROM firms f WHERE f.key = c.company_key")


def bring(batch: Batch) -> None:
    """Rows that are companies."""
    batch.stage(company_key=("text", lambda values: next(iter(names(values, "")), None)))
    stage(batch, "")
    bring_firms(batch)
    batch.run(
        "UPDATE coming c SET is_new = f.is_new AND c.line = f.line, changed = f.changed"
        " FROM firms f WHERE f.key = c.company_key"
    )


def lacks(values: Values) -> str:
    if any(values.get(name) for name in ("external_id", "name", "domain")):
        return ""
    return _("There is neither a name nor an external id nor a domain to know the company by.")


KIND = Kind(
    key="companies",
    label=gettext_lazy("Companies"),
    help=gettext_lazy("One row a company: name, industry, size, and what else you know of it."),
    fields={field.name: field for field in fields("", "")},
    prefixes={"custom.": Prefix("custom.", gettext_lazy("Custom attribute"), gettext_lazy("Custom"), "custom")},
    bring=bring,
    lacks=lacks,
    same=lambda values: names(values, ""),
    kept=frozenset({"external_id"}),
    tables=("leads_company", "leads_companyidentity"),
)
