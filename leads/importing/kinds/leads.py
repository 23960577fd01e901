"""Leads that a file brings: who is known, who is new, and what the file says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.importing.engine import cells
from leads.importing.engine.attributes import Attribute, plain, update
from leads.importing.engine.batches import Batch, Raced, quoted
from leads.importing.engine.mapping import reason
from leads.importing.engine.registry import Field, Kind, Prefix, Values
from leads.importing.kinds import companies
from leads.models.campaigns import Campaign
from leads.registering.identities import FORMER_EMAIL
from leads.registering.registration import SOUGHT_BY
from leads.registering.searching import refresh
from leads.text.folding import fold
from leads.text.free_mail import is_free_mail
from teams.models import User

WHO = gettext_lazy("Who")
WORK = gettext_lazy("Work")
ORIGIN = gettext_lazy("Where from")
TEXTS = (
    "family_name", "given_name", "family_name_reading", "given_name_reading", "phone", "title", "department",
    "seniority", "buying_role", "country", "region", "source",
)  # fmt: skip
LINKS = {"company": "company_id", "owner": "owner_id", "campaign": "campaign_id"}

FIELDS = [
    Field("email", gettext_lazy("E-mail"), cells.email, group=WHO, synonyms=(
        "e-mail", "mail", "email address", "e-mail address", "mail address", "work email", "メール", "メールアドレス",
        "eメール", "e-mailアドレス", "電子メール", "アドレス")),
    Field("external_id", gettext_lazy("External id"), cells.text(200), group=WHO, synonyms=(
        "id", "record id", "contact id", "lead id", "customer id", "record id - contact", "hs_object_id", "mql_id",
        "顧客id", "顧客番号", "会員番号", "会員id", "リードid", "コンタクトid", "管理番号")),
    Field("full_name", gettext_lazy("Full name"), cells.full_name("family_name", "given_name", cells.text(80)),
          group=WHO, into=("family_name", "given_name"),
          synonyms=("name", "full name", "contact name", "lead name", "氏名", "名前", "お名前", "担当者名", "担当者",
                    "ご担当者名", "ご担当者", "顧客名")),
    Field("family_name", gettext_lazy("Family name"), cells.text(80), group=WHO,
          synonyms=("last name", "lastname", "surname", "姓", "苗字", "名字")),
    Field("given_name", gettext_lazy("Given name"), cells.text(80), group=WHO,
          synonyms=("first name", "firstname", "forename", "名")),
    Field("full_name_reading", gettext_lazy("Reading of the full name"),
          cells.full_name("family_name_reading", "given_name_reading", cells.reading_of_name(80)),
          group=WHO, into=("family_name_reading", "given_name_reading"),
          synonyms=("フリガナ", "ふりがな", "カナ", "かな", "氏名カナ", "氏名(カナ)", "氏名フリガナ", "ヨミガナ",
                    "よみがな", "読み", "name reading", "phonetic name")),
    Field("family_name_reading", gettext_lazy("Reading of the family name"), cells.reading_of_name(80), group=WHO,
          synonyms=("セイ", "せい", "姓カナ", "姓(カナ)", "姓フリガナ", "姓かな", "phonetic last name")),
    Field("given_name_reading", gettext_lazy("Reading of the given name"), cells.reading_of_name(80), group=WHO,
          synonyms=("メイ", "めい", "名カナ", "名(カナ)", "名フリガナ", "名かな", "phonetic first name")),
    Field("phone", gettext_lazy("Phone"), cells.telephone, group=WHO, synonyms=(
        "phone number", "telephone", "tel", "mobile", "mobile phone", "mobile phone number", "work phone", "電話",
        "電話番号", "tel会社", "tel直通", "tel部門", "携帯", "携帯電話", "携帯電話番号", "連絡先電話番号")),
    Field("title", gettext_lazy("Title"), cells.text(120), group=WORK,
          synonyms=("job title", "position", "job position", "役職", "役職名", "肩書", "肩書き")),
    Field("department", gettext_lazy("Department"), cells.text(120), group=WORK,
          synonyms=("dept", "division", "部署", "部署名", "部門", "所属部署", "role_function")),
    Field("seniority", gettext_lazy("Seniority"), cells.text(60), group=WORK,
          synonyms=("job seniority", "job level", "employment seniority", "職位", "役職区分", "職級")),
    Field("buying_role", gettext_lazy("Buying role"), cells.text(60), group=WORK,
          synonyms=("buyer role", "buyer_role", "role in purchase", "購買上の役割", "購買での役割", "決裁権")),
    Field("country", gettext_lazy("Country"), cells.text(80), group=WHO, synonyms=("country/region", "国", "国名")),
    Field("region", gettext_lazy("Region"), cells.text(80), group=WHO,
          synonyms=("state", "state/region", "prefecture", "province", "都道府県", "地域", "エリア")),
    Field("source", gettext_lazy("Source"), cells.text(120), group=ORIGIN, synonyms=(
        "lead source", "lead_source", "original source", "original traffic source", "traffic source", "origin",
        "channel", "流入経路", "流入元", "獲得経路", "経路", "リードソース", "ソース", "媒体", "きっかけ")),
    Field("campaign", gettext_lazy("Campaign"), cells.text(120), "bigint", ORIGIN,
          synonyms=("campaign name", "utm campaign", "キャンペーン", "キャンペーン名", "施策", "施策名")),
    Field("consent", gettext_lazy("Consent to e-mail"), cells.consent, group=ORIGIN, synonyms=(
        "email consent", "marketing consent", "opt in", "opt-in", "メール許諾", "メール配信", "配信許諾", "同意")),
    Field("unsubscribed", gettext_lazy("Unsubscribed"), cells.unsubscribed, group=ORIGIN, into=("consent",), synonyms=(
        "unsubscribed from all email", "unsubscribed from all emails", "opted out of email", "email opt out",
        "has opted out of email", "opt out", "配信停止", "メール配信停止", "オプトアウト")),
    Field("owner", gettext_lazy("Owner (e-mail of one of us)"), cells.text(254), "bigint", ORIGIN,
          synonyms=("owner email", "lead owner email", "担当営業メール", "担当者メールアドレス")),
    Field("created_at", gettext_lazy("Created"), cells.moment, "timestamptz", ORIGIN, is_moment=True, synonyms=(
        "create date", "created", "created date", "date created", "creation date", "lead_created_at", "登録日",
        "登録日時", "作成日", "作成日時", "名刺交換日", "初回接触日", "first_contact_date", "first contact date")),
]  # fmt: skip


def names(values: Values) -> Iterable[str]:
    """By what two rows are about the same lead. A name begins with the field that it is made of."""
    if external_id := values.get("external_id"):
        yield f"external_id {external_id}"
    if email := values.get("email"):
        yield f"email {fold(email)}"


def lacks(values: Values) -> str:
    if values.get("external_id") or values.get("email"):
        return ""
    return _("There is neither an e-mail nor an external id to know the lead by.")


def complete(values: Values, fields: Mapping[str, Field]) -> None:
    """A lead is as old as the earliest moment of its row, unless the row says how old."""
    moments = [value for name, value in values.items() if name in fields and fields[name].is_moment]
    if moments:
        values["began_at"] = values.get("created_at") or min(moments)


def bring(batch: Batch) -> None:
    """Find or make each lead, and give it what the file says of it."""
    batch.stage(
        **links(batch),
        email_key=("text", lambda values: fold(values["email"]) if "email" in values else None),
        is_free_mail=("boolean", lambda values: is_free_mail(values["email"]) if "email" in values else None),
        company_key=("text", lambda values: next(iter(companies.names(values)), None)),
        began_at=("timestamptz", lambda values: values.get("began_at")),
    )
    batch.run("ALTER TABLE coming ADD by_email bigint, ADD by_id bigint")
    if not batch.gives("external_id"):
        batch.run("ALTER TABLE coming ADD external_id text")
    companies.bring_employers(batch)
    sought: set[int] = set()
    turn: int | None = 1
    while turn is not None:
        sought |= _bring_turn(batch, turn)
        # Rows about one lead take turns, in the order of the file.
        turn = batch.ask("SELECT min(round) FROM coming WHERE round > %(turn)s", turn=turn)[0][0]
    _refuse_conflicts(batch)
    refresh(sorted(sought))
    batch.mark(
        "SELECT DISTINCT lead_id, %(at)s::timestamptz AS due_at, %(news_at)s::timestamptz AS news_at FROM coming"
        " WHERE refused IS NULL AND (is_new OR changed)",
        news_at=batch.at if batch.qualify_at_once else None,
    )


def _bring_turn(batch: Batch, turn: int) -> set[int]:
    """Bring the rows of one turn in; say which leads are found by other words now."""
    find(batch, turn)
    batch.run(
        "UPDATE coming SET refused = jsonb_build_object('one', by_email, 'other', by_id)"
        " WHERE round = %(turn)s AND by_email <> by_id",
        turn=turn,
    )
    # Two rows of one turn that turn out to be one lead: the later waits for the next turn.
    batch.run(
        "UPDATE coming c SET round = round + 1, lead_id = NULL, by_email = NULL, by_id = NULL"
        " FROM (SELECT line, row_number() OVER (PARTITION BY lead_id ORDER BY line) AS nth FROM coming"
        "       WHERE round = %(turn)s AND lead_id IS NOT NULL AND refused IS NULL) again"
        " WHERE again.line = c.line AND again.nth > 1",
        turn=turn,
    )
    updated = update(
        batch, subject="lead", table="leads_lead", coming="coming", record="lead_id", attributes=_attributes(batch),
        custom="c.custom" if _has_custom(batch) else "", also=_also(batch),
        where=f"c.round = {turn:d} AND c.lead_id IS NOT NULL AND c.refused IS NULL",
    )  # fmt: skip
    made = _make(batch, turn)
    _identify(batch, turn)
    return {lead for lead, fields in updated if SOUGHT_BY & set(fields)} | made


# Row by row through the unique indexes, whatever the planner believes about tables that are just growing.
BY_EMAIL = """
UPDATE coming c SET by_email = coalesce(
    (SELECT l.id FROM leads_lead l WHERE l.email_key = c.email_key AND l.email <> '' AND l.merged_into_id IS NULL),
    (SELECT i.lead_id FROM leads_identity i WHERE i.system = %(former)s AND i.external_id = c.email_key)
) WHERE {due} AND c.email_key IS NOT NULL
"""
BY_ID = """
UPDATE coming c SET by_id = (
    SELECT i.lead_id FROM leads_identity i WHERE i.system = %(system)s AND i.external_id = c.{external_id}
) WHERE {due} AND c.{external_id} IS NOT NULL
"""


def find(batch: Batch, turn: int | None = None, external_id: str = "external_id") -> None:
    """Note at each row (of one turn, or of all) which lead its e-mail and its external id name."""
    due = "(%(turn)s::integer IS NULL OR c.round = %(turn)s)"
    batch.run(BY_EMAIL.format(due=due), turn=turn, former=FORMER_EMAIL)
    batch.run(BY_ID.format(due=due, external_id=external_id), turn=turn)
    batch.run(f"UPDATE coming c SET lead_id = coalesce(by_id, by_email) WHERE {due}", turn=turn)


def _has_custom(batch: Batch) -> bool:
    return any(name.startswith("custom.") for name in batch.names)


def _attributes(batch: Batch) -> list[Attribute]:
    found = [plain(name) for name in TEXTS if batch.gives(name)]
    if batch.gives("email"):
        # Another spelling of the same address is no change.
        found.append(Attribute("email", "email", "c.email", differs="r.email_key <> c.email_key"))
    if batch.gives("consent"):
        found.append(plain("consent"))
    found += [plain(name, LINKS[name]) for name in ("owner", "campaign") if batch.gives(name)]
    if any(name.startswith("company.") for name in batch.names):
        found.append(plain("company", "company_id", "c.company_id"))
    if batch.correct and batch.gives("created_at"):
        found.append(plain("created_at"))
    return found


def _also(batch: Batch) -> list[str]:
    """What goes with an attribute that changes."""
    also = []
    if batch.gives("email"):
        also.append("is_free_mail = coalesce(c.is_free_mail, r.is_free_mail)")
    if batch.gives("consent"):
        also.append("consent_at = CASE WHEN c.consent <> r.consent THEN %(at)s::timestamptz ELSE r.consent_at END")
    return also


def _make(batch: Batch, turn: int) -> set[int]:
    texts = ", ".join(f"coalesce({f'c.{quoted(name)}' if batch.gives(name) else 'NULL'}, '')" for name in TEXTS)
    consent = "c.consent" if batch.gives("consent") else "NULL"
    owner, campaign = (f"c.{name}" if batch.gives(name) else "NULL::bigint" for name in ("owner", "campaign"))
    batch.run(
        "UPDATE coming SET lead_id = nextval(pg_get_serial_sequence('leads_lead', 'id')), is_new = true"
        " WHERE round = %(turn)s AND lead_id IS NULL AND refused IS NULL",
        turn=turn,
    )
    made = batch.ask(
        f"""
        INSERT INTO leads_lead (id, email, is_free_mail, {", ".join(TEXTS)}, consent, consent_at, company_id, owner_id,
                                campaign_id, custom, created_at)
        SELECT c.lead_id, coalesce({"c.email" if batch.gives("email") else "NULL"}, ''),
               coalesce(c.is_free_mail, false), {texts},
               coalesce({consent}, ''), CASE WHEN {consent} IS NOT NULL THEN %(at)s::timestamptz END,
               c.company_id, {owner}, {campaign},
               coalesce({"c.custom" if _has_custom(batch) else "NULL"}, '{{}}'::jsonb), coalesce(c.began_at, %(at)s)
        FROM coming c WHERE c.round = %(turn)s AND c.is_new ORDER BY c.line
        ON CONFLICT DO NOTHING RETURNING id
        """,
        turn=turn,
    )
    wanted = batch.ask("SELECT count(*) FROM coming WHERE round = %(turn)s AND is_new", turn=turn)[0][0]
    if len(made) != wanted:
        raise Raced
    return {lead for (lead,) in made}


def _identify(batch: Batch, turn: int) -> None:
    """Keep the external ids that are new to us."""
    if not batch.gives("external_id"):
        return
    due = "c.round = %(turn)s AND c.external_id IS NOT NULL AND c.by_id IS NULL AND c.refused IS NULL"
    named = batch.run(
        f"INSERT INTO leads_identity (lead_id, system, external_id)"
        f" SELECT c.lead_id, %(system)s, c.external_id FROM coming c WHERE {due} ORDER BY c.line"
        " ON CONFLICT DO NOTHING",
        turn=turn,
    )
    if batch.run(f"UPDATE coming c SET changed = true WHERE {due}", turn=turn) != named:
        raise Raced


def _refuse_conflicts(batch: Batch) -> None:
    """Say which two leads a row names."""
    if not batch.ask("SELECT FROM coming WHERE refused IS NOT NULL LIMIT 1"):
        return
    conflicts = batch.ask(
        "SELECT c.line, one.id, one.email, other.id, other.email, other.family_name || ' ' || other.given_name"
        " FROM coming c JOIN leads_lead one ON one.id = (c.refused ->> 'one')::bigint"
        " JOIN leads_lead other ON other.id = (c.refused ->> 'other')::bigint"
    )
    for line, one, one_email, other, other_email, other_name in conflicts:
        text = _("The e-mail names lead %(one)s, the external id names lead %(other)s. Nothing was merged.") % {
            "one": f"#{one} {one_email}".strip(),
            "other": f"#{other} {other_email or other_name}".strip(),
        }
        refuse(batch, line, "", text)


def refuse(batch: Batch, line: int, column: str, text: str) -> None:
    """Mark one row of the staging table as one that cannot be taken."""
    batch.run(
        "UPDATE coming SET refused = %(reasons)s WHERE line = %(line)s",
        reasons=json.dumps([reason(column, text)], ensure_ascii=False),
        line=line,
    )


def links(batch: Batch) -> dict[str, tuple[str, Callable[[Values], Any]]]:
    """The owner's and the campaign's ids, in place of their names."""
    more: dict[str, tuple[str, Callable[[Values], Any]]] = {}
    if batch.gives("owner"):
        people = people_of_ours(batch)
        more["owner"] = ("bigint", lambda values: people.get(fold(values["owner"])) if "owner" in values else None)
    if batch.gives("campaign"):
        campaigns = _campaigns(batch)
        more["campaign"] = (
            "bigint",
            lambda values: campaigns[fold(values["campaign"])] if "campaign" in values else None,
        )
    return more


def people_of_ours(batch: Batch) -> dict[str, int]:
    """Users by folded e-mail. Of owners that the rows name and who are not among us it is said."""
    wanted = {fold(row.values["owner"]): row.values["owner"] for row in batch.rows if "owner" in row.values}
    known = {fold(email): pk for email, pk in User.objects.values_list("email", "pk")}
    for key, written in wanted.items():
        if key not in known:
            batch.said.say(_("“%(owner)s” is nobody of ours: the owner was left open.") % {"owner": written})
    return known


def _campaigns(batch: Batch) -> dict[str, int]:
    """Campaigns by folded name; those that are new are made."""
    written = [row.values["campaign"] for row in batch.rows if "campaign" in row.values]
    wanted = {fold(name): name for name in reversed(written)}
    known = {fold(name): pk for name, pk in Campaign.objects.values_list("name", "pk")}
    for key, name in wanted.items():
        if key not in known:
            known[key] = Campaign.objects.get_or_create(name=name)[0].pk
            batch.said.say(_("The campaign “%(campaign)s” was new and was made.") % {"campaign": name})
    return known


CUSTOM = gettext_lazy("Custom")
KIND = Kind(
    key="leads",
    label=gettext_lazy("Leads"),
    help=gettext_lazy("One row a person: an e-mail or an external id, and what you know of them and their company."),
    fields={field.name: field for field in [*FIELDS, *companies.fields("company.")]},
    prefixes={
        "custom.": Prefix("custom.", gettext_lazy("Custom attribute"), CUSTOM, "custom"),
        "company.custom.": Prefix(
            "company.custom.", gettext_lazy("Custom attribute of the company"), CUSTOM, "company custom"
        ),
    },
    aliases={"owner.email": "owner", "campaign.name": "campaign", "company": "company.name", "name": "full_name"},
    bring=bring,
    lacks=lacks,
    complete=complete,
    same=names,
    parts=((companies.names, lambda name: name.startswith("company.")),),
    kept=frozenset({"external_id", "created_at"}),
    tables=("leads_lead", "leads_identity", "leads_company", "leads_searchentry", "leads_stalelead"),
)
