from django.db import migrations, models

from smarketing.database import operations

# What people type is looked for in folded text with katakana as hiragana. `leads/registering/searching.py` says the rest.
KATAKANA = "".join(map(chr, [*range(0x30A1, 0x30F7), 0x30FD, 0x30FE]))
HIRAGANA = "".join(chr(ord(letter) - 0x60) for letter in KATAKANA)
# Those letters, and all that NFKC makes of them: half width, in a circle or a square.
FOLDS_TO_KATAKANA = "ァ-ヶヽ-ヿ㋐-㋾㌀-㍗ｦ-ｯｱ-ﾝ🈁-🈂🈓"

FUNCTIONS = f"""
-- Looking for letters that fold to katakana costs a tenth of replacing them. Not STRICT, so that it is inlined.
CREATE FUNCTION search_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value COLLATE "C" ~ '[{FOLDS_TO_KATAKANA}]' THEN translate(fold(value), '{KATAKANA}', '{HIRAGANA}')
    ELSE fold(value)
END;

-- The words of folded text themselves, not a language's stems of them: letters and digits, everything else divides.
-- The collation is named, so that a database of another locale knows the same letters. A word has 2,046 bytes at most.
CREATE FUNCTION search_words(value text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN array_to_tsvector(array_remove(
    CASE
        WHEN octet_length(value) < 2000
        THEN regexp_split_to_array(value COLLATE pg_unicode_fast, '[^[:alnum:]]+')
        ELSE ARRAY(SELECT left(word, 500)
                   FROM regexp_split_to_table(value COLLATE pg_unicode_fast, '[^[:alnum:]]+') word)
    END, ''
));

-- The name, the name without what kind of company it is, and the domain.
CREATE FUNCTION company_search_text(name text, domain text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN search_fold(concat(
    name, ' ',
    regexp_replace(
        normalize(name, NFKC),
        '株式会社|有限会社|合同会社|合資会社|合名会社|[(](株|有|同|資|名)[)]|(一般|公益)(社団|財団)法人', ' ', 'g'
    ), ' ',
    domain
));
"""
NO_FUNCTIONS = """
DROP FUNCTION company_search_text(text, text);
DROP FUNCTION search_words(text);
DROP FUNCTION search_fold(text);
"""
INDEXES = """
CREATE INDEX company_anywhere ON leads_company USING gin (company_search_text(name, domain) gin_trgm_ops);
CREATE INDEX company_word_beginnings ON leads_company USING gin (search_words(company_search_text(name, domain)));
CREATE INDEX company_by_name ON leads_company (name_key, id);
"""
NO_INDEXES = """
DROP INDEX company_by_name;
DROP INDEX company_word_beginnings;
DROP INDEX company_anywhere;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_built_in")]
    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(INDEXES, NO_INDEXES),
        migrations.AddField("searchentry", "name_key", models.TextField(blank=True, default="")),
        operations.AddIndex("searchentry", models.Index(fields=["name_key", "lead"], name="search_by_name")),
    ]
