"""What a column's cells tell of how they are written."""

from __future__ import annotations

from typing import Any

import pytest

from leads.importing.engine.mapping import BadMapping
from leads.models import Lead
from tests import make
from tests.leads.importing.importing import bring

pytestmark = pytest.mark.django_db
MAPPING = {"mail": "email", "budget": "custom.budget"}


def budgets(*cells: str, **options: Any) -> list[float]:
    make.custom_field("budget", "number")
    rows = "".join(f'm{number}@x.example,"{cell}"\n' for number, cell in enumerate(cells))
    bring("leads", f"mail,budget\n{rows}", MAPPING, **options)
    return [lead.custom.get("budget") for lead in Lead.objects.order_by("email")]


def test_one_cell_tells_for_its_column() -> None:
    assert budgets("1.234", "12,5") == [1234, 12.5]


def test_a_column_that_leaves_it_open_is_refused_with_both_readings() -> None:
    with pytest.raises(BadMapping, match=r"“budget”: is “1.234” 1.234 or 1234\?"):
        budgets("1.234", "5")


@pytest.mark.parametrize(("mark", "value"), [(".", 1.234), (",", 1234)])
def test_what_was_answered_counts(mark: str, value: float) -> None:
    assert budgets("1.234", decimal=mark) == [value]


def test_people_have_no_decimals() -> None:
    mapping = {"mail": "email", "firm": "company.name", "size": "company.employees"}
    bring("leads", 'mail,firm,size\na@x.example,Mihon,"1,200"\n', mapping)
    company = Lead.objects.get().company
    assert company is not None
    assert company.employees == 1200
