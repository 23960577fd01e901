"""Finding leads and companies by the words that people type.

A word finds what begins with it, from one character on; from three on it finds them anywhere within.
Both by index: an array of words for the beginnings, trigrams for the rest. Katakana finds hiragana and
the other way round, half width finds full width, 高橋 finds 髙橋, and "カクウ" finds 「株式会社カクウ」.

The text of a lead is made in SQL (migrations 0003 and 0016), because companies are renamed and files imported
set at a time; `folded` is the twin in Python for what somebody typed.
"""

import re
from collections.abc import Collection
from typing import Any, TypeVar

from django.db import connection
from django.db.models import BooleanField, Expression, F, Func, QuerySet, TextField, Value

from leads.models.companies import Company
from leads.models.leads import Lead
from leads.text.folding import fold
from leads.text.variants import SELECTORS, VARIANTS

# From so many characters on a word is looked for anywhere within: a trigram has three.
ANYWHERE_FROM = 3

# ァ to ヶ, ヽ and ヾ become ぁ to ゖ, ゝ and ゞ: readings come in both scripts.
HIRAGANA = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}

AS_SOUGHT = HIRAGANA | VARIANTS | SELECTORS

Leads = TypeVar("Leads", bound=QuerySet[Lead])
Rows = TypeVar("Rows", bound=QuerySet[Any])


def folded(text: str) -> str:
    """Text as it is searched: NFKC, case folded, katakana as hiragana, variants of a character as the usual one. The
    twin of search_fold() in SQL."""
    return fold(text).translate(AS_SOUGHT)


class CompanyText(Func):
    """What a company is found by: its name, the name without 「株式会社」, its domain."""

    function = "company_search_text"
    output_field = TextField()

    def __init__(self) -> None:
        super().__init__(F("name"), F("domain"))


class WordsOf(Func):
    function = "search_words"
    output_field = TextField()


class BeginWith(Func):
    """Whether each of some beginnings begins one of the words."""

    arg_joiner = " @@ "
    template = "(%(expressions)s::tsquery)"
    output_field = BooleanField()


class Hold(Func):
    """Whether a text holds another anywhere."""

    arg_joiner = " LIKE "
    template = "(%(expressions)s)"
    output_field = BooleanField()


def search(queryset: Leads, text: str) -> Leads:
    """Keep the leads in which every word of `text` is found: names, readings, e-mail, company."""
    return narrow(queryset, text, F("search_entry__text"), F("search_entry__words"))


def search_companies(queryset: QuerySet[Company], text: str) -> QuerySet[Company]:
    """Keep the companies in which every word of `text` is found: name, domain."""
    return narrow(queryset, text, CompanyText(), WordsOf(CompanyText()))


def narrow(queryset: Rows, text: str, within: Expression | F, words: Expression | F) -> Rows:
    typed = folded(text).split()
    # A PostgreSQL text cannot hold a NUL; no name does.
    anywhere = [word for word in typed if len(word) >= ANYWHERE_FROM and "\0" not in word]
    beginnings = [part for word in typed if len(word) < ANYWHERE_FROM for part in re.findall(r"[^\W_]+", word)]
    if not typed:
        return queryset
    if not anywhere and not beginnings:
        return queryset.none()
    if beginnings:
        queryset = queryset.filter(BeginWith(words, Value(" & ".join(f"'{part}':*" for part in beginnings))))
    for word in anywhere:
        queryset = queryset.filter(Hold(within, Value(f"%{escaped(word)}%")))
    return queryset


def escaped(word: str) -> str:
    """A word in which LIKE reads no wildcard."""
    return re.sub(r"([\\%_])", r"\\\1", word)


# In both orders, apart and in one: 「山田 太郎」 is also looked for as 「山田太郎」 and "Taro Yamada".
# The words are put together first and folded then, from columns: PostgreSQL calls a function of an expression that it
# uses twice as a function, which takes longer than what is in it (OFFSET 0 keeps the two apart).
REFRESH = """
INSERT INTO leads_searchentry AS entry (lead_id, text, words, name_key)
SELECT id, text, search_words(text), name_key
FROM (
    SELECT id,
        concat_ws(' ',
            nullif(concat_ws(' ', family, given, family), ''), nullif(family || given, ''), nullif(given || family, ''),
            nullif(concat_ws(' ', family_read, given_read, family_read), ''), nullif(family_read || given_read, ''),
            nullif(address, ''), company
        ) AS text,
        concat_ws(' ',
            coalesce(nullif(family_read, ''), nullif(family, '')), coalesce(nullif(given_read, ''), nullif(given, '')),
            address
        ) AS name_key
    FROM (
        SELECT lead.id,
            search_fold(lead.family_name) AS family, search_fold(lead.given_name) AS given,
            search_fold(lead.family_name_reading) AS family_read, search_fold(lead.given_name_reading) AS given_read,
            search_fold(lead.email) AS address, company_search_text(company.name, company.domain) AS company
        FROM leads_lead lead
        LEFT JOIN leads_company company ON company.id = lead.company_id
        {which}
        OFFSET 0 -- Each part is folded once, however often it stands in the text.
    ) folded
    OFFSET 0
) made
ON CONFLICT (lead_id) DO UPDATE SET text = excluded.text, words = excluded.words, name_key = excluded.name_key
WHERE (entry.text, entry.name_key) IS DISTINCT FROM (excluded.text, excluded.name_key)
"""


def refresh(lead_ids: Collection[int] | None = None) -> int:
    """Make what leads are found by, of these or of all, in one statement. Return how many entries changed."""
    if lead_ids is None:
        return written(REFRESH.format(which=""), [])
    return written(REFRESH.format(which="WHERE lead.id = ANY(%s)"), [list(lead_ids)]) if lead_ids else 0


def refresh_companies(company_ids: Collection[int]) -> int:
    """Make what the leads of these companies are found by: a company was renamed."""
    if not company_ids:
        return 0
    return written(REFRESH.format(which="WHERE lead.company_id = ANY(%s)"), [list(company_ids)])


def written(sql: str, params: list[list[int]]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)
