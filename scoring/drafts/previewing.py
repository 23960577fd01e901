"""What a draft would change: computed by the statement that computes scores, and written beside them."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from django.db import connection, transaction
from django.utils.timezone import now

from scoring.models import Preview, ScoreModel
from scoring.rescoring import Range, Scoring, all_ranges
from smarketing.queue.waking import wake

# So many ranges of leads a page waits for; more are worked off behind it.
RANGES_AT_ONCE = 2

# A person's word stays, whatever the machine says.
COMPARE = """
WITH compared AS MATERIALIZED (
    SELECT computed.lead_id,
        coalesce(nullif(score.override, ''), score.machine_quadrant, '') AS before,
        coalesce(nullif(score.override, ''), computed.quadrant) AS after,
        score.fit AS fit_before, computed.fit AS fit_after,
        score.interest AS interest_before, computed.interest AS interest_after
    FROM ({scores}) computed LEFT JOIN scoring_score score ON score.lead_id = computed.lead_id
), kept AS (
    INSERT INTO scoring_previewedlead
        (preview_id, lead_id, before, after, fit_before, fit_after, interest_before, interest_after)
    SELECT %s, lead_id, before, after, fit_before, fit_after, interest_before, interest_after
    FROM compared WHERE before NOT IN ('', after)
)
SELECT before, after, count(*) FROM compared GROUP BY 1, 2
"""


def request_preview(draft: ScoreModel, *, at: datetime | None = None) -> Preview:
    """Begin a preview, in place of an older one; a small one is finished at once."""
    ranges = list(all_ranges())
    with transaction.atomic():
        Preview.objects.filter(model=draft).delete()
        preview = Preview.objects.create(model=draft, at=at or now(), total=len(ranges))
        if len(ranges) > RANGES_AT_ONCE:
            wake("scoring.tasks.preview")
    if len(ranges) <= RANGES_AT_ONCE:
        while compare_next_range(preview.pk):
            pass
    preview.refresh_from_db()
    return preview


def finish_previews() -> int:
    """Work off the previews that wait, and say how many ranges were done. Safe to run twice, and beside others."""
    done = 0
    for nth in count():
        waiting = Preview.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True).first()
        if waiting is None or not compare_next_range(waiting):
            return done
        done = nth + 1
    return done


def compare_next_range(pk: int) -> bool:
    """Compare the next range of leads. False: there is none, or somebody else is at it."""
    with transaction.atomic():
        rows = Preview.objects.select_for_update(skip_locked=True).select_related(None)
        preview = rows.filter(pk=pk, finished_at=None).first()
        if preview is None:
            return False
        ranges = list(all_ranges())
        if preview.done < len(ranges):
            _compare(preview, ranges[preview.done])
            preview.done += 1
        preview.total = len(ranges)
        if preview.done >= len(ranges):
            preview.finished_at = now()
        preview.save(update_fields=["done", "total", "counts", "finished_at"])
    return True


def _compare(preview: Preview, who: Range) -> None:
    scores, params = Scoring(preview.model, preview.at).scores(who)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(COMPARE.format(scores=scores), [*params, preview.pk])
        for before, after, leads in cursor.fetchall():
            row = preview.counts.setdefault(before, {})
            row[after] = row.get(after, 0) + leads
