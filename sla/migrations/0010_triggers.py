"""The triggers of these tables, as their models declare them."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations

CHILDREN = ("agreedpersona", "agreeddefinition", "party", "hop", "policy", "step", "clause")
OLD = """
DROP TRIGGER agreement_frozen ON sla_agreement;
DROP TRIGGER signature_kept ON sla_signature;
""" + "".join(f"DROP TRIGGER {child}_frozen ON sla_{child};" for child in CHILDREN)
OLD_AGAIN = """
CREATE TRIGGER agreement_frozen BEFORE UPDATE OR DELETE ON sla_agreement
    FOR EACH ROW EXECUTE FUNCTION keep_frozen('proposed_at', 'in_force_from', 'replaced_at', 'unfreeze');
CREATE TRIGGER signature_kept BEFORE INSERT OR UPDATE OR DELETE ON sla_signature
    FOR EACH ROW EXECUTE FUNCTION keep_signature();
""" + "".join(
    f"""
CREATE TRIGGER {child}_frozen BEFORE INSERT OR UPDATE OR DELETE ON sla_{child}
    FOR EACH ROW EXECUTE FUNCTION keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at');
"""
    for child in CHILDREN
)


class Migration(migrations.Migration):

    dependencies = [
        ('history', '0003_frozen'),
        ('metrics', '0001_changes'),
        ('sla', '0009_attainment_on_demand'),
    ]

    operations = [
        migrations.RunSQL(OLD, OLD_AGAIN),
        operations.AddTrigger(
            model_name='agreeddefinition',
            trigger=pgtrigger.compiler.Trigger(name='frozen_with_agreement', sql=smarketing.database.triggers.CallSql(execute="keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at')", func='', hash='8806735eb425d7c464f2f2dff4bf08dd1f8d75b7', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_with_agreement_6f180', table='sla_agreeddefinition', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='agreedpersona',
            trigger=pgtrigger.compiler.Trigger(name='frozen_with_agreement', sql=smarketing.database.triggers.CallSql(execute="keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at')", func='', hash='9678a3bea27b614eb9515de9c42f432d3a8d7ca1', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_with_agreement_f3869', table='sla_agreedpersona', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='agreement',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='6d648ce3a099b23ed474468c8e3ad78be4bfcd7c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_37936', referencing='REFERENCING NEW TABLE AS changed ', table='sla_agreement', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='agreement',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='7ca97971c73a417a28fba9c267c1d52f3698e822', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_e4309', referencing='REFERENCING NEW TABLE AS changed ', table='sla_agreement', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='agreement',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='664b7742f15359516a9068d7e58e058b6129eb27', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_f7639', referencing='REFERENCING OLD TABLE AS changed ', table='sla_agreement', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='agreement',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='5755f3dd6785b5e8b0236033c2006792f1913c6e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_4ab5c', table='sla_agreement', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='agreement',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=smarketing.database.triggers.CallSql(execute="keep_frozen('proposed_at', 'in_force_from', 'replaced_at', 'unfreeze')", func='', hash='1c00368370df83630e07ec22f1605e2ebc0b0cf2', operation='UPDATE OR DELETE', pgid='pgtrigger_frozen_220f5', table='sla_agreement', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='calendar',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='a61cd941a3d747405a6b793229ef79b10fc7c490', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_2386b', referencing='REFERENCING NEW TABLE AS changed ', table='sla_calendar', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='calendar',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='ed019a3423382f7f082cfdf459830b5e85cfb3f6', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_e5fab', referencing='REFERENCING NEW TABLE AS changed ', table='sla_calendar', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='calendar',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='28e70bc25757acac0f8373e3f2f4e6e949698674', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_778e5', referencing='REFERENCING OLD TABLE AS changed ', table='sla_calendar', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='calendar',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='8e895607e8992fa01211233e8eef66b60609d903', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_97736', table='sla_calendar', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='calendarday',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='8399cc21d3659ca9fe3c4c3e50a7143033c978f4', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_f313f', referencing='REFERENCING NEW TABLE AS changed ', table='sla_calendarday', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='calendarday',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='158beec422a4c418b11f290dea47f9fb09ef3956', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_a9c5a', referencing='REFERENCING NEW TABLE AS changed ', table='sla_calendarday', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='calendarday',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='71e4454be9ae46cb53e8e2cd5bb2402fbaf7af11', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_10353', referencing='REFERENCING OLD TABLE AS changed ', table='sla_calendarday', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='calendarday',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='f74afdd80464d7c6332d53f4cf457c21f7a70ace', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_22004', table='sla_calendarday', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='clause',
            trigger=pgtrigger.compiler.Trigger(name='frozen_with_agreement', sql=smarketing.database.triggers.CallSql(execute="keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at')", func='', hash='57306e81b096f997c010cb27820caf9cf314b7ce', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_with_agreement_da85e', table='sla_clause', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='dispute',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='7f02ec67949c65176a9333520037cf4a79310bd4', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_c51bb', referencing='REFERENCING NEW TABLE AS changed ', table='sla_dispute', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='dispute',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='7a35d9479f673b0121374647f998dc0253b7dd38', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_66618', referencing='REFERENCING NEW TABLE AS changed ', table='sla_dispute', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='dispute',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='5f752fe46cba4a7ab77dc9a11f573ddd0d0d9111', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_d38de', referencing='REFERENCING OLD TABLE AS changed ', table='sla_dispute', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='dispute',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='55d436457775e96adf3c0651f971fda28c5b925a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_96e6b', table='sla_dispute', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='handoff',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='26e71f0df194a97714d9589ad88fa10e1de46534', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_52d66', referencing='REFERENCING NEW TABLE AS changed ', table='sla_handoff', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='handoff',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='5a8b500e3fb5cbea1717545ccd4072cf04dcb455', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_0ff4e', referencing='REFERENCING NEW TABLE AS changed ', table='sla_handoff', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='handoff',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='a95554ff98e9e5bf350802354a3e5b12d98ac768', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_1f394', referencing='REFERENCING OLD TABLE AS changed ', table='sla_handoff', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='handoff',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='49061daa19a07e009f165176e0600a1598c03eea', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_9bd5a', table='sla_handoff', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='hop',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='e77f285381de0ef5c1ff03bf1dd72615efcb05ca', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_f4ddf', referencing='REFERENCING NEW TABLE AS changed ', table='sla_hop', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='hop',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='f4bdd1336930f6daace51fb5d2d86a4a52cce6a8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_8b7a0', referencing='REFERENCING NEW TABLE AS changed ', table='sla_hop', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='hop',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='ca7b5a2ad95e21d02b526dbb0eff68c230d34b89', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_28b88', referencing='REFERENCING OLD TABLE AS changed ', table='sla_hop', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='hop',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='bb1875884e2ad6fa217a122fdc2d5e0b5110cefd', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_680d3', table='sla_hop', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='hop',
            trigger=pgtrigger.compiler.Trigger(name='frozen_with_agreement', sql=smarketing.database.triggers.CallSql(execute="keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at')", func='', hash='5b8fc22f40f8df8d324129eda87bb5a7d144bec1', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_with_agreement_aa87a', table='sla_hop', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='party',
            trigger=pgtrigger.compiler.Trigger(name='frozen_with_agreement', sql=smarketing.database.triggers.CallSql(execute="keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at')", func='', hash='1471c5bacf642b452b7f392927ae72c02b29f01c', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_with_agreement_586d6', table='sla_party', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='policy',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='ea47aec8bc5da2a4693fbef361d4dbcb46943f55', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_4055a', referencing='REFERENCING NEW TABLE AS changed ', table='sla_policy', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='policy',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='df6f09cc8a8fb17168d08eebee6af3e575484f51', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_ad6b2', referencing='REFERENCING NEW TABLE AS changed ', table='sla_policy', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='policy',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='0fb5765bd57490eb75230d57e89e7c62e4346677', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_4f261', referencing='REFERENCING OLD TABLE AS changed ', table='sla_policy', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='policy',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='b0d467363e4222b7da8608bc92e96ec0a2a87a4a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_91731', table='sla_policy', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='policy',
            trigger=pgtrigger.compiler.Trigger(name='frozen_with_agreement', sql=smarketing.database.triggers.CallSql(execute="keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at')", func='', hash='d5da44bd431aaf47c91819c1f4e2e0b1a68776e5', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_with_agreement_207aa', table='sla_policy', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='signature',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='9fe0789b708322e011ff777c307680ceeb53bcc3', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_0c278', referencing='REFERENCING NEW TABLE AS changed ', table='sla_signature', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='signature',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='9f005ad0e6543e1b61c6496a63a620be06bb9a53', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_bedc3', referencing='REFERENCING NEW TABLE AS changed ', table='sla_signature', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='signature',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='296b51fd3c6a17589809105799a2fce6d30d6d43', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_cc2d5', referencing='REFERENCING OLD TABLE AS changed ', table='sla_signature', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='signature',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='b30aa023042d0fa46997d3031c56e57e590b9dd8', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_6eaa6', table='sla_signature', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='signature',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=smarketing.database.triggers.CallSql(execute='keep_signature()', func='', hash='b3041d3fecc646ad3f3840b2e26dda5e955415bd', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_kept_06755', table='sla_signature', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='step',
            trigger=pgtrigger.compiler.Trigger(name='frozen_with_agreement', sql=smarketing.database.triggers.CallSql(execute="keep_children_frozen('sla_agreement', 'agreement_id', 'proposed_at')", func='', hash='b955270bf17473fc729655405dc10075e79d9da3', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_with_agreement_58ae1', table='sla_step', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='timer',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='af55152e104365111fc68cbaea37b978d7d2d8ef', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_56f20', referencing='REFERENCING NEW TABLE AS changed ', table='sla_timer', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='timer',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='8e83b402c8edc94a697db95f0e6bb3e03bd345e1', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_f9639', referencing='REFERENCING NEW TABLE AS changed ', table='sla_timer', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='timer',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='4d2cad5e9422e7dc7df8349ca20254f6f0b3c07d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_78dff', referencing='REFERENCING OLD TABLE AS changed ', table='sla_timer', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='timer',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='4da448f0e8455dc731fbcc13cbdb37f79e02eda1', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_42651', table='sla_timer', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='touch',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='db3e971a974a32bcc95cfc209b984ce50a6bd015', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_5adc1', referencing='REFERENCING NEW TABLE AS changed ', table='sla_touch', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='touch',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='a7c5b839a9ef48164fa48ccc107ba5d97d68570e', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_fdfab', referencing='REFERENCING NEW TABLE AS changed ', table='sla_touch', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='touch',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='d7f88fce755109b1a40642bbae0d4c97e71b0b6a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_78d9c', referencing='REFERENCING OLD TABLE AS changed ', table='sla_touch', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='touch',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='33c1780e5a3b9afbb9b44f16c26b00379fe5910e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_2c11e', table='sla_touch', when='AFTER')),
        ),
    ]
