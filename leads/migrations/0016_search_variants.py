import unicodedata

from django.db import migrations

from leads.text.variants import SELECTORS, VARIANTS

# As in 0003; then variants of one character, and the marks that say which drawing of it is meant, which fall away.
KATAKANA = "".join(map(chr, [*range(0x30A1, 0x30F7), 0x30FD, 0x30FE]))
HIRAGANA = "".join(chr(ord(letter) - 0x60) for letter in KATAKANA)
FOLDS_TO_KATAKANA = "ァ-ヶヽ-ヿ㋐-㋾㌀-㍗ｦ-ｯｱ-ﾝ🈁-🈂🈓"
BEFORE = "".join(map(chr, VARIANTS))
AFTER = "".join(VARIANTS.values())
MARKS = "".join(map(chr, SELECTORS))
# Characters of the compatibility blocks that NFKC makes variants of.
COMPATIBLE = "".join(
    letter
    for letter in map(chr, (*range(0x2E80, 0x2FE0), *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)))
    if unicodedata.normalize("NFKC", letter) in BEFORE
)
RARE = f"{BEFORE}{COMPATIBLE}\ufe00-\ufe0f\U000e0100-\U000e01ef"
SEARCH_FOLD = """
CREATE OR REPLACE FUNCTION search_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value COLLATE "C" ~ '[{which}]' THEN translate(fold(value), '{before}', '{after}')
    ELSE fold(value)
END;
"""
NOW = SEARCH_FOLD.format(
    which=FOLDS_TO_KATAKANA + RARE, before=KATAKANA + BEFORE + MARKS, after=HIRAGANA + AFTER
)
THEN = SEARCH_FOLD.format(which=FOLDS_TO_KATAKANA, before=KATAKANA, after=HIRAGANA)
# What was folded before is folded on; rows without such a character stay as they are.
FOLD_ON = f"""
UPDATE leads_searchentry e SET text = made.text, words = search_words(made.text), name_key = made.name_key
FROM (
    SELECT lead_id, translate(text, '{BEFORE}{MARKS}', '{AFTER}') AS text,
           translate(name_key, '{BEFORE}{MARKS}', '{AFTER}') AS name_key
    FROM leads_searchentry WHERE text COLLATE "C" ~ '[{RARE}]' OFFSET 0
) made
WHERE made.lead_id = e.lead_id;
"""
REBUILD = """
REINDEX INDEX company_anywhere;
REINDEX INDEX company_word_beginnings;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0015_known_by_merged")]
    operations = [
        migrations.RunSQL(NOW, THEN),
        migrations.RunSQL(FOLD_ON, migrations.RunSQL.noop),
        migrations.RunSQL(REBUILD, REBUILD),
    ]
