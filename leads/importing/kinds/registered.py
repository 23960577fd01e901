"""The kinds of rows that this app imports."""

from leads.importing.engine.kinds import register_kind
from leads.importing.kinds.activities import ActivityImport
from leads.importing.kinds.companies import CompanyImport
from leads.importing.kinds.leads import LeadImport


def register() -> None:
    for kind in (LeadImport(), CompanyImport(), ActivityImport()):
        register_kind(kind)
