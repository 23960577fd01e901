"""Who meets the pages, and what their forms would send."""

from datetime import timedelta
from typing import Any

from funnel.models import Stage, StageRole
from sla.models import Agreement
from teams.models import Role, Team
from tests import make

LONG_AGO = make.MONDAY_9AM - timedelta(days=400)
MQL = {"all": [{"field": "fit", "op": ">=", "value": 60}]}


class Cast:
    def __init__(self):
        self.mara = make.user(Role.MARKETER, Role.MANAGER, given_name="Mara", language="en")
        self.gina = make.user(Role.MANAGER, Role.REP, given_name="Gina", language="en")
        self.sam = make.user(Role.REP, given_name="Sam", language="en")
        self.marketing = make.team(Team.Kind.MARKETING, head=self.mara)
        self.sales = make.team(Team.Kind.SALES, head=self.gina)


def filled(page):
    """What the forms of a page would send, were nothing changed."""
    rows = [page.context[name] for name in ("hops", "policies", "clauses")]
    forms = [page.context["form"], page.context["usual"], *(each.management_form for each in rows)]
    data: dict[str, Any] = {}
    for form in [*forms, *(form for each in rows for form in each.forms)]:
        for field in form:
            value = field.value()
            if isinstance(value, list):
                data[field.html_name] = value
            elif value is not None and value is not False and value != "":
                data[field.html_name] = "on" if value is True else str(value.pk if hasattr(value, "pk") else value)
    return data | {"qualifies_standing": "False"}


def row_of(page, rows, **wanted):
    """The prefix of the first row whose instance is so: "clauses-2"."""
    found = page.context[rows].forms
    return next(
        form.prefix
        for form in found
        if form.instance.pk and all(getattr(form.instance, name) == value for name, value in wanted.items())
    )


def blank_row(page, rows):
    return page.context[rows].extra_forms[0].prefix


NO_REMARKS = {"remarks-TOTAL_FORMS": "0", "remarks-INITIAL_FORMS": "0"}


def pending_agreement() -> Agreement:
    return Agreement.objects.get(in_force_from=None)


def mql() -> Stage:
    return Stage.objects.role(StageRole.MQL)
