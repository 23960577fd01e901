"""The week cut by source and by persona."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from dashboards.weekly.linked_numbers import LinkedNumbers, Number, Share
from funnel.models import Stage, StageRole
from leads.models import Persona
from metrics.question import ALL

# Rows of a table; the others are only counted.
SHOWN = 12


@dataclass(frozen=True)
class CutLine:
    """The leads of one source or one persona."""

    name: str
    entered: list[Number]
    to_mql: Share
    rejected: Number
    to_customer: Share


class BreakdownNumbers(LinkedNumbers):
    """The week cut by source and by persona."""

    @property
    def cut_stages(self) -> list[Stage]:
        return [self.stage_of[role] for role in StageRole.values]

    @cached_property
    def sources(self) -> list[CutLine]:
        return self._cut("source", {})

    @cached_property
    def personas(self) -> list[CutLine]:
        keys = [key for key in self.numbers["persona"] if key]
        names = {
            str(persona.pk): str(persona)
            for persona in Persona.objects.filter(pk__in=keys).prefetch_related("versions")
        }
        return self._cut("persona", names)

    def _cut(self, by: str, names: dict[str, str]) -> list[CutLine]:
        stored = self.numbers[by]
        order = sorted(stored, key=lambda key: (-sum(stored[key].values()), key))
        return [self._line(names.get(key, key) or _("none"), stored[key], key, by) for key in order[:SHOWN]]

    @property
    def more_sources(self) -> int:
        return max(0, len(self.numbers["source"]) - SHOWN)

    @cached_property
    def total(self) -> CutLine:
        columns = {line["role"]: line["entered"] for line in self.numbers["stages"]}
        accepted, answered = self.numbers["handoffs"]["acceptance"]
        return self._line("", columns | {"rejected": answered - accepted}, ALL, "")

    def _line(self, name: str, columns: dict[str, int], key: str, by: str) -> CutLine:
        n = {role: columns.get(role, 0) for role in (*StageRole.values, "rejected")}
        return CutLine(
            name,
            [self.count("entered", n[role], key, by=by, to_role=role) for role in StageRole.values],
            self.conversion("lead", "mql", [n["mql"], n["lead"]], key, by),
            self.count("rejected", n["rejected"], key, by=by),
            self.conversion("opportunity", "customer", [n["customer"], n["opportunity"]], key, by),
        )
