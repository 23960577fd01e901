"""The kinds of rows that this app brings in."""

from leads.importing.engine.registry import register_kind
from leads.importing.kinds import activities as doings
from leads.importing.kinds import companies
from leads.importing.kinds import leads as people


def register() -> None:
    for kind in (people.KIND, companies.KIND, doings.KIND):
        register_kind(kind)
