"""Who is known, who is new, and what is kept of a change."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from history.models import Change
from leads.models import Company, Identity, Lead, PendingReevaluation, SearchEntry
from leads.registering.identities import Conflict, Unnamed
from leads.registering.registration import change, register
from leads.text.free_mail import is_free_mail
from tests import make

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def test_two_spellings_of_an_address_are_one_lead() -> None:
    first, created = register({"email": "Taro.Kakuu@mihon.example", "title": "部長"}, at=NOW)
    again, created_again = register({"email": " ｔａｒｏ.kakuu@MIHON.example", "title": "部長"}, at=NOW)
    assert (created, created_again) == (True, False)
    assert first.pk == again.pk
    assert Change.objects.count() == 0


def test_an_external_id_is_enough_and_belongs_to_its_system() -> None:
    here, _ = register({"family_name": "架空"}, identities=[("eight", "1")], at=NOW)
    there, created = register({"family_name": "別人"}, identities=[("hubspot", "1")], at=NOW)
    assert created
    assert here.pk != there.pk


def test_a_lead_without_any_name_to_know_it_by_is_refused() -> None:
    with pytest.raises(Unnamed):
        register({"family_name": "架空"}, at=NOW)
    assert not Lead.objects.exists()


def test_an_email_and_an_external_id_of_two_leads_are_a_conflict_that_names_both() -> None:
    one, _ = register({"email": "a@mihon.example"}, at=NOW)
    two, _ = register({"family_name": "別人"}, identities=[("crm", "7")], at=NOW)
    with pytest.raises(Conflict) as conflict:
        register({"email": "A@mihon.example", "title": "部長"}, identities=[("crm", "7")], at=NOW)
    assert conflict.value.leads == (one, two)
    assert not Lead.objects.exclude(title="").exists()


def test_empty_values_never_erase() -> None:
    lead, _ = register({"email": "a@mihon.example", "title": "Buyer"}, at=NOW)
    register({"email": "a@mihon.example", "title": "", "phone": None}, at=NOW)
    lead.refresh_from_db()
    assert lead.title == "Buyer"


def test_a_change_is_kept_with_who_and_how() -> None:
    gina = make.user()
    lead, _ = register({"email": "a@mihon.example", "title": "Buyer"}, at=NOW)
    register({"email": "a@mihon.example", "title": "Head of buying"}, by=gina, how="api", at=NOW + timedelta(days=1))
    kept = Change.objects.get()
    assert (kept.subject, kept.subject_id, kept.field, kept.old, kept.new) == (
        "lead", lead.pk, "title", "Buyer", "Head of buying",
    )  # fmt: skip
    assert (kept.by, kept.how, kept.at) == (gina, "api", NOW + timedelta(days=1))


def test_a_page_may_empty_an_attribute() -> None:
    lead, _ = register({"email": "a@mihon.example", "title": "Buyer"}, at=NOW)
    assert change(lead, {"title": "", "phone": ""}, at=NOW) == {"title": ("Buyer", "")}


def test_changing_to_an_address_that_another_lead_has_is_a_conflict() -> None:
    one, _ = register({"email": "a@mihon.example"}, at=NOW)
    register({"email": "b@mihon.example"}, at=NOW)
    with pytest.raises(Conflict):
        change(one, {"email": "B@mihon.example"}, at=NOW)


def test_a_bad_value_is_told_at_its_field_and_nothing_is_written() -> None:
    with pytest.raises(ValidationError) as wrong:
        register({"email": "jiro@nanashi", "title": "Buyer"}, at=NOW)
    assert set(wrong.value.message_dict) == {"email"}
    with pytest.raises(ValidationError) as wrong:
        register({"email": "a@b.example", "title": "x" * 500, "custom.shoe_size": "44"}, at=NOW)
    assert set(wrong.value.message_dict) == {"title", "custom.shoe_size"}
    assert not Lead.objects.exists()


@pytest.mark.parametrize("email", ["hanako@gmail.com", "HANAKO@ＹＡＨＯＯ.co.jp", "x@docomo.ne.jp"])
def test_free_mail_is_flagged(email: str) -> None:
    lead, _ = register({"email": email}, at=NOW)
    assert lead.is_free_mail
    change(lead, {"email": "hanako@mihon.example"}, at=NOW)
    assert not Lead.objects.get(pk=lead.pk).is_free_mail
    assert not is_free_mail("x@notgmail.com")


def test_a_new_lead_is_marked_as_news_and_can_be_searched() -> None:
    lead, _ = register({"email": "a@mihon.example", "family_name": "架空"}, at=NOW)
    assert PendingReevaluation.objects.get().news_at == NOW
    assert "架空" in SearchEntry.objects.get(lead=lead).text


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_eight_who_register_one_address_at_once_make_one_lead() -> None:
    start = Barrier(8)

    def come(n: int) -> bool:
        try:
            start.wait()
            values = {"email": f"{'A' if n % 2 else 'a'}@mihon.example", "company.name": "Mihon"}
            return register(values, identities=[("crm", "7")], at=NOW)[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(come, range(8)))
    assert sum(created) == 1
    assert Lead.objects.count() == Identity.objects.count() == Company.objects.count() == 1


def test_a_lead_that_is_known_stays_as_old_as_it_is() -> None:
    day = timedelta(days=1)
    lead, _ = register({"email": "a@x.example", "created_at": NOW - 9 * day}, at=NOW)
    again, is_new = register({"email": "a@x.example", "title": "CTO", "created_at": NOW - day}, at=NOW)
    again.refresh_from_db()
    assert (is_new, again.title, again.created_at) == (False, "CTO", NOW - 9 * day)
    assert lead == again


def test_one_s_own_address_in_another_spelling_is_no_conflict() -> None:
    lead = make.lead(email="a@x.example")
    assert change(lead, {"email": "A@X.example"}, at=NOW) == {"email": ("a@x.example", "A@X.example")}


def test_a_phone_is_compared_by_its_number_in_the_lead_s_country_else_in_ours() -> None:
    lead, _ = register({"email": "a@x.example", "phone": "03-1234-5678"}, at=NOW)
    assert (lead.phone, lead.phone_e164) == ("03-1234-5678", "+81312345678")
    change(lead, {"country": "ドイツ"}, at=NOW)
    lead.refresh_from_db()
    assert (lead.phone, lead.phone_e164) == ("03-1234-5678", "+49312345678")
    change(lead, {"phone": ""}, at=NOW)
    lead.refresh_from_db()
    assert lead.phone_e164 == ""
