"""A tree of conditions as one SQL condition over `leads_lead` (and `leads_company`, joined outside)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func
from django.db.models.expressions import Col, Combinable
from django.db.models.sql.compiler import SQLCompiler

from leads.criteria.fields import Frame, Sql, Type
from leads.criteria.tree import All, Any_, Compare, Did, Node, Not, leaves

# What a text must look like to be read as a number or a day: it came from a file or from another system.
# Not \d and \s: to them belong digits and spaces of every script, which a cast does not take.
NUMBER = r"^[ \t\r\n]*[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?[ \t\r\n]*$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?$"


def number_of(text: str) -> str:
    """SQL of the number that a text spells, in full-width digits as well; NULL where it spells none."""
    narrow = narrow_of(text)
    return (
        f"(CASE WHEN {text} ~ '{NUMBER}' THEN ({text})::numeric WHEN {narrow} ~ '{NUMBER}' THEN {narrow}::numeric END)"
    )


def day_of(text: str) -> str:
    """SQL of the day that a text begins with, in full-width digits as well; NULL where it begins with none."""
    day, narrow = f"left({text}, 10)", narrow_of(f"left({text}, 11)")
    return (
        f"(CASE WHEN {text} ~ '{DAY}' THEN CASE WHEN pg_input_is_valid({day}, 'date') THEN {day}::date END"
        f" WHEN {narrow} ~ '{DAY}' THEN"
        f" CASE WHEN pg_input_is_valid(left({narrow}, 10), 'date') THEN left({narrow}, 10)::date END END)"
    )


def yes_of(text: str) -> str:
    """SQL of the answer that a text spells, in full-width letters as well; NULL where it spells none."""
    return f"(CASE lower({narrow_of(text)}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END)"


def narrow_of(text: str) -> str:
    """SQL of a text without the difference between full-width and ordinary letters, as texts are compared."""
    return f"normalize({text}, NFKC)"


def typed(text: str, type_: Type) -> str:
    """SQL of a text as what its field holds. The text is named more than once: keep it cheap."""
    match type_:
        case Type.NUMBER:
            return number_of(text)
        case Type.DATE:
            return day_of(text)
        case Type.BOOLEAN:
            return yes_of(text)
    return text


def compiled(node: Node, frame: Frame) -> Sql:
    """The condition. It may be NULL where it does not hold: right in WHERE and in WHEN; elsewhere add IS TRUE."""
    match node:
        case All():
            return joined(node.children, " AND ", "TRUE", frame)
        case Any_():
            return joined(node.children, " OR ", "FALSE", frame)
        case Not():
            # A comparison with a missing value is NULL, which is false before it is negated.
            sql, params = compiled(node.child, frame)
            return f"({sql} IS NOT TRUE)", params
        case Compare():
            return comparison(node, frame)
        case Did():
            return done(node, frame)


def joined(children: tuple[Node, ...], word: str, empty: str, frame: Frame) -> Sql:
    parts = [compiled(child, frame) for child in children]
    if not parts:
        return empty, []
    return "(" + word.join(sql for sql, _ in parts) + ")", [param for _, params in parts for param in params]


def comparison(node: Compare, frame: Frame) -> Sql:
    field = node.field
    if frame.past and field.as_of is not None:
        return compared(node, *frame.fill(field.as_of), is_folded=False)
    value, given = frame.fill(field.now)
    if not field.source:
        return compared(node, value, given, is_folded=field.is_folded)
    source, source_given = frame.fill(field.source)
    if node.op == "is_empty":
        sql, params = compared(node, value, given, is_folded=field.is_folded)
        return f"NOT EXISTS (SELECT 1 FROM {source} AND NOT {sql})", [*source_given, *params]
    sql, params = compared(node, value, given, is_folded=field.is_folded)
    return f"EXISTS (SELECT 1 FROM {source} AND {sql})", [*source_given, *params]


SIGNS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def compared(node: Compare, value: str, given: list[Any], *, is_folded: bool) -> Sql:
    """`value op node.value`, NULL or false where the value is missing."""
    if node.field.type in (Type.TEXT, Type.CHOICE):
        return compared_text(node, value, given, is_folded)
    if node.op == "is_empty":
        return f"({value} IS NULL)", given
    if node.op == "between":
        return f"({value} BETWEEN %s AND %s)", [*given, *map(plain, node.value)]
    if node.op in ("in", "not_in"):
        places = ", ".join(["%s"] * len(node.value))
        word = "IN" if node.op == "in" else "NOT IN"
        return f"({value} {word} ({places}))", [*given, *map(plain, node.value)]
    return f"({value} {SIGNS[node.op]} %s)", [*given, plain(node.value)]


def compared_text(node: Compare, value: str, given: list[Any], is_folded: bool) -> Sql:
    # An empty text is a missing one. Nothing that is not empty folds to an empty text.
    if node.op == "is_empty":
        return f"(COALESCE({value}, '') = '')", given
    folded = value if is_folded else f"fold({value})"
    match node.op:
        case "=":
            return f"({folded} = fold(%s))", [*given, node.value]
        case "!=":
            return f"(NULLIF({folded}, '') <> fold(%s))", [*given, node.value]
        case "in":
            return f"({folded} IN ({folds(node.value)}))", [*given, *node.value]
        case "not_in":
            return f"(NULLIF({folded}, '') NOT IN ({folds(node.value)}))", [*given, *node.value]
        case "contains":
            return f"(strpos({folded}, fold(%s)) > 0)", [*given, node.value]
    return f"starts_with({folded}, fold(%s))", [*given, node.value]


def folds(values: Sequence[str]) -> str:
    return ", ".join(["fold(%s)"] * len(values))


def plain(value: Any) -> Any:
    # A float goes as the decimal that was written, so that 0.1 is 0.1.
    return Decimal(str(value)) if isinstance(value, float) else value


def done(node: Did, frame: Frame) -> Sql:
    """So many activities in `(at − days, at]`, by the index on (lead, moment)."""
    sql = (
        f"SELECT 1 FROM leads_activity a WHERE a.lead_id = {frame.lead}.id"
        " AND a.kind_id = (SELECT k.id FROM leads_activitykind k WHERE k.key = %s) AND a.occurred_at <= %s"
    )
    params: list[Any] = [node.kind, frame.at]
    if node.within_days is not None:
        sql += " AND a.occurred_at > %s"
        params.append((frame.windows_from or frame.at) - timedelta(days=node.within_days))
    if node.where is not None:
        where, given = carried(node.where)
        sql += f" AND {where}"
        params += given
    if node.at_most is not None:
        if node.at_most == 0:
            return f"NOT EXISTS ({sql})", params
        # Counting stops as soon as the answer is known.
        return f"((SELECT count(*) FROM ({sql} LIMIT {node.at_most + 1}) seen) <= {node.at_most})", params
    least = node.at_least or 1
    if least == 1:
        return f"EXISTS ({sql})", params
    return f"((SELECT count(*) FROM ({sql} LIMIT {least}) seen) >= {least})", params


def carried(node: Node) -> Sql:
    """A condition over what an activity carries."""
    match node:
        case All() | Any_():
            word, empty = (" AND ", "TRUE") if isinstance(node, All) else (" OR ", "FALSE")
            parts = [carried(child) for child in node.children]
            if not parts:
                return empty, []
            return "(" + word.join(sql for sql, _ in parts) + ")", [param for _, given in parts for param in given]
        case Not():
            sql, params = carried(node.child)
            return f"({sql} IS NOT TRUE)", params
        case Compare():
            text = "(a.properties ->> %s)"
            value = typed(text, node.field.type)
            return compared(node, value, [node.field.name] * value.count("%s"), is_folded=False)
    raise TypeError(node)


def stood_in(leaf: Compare | Did, frame: Frame) -> Sql:
    """Whether a value that we were told later stands in, as of the frame's moment, for what a condition asks."""
    if isinstance(leaf, Did):
        return "FALSE", []
    if leaf.field.stands_in is not None:
        return frame.fill(leaf.field.stands_in)
    return ("TRUE" if leaf.field.as_of is None else "FALSE"), []


def names_a_company(node: Node, frame: Frame) -> bool:
    return any("{company}" in template for leaf in leaves(node) for template in templates(leaf, frame))


def templates(leaf: Compare | Did, frame: Frame) -> Iterator[str]:
    if isinstance(leaf, Compare):
        used = leaf.field.as_of if frame.past and leaf.field.as_of is not None else leaf.field.now
        yield from (template for template in (used, leaf.field.source) if isinstance(template, str))


class Holds(Func):
    """Whether a tree holds, as an expression for filter(), annotate() and When().

    The aliases of the lead's and the company's rows are those of whatever query it stands in. Where a value is
    missing it may be NULL, which filter() and When() take for false: to leave leads out, filter by
    `condition({"not": tree})` rather than exclude().
    """

    conditional = True
    output_field = BooleanField()

    def __init__(self, *expressions: Any, node: Node | None = None, frame: Frame | None = None, **extra: Any) -> None:
        super().__init__(*expressions, output_field=BooleanField(), **extra)
        self.node, self.frame = node, frame

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        assert self.node is not None
        assert self.frame is not None
        aliases = [compiler.quote_name_unless_alias(str(column.alias)) for column in self.columns()]
        lead = aliases[0]
        company = aliases[1] if len(aliases) > 1 else self.frame.company
        return compiled(self.node, replace(self.frame, lead=lead, company=company))

    def columns(self) -> list[Col]:
        return [column for column in self.get_source_expressions() if isinstance(column, Col)]

    def select_format(self, compiler: SQLCompiler, sql: str, params: Any) -> tuple[str, Any]:
        return f"({sql} IS TRUE)", params


def holds(node: Node, frame: Frame, lead: str = "") -> Holds:
    """The expression; `lead` is the way to the lead from the model that is asked ("lead" from a journey)."""
    way = f"{lead}__" if lead else ""
    # A column of the row itself, not the key: a foreign key's column would do for that, in another table.
    named: list[Combinable] = [F(f"{way}created_at")]
    if names_a_company(node, frame):
        named.append(F(f"{way}company__created_at"))
    return Holds(*named, node=node, frame=frame)
