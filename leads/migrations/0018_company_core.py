from django.db import migrations

# The name without what kind of company it is: two records of one core may be one company. It only suggests.
CORE = r"""
CREATE FUNCTION company_core(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(
    regexp_replace(
        regexp_replace(
            search_fold(name),
            '株式会社|有限会社|合同会社|合資会社|合名会社|[(](株|有|同|資|名)[)]|(一般|公益)(社団|財団)法人'
            '|(医療|学校|社会福祉|特定非営利活動)法人', ' ', 'g'
        ),
        '([[:space:],.&+-]+(and )?(inc|incorporated|l[.]?l[.]?[cp]|ltd|limited|co|company|corp|corporation|k[.]?k|g[.]?k|plc'
        '|pty|pte|pvt|gmbh|mbh|ag|kg|kgaa|ug|ohg|e[.]?k|se|s[.]?a|s[.]?a[.]?s|s[.]?a[.]?r[.]?l|s[.]?r[.]?l|s[.]?p[.]?a'
        '|s[.]?l|b[.]?v|n[.]?v|ab|oy|oyj|as|a/s|aps|sp[.]? z o[.]?o|kft|zrt)[.]?)+[[:space:]]*$', ''
    ),
    '[^[:alnum:]]+', '', 'g'
);
CREATE INDEX company_by_core ON leads_company (left(company_core(name), 200), id);
"""
NO_CORE = """
DROP INDEX company_by_core;
DROP FUNCTION company_core(text);
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0017_file_parts")]
    operations = [migrations.RunSQL(CORE, NO_CORE)]
