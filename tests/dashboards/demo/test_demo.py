from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from dashboards.goals.models import Goal
from funnel.models import Transition
from leads.models import Activity, Lead
from sla.models import Agreement, Handoff, Timer
from teams.models import Organization, Role, User
from tests import make

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

SMALL = {"leads": 60, "days": 60, "seed": 3}


def demo(**options: object) -> str:
    out = StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


def test_the_demo_is_a_company_whose_figures_come_from_its_ledger():
    said = demo(**SMALL)

    assert "rep1@demo.example" in said
    assert "with the password" in said
    assert Lead.objects.count() == 60
    assert Agreement.objects.in_force().count() == 1
    assert Activity.objects.count() > 300
    assert Goal.objects.exists()
    # Whoever qualified did so by a definition that was in force then.
    qualified = Transition.objects.filter(how=Transition.How.MACHINE, from_stage__isnull=False)
    assert qualified.exists()
    assert not qualified.exclude(definition__in_force_from__lte=F("at")).exists()
    assert Handoff.objects.count() == Timer.objects.filter(kind=Timer.Kind.ANSWER).count() > 0

    assert "rep1@demo.example" in demo(if_empty=True)
    assert Lead.objects.count() == 60


def test_an_interrupted_demo_is_built_anew():
    demo(**SMALL)
    Organization.objects.update(demo_built_at=None)
    Lead.objects.filter(pk__in=Lead.objects.filter(handoffs=None)[:5]).delete()
    demo(if_empty=True, **SMALL)
    assert Lead.objects.count() == 60


def test_the_demo_refuses_to_touch_real_data():
    make.user(Role.ADMINISTRATOR, email="ada@real.example")
    make.lead()

    assert demo(if_empty=True) == ""
    for options in ({}, {"reset": True}):
        with pytest.raises(CommandError, match="Nothing was changed"):
            demo(**options)
    assert (Lead.objects.count(), User.objects.get_queryset().count()) == (1, 1)


def test_a_demo_in_which_real_people_work_is_not_reset():
    demo(**SMALL)
    make.user(Role.ADMINISTRATOR, email="ada@real.example")
    with pytest.raises(CommandError, match="Real people work in this demo"):
        demo(reset=True)
    assert Lead.objects.count() == 60
