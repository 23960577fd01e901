"""Leads and companies are found by what people type."""

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.models import Company, Lead, SearchEntry
from leads.registering.registration import register
from leads.registering.searching import folded, refresh, refresh_companies, search, search_companies
from leads.text.variants import SELECTORS, VARIANTS
from tests import make

pytestmark = pytest.mark.django_db


def found(text: str) -> set[str]:
    return {lead.email for lead in search(Lead.objects.all(), text)}


@pytest.fixture
def leads() -> None:
    kakuu = make.company(name="株式会社カクウ製作所", domain="kakuu.co.jp")
    northwind = make.company(name="Northwind Traders", domain="northwind.example")
    made = [
        make.lead(
            email="taro.yamada@kakuu.co.jp",
            family_name="山田",
            given_name="太郎",
            family_name_reading="ヤマダ",
            given_name_reading="タロウ",
            company=kakuu,
        ),
        make.lead(email="ann@northwind.example", family_name="Lee", given_name="Ann-Sophie", company=northwind),
        make.lead(email="half@example.org", family_name="ﾔﾏｸﾞﾁ", given_name="100%"),
    ]
    refresh([lead.pk for lead in made])


TARO, ANN, HALF = "taro.yamada@kakuu.co.jp", "ann@northwind.example", "half@example.org"


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("山", {TARO}),
        ("山田", {TARO}),
        ("太郎", {TARO}),
        ("山田太郎", {TARO}),
        ("太郎 山田", {TARO}),
        ("やまだ", {TARO}),
        ("ヤマ", {TARO, HALF}),
        ("やまだたろう", {TARO}),
        ("ﾔﾏﾀﾞ", {TARO}),
        ("カクウ", {TARO}),
        ("かく", {TARO}),
        ("株式会社カクウ", {TARO}),
        ("作所", set()),
        ("製作所", {TARO}),
        ("taro.y", {TARO}),
        ("TARO", {TARO}),
        ("t", {TARO, ANN}),
        ("ya", {TARO}),
        ("ma", set()),
        ("amada", {TARO}),
        ("lee ann", {ANN}),
        ("Sophie", {ANN}),
        ("an n", {ANN}),
        ("thwin", {ANN}),
        ("ann yamada", set()),
        ("100%", {HALF}),
        ("1%", {HALF}),
        ("%%%", set()),
        ("___", set()),
        ("a'b", set()),
        ("\\", set()),
        ("'", set()),
        ("", {TARO, ANN, HALF}),
    ],
)
def test_a_lead_is_found_by(leads: None, text: str, who: set[str]) -> None:
    assert found(text) == who


def test_a_renamed_company_finds_its_leads(leads: None) -> None:
    company = Company.objects.get(domain="kakuu.co.jp")
    Company.objects.filter(pk=company.pk).update(name="合同会社みらい")
    assert refresh_companies([company.pk]) == 1
    assert (found("みらい"), found("カクウ製")) == ({TARO}, set())


def test_refreshing_twice_changes_nothing(leads: None) -> None:
    assert refresh() == 0


def test_companies_are_found_by_name_and_domain(leads: None) -> None:
    def names(text: str) -> list[str]:
        return list(search_companies(Company.objects.order_by("name"), text).values_list("name", flat=True))

    assert names("カ") == names("kakuu") == names("k") == names("製作所") == ["株式会社カクウ製作所"]
    assert names("trad") == ["Northwind Traders"]
    assert names("rade") == ["Northwind Traders"]
    assert names("ra") == []


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("髙橋", "高橋"),
        ("高橋", "髙橋"),
        ("葛\U000e0100城", "葛城"),
        ("葛城", "葛\U000e0100城"),
        ("渡邉", "渡邊"),
        ("塚\ufe00", "塚"),
        ("山﨑", "山崎"),
    ],
)
def test_variants_of_one_character_find_each_other(written: str, typed: str) -> None:
    refresh([make.lead(email="v@x.example", family_name=written, company=make.company(name=f"{written}商店")).pk])
    assert found(typed) == {"v@x.example"}
    assert search_companies(Company.objects.all(), typed).count() == 1


LETTERS = st.one_of(
    st.characters(exclude_categories=["Cs", "Cn"]), st.sampled_from([*map(chr, VARIANTS), *map(chr, SELECTORS)])
)


@given(text=st.text(LETTERS, max_size=40))
@settings(deadline=None)
def test_typed_text_is_folded_as_the_database_folds(text: str) -> None:
    text = text.replace("\0", "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_fold(%s)", [text])
        assert cursor.fetchone() == (folded(text),)


def test_any_name_can_be_looked_for() -> None:
    """A name that folds to thousands of letters is no error."""
    lead = make.lead(family_name="\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 80)
    refresh([lead.pk])
    assert SearchEntry.objects.get().words


def plan(queryset) -> str:
    with connection.cursor() as cursor:
        sql, params = queryset.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", params)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_both_ways_of_searching_use_their_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_lead (email, family_name, given_name, family_name_reading, given_name_reading, phone,"
            " title, department, seniority, buying_role, country, region, source, consent, custom, created_at,"
            " is_free_mail) SELECT 'p' || n || '@example.org', md5(n::text), md5((-n)::text), '', '', '', '', '', '',"
            " '', '', '', '', '', '{}', now(), false FROM generate_series(1, 5000) n"
        )
        cursor.execute(
            "INSERT INTO leads_company (name, domain, industry, country, region, custom, created_at)"
            " SELECT md5(n::text), '', '', '', '', '{}', now() FROM generate_series(1, 5000) n"
        )
        assert refresh() == 5000
        for index in ("search_word_beginnings", "search_anywhere", "company_word_beginnings", "company_anywhere"):
            cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
        cursor.execute("ANALYZE leads_searchentry, leads_lead, leads_company")
    leads, companies = Lead.objects.all(), Company.objects.all()
    assert "search_word_beginnings" in plan(search(leads, "zq"))
    assert "search_anywhere" in plan(search(leads, "zqzq"))
    assert "company_word_beginnings" in plan(search_companies(companies, "zq"))
    assert "company_anywhere" in plan(search_companies(companies, "zqzq"))


@pytest.mark.parametrize(
    ("katakana", "hiragana"), [("ァ", "ぁ"), ("ヴ", "ゔ"), ("ヶ", "ゖ"), ("ヽ", "ゝ"), ("ヾ", "ゞ"), ("ｶﾞ", "が")]
)
def test_every_katakana_is_found_by_its_hiragana(katakana: str, hiragana: str) -> None:
    assert folded(katakana) == hiragana


@pytest.mark.parametrize("other", ["ー", "・", "ヷ", "ぁ"])
def test_what_has_no_hiragana_of_its_own_stays(other: str) -> None:
    assert folded(other) == other


def test_every_word_is_found_short_ones_too() -> None:
    both, _ = register({"email": "1@x.example", "family_name": "李", "given_name": "安"}, at=make.MONDAY_9AM)
    register({"email": "2@x.example", "family_name": "李", "given_name": "明"}, at=make.MONDAY_9AM)
    assert list(search(Lead.objects.all(), "李 安")) == [both]
    assert list(search(Lead.objects.all(), "李 1@x.example")) == [both]
