"""The language of conditions: for personas, fit rules, definitions, segments, lists and routing.

A tree of JSON: {"all": [...]}, {"any": [...]}, {"not": node},
{"field": "company.employees", "op": ">=", "value": 5000},
{"did": "demo_request", "at_least": 1, "within_days": 90, "where": {...}}.  docs/criteria.md tells the whole of it.

    check(tree, scope="all"|"fit"|"persona")      refuse what cannot be said: BadCriteria.errors = [(path, message)]
    condition(tree, at=..)                        one SQL condition for filter(), annotate() and When
    condition(tree, as_of=..)                     the same as of a moment of the past
    condition_sql(tree, at=.., lead=.., company=..)   as (sql, params), for statements written by hand
    counts(tree, at=..)                           how many leads match the whole and each part: {path: n}, "*" for all
    sentence(tree, language=.., html=..)          as people read it, in English or Japanese
    explain(tree, lead_id, at)                    which parts hold for one lead
    stand_ins(tree, as_of, among)                 for what part, and for what share of the leads, a value that we were
                                                  told later stands in
    todays_values(tree, as_of)                    the paths of those parts
    register_field(Field(...))                    what an app adds, when it is ready

Forms: `leads.criteria.forms.CriteriaField`.
"""

from leads.criteria.asking import Explained, TooMany, condition, condition_sql, counts, explain
from leads.criteria.fields import Catalogue, Field, Type, register_family, register_field
from leads.criteria.parsing import read
from leads.criteria.reaching import StandIn, stand_ins, todays_values
from leads.criteria.reading import sentence, speaker
from leads.criteria.tree import BadCriteria, Tree

__all__ = [
    "BadCriteria",
    "Catalogue",
    "Explained",
    "Field",
    "StandIn",
    "TooMany",
    "Tree",
    "Type",
    "check",
    "condition",
    "condition_sql",
    "counts",
    "explain",
    "register_family",
    "register_field",
    "sentence",
    "speaker",
    "stand_ins",
    "todays_values",
]

EVERYONE: dict[str, list[object]] = {"all": []}


def check(tree: object, scope: str = "all") -> None:
    """Raise `BadCriteria` with every fault of the tree and the path to it. The scopes "fit" and "persona" are for fit
    rules and personas, which may name neither scores nor stages: no circles."""
    read(tree, scope=scope)
