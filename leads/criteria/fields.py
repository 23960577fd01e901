"""What criteria may name: the registry of fields. Each app registers those of its own nouns when it is ready."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

from django.utils.functional import Promise

from smarketing.company import company_zone

Sql: TypeAlias = tuple[str, list[Any]]
Words: TypeAlias = str | Promise
Choice: TypeAlias = tuple[Any, Words]


class Type(Enum):
    """What a field holds, and so which comparisons make sense."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"  # A text out of a short list.
    REFERENCE = "reference"  # The id of one of our own records.


OPERATORS: dict[Type, tuple[str, ...]] = {
    Type.TEXT: ("=", "!=", "in", "not_in", "contains", "starts_with", "is_empty"),
    Type.NUMBER: (">=", "<=", "=", "!=", ">", "<", "between", "in", "not_in", "is_empty"),
    Type.DATE: (">=", "<=", "=", "!=", ">", "<", "between", "is_empty"),
    Type.BOOLEAN: ("=", "!=", "is_empty"),
    Type.CHOICE: ("=", "!=", "in", "not_in", "is_empty"),
    Type.REFERENCE: ("=", "!=", "in", "not_in", "is_empty"),
}
ALL_OPERATORS = frozenset(op for ops in OPERATORS.values() for op in ops)
PLACEHOLDER = re.compile(r"\{(lead|company|at|zone)\}")


@dataclass(frozen=True)
class Frame:
    """From where a condition is looked at: the aliases of the rows, and the moment."""

    at: datetime
    past: bool = False  # Attributes as they were at `at`, not as they are today.
    lead: str = "leads_lead"
    company: str = "leads_company"
    # From where windows count back, `at` when left out. A score belongs to a day: its windows begin at one.
    windows_from: datetime | None = None

    def fill(self, template: Template) -> Sql:
        """Put the aliases and the moment into a piece of SQL."""
        if callable(template):
            return template(self)
        params: list[Any] = []

        def put(match: re.Match[str]) -> str:
            match match[1]:
                case "lead":
                    return self.lead
                case "company":
                    return self.company
                case "at":
                    params.append(self.at)
                case "zone":
                    params.append(company_zone().key)
            return "%s"

        return PLACEHOLDER.sub(put, template), params


Template: TypeAlias = str | Callable[[Frame], Sql]


@dataclass(frozen=True)
class Field:
    """An attribute that criteria may compare.

    `name`      as the JSON tree names it: "company.employees", "stage", "fit".
    `type`      decides the operators and the type of the value.
    `label`     as a list of fields shows it, lazily translated: _("Company: employees").
    `now`       SQL of its value today, NULL (or '' for text) where it is missing. `{lead}` and `{company}` stand for
                the rows' aliases, `{at}` for the moment asked about, `{zone}` for the company's zone. A literal % is
                written %%. A function `frame -> (sql, params)` may take its place.
    `source`    where `now` is a column of another table: "scoring_score s WHERE s.lead_id = {lead}.id". The leaf
                then compiles to EXISTS (SELECT 1 FROM source AND …), which the planner can turn into a join. No row
                is a missing value.
    `as_of`     SQL of its value at `{at}`, one scalar (a subquery, say). None: nobody kept its past; the answer then
                uses today's value and says so.
    `stands_in` SQL of whether at `{at}` a value that we were told later stands in for that of then: the record is one
                that a file dated back, say. Left out: for nobody, or, without `as_of`, for everybody.
    `made_of`   the trees that the value is made of: the rules behind a score, the criteria of personas.
    `noun`      as a sentence names it ("the number of employees"); the label in small letters when left out.
    `choices`   what it can be, as (value, words): needed for CHOICE and REFERENCE.
    `suggestions`  for text: what it often is.
    `in_fit`    whether fit rules (and personas) may name it. Only what `leads` itself registers: no circles.
    `is_folded` whether `now` is folded already (a generated column).
    """

    name: str
    type: Type
    label: Words
    now: Template
    source: str = ""
    as_of: Template | None = None
    stands_in: Template | None = None
    made_of: Callable[[], Iterable[Mapping[str, Any]]] | None = None
    noun: Words = ""
    choices: Callable[[], Iterable[Choice]] | None = None
    suggestions: Callable[[], Iterable[str]] | None = None
    in_fit: bool = False
    is_folded: bool = False

    @property
    def operators(self) -> tuple[str, ...]:
        return OPERATORS[self.type]

    def options(self) -> list[Choice]:
        return list(self.choices()) if self.choices else []


Family: TypeAlias = Callable[[], Sequence[Field]]

_fields: dict[str, Field] = {}
_families: dict[str, Family] = {}


def register_field(field: Field) -> None:
    """Let criteria name this field from now on. Call it in `AppConfig.ready()`.

        register_field(Field(
            "fit", Type.NUMBER, _("Fit"), noun=_("fit"),
            now="s.fit / 1000000.0", source="scoring_score s WHERE s.lead_id = {lead}.id",
        ))
        register_field(Field(
            "stage", Type.CHOICE, _("Stage"), choices=stages,
            now="g.role",
            source="funnel_journey j JOIN funnel_stage g ON g.id = j.stage_id WHERE j.lead_id = {lead}.id",
            as_of="(SELECT … FROM funnel_transition t … WHERE t.lead_id = {lead}.id AND t.at <= {at} … LIMIT 1)",
        ))

    Registering a name again replaces it.
    """
    _fields[field.name] = field


def register_family(prefix: str, family: Family) -> None:
    """Fields whose list is in the database, all beginning with `prefix`: `custom.` and `company.custom.`."""
    _families[prefix] = family


def is_of_a_family(name: str) -> bool:
    return any(name.startswith(prefix) for prefix in _families)


class Catalogue:
    """The fields that can be named now. Made for one question; asks the database for each family once, when needed."""

    def __init__(self, scope: str = "all") -> None:
        self.scope = scope
        self._found: dict[str, dict[str, Field]] = {}

    def _family(self, prefix: str) -> dict[str, Field]:
        if prefix not in self._found:
            self._found[prefix] = {field.name: field for field in _families[prefix]()}
        return self._found[prefix]

    def get(self, name: str) -> Field | None:
        """The field of that name, whatever the scope."""
        for prefix in sorted(_families, key=len, reverse=True):
            if name.startswith(prefix):
                return self._family(prefix).get(name)
        return _fields.get(name)

    def may_name(self, field: Field) -> bool:
        """Fit rules and personas say who a lead is, not what it is worth or where it stands: no circles."""
        if self.scope == "persona":
            return field.in_fit and field.name != "persona"
        return self.scope != "fit" or field.in_fit

    def all(self) -> list[Field]:
        """Every field that the scope may name, in the order of registration."""
        every = [*_fields.values(), *(field for prefix in _families for field in self._family(prefix).values())]
        return [field for field in every if self.may_name(field)]
