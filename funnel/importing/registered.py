"""What this app adds to the kinds of rows that can be imported."""

from funnel.importing.deals import DealImport
from funnel.importing.stage_dates import LeadHistoryImport
from leads.importing.engine.kinds import register_kind


def register() -> None:
    # In place of leads without their history.
    register_kind(LeadHistoryImport())
    register_kind(DealImport())
