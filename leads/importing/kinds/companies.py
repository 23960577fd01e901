"""Companies that a file brings: as rows of their own, or beside the leads that work there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.importing.engine.attributes import Attribute, staged, update_records
from leads.importing.engine.batches import Batch
from leads.importing.engine.fields import Field, Prefix, Values, fields_by_name
from leads.importing.engine.kinds import ImportKind
from leads.importing.engine.rows import Part
from leads.importing.engine.staging import Column, create_table, quoted
from leads.importing.files import cells
from leads.registering.companies import COMPANY_FIELDS
from leads.registering.likeness import ALIKE_OF_NEW
from leads.registering.searching import refresh_companies
from leads.text.domains import registrable
from leads.text.folding import fold
from smarketing.database.locks import Lock

GROUP = gettext_lazy("Company")
TYPES = {"employees": "integer", "revenue": "numeric"}
KEYS = ("external_id", "name", "domain")
OF_COMPANY = "company."


def company_fields(prefix: str, group: Any = GROUP) -> list[Field]:
    """The fields of a company, as `name` in a file of companies and `company.name` in a file of leads."""

    def field(name: str, label: Any, read: cells.Reader, *synonyms: str) -> Field:
        return Field(f"{prefix}{name}", label, read, TYPES.get(name, "text"), group, synonyms=synonyms)

    return [
        field("external_id", gettext_lazy("External id of the company"), cells.external_id, "company id", "account id",
              "associated company id", "associated company ids", "会社ID", "企業ID", "法人番号"),
        field("name", gettext_lazy("Company"), cells.words(200), "company", "company name", "account", "account name",
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


def company_keys(values: Values, prefix: str = OF_COMPANY) -> Iterable[str]:
    """By what two rows are about the same company."""
    if external_id := values.get(f"{prefix}external_id"):
        yield f"{prefix}external_id {external_id}"
    elif name := values.get(f"{prefix}name"):
        yield f"{prefix}name {fold(name)}"
    elif domain := values.get(f"{prefix}domain"):
        yield f"{prefix}domain {domain}"


def company_key(values: Values, prefix: str = OF_COMPANY) -> str | None:
    return next(iter(company_keys(values, prefix)), None)


# What leads' rows say of companies, beside themselves.
EMPLOYER = Part(company_keys, lambda field: field.startswith(OF_COMPANY))
COMPANY_KEY = Column("company_key", "text")

# ---- The companies that the rows of a batch name, each once

STAGING = "staging_companies"
COLUMNS = (
    Column("key", "text"),
    # The first line that names it.
    Column("line", "integer"),
    Column("name_key", "text"),
    *(Column(name, TYPES.get(name, "text")) for name in ("external_id", *COMPANY_FIELDS)),
    Column("registrable", "text"),
    Column("custom", "jsonb"),
    Column("id", "bigint"),
    Column("is_new", "boolean", "false"),
    Column("is_changed", "boolean", "false"),
)
# Where several rows give the same attribute, they give the same value or only the last still has it.
GATHER = """
INSERT INTO staging_companies (key, line, {names}, custom)
SELECT s.company_key, min(s.line), {values},
       (SELECT jsonb_object_agg(own.key, own.value)
        FROM jsonb_array_elements(jsonb_agg(s.{custom}) FILTER (WHERE s.{custom} IS NOT NULL)) each,
             jsonb_each(each) own)
FROM staging_rows s
WHERE s.company_key IS NOT NULL AND s.refused IS NULL AND (%(turn)s::integer IS NULL OR s.turn = %(turn)s)
GROUP BY s.company_key
"""


def stage_companies(batch: Batch, prefix: str, turn: int | None = None) -> None:
    """Gather the companies that the staged rows (of one turn, or all) name, each once."""
    given = [name for name in ("external_id", *COMPANY_FIELDS) if batch.gives(f"{prefix}{name}")]
    custom = batch.plan.kind.prefix_of(f"{prefix}custom.NAME")
    assert custom is not None
    batch.execute(create_table(STAGING, COLUMNS))
    values = ", ".join(f"max(s.{quoted(prefix + name)})" for name in given)
    batch.execute(GATHER.format(names=", ".join(given), values=values, custom=quoted(custom.column)), turn=turn)
    batch.execute("UPDATE staging_companies SET name_key = fold(name) WHERE name IS NOT NULL")
    if "domain" in given:
        alone = batch.fetch("SELECT DISTINCT domain FROM staging_companies WHERE name IS NULL AND domain IS NOT NULL")
        known = {domain: registrable(domain) for (domain,) in alone}
        batch.execute(REGISTRABLE, domains=list(known), registrables=list(known.values()))
    batch.execute(f"ANALYZE {STAGING}")


KNOWN = """
UPDATE staging_companies s SET id = i.company_id FROM leads_companyidentity i
WHERE i.system = %(system)s AND i.external_id = s.external_id
"""
# A name finds the first company of that name; with an external id only one that this system knows by no other id.
BY_NAME = """
UPDATE staging_companies s SET id = found.company
FROM (
    SELECT DISTINCT ON (c.id) c.id AS company, s.key
    FROM staging_companies s
    JOIN LATERAL (
        SELECT id FROM leads_company c WHERE c.name_key = s.name_key AND (s.external_id IS NULL OR NOT EXISTS (
            SELECT FROM leads_companyidentity i WHERE i.company_id = c.id AND i.system = %(system)s))
        ORDER BY id LIMIT 1
    ) c ON true
    WHERE s.id IS NULL AND s.name_key IS NOT NULL AND {which}
    ORDER BY c.id, s.line
) found
WHERE s.key = found.key
"""
# As it is stored, else by the domain that was registered: shop.mihon.co.jp is mihon.co.jp's.
BY_DOMAIN = """
UPDATE staging_companies s SET id = coalesce(
    (SELECT min(c.id) FROM leads_company c WHERE c.domain = s.domain),
    (SELECT min(c.id) FROM leads_company c WHERE c.domain = s.registrable AND c.domain <> '')
)
WHERE s.id IS NULL AND s.name_key IS NULL AND s.domain IS NOT NULL AND {which}
"""
REGISTRABLE = """
UPDATE staging_companies s SET registrable = known.registrable
FROM unnest(%(domains)s::text[], %(registrables)s::text[]) known (domain, registrable) WHERE known.domain = s.domain
"""
NEW = """
WITH made AS (
    UPDATE staging_companies s SET id = nextval(pg_get_serial_sequence('leads_company', 'id')), is_new = true
    WHERE s.id IS NULL AND {which}
    RETURNING s.*
)
INSERT INTO leads_company (id, name, domain, industry, employees, revenue, country, region, custom, created_at,
    recorded_at)
SELECT id, coalesce(name, domain, external_id), coalesce(domain, ''), coalesce(industry, ''), employees, revenue,
       coalesce(country, ''), coalesce(region, ''), coalesce(custom, '{{}}'), %(at)s, %(at)s
FROM made ORDER BY line
"""
IDENTITIES = """
WITH named AS (
    INSERT INTO leads_companyidentity (company_id, system, external_id)
    SELECT s.id, %(system)s, s.external_id FROM staging_companies s
    WHERE s.external_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM leads_companyidentity i WHERE i.system = %(system)s AND i.external_id = s.external_id)
    RETURNING external_id
)
UPDATE staging_companies s SET is_changed = true FROM named WHERE s.external_id = named.external_id
"""


def lock_companies(batch: Batch) -> None:
    """Whoever registers a lead of a new company waits for us, and we for them: a company is made once. To be called
    before any lead is locked, as they do."""
    if not batch.is_dry:
        Lock.COMPANIES.acquire()


def import_companies(batch: Batch) -> None:
    """Find or make each staged company, and give it what the file says of it."""
    batch.execute(KNOWN)
    # First those with an id of their own: a row that only gives the name is about the one that was just made.
    for which in ("s.external_id IS NOT NULL", "s.external_id IS NULL"):
        batch.execute(BY_NAME.format(which=which))
        batch.execute(BY_DOMAIN.format(which=which))
        batch.execute(NEW.format(which=which))
        if which == "s.external_id IS NOT NULL":
            batch.execute(IDENTITIES)
    for made, known in batch.fetch(ALIKE_OF_NEW):
        text = _("“%(made)s” was new and was made: it may be the same company as “%(known)s”.")
        batch.warnings.add(text % {"made": made, "known": known})
    _update(batch)


# A company found by its name keeps the spelling of its name.
NAME = Attribute("name", "name", "CASE WHEN s.external_id IS NOT NULL THEN s.name END")
ATTRIBUTES = [NAME, *(staged(name) for name in COMPANY_FIELDS if name != "name")]


def _update(batch: Batch) -> None:
    changed = update_records(
        batch, subject="company", table="leads_company", record="id", attributes=ATTRIBUTES, custom="s.custom",
        staging=STAGING, where="NOT s.is_new",
    )  # fmt: skip
    if not changed:
        return
    refresh_companies([company for company, fields in changed if {"name", "domain"} & set(fields)])
    batch.enqueue(
        "SELECT l.id AS lead_id, %(at)s::timestamptz AS due_at, %(news_at)s::timestamptz AS news_at FROM leads_lead l"
        " WHERE l.company_id = ANY(%(companies)s) AND l.merged_into_id IS NULL",
        companies=[company for company, _ in changed],
        news_at=batch.news_at,
    )


def names_employers(batch: Batch) -> bool:
    """Whether the file says of leads where they work."""
    return any(batch.gives(f"{OF_COMPANY}{name}") for name in KEYS)


def import_employers(batch: Batch, turn: int) -> None:
    """Import the companies that leads' rows of one turn name, and note at each row which it is. Not those of rows that
    are refused: nothing of them comes in."""
    stage_companies(batch, OF_COMPANY, turn)
    import_companies(batch)
    batch.execute(
        "UPDATE staging_rows s SET company_id = c.id, is_changed = c.is_changed FROM staging_companies c"
        " WHERE c.key = s.company_key AND s.turn = %(turn)s AND s.refused IS NULL",
        turn=turn,
    )


class CompanyImport(ImportKind):
    """Rows that are companies."""

    key = "companies"
    label = gettext_lazy("Companies")
    help = gettext_lazy("One row a company: name, industry, size, and what else you know of it.")
    fields = fields_by_name(company_fields("", ""))
    prefixes = (Prefix("custom.", gettext_lazy("Custom attribute"), gettext_lazy("Custom"), "custom"),)
    match_fields = frozenset(KEYS)
    kept = frozenset({"external_id"})
    working_columns = (COMPANY_KEY,)
    tables = ("leads_company", "leads_companyidentity")

    def missing_required(self, values: Values) -> str:
        if any(values.get(name) for name in KEYS):
            return ""
        return _("There is neither a name nor an external id nor a domain to know the company by.")

    def match_keys(self, values: Values) -> Iterable[str]:
        return company_keys(values, "")

    def import_batch(self, batch: Batch) -> None:
        batch.stage(company_key=lambda values: company_key(values, ""))
        stage_companies(batch, "")
        lock_companies(batch)
        import_companies(batch)
        batch.execute(
            "UPDATE staging_rows s SET is_new = c.is_new AND s.line = c.line, is_changed = c.is_changed"
            " FROM staging_companies c WHERE c.key = s.company_key"
        )
