"""Attributes that a file gives to records that are there already: compare, keep what they were, and set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.importing.engine.batches import Batch
from leads.importing.engine.staging import TABLE, quoted


@dataclass(frozen=True)
class Attribute:
    """One attribute: as history names it, its column in the record `r`, and the expression of the staged row `s` that
    gives its new value."""

    name: str
    column: str
    given: str

    @property
    def is_changed(self) -> str:
        return f"({self.given} IS NOT NULL AND r.{self.column} IS DISTINCT FROM {self.given})"


def staged(name: str, column: str = "") -> Attribute:
    """The attribute that the staging column of this name gives."""
    return Attribute(name, column or name, f"s.{quoted(column or name)}")


def update_records(
    batch: Batch,
    *,
    subject: str,
    table: str,
    record: str,
    attributes: Sequence[Attribute],
    custom: str = "",
    derived: Sequence[str] = (),
    staging: str = TABLE,
    where: str = "TRUE",
) -> list[tuple[int, list[str]]]:
    """Give the records of `table` that staged rows name (in the column `record`) their new values.

    Only what is given and differs is set, with the assignments `derived` from it; each difference is a row of history.
    The rows are noted as `is_changed`. Returns the ids with the names of what changed.
    """
    changed = [attribute.is_changed for attribute in attributes]
    sources = [
        f"SELECT '{attribute.name}', to_jsonb(r.{attribute.column}), to_jsonb({attribute.given})"
        f" WHERE {attribute.is_changed}"
        for attribute in attributes
    ]
    sets = [f"{attribute.column} = coalesce({attribute.given}, r.{attribute.column})" for attribute in attributes]
    if custom:
        changed.append(f"({custom} IS NOT NULL AND NOT r.custom @> {custom})")
        sources.append(
            f"SELECT 'custom.' || own.key, r.custom -> own.key, own.value FROM jsonb_each({custom}) own"
            " WHERE r.custom -> own.key IS DISTINCT FROM own.value"
        )
        sets.append(f"custom = r.custom || coalesce({custom}, '{{}}')")
    if not changed:
        return []
    # Locked in order, so that two who update the same records do not wait for each other in a ring.
    batch.execute(
        f"SELECT FROM {table} WHERE id IN (SELECT {record} FROM {staging} s WHERE {where})"
        " ORDER BY id FOR NO KEY UPDATE"
    )
    found = batch.fetch(
        f"""
        WITH different AS MATERIALIZED (
            SELECT s.ctid AS place, r.id FROM {staging} s JOIN {table} r ON r.id = s.{record}
            WHERE {where} AND ({" OR ".join(changed)})
        ), kept AS (
            INSERT INTO history_change (subject, subject_id, field, old, new, at, by_id, how)
            SELECT '{subject}', r.id, v.field, v.old, v.new, %(at)s, %(by)s, %(how)s
            FROM different d JOIN {staging} s ON s.ctid = d.place JOIN {table} r ON r.id = d.id
            CROSS JOIN LATERAL ({" UNION ALL ".join(sources)}) v (field, old, new)
            RETURNING subject_id, field
        ), noted AS (
            UPDATE {staging} s SET is_changed = true FROM different d WHERE s.ctid = d.place
        ), written AS (
            UPDATE {table} r SET {", ".join([*sets, *derived])}
            FROM different d JOIN {staging} s ON s.ctid = d.place WHERE r.id = d.id
        )
        SELECT subject_id, array_agg(field) FROM kept GROUP BY subject_id
        """
    )
    return [(int(record_id), list(fields)) for record_id, fields in found]
