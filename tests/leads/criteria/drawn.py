"""Leads, companies, pasts and conditions as they are drawn, and the question whether SQL and oracle agree on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import strategies as st

from history.models import Change
from leads.criteria import (
    check,
    condition,
    counts,
    explain,
    sentence,
)
from leads.models import Activity, ActivityKind, Campaign, CustomField, Lead, Persona, PersonaMatch
from tests import make
from tests.leads.criteria.criteria_oracle import meets

AT = make.MONDAY_9AM
TOKYO = ZoneInfo("Asia/Tokyo")

WORDS = ["", "部長", "ＣＴＯ", "cto", "CTO ", "Straße", "STRASSE", "ﬁne", "Fine day", "ｶﾞｲｼｬ", "ガイシャ", "%", "a_b"]
HELD = {
    "title": st.sampled_from(WORDS),
    "department": st.sampled_from(WORDS),
    "consent": st.sampled_from(["", "given", "withdrawn"]),
    "campaign": st.sampled_from([None, 0, 1]),
    "custom.budget": st.sampled_from([None, 0, 3, 2.5, 100]),
    "custom.nickname": st.sampled_from([None, *WORDS]),
    "custom.renews_on": st.sampled_from([None, "2026-11-01", "2026-11-16", "2027-01-01"]),
    "custom.vip": st.sampled_from([None, True, False]),
    "custom.tier": st.sampled_from([None, "gold", "Silver"]),
}
COMPANY_HELD = {
    "industry": st.sampled_from(WORDS),
    "employees": st.sampled_from([None, 0, 10, 299, 300, 5000]),
    "revenue": st.sampled_from([None, "0.00", "2.50", "1000000.00"]),
    "custom.tier": st.sampled_from([None, "gold", "Silver"]),
}
KINDS = ["demo_request", "pricing_page_view", "email_open"]
DAYS = [0, 0, 1, 7, 29, 30, 31, 90]
MOMENTS = st.builds(
    lambda days, wink: AT - timedelta(days=days) + timedelta(microseconds=wink),
    st.sampled_from([-2, 0, 1, 7, 30, 90]),
    st.sampled_from([-1, 0, 1]),
)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "url": st.sampled_from(["", "/pricing", "/Ｐricing", "/about"]),
        "seconds": st.sampled_from([3, 2.5, "3", " 40 ", "３", "many", None, True]),
        "on": st.sampled_from(
            ["2026-11-01", "2026-11-16T10:00", "２０２６－１１－１６", "soon", 20261101, "2026-13-01"]
        ),
        "paid": st.sampled_from([True, False, "TRUE", "ｔｒｕｅ", "yes"]),
    },
)


def several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=3)


def comparisons(field: str, ops: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    def leaf(op: str) -> st.SearchStrategy[dict[str, Any]]:
        if op == "is_empty":
            return st.just({"field": field, "op": op})
        value: st.SearchStrategy[Any] = values
        if op in ("in", "not_in"):
            value = several(values)
        if op == "between":
            value = st.lists(values, min_size=2, max_size=2).map(sorted)
        return st.fixed_dictionaries({"field": st.just(field), "op": st.just(op), "value": value})

    return st.sampled_from(ops).flatmap(leaf)


TEXT_OPS = ["=", "!=", "in", "not_in", "contains", "starts_with", "is_empty"]
NUMBER_OPS = ["=", "!=", "<", "<=", ">", ">=", "between", "in", "not_in", "is_empty"]
DATE_OPS = ["=", "!=", "<", "<=", ">", ">=", "between", "is_empty"]
CHOICE_OPS = ["=", "!=", "in", "not_in", "is_empty"]
words = st.sampled_from([*WORDS[1:], "c", "fine", "STRAße", "がい"])
numbers = st.sampled_from([0, 3, 2.5, 10, 299.5, 300, 5000])
days = st.sampled_from(["2026-08-18", "2026-11-01", "2026-11-15", "2026-11-16", "2027-01-01"])
tiers = st.sampled_from(["gold", "Silver"])

properties = st.recursive(
    st.one_of(
        comparisons("url", TEXT_OPS, st.sampled_from(["/pricing", "PRIC", "/about", "3"])),
        comparisons("seconds", NUMBER_OPS, st.sampled_from([2.5, 3, 40])),
        comparisons("on", ["<", "<=", ">", ">=", "between"], days),
        comparisons("paid", ["=", "!="], st.booleans()),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, max_size=2)}),
        st.fixed_dictionaries({"any": st.lists(inner, max_size=2)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=3,
)
doings = st.fixed_dictionaries(
    {"did": st.sampled_from(KINDS)},
    optional={
        "at_least": st.one_of(st.none(), st.integers(1, 3)),
        "within_days": st.one_of(st.none(), st.sampled_from([1, 7, 30, 90])),
        "where": properties,
    },
) | st.fixed_dictionaries(
    {"did": st.sampled_from(KINDS), "at_most": st.integers(0, 2), "within_days": st.sampled_from([None, 7, 30])}
)


def leaves(campaigns: list[int], personas: list[int]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        doings,
        comparisons("title", TEXT_OPS, words),
        comparisons("consent", CHOICE_OPS, st.sampled_from(["given", "withdrawn"])),
        comparisons("campaign", CHOICE_OPS, st.sampled_from(campaigns)),
        comparisons("persona", CHOICE_OPS, st.sampled_from(personas)),
        comparisons("is_free_mail", ["=", "!="], st.booleans()),
        comparisons("created_at", DATE_OPS, days),
        comparisons("company.industry", TEXT_OPS, words),
        comparisons("company.employees", NUMBER_OPS, numbers),
        comparisons("company.revenue", NUMBER_OPS, numbers),
        comparisons("company.custom.tier", CHOICE_OPS, tiers),
        comparisons("custom.budget", NUMBER_OPS, numbers),
        comparisons("custom.nickname", TEXT_OPS, words),
        comparisons("custom.renews_on", DATE_OPS, days),
        comparisons("custom.vip", ["=", "!=", "is_empty"], st.booleans()),
        comparisons("custom.tier", CHOICE_OPS, tiers),
    )


def trees(campaigns: list[int], personas: list[int]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        leaves(campaigns, personas),
        lambda inner: st.one_of(
            st.fixed_dictionaries({"all": st.lists(inner, max_size=3)}),
            st.fixed_dictionaries({"any": st.lists(inner, max_size=3)}),
            st.fixed_dictionaries({"not": inner}),
        ),
        max_leaves=6,
    )


def pasts(held: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, list[tuple[datetime, Any]]]]:
    changes = {
        name: st.lists(st.tuples(MOMENTS, values), max_size=3, unique_by=lambda change: change[0])
        for name, values in held.items()
    }
    return st.fixed_dictionaries({}, optional=changes)


companies_drawn = st.lists(
    st.fixed_dictionaries({"now": st.fixed_dictionaries(COMPANY_HELD), "past": pasts(COMPANY_HELD)}),
    min_size=2,
    max_size=2,
)
leads_drawn = st.lists(
    st.fixed_dictionaries(
        {
            "now": st.fixed_dictionaries(
                HELD
                | {
                    "company": st.sampled_from([None, 0, 1]),
                    "persona": st.sampled_from(["none", None, 0, 1]),
                    "is_free_mail": st.booleans(),
                    "created_at": MOMENTS,
                }
            ),
            "past": pasts(HELD | {"company": st.sampled_from([None, 0, 1])}),
            "did": st.lists(st.tuples(st.sampled_from(KINDS), MOMENTS, PROPERTIES), max_size=5),
        }
    ),
    min_size=1,
    max_size=3,
)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def custom(values: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("custom."): value for name, value in values.items() if name.startswith("custom.")}


def put(record: str, pk: int, past: dict[str, list[tuple[datetime, Any]]]) -> None:
    Change.objects.bulk_create(
        Change(subject=record, subject_id=pk, field=field, old=old, new=None, at=moment)
        for field, changes in past.items()
        for moment, old in changes
    )


def name_ids(lead: dict[str, Any], field: str, ids: list[int]) -> None:
    """Drawn leads name records by their place in a list."""

    def known(place: int | None) -> int | None:
        return None if place is None else ids[place]

    lead["now"][field] = known(lead["now"][field])
    if field in lead["past"]:
        lead["past"][field] = [(moment, known(old)) for moment, old in lead["past"][field]]


def keep(drawn: list[dict[str, Any]], firms: list[dict[str, Any]], campaigns: list[int], personas: list[int]) -> None:
    """Put the drawn companies and leads into the database, and tell the oracle their ids."""
    kinds = dict(ActivityKind.objects.values_list("key", "id"))
    held: dict[int, dict[str, Any]] = {}
    for firm in firms:
        plain = {name: value for name, value in firm["now"].items() if not name.startswith("custom.")}
        company = make.company(**plain, custom=custom(firm["now"]))
        put("company", company.pk, firm["past"])
        held[company.pk] = firm
    for lead in drawn:
        name_ids(lead, "company", list(held))
        name_ids(lead, "campaign", campaigns)
        today = lead["now"]
        made = make.lead(
            title=today["title"],
            department=today["department"],
            consent=today["consent"],
            campaign_id=today["campaign"],
            company_id=today["company"],
            is_free_mail=today["is_free_mail"],
            created_at=today["created_at"],
            custom=custom(today),
        )
        put("lead", made.pk, lead["past"])
        if today["persona"] != "none":
            today["persona"] = None if today["persona"] is None else personas[today["persona"]]
            PersonaMatch.objects.create(lead=made, persona_id=today["persona"], machine_id=today["persona"])
        else:
            today["persona"] = None
        today["created_at"] = today["created_at"].astimezone(TOKYO).date()
        Activity.objects.bulk_create(
            Activity(lead=made, kind_id=kinds[kind], occurred_at=moment, properties=carried)
            for kind, moment, carried in lead["did"]
        )
        lead |= {"id": made.pk, "companies": held}


def setting() -> tuple[list[int], list[int]]:
    Type, Subject = CustomField.Type, CustomField.Subject
    for key, type_ in (
        ("budget", Type.NUMBER),
        ("nickname", Type.TEXT),
        ("renews_on", Type.DATE),
        ("vip", Type.BOOLEAN),
        ("tier", Type.CHOICE),
    ):
        CustomField.objects.create(key=key, type=type_, name_en=key, choices=["gold", "Silver"])
    CustomField.objects.create(
        key="tier", type=Type.CHOICE, name_en="tier", choices=["gold", "Silver"], subject=Subject.COMPANY
    )
    campaigns = [Campaign.objects.create(name=name).pk for name in ("Spring", "Autumn")]
    personas = [Persona.objects.create().pk for _ in range(2)]
    return campaigns, personas


def agree_with_the_oracle(data: st.DataObject) -> None:
    with undone():
        campaigns, personas = setting()
        firms = data.draw(companies_drawn)
        drawn: list[dict[str, Any]] = data.draw(leads_drawn)
        keep(drawn, firms, campaigns, personas)
        tree = data.draw(trees(campaigns, personas))
        at = data.draw(MOMENTS)
        check(tree)
        for past in (False, True):
            asked: Any = {"as_of": at} if past else {"at": at}
            expected = {lead["id"] for lead in drawn if meets(tree, lead, at, past=past)}
            everyone = Lead.objects.unmerged()
            assert set(everyone.filter(condition(tree, **asked)).values_list("pk", flat=True)) == expected
            annotated = everyone.annotate(ok=condition(tree, **asked)).values_list("pk", "ok")
            assert dict(annotated) == {lead["id"]: lead["id"] in expected for lead in drawn}
        for lead in drawn:
            assert explain(tree, lead["id"], at).holds == meets(tree, lead, at, past=False)
        tallies = counts(tree, at=at)
        assert tallies[""] == sum(meets(tree, lead, at, past=False) for lead in drawn)
        assert tallies["*"] == len(drawn)
        for language in ("en", "ja"):
            assert sentence(tree, language=language)
