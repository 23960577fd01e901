"""Companies that may be one."""

from __future__ import annotations

import pytest

from leads.models import Company
from leads.registering.likeness import alike
from tests import make
from tests.leads.importing.importing import bring

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("株式会社見本商事", "見本商事（株）"),
        ("㈱見本商事", "見本商事"),
        ("株式会社 見本商事", "株式会社\u3000見本商事"),
        ("髙橋商店(有)", "有限会社高橋商店"),
        ("Example Inc.", "Example, Inc."),
        ("Example Inc.", "example inc"),
        ("Example", "Example Co., Ltd."),
        ("Example K.K.", "EXAMPLE GmbH"),
        ("Bäcker & Söhne GmbH & Co. KG", "Bäcker & Söhne"),
        ("ｶｸｳ", "カクウ株式会社"),
    ],
)
def test_the_kind_of_company_makes_no_other(one: str, other: str) -> None:
    first, second = make.company(name=one), make.company(name=other)
    assert list(alike(first)) == [second]
    assert list(alike(second)) == [first]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("見本商事", "見本商会"),
        ("株式会社", "有限会社"),
        ("Incline", "Line"),
        ("Asco", "As"),
        ("Co", "Inc"),
        ("Mihon A", "Mihon B"),
    ],
)
def test_other_names_are_not_alike(one: str, other: str) -> None:
    first = make.company(name=one)
    make.company(name=other)
    assert not alike(first)


def test_an_import_says_what_may_be_one_and_joins_nothing() -> None:
    make.company(name="株式会社見本商事")
    job, _told = bring("companies", "name\n見本商事（株）\nRei\n㈱見本商事\n", {"name": "name"})
    assert Company.objects.count() == 4
    assert [sentence for sentence in job.said if "may be the same" in sentence] == [
        f"“{made}” was new and was made: it may be the same company as “株式会社見本商事”."
        for made in ("見本商事（株）", "㈱見本商事")
    ]
