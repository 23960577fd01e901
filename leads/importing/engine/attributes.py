"""Attributes that a file gives to records that are there already: compare, keep what they were, and set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.importing.engine.batches import Batch, quoted


@dataclass(frozen=True)
class Attribute:
    """One attribute: as history names it, its column, and the expression that gives its new value from `c`."""

    name: str
    column: str
    given: str
    # When a value counts as another one, where plain comparison is too strict.
    differs: str = ""

    @property
    def is_changed(self) -> str:
        return f"({self.given} IS NOT NULL AND {self.differs or f'r.{self.column} IS DISTINCT FROM {self.given}'})"


def plain(name: str, column: str = "", given: str = "") -> Attribute:
    return Attribute(name, column or name, given or f"c.{quoted(name)}")


def update(
    batch: Batch,
    *,
    subject: str,
    table: str,
    coming: str,
    record: str,
    attributes: Sequence[Attribute],
    custom: str = "",
    also: Sequence[str] = (),
    where: str = "TRUE",
) -> list[tuple[int, list[str]]]:
    """Give the records of `table` that `coming` names (by its column `record`) their new values.

    Only what is given and differs is set; each difference is a row of history. The rows of `coming` are marked
    `changed`. Returns the ids with the names of what changed.
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
    batch.run(
        f"SELECT FROM {table} WHERE id IN (SELECT {record} FROM {coming} c WHERE {where}) ORDER BY id FOR NO KEY UPDATE"
    )
    found = batch.ask(
        f"""
        WITH different AS MATERIALIZED (
            SELECT c.ctid AS place, r.id FROM {coming} c JOIN {table} r ON r.id = c.{record}
            WHERE {where} AND ({" OR ".join(changed)})
        ), kept AS (
            INSERT INTO history_change (subject, subject_id, field, old, new, at, by_id, how)
            SELECT '{subject}', r.id, v.field, v.old, v.new, %(at)s, %(by)s, %(how)s
            FROM different d JOIN {coming} c ON c.ctid = d.place JOIN {table} r ON r.id = d.id
            CROSS JOIN LATERAL ({" UNION ALL ".join(sources)}) v (field, old, new)
            RETURNING subject_id, field
        ), marked AS (
            UPDATE {coming} c SET changed = true FROM different d WHERE c.ctid = d.place
        ), written AS (
            UPDATE {table} r SET {", ".join([*sets, *also])}
            FROM different d JOIN {coming} c ON c.ctid = d.place WHERE r.id = d.id
        )
        SELECT subject_id, array_agg(field) FROM kept GROUP BY subject_id
        """
    )
    return [(int(record_id), list(fields)) for record_id, fields in found]
