from django.db import migrations

# Events are named noun.verb.
NAMES = {
    "agreement_proposed": "agreement.proposed",
    "agreement_signed_by_all": "agreement.concluded",
    "agreement_taken_back": "agreement.reopened",
    "dispute_settled": "dispute.settled",
    "handoff_accepted": "handoff.accepted",
    "handoff_disputed": "dispute.raised",
    "handoff_given_up": "handoff.given_up",
    "handoff_offered": "handoff.offered",
    "handoff_rejected": "handoff.rejected",
    "handoff_withdrawn": "handoff.withdrawn",
    "lost": "opportunity.lost",
    "merged": "lead.merged",
    "opportunity_opened": "opportunity.opened",
    "opportunity_reopened": "opportunity.reopened",
    "score_model_replaced": "score_model.replaced",
    "signed": "agreement.signed",
    "timer_breached": "timer.breached",
    "timer_kept": "timer.kept",
    "timer_paused": "timer.paused",
    "timer_withdrawn": "timer.withdrawn",
    "touch_undone": "touch.undone",
    "touched": "touch.made",
    "transition": "journey.moved",
    "won": "opportunity.won",
}
RENAME = """
UPDATE history_outbox SET kind = names.new
FROM unnest(%s::text[], %s::text[]) AS names (old, new) WHERE kind = names.old
"""
# Every offer says which one it replaces, or that it replaces none.
REPLACES = """
UPDATE history_outbox SET payload = payload || '{"replaces": null}'
WHERE kind = 'handoff.offered' AND payload -> 'replaces' IS NULL
"""
OLD, NEW = list(NAMES), list(NAMES.values())


class Migration(migrations.Migration):

    dependencies = [
        ("history", "0003_frozen"),
    ]

    operations = [
        migrations.RunSQL([(RENAME, [OLD, NEW])], [(RENAME, [NEW, OLD])]),
        migrations.RunSQL(REPLACES, migrations.RunSQL.noop),
    ]
