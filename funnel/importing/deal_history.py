"""The history of the deals that a file brings or changes: their columns are its last rows afterwards.

What a file tells of a deal for the first time happened when it says; what it changes, changed when the file came. A
correction changes a row that is there, and history keeps what it was.
"""

from __future__ import annotations

from leads.importing.engine.batches import Batch

TABLE = "funnel_opportunitystep"
# The deals of a turn that are new or changed, once each, with the last row of each strand of their history.
DEALS = """
CREATE TEMP TABLE deal_history ON COMMIT DROP AS
SELECT o.id, opened.id AS opened_id, opened.at AS opened_at, opened.day AS opened_on, outcome.id AS outcome_id,
    outcome.what, outcome.at, outcome.reason_id, outcome.text, stood.at AS stood_at, stood.stage_id,
    terms.at AS terms_at, terms.kind, terms.amount, terms.currency, terms.expected_close_on, terms.owner_id
FROM (SELECT DISTINCT opportunity_id AS id FROM staging_rows s
      WHERE s.turn = %(turn)s AND s.refused IS NULL AND (s.is_new OR s.is_changed)) came
JOIN funnel_opportunity o ON o.id = came.id
LEFT JOIN funnel_opportunitystep opened ON opened.opportunity_id = o.id AND opened.what = 'opened'
LEFT JOIN LATERAL (
    SELECT * FROM funnel_opportunitystep s WHERE s.opportunity_id = o.id
    AND s.what IN ('opened', 'won', 'lost', 'reopened') ORDER BY s.at DESC, s.id DESC LIMIT 1
) outcome ON true
LEFT JOIN LATERAL (
    SELECT * FROM funnel_opportunitystep s WHERE s.opportunity_id = o.id
    AND s.what IN ('opened', 'moved') ORDER BY s.at DESC, s.id DESC LIMIT 1
) stood ON true
LEFT JOIN LATERAL (
    SELECT * FROM funnel_opportunitystep s WHERE s.opportunity_id = o.id
    AND s.what IN ('opened', 'changed') ORDER BY s.at DESC, s.id DESC LIMIT 1
) terms ON true
"""
# No row lies before the opening. A deal that is won or lost has the day, if any, of that alone.
OPENED_AT = "coalesce(o.opened_at, least({known}, o.won_at, o.lost_at))"
OPENED_ON = """CASE WHEN o.opened_at IS NOT NULL THEN o.opened_on
    WHEN coalesce(o.won_at, o.lost_at) <= {known} THEN coalesce(o.won_on, o.lost_on) ELSE {day} END"""
OPENED = f"""
INSERT INTO {TABLE} (opportunity_id, what, at, day, recorded_at, by_id, how, stage_id, kind, amount, currency,
    expected_close_on, owner_id, text)
SELECT o.id, 'opened', {OPENED_AT.format(known="%(at)s")}, {OPENED_ON.format(known="%(at)s", day="NULL")}, %(at)s,
    %(by)s, %(how)s, o.stage_id, o.kind, o.amount, o.currency, o.expected_close_on, o.owner_id, ''
FROM deal_history h JOIN funnel_opportunity o ON o.id = h.id WHERE h.opened_id IS NULL ORDER BY o.id
"""
# What a file tells together with the outcome held when that came about.
TOLD_AT = """greatest({last}, CASE WHEN h.what IN ('opened', 'reopened')
    THEN least(%(at)s, coalesce(o.won_at, o.lost_at, %(at)s)) ELSE %(at)s END)"""
TOLD_ON = """CASE WHEN h.what IN ('opened', 'reopened') AND coalesce(o.won_at, o.lost_at) BETWEEN {last} AND %(at)s
    THEN coalesce(o.won_on, o.lost_on) END"""
MOVED = f"""
INSERT INTO {TABLE} (opportunity_id, what, at, day, recorded_at, by_id, how, stage_id, kind, currency, text)
SELECT o.id, 'moved', {TOLD_AT.format(last="h.stood_at")}, {TOLD_ON.format(last="h.stood_at")}, %(at)s, %(by)s, %(how)s,
    o.stage_id, '', '', ''
FROM deal_history h JOIN funnel_opportunity o ON o.id = h.id
WHERE h.opened_id IS NOT NULL AND o.stage_id IS DISTINCT FROM h.stage_id ORDER BY o.id
"""
CHANGED = f"""
INSERT INTO {TABLE} (opportunity_id, what, at, day, recorded_at, by_id, how, kind, amount, currency,
    expected_close_on, owner_id, text)
SELECT o.id, 'changed', {TOLD_AT.format(last="h.terms_at")}, {TOLD_ON.format(last="h.terms_at")}, %(at)s, %(by)s,
    %(how)s, o.kind, o.amount, o.currency, o.expected_close_on, o.owner_id, ''
FROM deal_history h JOIN funnel_opportunity o ON o.id = h.id
WHERE h.opened_id IS NOT NULL AND (o.kind, o.amount, o.currency, o.expected_close_on, o.owner_id)
    IS DISTINCT FROM (h.kind, h.amount, h.currency, h.expected_close_on, h.owner_id) ORDER BY o.id
"""
DECIDED = f"""
INSERT INTO {TABLE} (opportunity_id, what, at, day, recorded_at, by_id, how, kind, currency, reason_id, text)
SELECT o.id, CASE WHEN o.won_at IS NOT NULL THEN 'won' ELSE 'lost' END, coalesce(o.won_at, o.lost_at),
    coalesce(o.won_on, o.lost_on), %(at)s, %(by)s, %(how)s, '', '', o.reason_id, o.reason_text
FROM deal_history h JOIN funnel_opportunity o ON o.id = h.id
WHERE coalesce(o.won_at, o.lost_at) IS NOT NULL AND coalesce(h.what, 'opened') IN ('opened', 'reopened') ORDER BY o.id
"""
# Rows that are there and say otherwise now: the opening, and the outcome with its reason.
CORRECTED = f"""
WITH corrected AS (
    SELECT h.opened_id AS id, 'opened' AS what, {OPENED_AT.format(known="h.opened_at")} AS at,
        {OPENED_ON.format(known="h.opened_at", day="h.opened_on")} AS day, NULL::bigint AS reason_id, '' AS text
    FROM deal_history h JOIN funnel_opportunity o ON o.id = h.id WHERE h.opened_id IS NOT NULL
    UNION ALL
    SELECT h.outcome_id, CASE WHEN o.won_at IS NOT NULL THEN 'won' ELSE 'lost' END, coalesce(o.won_at, o.lost_at),
        coalesce(o.won_on, o.lost_on), o.reason_id, o.reason_text
    FROM deal_history h JOIN funnel_opportunity o ON o.id = h.id
    WHERE h.what IN ('won', 'lost') AND coalesce(o.won_at, o.lost_at) IS NOT NULL
), different AS (
    SELECT c.*, s.what AS old_what, s.at AS old_at, s.day AS old_day, s.reason_id AS old_reason, s.text AS old_text
    FROM corrected c JOIN {TABLE} s ON s.id = c.id
    WHERE (c.what, c.at, c.day, c.reason_id, c.text) IS DISTINCT FROM (s.what, s.at, s.day, s.reason_id, s.text)
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, by_id, how)
    SELECT 'opportunity_step', d.id, v.field, v.old, v.new, %(at)s, %(by)s, %(how)s FROM different d
    CROSS JOIN LATERAL (VALUES
        ('what', to_jsonb(d.old_what), to_jsonb(d.what)), ('at', to_jsonb(d.old_at), to_jsonb(d.at)),
        ('day', to_jsonb(d.old_day), to_jsonb(d.day)),
        ('reason', to_jsonb(d.old_reason), to_jsonb(d.reason_id)), ('text', to_jsonb(d.old_text), to_jsonb(d.text))
    ) v (field, old, new) WHERE v.old IS DISTINCT FROM v.new
)
UPDATE {TABLE} s SET what = d.what, at = d.at, day = d.day, reason_id = d.reason_id, text = d.text,
    recorded_at = CASE WHEN d.at > s.recorded_at THEN greatest(%(at)s, d.at) ELSE s.recorded_at END
FROM different d WHERE s.id = d.id
"""


def write_histories(batch: Batch, turn: int) -> None:
    """Write the history of the turn's deals, so that their columns are its last rows."""
    batch.execute("DROP TABLE IF EXISTS pg_temp.deal_history")
    batch.execute(DEALS, turn=turn)
    for statement in (OPENED, CORRECTED, MOVED, CHANGED, DECIDED):
        batch.execute(statement)
