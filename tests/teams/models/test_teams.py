"""Teams: on which side they are, who heads them, what they are called."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import translation

from teams.models import Role, Team
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "party"),
    [("marketing", "marketing"), ("vendor", "marketing"), ("sdr", "sales"), ("sales", "sales")],
)
def test_each_kind_of_team_is_on_a_side(kind: str, party: str):
    assert Team(kind=kind).party == party


def test_every_kind_has_words_in_both_languages():
    for kind in Team.Kind:
        with translation.override("ja"):
            japanese = str(kind.label)
        with translation.override("en"):
            assert str(kind.label).isascii()
            assert str(kind.label) != japanese or kind == Team.Kind.SDR


def test_a_team_is_called_by_its_name_in_the_reader_s_language():
    both, one = Team(name="Sales East", name_ja="東日本営業"), Team(name="Sales West")
    assert (str(both), str(one)) == ("Sales East", "Sales West")
    with translation.override("ja"):
        assert (str(both), str(one)) == ("東日本営業", "Sales West")


def test_two_teams_do_not_share_a_name():
    make.team(Team.Kind.SALES, name="East")
    with pytest.raises(IntegrityError), transaction.atomic():
        make.team(Team.Kind.SDR, name="East")


def test_a_head_is_not_removed_while_heading():
    gina = make.user(Role.MANAGER)
    make.team(Team.Kind.SALES, head=gina)
    with pytest.raises(ProtectedError):
        gina.delete()
