"""What this app adds to the kinds of rows that can be imported."""

from __future__ import annotations

from funnel.importing.corrections import TABLES
from funnel.importing.deals import DEALS
from funnel.importing.stage_dates import bring_stages, stage_fields
from leads.importing.engine.registry import register_fields, register_kind


def register() -> None:
    register_fields("leads", stage_fields(), after=bring_stages, tables=TABLES)
    register_kind(DEALS)
