"""What a file says of leads that were merged here: the merge stands."""

from __future__ import annotations

import pytest

from leads.models import Lead
from leads.registering.registration import register
from sla.flow.merging import merge
from tests import make
from tests.leads.importing.importing import bring, counts

pytestmark = pytest.mark.django_db
NOW = make.MONDAY_9AM
COLUMNS = {
    "id": "external_id", "mail": "email", "title": "title", "phone": "phone", "shoe": "custom.shoe",
    "company": "company.name",
}  # fmt: skip
HEAD = "id,mail,title,phone,shoe,company\n"


@pytest.fixture
def kept() -> Lead:
    """Merged of 1 and 2, with the title of 2 and the rest of 1, where it had any."""
    make.custom_field("shoe")
    given = {"email": "a@x.example", "title": "Head", "phone": "", "custom.shoe": "43", "company.name": "Mihon"}
    one, _made = register(given, identities=[("crm", "1")], at=NOW)
    other, _made = register(
        {"email": "b@x.example", "title": "Buyer", "phone": "03", "custom.shoe": "44", "company.name": "Rei"},
        identities=[("crm", "2")],
        at=NOW,
    )
    merge(one, other, {"title": "Buyer"}, by=make.user(), at=NOW)
    return one


def values(lead: Lead) -> tuple[object, ...]:
    lead = Lead.objects.get(pk=lead.pk)
    return lead.email, lead.title, lead.phone, lead.custom.get("shoe"), lead.company and lead.company.name


@pytest.mark.parametrize(
    "row",
    [
        "1,a@x.example,Head,,43,Mihon",  # A title that was decided against.
        "2,b@x.example,Buyer,03,44,Rei",
        "2,,Buyer,03,44,Rei",
        ",B@X.example,Buyer,03,44,Rei",
        "2,new@x.example,Chief,,45,Example",  # Of the record that went, everything here is filled.
        "1,b@x.example,,,,",  # An address that the lead had is none to go back to.
    ],
)
def test_what_a_merge_decided_is_not_overturned(kept: Lead, row: str) -> None:
    before = values(kept)
    assert bring("leads", HEAD + row + "\n", COLUMNS)[1] == counts(unchanged=1)
    assert values(kept) == before == ("a@x.example", "Buyer", "", "43", "Mihon")


def test_what_is_news_comes_in(kept: Lead) -> None:
    text = f"{HEAD}1,a@x.example,Chief,,46,Example\n2,b@x.example,Buyer,04,44,Rei\n"
    assert bring("leads", text, COLUMNS)[1] == counts(updated=2)
    assert values(kept) == ("a@x.example", "Chief", "04", "46", "Example")
    assert bring("leads", text, COLUMNS)[1] == counts(unchanged=2)


def test_another_lead_of_the_same_file_is_not_held_back(kept: Lead) -> None:
    text = f"{HEAD}2,b@x.example,Chief,,,\n3,c@x.example,Head,03,44,Rei\n"
    assert bring("leads", text, COLUMNS)[1] == counts(unchanged=1, created=1)
    assert Lead.objects.get(email="c@x.example").title == "Head"
