"""Which leads a name means: a table of rules, one statement for one name or many, and the same for files."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import Identity, Lead
from leads.registering.identities import (
    FORMER_EMAIL,
    Conflict,
    LeadKeys,
    cleaned_email,
    keep_identities,
    leads_named,
    leads_named_by,
    normal_email,
)
from leads.text.folding import fold
from sla.flow.merging import merge
from tests import make
from tests.leads.importing.importing import bring

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def lead(email: str = "", **ids: str) -> Lead:
    """A lead with an address and an id of each of these systems."""
    made = make.lead(email=email)
    for system, external_id in ids.items():
        made.identities.create(system=system, external_id=external_id)
    return made


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        (LeadKeys(), []),
        (LeadKeys(email="aya@x.example"), ["aya"]),
        (LeadKeys(email="ＡＹＡ@x.example"), ["aya"]),
        (LeadKeys(email="nobody@x.example"), []),
        (LeadKeys(system="crm", external_id="1"), ["aya"]),
        (LeadKeys(system="shop", external_id="1"), []),
        (LeadKeys(email="aya@x.example", system="crm", external_id="1"), ["aya"]),
        (LeadKeys(email="aya@x.example", system="crm", external_id="9"), ["aya"]),
        (LeadKeys(email="aya@x.example", system="crm", external_id="2"), ["aya", "ken"]),
        # An id alone is of no system, and names nobody of another.
        (LeadKeys(external_id="1"), []),
    ],
)
def test_a_lead_is_named_by_any_of_its_names(keys: LeadKeys, named: list[str]) -> None:
    leads = {"aya": lead("Aya@x.example", crm="1"), "ken": lead("ken@x.example", crm="2")}
    assert leads_named([keys]) == [[leads[name] for name in named]]


def test_an_id_of_ours_names_a_lead_or_the_one_that_it_became() -> None:
    kept, gone = lead("kept@x.example"), lead("gone@x.example")
    merge(kept, gone, by=make.user(), at=NOW)
    assert leads_named([LeadKeys(id=kept.pk), LeadKeys(id=gone.pk), LeadKeys(id=10**15)]) == [[kept], [kept], []]


def test_what_named_a_merged_lead_names_the_one_it_became() -> None:
    kept, gone = lead("kept@x.example"), lead("gone@x.example", crm="2")
    merge(kept, gone, by=make.user(), at=NOW)
    assert leads_named_by("GONE@x.example") == leads_named_by("", [("crm", "2")]) == [kept]


def test_an_address_names_who_has_it_now_before_who_had_it() -> None:
    once, now = lead("once@x.example"), lead("now@x.example")
    Identity.objects.create(lead=once, system=FORMER_EMAIL, external_id="now@x.example")
    assert leads_named_by("now@x.example") == [now]


def test_several_ids_name_one_lead_or_several() -> None:
    aya, ken = lead(crm="1", shop="a"), lead(crm="2")
    assert leads_named_by("", [("crm", "1"), ("shop", "a"), ("mail", "?")]) == [aya]
    assert leads_named_by("", [("crm", "1"), ("crm", "2")]) == [aya, ken]
    assert leads_named_by("") == []


def test_a_thousand_names_cost_what_one_costs() -> None:
    leads = [lead(f"m{n}@x.example", crm=str(n)) for n in range(20)]
    names = [LeadKeys(email=f"m{n % 20}@x.example", system="crm", external_id=str(n % 20)) for n in range(1000)]
    with CaptureQueriesContext(connection) as asked:
        named = leads_named(names)
    assert named == [[leads[n % 20]] for n in range(1000)]
    assert len(asked) == 2


# ---- Against an oracle, and as files name them

MAILS = ["", "a@x.example", "A@X.example", "b@x.example", "c@x.example"]
IDS = ["", "1", "2", "3"]
KEYS = st.builds(
    LeadKeys,
    email=st.sampled_from(MAILS),
    system=st.sampled_from(["crm", "shop"]),
    external_id=st.sampled_from(IDS),
)
KNOWN = st.lists(
    st.tuples(st.sampled_from(MAILS), st.sampled_from(IDS)),
    unique_by=(lambda each: fold(each[0]) or object(), lambda each: each[1] or object()),
    max_size=3,
)


def oracle(keys: LeadKeys, known: dict[int, tuple[str, str]]) -> set[int]:
    return {
        pk
        for pk, (mail, external_id) in known.items()
        if (mail and fold(mail) == fold(keys.email))
        or (external_id and (keys.system, keys.external_id) == ("crm", external_id))
    }


@given(KNOWN, st.lists(KEYS, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_names_mean_what_the_oracle_says(known: list[tuple[str, str]], names: list[LeadKeys]) -> None:
    Lead.objects.all().delete()
    made = {}
    for mail, external_id in known:
        made[lead(mail, **({"crm": external_id} if external_id else {})).pk] = (mail, external_id)
    assert [{each.pk for each in leads} for leads in leads_named(names)] == [oracle(keys, made) for keys in names]


@pytest.mark.parametrize("email", ["", "aya@x.example", "ken@x.example", "AYA@x.example", "new@x.example"])
@pytest.mark.parametrize("external_id", ["", "1", "2", "9"])
def test_a_file_means_the_same_leads(email: str, external_id: str) -> None:
    lead("aya@x.example", crm="1"), lead("ken@x.example", crm="2")
    named = leads_named_by(email, [("crm", external_id)] if external_id else [])
    text = f"mail,id,what,when\n{email},{external_id},call,2026-11-01\n"
    mapping = {"mail": "lead.email", "id": "lead.external_id", "what": "kind", "when": "occurred_at"}
    made, told = bring("activities", text, mapping)
    assert told["created"] == (len(named) == 1)
    if len(named) == 2:
        assert all(f"#{each.pk}" in made.rejected_rows.get().reasons[0]["reason"] for each in named)


# ---- What names are kept


def test_an_id_is_kept_once() -> None:
    aya = lead(crm="1")
    keep_identities(aya, [("crm", "1"), ("shop", "a"), ("shop", "a")])
    assert set(aya.identities.values_list("system", "external_id")) == {("crm", "1"), ("shop", "a")}


@pytest.mark.parametrize(
    ("written", "kept"),
    [("aya@x.example", "aya@x.example"), (" Ａya@x.example ", "Aya@x.example"), ("", ""), ("  ", "")],
)
def test_an_address_is_kept_as_written_but_for_width_and_spaces(written: str, kept: str) -> None:
    assert normal_email(written) == kept


@pytest.mark.parametrize("written", ["nobody", "a b@x.example", "@x.example", f"{'a' * 64}@{'b' * 60}.{'c' * 200}"])
def test_what_is_no_address_is_refused_at_the_attribute(written: str) -> None:
    with pytest.raises(ValidationError):
        normal_email(written)
    with pytest.raises(ValidationError) as wrong:
        cleaned_email(written)
    assert set(wrong.value.message_dict) == {"email"}


@pytest.mark.parametrize("order", [1, -1])
def test_a_conflict_names_both_the_older_first(order: int) -> None:
    leads = [make.lead(family_name="Sato", given_name="Aya", email="a@x.example"), make.lead(email="b@x.example")]
    conflict = Conflict(leads[::order])
    assert conflict.leads == tuple(leads)
    assert str(conflict) == conflict.sentence
    first, second = (f"{each} (#{each.pk})" for each in leads)
    assert conflict.sentence.endswith(f"{first} and {second}.")


def test_keys_say_nothing_by_default() -> None:
    empty: Any = LeadKeys()
    assert (empty.id, empty.email, empty.system, empty.external_id) == (None, "", "", "")
