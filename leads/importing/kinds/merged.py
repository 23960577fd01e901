"""What a file says of leads that were merged here: the merge stands.

The other system still has both records, and its next file gives both again. A value that somebody decided against when
they merged is no news; and a row that names the lead by an id or an address of the record that went fills in only what
is empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from leads.importing.engine.batches import Batch
from leads.importing.engine.staging import quoted
from leads.registering.identities import FORMER_EMAIL
from leads.registering.merging import HOW

# Whether the row names its lead by what only the record that went was known by.
NAMES_THE_OTHER = """CASE WHEN s.by_id IS NOT NULL THEN EXISTS (
    SELECT FROM leads_identity i WHERE i.system = %(system)s AND i.external_id = s.external_id AND i.is_of_merged)
ELSE s.email_key <> r.email_key END"""
FORMER_ADDRESS = f"""EXISTS (
    SELECT FROM leads_identity i
    WHERE i.system = '{FORMER_EMAIL}' AND i.external_id = s.email_key AND i.lead_id = r.id)"""
MAY_GIVE_ADDRESS = f"NOT {FORMER_ADDRESS} AND NOT (({NAMES_THE_OTHER}) AND r.email <> '')"
DECIDED_AGAINST = f"""(
    EXISTS (SELECT FROM leads_lead m WHERE m.merged_into_id = r.id AND m.{{column}} = s.{{staged}})
    OR EXISTS (SELECT FROM history_change c WHERE c.subject = 'lead' AND c.subject_id = r.id AND c.field = '{{field}}'
               AND c.how = '{HOW}' AND c.old = to_jsonb(s.{{staged}})))"""
WITHOUT = """
UPDATE staging_rows s SET {sets} FROM leads_lead r
WHERE r.id = s.lead_id AND s.turn = %(turn)s AND s.refused IS NULL
  AND EXISTS (SELECT FROM leads_lead m WHERE m.merged_into_id = r.id)
"""


def leave_what_merges_decided(batch: Batch, turn: int, texts: Sequence[str], links: Sequence[str]) -> None:
    """Take out of the staged rows of one turn what would overturn a merge: `texts` are columns, `links` ids of
    records."""
    if not batch.fetch(
        "SELECT FROM staging_rows s JOIN leads_lead m ON m.merged_into_id = s.lead_id WHERE s.turn = %(turn)s LIMIT 1",
        turn=turn,
    ):
        return
    sets = [_kept(name, name, f"r.{name} <> ''") for name in texts]
    sets += [_kept(name, f"{name}_id", f"r.{name}_id IS NOT NULL") for name in links]
    sets += [f"{name} = CASE WHEN {MAY_GIVE_ADDRESS} THEN s.{name} END" for name in ("email", "is_free_mail")]
    if batch.gives("custom."):
        sets.append(f"custom = {CUSTOM}")
    batch.execute(WITHOUT.format(sets=", ".join(sets)), turn=turn)


def _kept(field: str, column: str, is_filled: str) -> str:
    staged = quoted(column)
    against = DECIDED_AGAINST.format(field=field, column=column, staged=staged)
    return (
        f"{staged} = CASE WHEN s.{staged} IS NULL OR (({NAMES_THE_OTHER}) AND {is_filled}) OR {against}"
        f" THEN NULL ELSE s.{staged} END"
    )


CUSTOM = f"""(
    SELECT jsonb_object_agg(own.key, own.value) FROM jsonb_each(s.custom) own
    WHERE NOT (({NAMES_THE_OTHER}) AND coalesce(r.custom -> own.key, '""') NOT IN ('""', 'null'))
      AND NOT EXISTS (SELECT FROM leads_lead m WHERE m.merged_into_id = r.id AND m.custom -> own.key = own.value
                      AND r.custom -> own.key IS DISTINCT FROM own.value)
      AND NOT EXISTS (SELECT FROM history_change c WHERE c.subject = 'lead' AND c.subject_id = r.id
                      AND c.field = 'custom.' || own.key AND c.how = '{HOW}' AND c.old = own.value)
)"""
