"""Activities that a file brings: what leads did, each once however often the file comes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.importing.engine import cells
from leads.importing.engine.batches import Batch, Raced
from leads.importing.engine.registry import Field, Kind, Prefix, Values
from leads.importing.kinds.leads import find, refuse
from leads.models.activities import ActivityKind
from leads.registering.consent import UNSUBSCRIBE
from leads.text.folding import fold

WHO = gettext_lazy("Who")
WHAT = gettext_lazy("What")


def who_fields() -> list[Field]:
    """By what a row says whose it is."""
    return [
        Field("lead.external_id", gettext_lazy("External id of the lead"), cells.text(200), group=WHO, synonyms=(
            "external_id", "lead id", "lead_id", "contact id", "record id", "mql_id", "customer id", "id", "顧客id",
            "顧客番号", "会員番号", "リードid")),
        Field("lead.email", gettext_lazy("E-mail of the lead"), cells.email, group=WHO, synonyms=(
            "email", "e-mail", "mail", "email address", "contact email", "メール", "メールアドレス")),
    ]  # fmt: skip


def _kind(cell: str, reading: cells.Reading) -> str:
    return cell


FIELDS = [
    *who_fields(),
    Field("kind", gettext_lazy("Kind"), _kind, group=WHAT, synonyms=(
        "activity type", "activity_type", "type", "event", "event name", "event type", "action", "touch_type",
        "session_type", "種別", "種類", "行動", "アクション", "活動種別", "イベント")),
    Field("occurred_at", gettext_lazy("When"), cells.moment, "timestamptz", WHAT, is_moment=True, synonyms=(
        "date", "datetime", "timestamp", "time", "occurred", "activity date", "activity_timestamp", "touch_timestamp",
        "session_timestamp", "event time", "created at", "日時", "日付", "実施日", "発生日", "発生日時", "活動日")),
    Field("message_id", gettext_lazy("Message id"), cells.text(200), group=WHAT, synonyms=(
        "message id", "event id", "activity id", "activity_id", "touch_id", "session_id", "uuid", "メッセージid",
        "イベントid", "活動id")),
]  # fmt: skip


def lacks(values: Values) -> str:
    if not (values.get("lead.external_id") or values.get("lead.email")):
        return _("There is neither an e-mail nor an external id to know the lead by.")
    if "kind" not in values:
        return _("It does not say what the lead did: there is no kind.")
    if "occurred_at" not in values:
        return _("It does not say when: there is no date.")
    return ""


def kinds_by_word() -> dict[str, int]:
    """The kinds by their key and their names, folded."""
    found: dict[str, int] = {}
    for kind in ActivityKind.objects.order_by("-id"):
        for word in (kind.name_ja, kind.name_en, kind.key, kind.key.replace("_", " ")):
            if word:
                found[fold(word)] = kind.pk
    return found


def bring(batch: Batch) -> None:
    """Write down each activity that is not known yet."""
    kinds = kinds_by_word()
    batch.stage(
        **{"kind": ("smallint", lambda values: kinds.get(fold(values["kind"])))},
        **who_staged(),
    )
    find_leads(batch)
    for row in batch.rows:
        if fold(row.values["kind"]) not in kinds:
            known = ", ".join(ActivityKind.objects.filter(retired_at=None).values_list("key", flat=True))
            text = _("“%(kind)s” is none of the kinds of activities: %(known)s.")
            refuse(batch, row.line, "kind", text % {"kind": row.values["kind"], "known": known})
    batch.run(
        "ALTER TABLE coming ADD activity_id bigint, ADD known boolean NOT NULL DEFAULT false, ADD digest uuid"
        + ("" if batch.gives("message_id") else ", ADD message_id text")
        + ("" if _has_properties(batch) else ", ADD properties jsonb")
    )
    batch.run("UPDATE coming SET properties = '{}' WHERE properties IS NULL")
    _known_by_message(batch)
    _known_by_likeness(batch)
    _write(batch)
    _tell(batch)


def who_staged() -> dict[str, tuple[str, Any]]:
    """Columns that say whose a row is, under the names that `find` knows."""
    return {
        "email": ("text", lambda values: values.get("lead.email")),
        "email_key": ("text", lambda values: fold(values["lead.email"]) if "lead.email" in values else None),
        "external_id_of_lead": ("text", lambda values: values.get("lead.external_id")),
    }


def find_leads(batch: Batch) -> None:
    """Note at each row whose it is, and refuse those of nobody or of two."""
    batch.run("ALTER TABLE coming ADD by_email bigint, ADD by_id bigint")
    find(batch, external_id="external_id_of_lead")
    batch.run("UPDATE coming SET refused = jsonb_build_object('one', by_email, 'other', by_id) WHERE by_email <> by_id")
    for line, one, other in batch.ask("SELECT line, by_email, by_id FROM coming WHERE by_email <> by_id"):
        text = _("The e-mail names lead %(one)s, the external id names lead %(other)s. Nothing was merged.")
        refuse(batch, line, "", text % {"one": f"#{one}", "other": f"#{other}"})
    unknown = batch.ask(
        "SELECT line, coalesce(external_id_of_lead, email) FROM coming WHERE lead_id IS NULL AND refused IS NULL"
    )
    for line, name in unknown:
        refuse(batch, line, "", _("There is no lead “%(name)s” (system “%(system)s”).") % {
            "name": name, "system": batch.system,
        })  # fmt: skip


def _has_properties(batch: Batch) -> bool:
    return any(name.startswith("properties.") for name in batch.names)


def _known_by_message(batch: Batch) -> None:
    """The same message is the same activity, sent before or earlier in this batch: the first arrival stands."""
    batch.run(
        "UPDATE coming c SET known = true FROM leads_activityidentity i"
        " WHERE c.refused IS NULL AND i.system = %(system)s AND i.message_id = c.message_id"
    )
    batch.run(
        "UPDATE coming c SET known = true FROM ("
        " SELECT line, row_number() OVER (PARTITION BY message_id ORDER BY line) AS nth FROM coming"
        " WHERE message_id IS NOT NULL AND refused IS NULL AND NOT known) again"
        " WHERE again.line = c.line AND again.nth > 1"
    )


# Without a message id, the n-th equal row of the file is the n-th equal activity. How many equal rows earlier batches
# of this file had is kept beside the import, so that it holds across batches and after an interruption.
DIGEST = """
UPDATE coming SET digest = md5(lead_id || ' ' || kind || ' ' || occurred_at || ' ' || properties)::uuid
WHERE message_id IS NULL AND refused IS NULL
"""
NTH = """
UPDATE coming c SET known = true
FROM (
    SELECT line, digest, row_number() OVER (PARTITION BY digest ORDER BY line) AS nth
    FROM coming WHERE digest IS NOT NULL
) n
LEFT JOIN leads_equalrow e ON e.import_job_id = %(job)s AND e.digest = n.digest
WHERE c.line = n.line AND n.nth + coalesce(e.rows, 0) <= (
    SELECT count(*) FROM leads_activity a
    WHERE a.lead_id = c.lead_id AND a.occurred_at = c.occurred_at AND a.kind_id = c.kind
      AND a.system = %(system)s AND a.properties = c.properties
      AND NOT EXISTS (SELECT FROM leads_activityidentity i WHERE i.activity_id = a.id)
)
"""
COUNT = """
INSERT INTO leads_equalrow AS e (import_job_id, digest, rows)
SELECT %(job)s, digest, count(*) FROM coming WHERE digest IS NOT NULL GROUP BY digest
ON CONFLICT (import_job_id, digest) DO UPDATE SET rows = e.rows + excluded.rows
"""


def _known_by_likeness(batch: Batch) -> None:
    if batch.run(DIGEST):
        batch.run(NTH, job=batch.import_id)
        batch.run(COUNT, job=batch.import_id)


def _write(batch: Batch) -> None:
    due = "NOT known AND refused IS NULL"
    batch.run(
        "UPDATE coming SET is_new = true, activity_id = nextval(pg_get_serial_sequence('leads_activity', 'id'))"
        f" WHERE {due}"
    )
    batch.run(
        "INSERT INTO leads_activity (id, lead_id, kind_id, occurred_at, properties, system, created_at)"
        " SELECT activity_id, lead_id, kind, occurred_at, properties, %(system)s, %(at)s FROM coming"
        f" WHERE {due} ORDER BY line"
    )
    named = batch.run(
        "INSERT INTO leads_activityidentity (system, message_id, activity_id)"
        f" SELECT %(system)s, message_id, activity_id FROM coming WHERE {due} AND message_id IS NOT NULL ORDER BY line"
        " ON CONFLICT DO NOTHING"
    )
    if named != batch.ask(f"SELECT count(*) FROM coming WHERE {due} AND message_id IS NOT NULL")[0][0]:
        raise Raced


def _tell(batch: Batch) -> None:
    """Mark the leads, with the moment of what they did as the news; take consent back of those who unsubscribed."""
    batch.mark(
        "SELECT lead_id, greatest(%(at)s::timestamptz, occurred_at) AS due_at, max(occurred_at) AS news_at FROM coming"
        " WHERE is_new GROUP BY lead_id, greatest(%(at)s::timestamptz, occurred_at)"
    )
    batch.run(
        """
        WITH gone AS (
            SELECT c.lead_id, max(c.occurred_at) AS at, min(l.consent) AS old
            FROM coming c JOIN leads_lead l ON l.id = c.lead_id
            WHERE c.is_new AND c.kind = (SELECT id FROM leads_activitykind WHERE key = %(unsubscribe)s)
              AND l.consent <> 'withdrawn' AND c.occurred_at >= coalesce(l.consent_at, '-infinity')
            GROUP BY c.lead_id
        ), kept AS (
            INSERT INTO history_change (subject, subject_id, field, old, new, at, by_id, how)
            SELECT 'lead', lead_id, 'consent', to_jsonb(old), '"withdrawn"', at, %(by)s, %(how)s FROM gone
        )
        UPDATE leads_lead l SET consent = 'withdrawn', consent_at = gone.at FROM gone WHERE l.id = gone.lead_id
        """,
        unsubscribe=UNSUBSCRIBE,
    )


KIND = Kind(
    key="activities",
    label=gettext_lazy("Activities"),
    help=gettext_lazy("One row for each thing that a lead did: whose, what and when."),
    fields={field.name: field for field in FIELDS},
    prefixes={"properties.": Prefix("properties.", gettext_lazy("Property"), gettext_lazy("Properties"), "properties")},
    aliases={"lead": "lead.external_id", "email": "lead.email", "external_id": "lead.external_id"},
    bring=bring,
    lacks=lacks,
    tables=("leads_activity", "leads_activityidentity", "leads_stalelead"),
)
