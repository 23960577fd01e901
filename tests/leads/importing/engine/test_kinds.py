"""What every kind of rows promises, and how one is registered."""

from __future__ import annotations

from typing import Any

import pytest

from leads.importing.engine import kinds as registry
from leads.importing.engine.batches import Batch
from leads.importing.engine.fields import Field, Prefix, fields_by_name
from leads.importing.engine.kinds import ImportKind, kind_of, kinds, register_kind
from leads.importing.files import cells
from leads.importing.kinds.leads import LeadImport
from tests.leads.importing.importing import bring, counts

ALL = kinds()
KINDS = pytest.mark.parametrize("kind", ALL.values(), ids=lambda kind: kind.key)
# A row of each kind that gives what it must.
WHOLE: dict[str, dict[str, Any]] = {
    "leads": {"email": "a@x.example"},
    "companies": {"name": "Mihon"},
    "activities": {"lead.email": "a@x.example", "kind": "call", "occurred_at": "2026-11-01"},
    "opportunities": {"lead.email": "a@x.example"},
}


class Visit(ImportKind):
    """Rows that are visits: the least that a kind states."""

    key = "visits"
    label = "Visits"
    help = "One row a visit."
    fields = fields_by_name([Field("page", "Page", cells.text(10)), Field("at", "At", cells.moment, "timestamptz")])
    prefixes = (Prefix("seen.", "Seen", column="seen"),)
    aliases = {"url": "page"}

    def import_batch(self, batch: Batch) -> None:
        batch.stage()


@pytest.fixture
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_kinds", dict(ALL))


def test_what_can_be_imported() -> None:
    assert set(ALL) == set(WHOLE)


@KINDS
def test_a_kind_is_known_by_its_key(kind: ImportKind) -> None:
    assert kind_of(kind.key) is kind


def test_a_kind_that_nobody_imports_is_told() -> None:
    with pytest.raises(KeyError):
        kind_of("dances")


@pytest.mark.usefixtures("_registry")
def test_an_app_above_registers_a_kind_or_one_in_place_of_another() -> None:
    class MoreVisit(Visit):
        pass

    register_kind(Visit())
    more = MoreVisit()
    register_kind(more)
    assert kind_of("visits") is more
    assert set(kinds()) == {*ALL, "visits"}


@pytest.mark.usefixtures("_registry")
@pytest.mark.django_db
def test_the_least_kind_can_be_imported() -> None:
    register_kind(Visit())
    made, told = bring("visits", "page,at,seen.logo\n/a,2026-11-01,yes\n/a,soon,\n", {
        "page": "page", "at": "at", "seen.logo": "seen.logo",
    })  # fmt: skip
    assert told == counts(unchanged=2)


@KINDS
def test_a_whole_row_lacks_nothing_and_an_empty_one_says_what(kind: ImportKind) -> None:
    assert kind.missing_required(WHOLE[kind.key]) == ""
    assert kind.missing_required({})


@pytest.mark.parametrize(
    ("kind", "left_out", "reason"),
    [
        ("activities", "lead.email", "neither an e-mail nor an external id"),
        ("activities", "kind", "there is no kind"),
        ("activities", "occurred_at", "there is no date"),
        ("opportunities", "lead.email", "neither an e-mail nor an external id"),
        ("leads", "email", "neither an e-mail nor an external id"),
        ("companies", "name", "neither a name nor an external id nor a domain"),
    ],
)
def test_the_reason_names_what_is_missing(kind: str, left_out: str, reason: str) -> None:
    given = {name: value for name, value in WHOLE[kind].items() if name != left_out}
    assert reason in kind_of(kind).missing_required(given)


def test_a_deal_is_not_both_won_and_lost() -> None:
    both = WHOLE["opportunities"] | {"won_at": 1, "lost_at": 2}
    assert "won and that it was lost" in kind_of("opportunities").missing_required(both)


@pytest.mark.parametrize(
    ("kind", "values", "keys"),
    [
        ("leads", {"external_id": "1", "email": "Aya@X.example"}, ["external_id 1", "email aya@x.example"]),
        ("leads", {"title": "Buyer"}, []),
        ("companies", {"external_id": "1", "name": "Mihon"}, ["external_id 1"]),
        ("companies", {"name": "ＭＩＨＯＮ", "domain": "mihon.example"}, ["name mihon"]),
        ("companies", {"domain": "mihon.example"}, ["domain mihon.example"]),
        ("activities", {"lead.email": "a@x.example", "message_id": "m1"}, []),
        ("opportunities", {"external_id": "7", "name": "Tablets"}, ["external_id 7"]),
        ("opportunities", {"lead.email": "A@x.example", "name": "Tablets"}, ["deal a@x.example Tablets "]),
    ],
)
def test_rows_are_about_the_same_thing_by_these_keys(kind: str, values: dict[str, Any], keys: list[str]) -> None:
    assert list(kind_of(kind).match_keys(values)) == keys


@KINDS
def test_match_keys_are_made_of_the_fields_that_it_states(kind: ImportKind) -> None:
    values = {name: f"{name}@x.example" for name in kind.fields}
    only = {name: value for name, value in values.items() if name in kind.match_fields}
    assert list(kind.match_keys(values)) == list(kind.match_keys(only))
    assert bool(only) == bool(list(kind.match_keys(values)))
    assert kind.kept <= kind.fields.keys()


@KINDS
def test_other_names_lead_to_fields(kind: ImportKind) -> None:
    for alias, name in kind.aliases.items():
        found = kind.find_field(alias)
        assert found is not None
        assert found.name == name


@pytest.mark.parametrize(
    ("name", "found"),
    [("page", "page"), ("url", "page"), ("seen.logo", "seen.logo"), ("seen.", None), ("unseen.x", None), ("", None)],
)
def test_a_field_is_found_by_its_name_its_alias_or_its_prefix(name: str, found: str | None) -> None:
    field = Visit().find_field(name)
    assert (field and field.name) == found


def test_a_field_of_a_prefix_is_called_by_the_rest_of_its_name() -> None:
    field = LeadImport().find_field("company.custom.tier")
    assert field is not None
    assert (field.name, str(field.label)) == ("company.custom.tier", "tier")


@pytest.mark.django_db
@KINDS
def test_only_activities_take_words_of_ours(kind: ImportKind) -> None:
    known = kind.vocabulary()
    assert set(known) == ({"kind"} if kind.key == "activities" else set())
    if known:
        assert {"demo_request", "demo request"} <= known["kind"]


def test_by_itself_a_kind_has_nothing_to_fill_in() -> None:
    values = {"page": "/a"}
    Visit().complete(values)
    assert values == {"page": "/a"}
    assert Visit().missing_required({}) == ""
    assert list(Visit().match_keys(values)) == []
