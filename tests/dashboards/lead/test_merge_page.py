"""Finding the other record, comparing, choosing, confirming."""

from html import unescape

import pytest
from django.urls import reverse

from leads.models import Lead
from leads.registering.registration import register
from leads.registering.searching import refresh
from tests import make

pytestmark = pytest.mark.django_db


def test_who_has_the_same_name_is_offered_first(mara, client) -> None:
    lead = make.lead(family_name="Weber", given_name="Ann")
    alike = make.lead(family_name="Weber", given_name="Ann")
    make.lead(family_name="Weber", given_name="Tom")
    refresh()
    response = client.get(reverse("lead_merge", args=[lead.pk]))
    assert response.context["found"] == [alike]
    assert (
        response.context["lead"] not in client.get(reverse("lead_merge", args=[lead.pk]), {"q": "web"}).context["found"]
    )


def test_what_differs_is_chosen_and_what_only_the_other_has_is_taken(mara, client) -> None:
    make.custom_field("erp")
    kept = make.lead(title="CTO", phone="", custom={"erp": "SAP"})
    other = make.lead(title="Head of IT", phone="0123", custom={"erp": "Oracle"}, department="")
    url = reverse("lead_merge_with", args=[kept.pk, other.pk])
    form = client.get(url).context["form"]
    assert set(form.fields) == {"email", "title", "custom.erp"}
    client.post(url, {"email": "kept", "title": "other", "custom.erp": "other"})
    lead = Lead.objects.unmerged().get()
    assert (lead.pk, lead.title, lead.phone, lead.custom) == (kept.pk, "Head of IT", "0123", {"erp": "Oracle"})


def test_nothing_happens_before_everything_was_chosen(mara, client) -> None:
    kept, other = make.lead(), make.lead()
    response = client.post(reverse("lead_merge_with", args=[kept.pk, other.pk]), {})
    assert response.status_code == 422
    assert Lead.objects.unmerged().count() == 2


def test_the_kept_page_names_the_other_and_the_other_links_to_it(mara, client) -> None:
    kept, other = make.lead(family_name="Weber", email="a@example.org"), make.lead(email="b@example.org")
    client.post(reverse("lead_merge_with", args=[kept.pk, other.pk]), {"email": "kept"})
    assert "b@example.org" in client.get(reverse("lead", args=[kept.pk])).content.decode()
    assert "Weber" in unescape(client.get(reverse("lead", args=[other.pk])).content.decode())
    assert client.get(reverse("lead_merge_with", args=[kept.pk, other.pk])).status_code == 404


def test_who_has_the_same_number_is_offered_however_it_is_typed(mara, client) -> None:
    lead, _ = register({"email": "a@x.example", "phone": "03-1234-5678"})
    same, _ = register({"email": "b@x.example", "phone": "+81 (3) 1234 5678"})
    register({"email": "c@x.example", "phone": "03-1234-5679"})
    response = client.get(reverse("lead_merge", args=[lead.pk]))
    assert response.context["found"] == [same]
