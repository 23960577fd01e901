"""Leads that a file brings: who is known, who is new, and what the file says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.importing.engine.attributes import Attribute, staged, update_records
from leads.importing.engine.batches import Batch
from leads.importing.engine.fields import Prefix, Values, fields_by_name
from leads.importing.engine.kinds import ImportKind
from leads.importing.engine.staging import Column
from leads.importing.kinds.companies import (
    COMPANY_KEY,
    EMPLOYER,
    KEYS,
    OF_COMPANY,
    company_fields,
    company_key,
    import_employers,
    lock_companies,
    names_employers,
)
from leads.importing.kinds.lead_fields import LEAD_FIELDS
from leads.importing.kinds.lead_keys import FOUND_BY, find_leads
from leads.importing.kinds.links import campaigns_by_name, users_by_email
from leads.importing.kinds.merged import leave_what_merges_decided
from leads.models.mail_domains import said_of_domains
from leads.registering.consent import consent_since_sql, kept_refusal_sql, stated_by
from leads.registering.races import Raced
from leads.registering.registration import SOUGHT_BY
from leads.registering.searching import refresh
from leads.text.folding import fold
from leads.text.free_mail import domain_of, is_free_mail
from leads.text.phones import e164
from smarketing.pages.wording import moment
from teams.models import Organization

TEXTS = (
    "family_name", "given_name", "family_name_reading", "given_name_reading", "phone", "title", "department",
    "seniority", "buying_role", "country", "region", "source",
)  # fmt: skip
CUSTOM = gettext_lazy("Custom")


class LeadImport(ImportKind):
    """Rows that are people."""

    key = "leads"
    label = gettext_lazy("Leads")
    help = gettext_lazy("One row a person: an e-mail or an external id, and what you know of them and their company.")
    fields = fields_by_name([*LEAD_FIELDS, *company_fields(OF_COMPANY)])
    prefixes = (
        Prefix("custom.", gettext_lazy("Custom attribute"), CUSTOM, "custom"),
        Prefix("company.custom.", gettext_lazy("Custom attribute of the company"), CUSTOM, "company_custom"),
    )
    aliases = {"owner.email": "owner", "campaign.name": "campaign", "company": "company.name", "name": "full_name"}
    match_fields = frozenset({"external_id", "email", *(f"{OF_COMPANY}{name}" for name in KEYS)})
    kept = frozenset({"external_id", "created_at"})
    parts = (EMPLOYER,)
    working_columns = (
        *FOUND_BY,
        Column("is_free_mail", "boolean"),
        Column("owner_id", "bigint"),
        Column("campaign_id", "bigint"),
        # The earliest moment of the row.
        Column("began_at", "timestamptz"),
        COMPANY_KEY,
    )
    tables: ClassVar[tuple[str, ...]] = (
        "leads_lead",
        "leads_identity",
        "leads_company",
        "leads_searchentry",
        "leads_stalelead",
    )

    def missing_required(self, values: Values) -> str:
        if values.get("external_id") or values.get("email"):
            return ""
        return _("There is neither an e-mail nor an external id to know the lead by.")

    def match_keys(self, values: Values) -> Iterable[str]:
        if external_id := values.get("external_id"):
            yield f"external_id {external_id}"
        if email := values.get("email"):
            yield f"email {fold(email)}"

    def claims(self, values: Values) -> Iterable[tuple[str, tuple[str, ...]]]:
        """One id is of one address, and one address of one person."""
        external_id, email = values.get("external_id"), values.get("email")
        if external_id and email:
            yield f"external_id {external_id}", (fold(email),)
            name = " ".join(values.get(part, "") for part in ("family_name", "given_name"))
            if name.strip():
                yield f"email {fold(email)}", (external_id, fold(name))

    def complete(self, values: Values) -> None:
        """A lead is as old as the earliest moment of its row, unless the row says how old."""
        if stated := stated_by(values.get("consent"), unsubscribed=values.pop("unsubscribed", None)):
            values["consent"] = stated
        moments = [value for name, value in values.items() if name in self.fields and self.fields[name].is_moment]
        if moments:
            values["began_at"] = values.get("created_at") or min(moments)

    def import_batch(self, batch: Batch) -> None:
        """Find or make each lead, and give it what the file says of it."""
        said = said_of_domains() if batch.gives("email") else {}
        batch.stage(
            **_links(batch),
            email_key=lambda values: fold(values["email"]) if "email" in values else None,
            is_free_mail=lambda values: _is_free_mail(values["email"], said) if "email" in values else None,
            company_key=company_key,
            began_at=lambda values: values.get("began_at"),
        )
        if names_employers(batch):
            lock_companies(batch)
        sought = {lead for turn in batch.turns() for lead in _import_turn(batch, turn)}
        _report_conflicts(batch)
        refresh(sorted(sought))
        batch.enqueue(
            "SELECT DISTINCT lead_id, %(at)s::timestamptz AS due_at, %(news_at)s::timestamptz AS news_at"
            " FROM staging_rows WHERE refused IS NULL AND (is_new OR is_changed)",
            news_at=batch.news_at,
        )
        # To be known by one more id is a change of the row, but nothing that a lead is evaluated by.
        batch.execute(f"UPDATE staging_rows s SET is_changed = true WHERE {NEWLY_IDENTIFIED}")


def _is_free_mail(email: str, said: Mapping[str, bool]) -> bool:
    return said.get(domain_of(email), is_free_mail(email))


def _links(batch: Batch) -> dict[str, Callable[[Values], Any]]:
    """The ids of the owner and the campaign that a row names."""
    links: dict[str, Callable[[Values], Any]] = {}
    if batch.gives("owner"):
        users = users_by_email(batch)
        links["owner_id"] = lambda values: users.get(fold(values["owner"])) if "owner" in values else None
    if batch.gives("campaign"):
        campaigns = campaigns_by_name(batch)
        links["campaign_id"] = lambda values: campaigns[fold(values["campaign"])] if "campaign" in values else None
    return links


# Two rows of one turn that turn out to name one lead: the later waits for the next turn.
WAIT = """
UPDATE staging_rows s SET turn = turn + 1, lead_id = NULL, by_email = NULL, by_id = NULL
FROM (
    SELECT line, row_number() OVER (PARTITION BY named ORDER BY line) AS nth
    FROM staging_rows, unnest(ARRAY[by_email, nullif(by_id, by_email)]) named
    WHERE turn = %(turn)s AND named IS NOT NULL
) again
WHERE again.line = s.line AND again.nth > 1
"""


def _import_turn(batch: Batch, turn: int) -> set[int]:
    """Import the rows of one turn; returns which leads are found by other words now."""
    find_leads(batch, turn)
    batch.execute(WAIT, turn=turn)
    batch.execute(
        "UPDATE staging_rows SET refused = jsonb_build_object('one', by_email, 'other', by_id)"
        " WHERE turn = %(turn)s AND by_email <> by_id",
        turn=turn,
    )
    if names_employers(batch):
        import_employers(batch, turn)
    leave_what_merges_decided(
        batch, turn, [name for name in TEXTS if batch.gives(name)],
        [name for name in ("owner", "campaign", "company") if batch.gives(OF_COMPANY if name == "company" else name)],
    )  # fmt: skip
    if batch.gives("consent"):
        _report_refusals(batch, turn)
    if batch.correct and batch.gives("created_at"):
        _report_too_late(batch, turn)
    updated = update_records(
        batch, subject="lead", table="leads_lead", record="lead_id", attributes=_attributes(batch),
        custom="s.custom" if batch.gives("custom.") else "", derived=_derived(batch),
        where=f"s.turn = {turn:d} AND s.lead_id IS NOT NULL AND s.refused IS NULL",
    )  # fmt: skip
    made = _make(batch, turn)
    _identify(batch, turn)
    _compare_phones(batch, turn)
    return {lead for lead, fields in updated if SOUGHT_BY & set(fields)} | made


# No lead is made after we were told of it.
NOT_LATER = "CASE WHEN s.created_at <= r.recorded_at THEN s.created_at END"
# What a row states of consent, where it is heard.
HEARD = kept_refusal_sql("r.consent", "s.consent")


def _attributes(batch: Batch) -> list[Attribute]:
    """What the file gives of leads that are known."""
    given = [staged(name) for name in TEXTS if batch.gives(name)]
    if batch.gives("email"):
        # Another spelling of the same address is no change.
        given.append(Attribute("email", "email", "CASE WHEN s.email_key <> r.email_key THEN s.email END"))
    if batch.gives("consent"):
        given.append(Attribute("consent", "consent", HEARD))
    given += [staged(name, f"{name}_id") for name in ("owner", "campaign") if batch.gives(name)]
    if batch.gives(OF_COMPANY):
        given.append(staged("company", "company_id"))
    if batch.correct and batch.gives("created_at"):
        given.append(Attribute("created_at", "created_at", NOT_LATER))
    return given


def _derived(batch: Batch) -> list[str]:
    """What goes with an attribute that changes."""
    derived = []
    if batch.gives("email"):
        derived.append("is_free_mail = coalesce(s.is_free_mail, r.is_free_mail)")
    if batch.gives("consent"):
        derived.append(f"consent_at = {consent_since_sql('r.consent', 'r.consent_at', HEARD)}")
    return derived


MAKE = f"""
INSERT INTO leads_lead (id, email, is_free_mail, {", ".join(TEXTS)}, consent, consent_at, company_id, owner_id,
                        campaign_id, custom, created_at, recorded_at)
SELECT s.lead_id, coalesce(s.email, ''), coalesce(s.is_free_mail, false),
       {", ".join(f"coalesce(s.{name}, '')" for name in TEXTS)},
       coalesce(s.consent, ''), {consent_since_sql("''", "NULL", "s.consent")}, s.company_id, s.owner_id,
       s.campaign_id, coalesce(s.custom, '{{}}'), coalesce(s.began_at, %(at)s),
       greatest(s.began_at, %(at)s)
FROM staging_rows s WHERE s.turn = %(turn)s AND s.is_new ORDER BY s.line
ON CONFLICT DO NOTHING RETURNING id
"""


def _make(batch: Batch, turn: int) -> set[int]:
    batch.execute(
        "UPDATE staging_rows SET lead_id = nextval(pg_get_serial_sequence('leads_lead', 'id')), is_new = true"
        " WHERE turn = %(turn)s AND lead_id IS NULL AND refused IS NULL",
        turn=turn,
    )
    made = batch.fetch(MAKE, turn=turn)
    wanted = batch.fetch("SELECT count(*) FROM staging_rows WHERE turn = %(turn)s AND is_new", turn=turn)[0][0]
    if len(made) != wanted:
        raise Raced
    return {lead for (lead,) in made}


PHONES = """
SELECT DISTINCT r.id, r.phone, r.country, r.phone_e164 FROM staging_rows s JOIN leads_lead r ON r.id = s.lead_id
WHERE s.turn = %(turn)s AND s.refused IS NULL AND (s.is_new OR s.is_changed) AND (r.phone <> '' OR r.phone_e164 <> '')
"""


def _compare_phones(batch: Batch, turn: int) -> None:
    """Keep beside each phone, as it is typed, the number that it is compared by."""
    if not (batch.gives("phone") or batch.gives("country")):
        return
    ours = Organization.ours().country
    found = batch.fetch(PHONES, turn=turn)
    numbers = {lead: (e164(phone, country, ours), known) for lead, phone, country, known in found}
    changed = {lead: number for lead, (number, known) in numbers.items() if number != known}
    if changed:
        batch.execute(
            "UPDATE leads_lead r SET phone_e164 = given.number"
            " FROM unnest(%(leads)s::bigint[], %(numbers)s::text[]) given (lead, number) WHERE given.lead = r.id",
            leads=list(changed),
            numbers=list(changed.values()),
        )


NEWLY_IDENTIFIED = "s.external_id IS NOT NULL AND s.by_id IS NULL AND s.refused IS NULL"


def _identify(batch: Batch, turn: int) -> None:
    """Keep the external ids that are new to us."""
    if not batch.gives("external_id"):
        return
    due = f"s.turn = %(turn)s AND {NEWLY_IDENTIFIED}"
    named = batch.execute(
        "INSERT INTO leads_identity (lead_id, system, external_id)"
        f" SELECT s.lead_id, %(system)s, s.external_id FROM staging_rows s WHERE {due} ORDER BY s.line"
        " ON CONFLICT DO NOTHING",
        turn=turn,
    )
    if named != batch.fetch(f"SELECT count(*) FROM staging_rows s WHERE {due}", turn=turn)[0][0]:
        raise Raced


def _report_refusals(batch: Batch, turn: int) -> None:
    """Say of how many leads the file would have given back a consent that they took back."""
    first, last, count = batch.fetch(
        "SELECT min(s.line), max(s.line), count(DISTINCT r.id)"
        " FROM staging_rows s JOIN leads_lead r ON r.id = s.lead_id"
        f" WHERE s.turn = %(turn)s AND s.refused IS NULL AND s.consent IS NOT NULL AND ({HEARD}) IS NULL",
        turn=turn,
    )[0]
    if count:
        text = _("Lines %(first)s to %(last)s: consent that %(count)s leads took back was not given back.")
        batch.warnings.add(text % {"first": first, "last": last, "count": count})


def _report_too_late(batch: Batch, turn: int) -> None:
    """Say which leads the file would make younger than our knowledge of them."""
    for line, given, known in batch.fetch(
        "SELECT s.line, s.created_at, r.recorded_at FROM staging_rows s JOIN leads_lead r ON r.id = s.lead_id"
        " WHERE s.turn = %(turn)s AND s.refused IS NULL AND s.created_at > r.recorded_at",
        turn=turn,
    ):
        text = _("Line %(line)s: the lead is known here since %(known)s; “Created” %(given)s was left out.")
        batch.warnings.add(text % {"line": line, "known": moment(known), "given": moment(given)})


def _report_conflicts(batch: Batch) -> None:
    """Say which two leads a row names."""
    if not batch.fetch("SELECT FROM staging_rows WHERE refused IS NOT NULL LIMIT 1"):
        return
    conflicts = batch.fetch(
        "SELECT s.line, one.id, one.email, other.id, other.email, other.family_name || ' ' || other.given_name"
        " FROM staging_rows s JOIN leads_lead one ON one.id = (s.refused ->> 'one')::bigint"
        " JOIN leads_lead other ON other.id = (s.refused ->> 'other')::bigint"
    )
    for line, one, one_email, other, other_email, other_name in conflicts:
        text = _("The e-mail names lead %(one)s, the external id names lead %(other)s. Nothing was merged.") % {
            "one": f"#{one} {one_email}".strip(),
            "other": f"#{other} {other_email or other_name}".strip(),
        }
        batch.refuse(line, "", text)
