"""What a tree of conditions means, said again in the plainest Python: the oracle that the SQL is tested against."""

import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

NUMBERS = {"company.employees", "company.revenue", "custom.budget"}
DAYS = {"created_at", "custom.renews_on"}


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def meets(tree: dict[str, Any], lead: dict[str, Any], at: datetime, *, past: bool) -> bool:
    """`lead` is {"now": {field: value}, "past": {field: [(moment, old)]}, "did": [(kind, moment, properties)]}."""
    if "did" in tree:
        return did(tree, lead, at)
    return evaluate(
        tree, lambda leaf: compare(leaf, value_of(lead, leaf["field"], at, past), leaf["field"]), meets, lead, at, past
    )


def evaluate(
    tree: dict[str, Any], leaf: Callable[[dict[str, Any]], bool], again: Any, lead: Any, at: Any, past: Any
) -> bool:
    if "all" in tree:
        return all(again(part, lead, at, past=past) for part in tree["all"])
    if "any" in tree:
        return any(again(part, lead, at, past=past) for part in tree["any"])
    if "not" in tree:
        return not again(tree["not"], lead, at, past=past)
    return leaf(tree)


def value_of(lead: dict[str, Any], field: str, at: datetime, past: bool) -> Any:
    if past and field.startswith("company."):
        company_id = first_old(lead["past"].get("company", []), at, lead["now"]["company"])
        company = lead["companies"].get(company_id)
        if company is None:
            return None
        name = field.removeprefix("company.")
        return first_old(company["past"].get(name, []), at, company["now"].get(name))
    if past and field != "persona":
        return first_old(lead["past"].get(field, []), at, lead["now"].get(field))
    if field.startswith("company."):
        company = lead["companies"].get(lead["now"]["company"])
        return company["now"].get(field.removeprefix("company.")) if company else None
    return lead["now"].get(field)


def first_old(changes: list[tuple[datetime, Any]], at: datetime, today: Any) -> Any:
    later = sorted((change for change in changes if change[0] > at), key=lambda change: change[0])
    return later[0][1] if later else today


def compare(leaf: dict[str, Any], held: Any, field: str) -> bool:
    op = leaf["op"]
    wanted: Any = leaf.get("value")
    missing = held is None or held == ""
    if op == "is_empty":
        return missing
    if missing:
        return False
    if field in NUMBERS:
        held = Decimal(str(held))
        wanted = [Decimal(str(each)) for each in wanted] if isinstance(wanted, list) else Decimal(str(wanted))
    elif field in DAYS:
        wanted = (
            [date.fromisoformat(each) for each in wanted] if isinstance(wanted, list) else date.fromisoformat(wanted)
        )
        held = date.fromisoformat(held) if isinstance(held, str) else held
    elif isinstance(held, str):
        held = fold(held)
        wanted = [fold(each) for each in wanted] if isinstance(wanted, list) else fold(wanted)
    return holds(op, held, wanted)


def holds(op: str, held: Any, wanted: Any) -> bool:
    match op:
        case "=":
            return bool(held == wanted)
        case "!=":
            return bool(held != wanted)
        case "<":
            return bool(held < wanted)
        case "<=":
            return bool(held <= wanted)
        case ">":
            return bool(held > wanted)
        case ">=":
            return bool(held >= wanted)
        case "between":
            return bool(wanted[0] <= held <= wanted[1])
        case "in":
            return held in wanted
        case "not_in":
            return held not in wanted
        case "contains":
            return wanted in held
        case "starts_with":
            return bool(held.startswith(wanted))
    raise AssertionError(op)


def did(tree: dict[str, Any], lead: dict[str, Any], at: datetime) -> bool:
    seen = 0
    for kind, moment, properties in lead["did"]:
        if kind != tree["did"] or moment > at:
            continue
        if tree.get("within_days") is not None and moment <= at - timedelta(days=tree["within_days"]):
            continue
        if tree.get("where") is None or carries(tree["where"], properties, at):
            seen += 1
    if tree.get("at_most") is not None:
        return bool(seen <= tree["at_most"])
    return bool(seen >= (tree.get("at_least") or 1))


def carries(tree: dict[str, Any], properties: dict[str, Any], at: Any, past: Any = None) -> bool:
    return evaluate(
        tree, lambda leaf: compare_property(leaf, properties.get(leaf["field"])), carries, properties, at, past
    )


def compare_property(leaf: dict[str, Any], held: Any) -> bool:
    """A property has the type of what it is compared with; what cannot be read as that is missing."""
    wanted = leaf.get("value")
    sample = wanted[0] if isinstance(wanted, list) else wanted
    if leaf["op"] == "is_empty":
        return held is None or held == ""
    if held is None:
        return False
    text = str(held).lower() if isinstance(held, bool) else str(held)
    narrow = unicodedata.normalize("NFKC", text)
    if isinstance(sample, bool):
        return narrow.lower() in ("true", "false") and holds(leaf["op"], narrow.lower() == "true", wanted)
    if isinstance(sample, int | float):
        try:
            return compare(leaf, Decimal(text), "company.employees")
        except InvalidOperation:
            return False
    if leaf["op"] in ("<", "<=", ">", ">=", "between"):
        try:
            date.fromisoformat(narrow[:10])
        except ValueError:
            return False
        return compare(leaf, narrow[:10], "created_at")
    return compare(leaf, text, "text")
