"""Companies that may be one: their names differ in what kind of company it is, or in how they are written."""

from __future__ import annotations

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.functions import Left

from leads.models.companies import Company

# As the index has it (migration 0018).
LONGEST = 200


class Core(Func):
    """The name without its legal form, folded as it is searched."""

    function = "company_core"
    output_field = TextField()


def alike(company: Company) -> QuerySet[Company]:
    """Other companies that may be the same."""
    mine = Left(Core(Value(company.name)), LONGEST)
    found = Company.objects.alias(core=Left(Core(F("name")), LONGEST), mine=mine)
    return found.filter(core=F("mine")).exclude(core="").exclude(pk=company.pk).order_by("pk")


# SQL: of the companies that were just made (as `s`), those with an older one of the same core, and its name.
ALIKE_OF_NEW = f"""
SELECT c.name, other.name FROM staging_companies s JOIN leads_company c ON c.id = s.id
JOIN LATERAL (
    SELECT name FROM leads_company o
    WHERE left(company_core(o.name), {LONGEST}) = left(company_core(c.name), {LONGEST}) AND o.id < c.id
    ORDER BY o.id LIMIT 1
) other ON true
WHERE s.is_new AND company_core(c.name) <> '' ORDER BY s.line LIMIT 200
"""
