"""Activities that a file brings: what leads did, each once however often the file comes."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.activities.recording import KNOWN_BY_MESSAGE, NEWS, ActivityRows, write_activities
from leads.importing.engine.batches import Batch
from leads.importing.engine.fields import Field, Prefix, Values, fields_by_name
from leads.importing.engine.staging import Column
from leads.importing.files import cells
from leads.importing.kinds.lead_keys import EMAIL, EXTERNAL_ID, OfLeadImport, find_lead_of_rows, lead_email_key
from leads.models.activities import ActivityKind
from leads.text.folding import fold

WHAT = gettext_lazy("What")


def _word(cell: str, reading: cells.Reading) -> str:
    return cell


FIELDS = [
    EXTERNAL_ID,
    EMAIL,
    Field("kind", gettext_lazy("Kind"), _word, "", WHAT, synonyms=(
        "activity type", "activity_type", "type", "event", "event name", "event type", "action", "touch_type",
        "session_type", "種別", "種類", "行動", "アクション", "活動種別", "イベント")),
    Field("occurred_at", gettext_lazy("When"), cells.moment, "timestamptz", WHAT, is_moment=True, is_vital=True,
          synonyms=(
        "date", "datetime", "timestamp", "time", "occurred", "activity date", "activity_timestamp", "touch_timestamp",
        "session_timestamp", "event time", "created at", "日時", "日付", "実施日", "発生日", "発生日時", "活動日")),
    Field("message_id", gettext_lazy("Message id"), cells.external_id, group=WHAT, synonyms=(
        "message id", "event id", "activity id", "activity_id", "touch_id", "session_id", "uuid", "メッセージid",
        "イベントid", "活動id")),
]  # fmt: skip


class ActivityImport(OfLeadImport):
    """Rows that are what leads did."""

    key = "activities"
    label = gettext_lazy("Activities")
    help = gettext_lazy("One row for each thing that a lead did: whose, what and when.")
    fields = fields_by_name(FIELDS)
    prefixes = (Prefix("properties.", gettext_lazy("Property"), gettext_lazy("Properties"), "properties"),)
    aliases = {"lead": "lead.external_id", "email": "lead.email", "external_id": "lead.external_id"}
    working_columns = (
        *OfLeadImport.working_columns,
        Column("kind_id", "smallint"),
        # Kept before, or by an earlier row.
        Column("is_known", "boolean", "false"),
        # What rows without a message id are compared by.
        Column("digest", "uuid"),
    )
    tables = ("leads_activity", "leads_activityidentity", "leads_stalelead")

    def missing_required(self, values: Values) -> str:
        if nobody := super().missing_required(values):
            return nobody
        if "kind" not in values:
            return _("It does not say what the lead did: there is no kind.")
        if "occurred_at" not in values:
            return _("It does not say when: there is no date.")
        return ""

    def vocabulary(self) -> Mapping[str, set[str]]:
        return {"kind": set(kinds_by_word())}

    def import_batch(self, batch: Batch) -> None:
        """Write down each activity that is not known yet."""
        kinds = kinds_by_word()
        batch.stage(kind_id=lambda values: kinds.get(fold(values["kind"])), email_key=lead_email_key)
        find_lead_of_rows(batch)
        _refuse_unknown_kinds(batch, kinds)
        batch.execute("UPDATE staging_rows SET properties = '{}' WHERE properties IS NULL")
        rows = ActivityRows(ROWS, batch.parameters)
        known = rows.within(KNOWN_BY_MESSAGE)
        batch.execute(f"UPDATE staging_rows s SET is_known = true FROM ({known}) known WHERE known.place = s.line")
        _note_known_by_likeness(batch)
        write_activities(rows, created_at=batch.at, told_at=batch.at, by=batch.by_id, how=batch.how)
        batch.enqueue(rows.within(NEWS))
        batch.execute("UPDATE staging_rows SET is_new = true WHERE NOT is_known AND refused IS NULL")


# The staged activities that are not known, as all ways in write them.
ROWS = """
SELECT line AS place, lead_id, kind_id, occurred_at, properties, %(system)s::text AS system,
       coalesce(message_id, '') AS message_id
FROM staging_rows WHERE refused IS NULL AND NOT is_known
"""


def kinds_by_word() -> dict[str, int]:
    """The kinds by their key and their names, folded."""
    found: dict[str, int] = {}
    for kind in ActivityKind.objects.order_by("-id"):
        for word in (kind.name_ja, kind.name_en, kind.key, kind.key.replace("_", " ")):
            if word:
                found[fold(word)] = kind.pk
    return found


def _refuse_unknown_kinds(batch: Batch, kinds: Mapping[str, int]) -> None:
    for row in batch.rows:
        if fold(row.values["kind"]) not in kinds:
            known = ", ".join(ActivityKind.objects.filter(retired_at=None).values_list("key", flat=True))
            text = _("“%(kind)s” is none of the kinds of activities: %(known)s.")
            batch.refuse(row.line, "kind", text % {"kind": row.values["kind"], "known": known})


# Without a message id, the n-th equal row of the file is the n-th equal activity. How many equal rows earlier batches
# of this file had is kept beside the import, so that it holds across batches and after an interruption.
DIGEST = """
UPDATE staging_rows SET digest = md5(lead_id || ' ' || kind_id || ' ' || occurred_at || ' ' || properties)::uuid
WHERE message_id IS NULL AND refused IS NULL
"""
NTH = """
UPDATE staging_rows s SET is_known = true
FROM (
    SELECT line, digest, row_number() OVER (PARTITION BY digest ORDER BY line) AS nth
    FROM staging_rows WHERE digest IS NOT NULL
) n
LEFT JOIN leads_equalrow e ON e.import_job_id = %(job)s AND e.digest = n.digest
WHERE s.line = n.line AND n.nth + coalesce(e.rows, 0) <= (
    SELECT count(*) FROM leads_activity a
    WHERE a.lead_id = s.lead_id AND a.occurred_at = s.occurred_at AND a.kind_id = s.kind_id
      AND a.system = %(system)s AND a.properties = s.properties
      AND NOT EXISTS (SELECT FROM leads_activityidentity i WHERE i.activity_id = a.id)
)
"""
COUNT = """
INSERT INTO leads_equalrow AS e (import_job_id, digest, rows)
SELECT %(job)s, digest, count(*) FROM staging_rows WHERE digest IS NOT NULL GROUP BY digest
ON CONFLICT (import_job_id, digest) DO UPDATE SET rows = e.rows + excluded.rows
"""


def _note_known_by_likeness(batch: Batch) -> None:
    if batch.execute(DIGEST):
        batch.execute(NTH, job=batch.import_id)
        batch.execute(COUNT, job=batch.import_id)
