"""The kinds of rows that this app brings in."""

from leads.importing import companies, doings, people
from leads.importing.registry import register_kind


def register() -> None:
    for kind in (people.KIND, companies.KIND, doings.KIND):
        register_kind(kind)
