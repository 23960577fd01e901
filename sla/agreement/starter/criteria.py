"""Criteria of the starter set; they match words of both languages."""

from __future__ import annotations

from typing import Any

Tree = dict[str, Any]
SENIORITIES = ["Manager", "Head", "Director", "VP", "C-level", "課長", "部長", "本部長", "役員"]
PLANT_DEPARTMENTS = ["Operations", "Manufacturing", "Production", "製造", "生産", "生産技術", "工場"]
QUALITY_DEPARTMENTS = ["Quality", "Quality assurance", "品質", "品質保証", "品質管理"]
IT_DEPARTMENTS = ["IT", "Information systems", "情報システム", "DX推進"]
MANUFACTURING_INDUSTRIES = ["Manufacturing", "Machinery", "Automotive", "Chemicals", "Electronics", "Food"]
MANUFACTURING_INDUSTRIES += ["製造業", "機械", "自動車", "化学", "電機", "食品"]


def field(name: str, op: str, value: object = None) -> Tree:
    return {"field": name, "op": op} | ({} if op == "is_empty" else {"value": value})


def any_of(*nodes: Tree) -> Tree:
    return {"any": list(nodes)}


def all_of(*nodes: Tree) -> Tree:
    return {"all": list(nodes)}


def did(kind: str, times: int, days: int | None) -> Tree:
    return {"did": kind, "at_least": times, "within_days": days}


IS_MANAGER = any_of(
    field("seniority", "in", SENIORITIES),
    field("title", "contains", "Manager"),
    field("title", "contains", "Director"),
    field("title", "contains", "長"),
)
WORKS_IN_PLANT = any_of(
    field("department", "in", PLANT_DEPARTMENTS),
    field("title", "contains", "Plant"),
    field("title", "contains", "工場"),
)
WORKS_IN_QUALITY = any_of(
    field("department", "in", QUALITY_DEPARTMENTS),
    field("title", "contains", "Quality"),
    field("title", "contains", "品質"),
)
WORKS_IN_IT = field("department", "in", IT_DEPARTMENTS)
