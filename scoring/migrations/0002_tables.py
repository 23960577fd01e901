from django.db import migrations

# Half-empty pages keep a rescore in place (HOT): no index of the table names a column that it changes.
TABLES = """
ALTER TABLE scoring_score SET (fillfactor = 50);
CREATE TRIGGER score_model_frozen BEFORE UPDATE OR DELETE ON scoring_scoremodel
    FOR EACH ROW EXECUTE FUNCTION keep_frozen('published_at', 'in_force_from', 'replaced_at');
CREATE TRIGGER fit_rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON scoring_fitrule
    FOR EACH ROW EXECUTE FUNCTION keep_children_frozen('scoring_scoremodel', 'model_id', 'published_at');
CREATE TRIGGER interest_rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON scoring_interestrule
    FOR EACH ROW EXECUTE FUNCTION keep_children_frozen('scoring_scoremodel', 'model_id', 'published_at');
"""
BACK = """
DROP TRIGGER interest_rule_frozen ON scoring_interestrule;
DROP TRIGGER fit_rule_frozen ON scoring_fitrule;
DROP TRIGGER score_model_frozen ON scoring_scoremodel;
ALTER TABLE scoring_score RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial"), ("history", "0003_frozen")]
    operations = [migrations.RunSQL(TABLES, BACK)]
