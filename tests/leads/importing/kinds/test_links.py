"""Ours that a row names by a word."""

from __future__ import annotations

import pytest

from leads.models import Campaign, Lead
from tests import make
from tests.leads.importing.importing import bring, counts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]


def test_an_owner_is_found_by_the_folded_address() -> None:
    sam = make.user(email="Sam@example.org")
    bring("leads", "mail,who\na@x.example,ＳＡＭ@EXAMPLE.org\n", {"mail": "email", "who": "owner"})
    assert Lead.objects.get().owner == sam


def test_an_owner_who_is_nobody_is_told_once_and_left_open() -> None:
    text = "mail,who\na@x.example,gone@example.org\nb@x.example,GONE@example.org\nc@x.example,\n"
    made, told = bring("leads", text, {"mail": "email", "who": "owner"})
    assert told == counts(created=3)
    assert not Lead.objects.exclude(owner=None).exists()
    assert made.said == ["“GONE@example.org” is nobody of ours: the owner was left open."]


def test_an_owner_who_is_nobody_does_not_take_the_lead_from_whom_it_is() -> None:
    lead = make.lead(email="a@x.example", owner=make.user())
    bring("leads", "mail,who\na@x.example,gone@example.org\n", {"mail": "email", "who": "owner"})
    assert Lead.objects.get().owner == lead.owner


def test_a_campaign_is_found_by_its_folded_name_or_made_as_it_was_first_written() -> None:
    spring = Campaign.objects.create(name="春の展示会")
    text = "mail,from\na@x.example,春の展示会\nb@x.example,Expo 2026\nc@x.example,ＥＸＰＯ 2026\n"
    made, told = bring("leads", text, {"mail": "email", "from": "campaign"})
    assert told == counts(created=3)
    first, second, third = Lead.objects.order_by("email")
    assert first.campaign == spring
    assert second.campaign == third.campaign == Campaign.objects.get(name="Expo 2026")
    assert made.said == ["The campaign “Expo 2026” was new and was made."]


def test_a_dry_run_makes_no_campaign() -> None:
    bring("leads", "mail,from\na@x.example,Expo\n", {"mail": "email", "from": "campaign"}, is_dry=True)
    assert not Campaign.objects.exists()
