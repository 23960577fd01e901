"""What criteria may say of a lead and its company."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from leads.criteria import Catalogue, condition, fields
from leads.criteria.attributes import SAMPLE, often
from leads.models import Campaign, Company, Lead, Persona, PersonaVersion
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY_9AM


def who(name: str, op: str, value: Any = None) -> set[Lead]:
    tree = {"field": name, "op": op} | ({} if value is None else {"value": value})
    return set(Lead.objects.filter(condition(tree, at=AT)))


def field(name: str) -> Any:
    found = Catalogue().get(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", [each.name for each in fields._fields.values() if each.in_fit])
def test_every_attribute_can_be_asked_for_now_and_as_of_the_past(name: str) -> None:
    for asked in ({"at": AT}, {"as_of": AT}):
        leads = Lead.objects.filter(condition({"field": name, "op": "is_empty"}, **asked))  # type: ignore[arg-type]
        assert leads.count() == 0


def test_the_day_a_lead_became_known_is_the_company_s(in_tokyo: None) -> None:
    late, early = (make.lead(created_at=datetime(2026, 4, 1, hour, tzinfo=UTC)) for hour in (15, 14))
    assert who("created_at", "=", "2026-04-02") == {late}
    assert who("created_at", "<=", "2026-04-01") == {early}


def test_a_reference_is_asked_for_by_its_id() -> None:
    sam, spring = make.user(), Campaign.objects.create(name="Spring")
    owned, campaigned = make.lead(owner=sam), make.lead(campaign=spring)
    assert who("owner", "=", sam.pk) == {owned}
    assert who("campaign", "in", [spring.pk]) == {campaigned}
    assert who("campaign", "is_empty") == {owned}
    assert who("owner", "!=", sam.pk) == set()


def test_the_owner_of_the_company_is_not_that_of_the_lead() -> None:
    sam = make.user()
    lead = make.lead(company=make.company(owner=sam))
    assert who("company.owner", "=", sam.pk) == {lead}
    assert who("owner", "=", sam.pk) == set()


def test_a_lead_without_a_company_has_none_of_its_attributes() -> None:
    alone = make.lead()
    assert who("company.industry", "is_empty") == {alone}
    assert who("company.industry", "!=", "food") == set()


@pytest.mark.parametrize("consent", ["given", "withdrawn"])
def test_consent_that_is_unknown_is_empty_and_no_choice(consent: str) -> None:
    said, unknown = make.lead(consent=consent), make.lead()
    assert who("consent", "=", consent) == {said}
    assert who("consent", "is_empty") == {unknown}
    assert "" not in dict(field("consent").options())


def test_a_persona_is_offered_by_the_name_of_its_latest_version() -> None:
    persona = Persona.objects.create()
    PersonaVersion.objects.create(persona=persona, number=1, name="Plant lead").freeze(at=AT)
    PersonaVersion.objects.create(persona=persona, number=2, name="Plant head")
    assert field("persona").options() == [(persona.pk, "Plant head")]


def test_people_are_offered_by_their_names_in_the_order_of_the_language() -> None:
    make.user(family_name="Sato", given_name="Ken")
    make.user(family_name="Abe", given_name="Mai")
    assert [str(words) for _pk, words in field("owner").options()] == ["Mai Abe", "Ken Sato"]
    with translation.override("ja"):
        assert [str(words) for _pk, words in field("owner").options()] == ["Abe Mai", "Sato Ken"]


def test_texts_are_suggested_the_most_frequent_first() -> None:
    for title in ("Buyer", "CTO", "CTO", "", "Analyst"):
        make.lead(title=title)
    assert list(field("title").suggestions()) == ["CTO", "Analyst", "Buyer"]


def test_suggestions_come_from_the_newest_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.criteria.attributes.SAMPLE", 2)
    for days, industry in ((9, "old"), (2, "food"), (1, "food")):
        make.company(industry=industry, created_at=AT - timedelta(days=days))
    assert list(often(Company, "industry")()) == ["food"]
    assert SAMPLE > 1000


def test_a_custom_field_is_named_by_whose_it_is_and_its_key() -> None:
    make.custom_field("tier", "choice", choices=["gold", "銀"])
    make.custom_field("tier", "number", subject="company")
    lead = make.lead(custom={"tier": "銀"}, company=make.company(custom={"tier": 3}))
    assert who("custom.tier", "=", "銀") == {lead}
    assert who("company.custom.tier", ">=", 3) == {lead}
    assert field("custom.tier").options() == [("gold", "gold"), ("銀", "銀")]
    assert str(field("company.custom.tier").label) == "Company: Tier"


@pytest.mark.parametrize("held", ["soon", "2026-13-01", ""])
def test_a_kept_value_that_does_not_fit_its_type_is_missing(held: str) -> None:
    make.custom_field("renews_on", "date")
    lead = make.lead(custom={"renews_on": held})
    assert who("custom.renews_on", "is_empty") == {lead}
    assert who("custom.renews_on", "<", "2030-01-01") == set()


def test_a_label_is_read_in_the_language_of_who_reads_it() -> None:
    make.custom_field("tier", name_ja="ランク", subject="company")
    label = field("company.custom.tier").label
    with translation.override("ja"):
        assert "ランク" in str(label)
    assert str(label) == "Company: Tier"
