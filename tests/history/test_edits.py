"""Whatever a person edits is kept by the database, with who and how; whatever nobody edits says why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.forms import ModelForm
from django.test import RequestFactory
from django.urls import get_resolver
from django.utils.functional import Promise
from django.utils.timezone import now

from funnel.models import Stage
from history.edited import columns_of, trigger_of
from history.edits import Kind, kind_of, kinds, never_edited, reasons, register
from history.models import Edit
from history.subjects import records
from integrations.chat.models import Channel
from leads.models import Campaign, Lead, PersonaComment
from sla.models import Feed, Territory
from smarketing.database.authors import Author, author, writing
from smarketing.requests.clients import answering
from teams.models import Role, Team, Token, User
from tests import make
from tests.api import Program

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def kept(model: type[Model], **where: Any) -> list[tuple[str, dict[str, Any]]]:
    found = Edit.objects.filter(kind=model._meta.label_lower, **where).order_by("pk")
    return [(edit.what, edit.changes) for edit in found]


# Nothing is forgotten


def test_every_table_is_edited_with_history_or_says_why_not() -> None:
    for model in apps.get_models(include_auto_created=True):
        is_edited = kind_of(model._meta.label_lower) is not None
        assert is_edited != (model in reasons()), model._meta.label
        assert is_edited == (trigger_of(model) is not None), model._meta.label


def forms_of(form: type[Any]) -> set[type[Any]]:
    return {form} | {deeper for below in form.__subclasses__() for deeper in forms_of(below)}


def test_what_a_form_writes_has_a_history() -> None:
    """But for a form over what is written once."""
    assert get_resolver().reverse_dict  # Every view is imported, and with it its forms.
    ours = {form for form in forms_of(ModelForm) if form.__module__.split(".")[0] in apps.app_configs}
    models = {form._meta.model for form in ours if form._meta.model}
    assert len(models) > 20
    assert {model for model in models if kind_of(model._meta.label_lower) is None} == {PersonaComment}


def test_each_table_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        register(Kind(Stage, "Again"))
    with pytest.raises(ValueError, match="twice"):
        never_edited(Stage, because="")
    with pytest.raises(ValueError, match="twice"):
        register(Kind(Lead, "Lead"))


def test_every_column_has_a_label_in_both_languages() -> None:
    for kind in kinds():
        trigger = trigger_of(kind.model)
        assert trigger is not None
        left_out = {*columns_of(kind.model, *trigger.unkept.split()), "id"}
        for column, field in kind.fields.items():
            label = kind.labels.get(field.name, field.verbose_name)
            assert column in left_out or isinstance(label, Promise), f"{kind.key}.{column}"


def test_what_is_hidden_from_its_own_person_is_never_kept() -> None:
    """A password, a secret, an address that whoever knows it can write to."""
    for record in records():
        trigger = trigger_of(record.model)
        if trigger is not None:
            names = {*trigger.masked.split(), *trigger.unkept.split()}
            hidden = {each.name for each in record.by_name.values() if "secret" in each.because.lower()}
            hidden |= {each.name for each in record.by_name.values() if "Whoever knows it" in each.because}
            assert hidden <= names, record.name
            assert not {*trigger.masked.split()} & {*trigger.named.split()}, record.name


# What is written


def test_what_is_added_changed_and_deleted_is_a_row_each() -> None:
    spring = Campaign.objects.create(name="Spring", channel="Web")
    spring.channel = "Fair"
    spring.save()
    spring.save()
    spring.delete()
    assert kept(Campaign) == [
        ("added", {}),
        ("changed", {"channel": ["Web", "Fair"]}),
        ("deleted", {"name": ["Spring", None], "channel": ["Fair", None], "goal": ["", None]}),
    ]
    assert set(Edit.objects.filter(kind="leads.campaign").values_list("about__name", flat=True)) == {"Spring"}


def test_no_way_of_writing_goes_past_it() -> None:
    Campaign.objects.bulk_create([Campaign(name=name) for name in "abc"])
    Campaign.objects.update(channel="Web")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_campaign SET goal = 'Talks' WHERE name = 'a'")
    Campaign.objects.exclude(name="a").delete()
    written = [what for what, _changes in kept(Campaign)]
    assert written == ["added"] * 3 + ["changed"] * 4 + ["deleted"] * 2


def test_many_rows_changed_by_one_statement_are_kept_in_a_moment() -> None:
    """No row is compared with each other row: that would take a minute."""
    Campaign.objects.bulk_create([Campaign(name=str(n)) for n in range(5_000)])
    Campaign.objects.filter(name="1").update(goal="Talks")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10s'")
    Campaign.objects.update(channel="Web")
    assert Edit.objects.filter(what="changed").count() == 5_001


def test_who_is_added_to_a_territory_and_taken_away_is_kept() -> None:
    team = make.team(Team.Kind.SALES)
    north = Territory.objects.create(team=team, name="North", criteria={"all": []})
    sam, rosa = make.user(Role.REP, team=team), make.user(Role.REP, team=team)
    north.members.set([sam])
    north.members.set([rosa])
    rows = Edit.objects.filter(kind="sla.territorymember").order_by("pk").values_list("what", "about__user_id")
    assert sorted(rows) == sorted([("added", sam.pk), ("added", rosa.pk), ("deleted", sam.pk)])


def test_what_only_the_machine_writes_is_no_edit() -> None:
    sam = make.user(Role.REP)
    before = Edit.objects.count()
    User.objects.filter(pk=sam.pk).update(last_login=now(), browser_language="ja")
    assert Edit.objects.count() == before


def test_of_a_secret_is_kept_that_it_changed() -> None:
    sam = make.user(Role.REP)
    sam.set_password("eleven blue herons")
    sam.save()
    token, secret = Token.objects.issue(sam, name="Script", scopes=[])
    channel = Channel.objects.create(user=sam, url="https://hooks.example.org/T0/secret")
    channel.url = "https://hooks.example.org/T0/other"
    channel.save()
    Feed.objects.create(user=sam, secret="a-long-secret")
    Feed.objects.all().delete()
    Token.objects.all().delete()
    Channel.objects.all().delete()
    assert kept(User)[-1] == ("changed", {"password": []})
    assert kept(Channel)[1] == ("changed", {"url_digest": []})
    assert kept(Feed)[-1][1]["secret_digest"] == []
    told = str(list(Edit.objects.values()))
    for hidden in (sam.password, secret, token.digest, "hooks.example.org", "a-long-secret"):
        assert hidden not in told


# Who, how and when


def last() -> tuple[User | None, str]:
    edit = Edit.objects.order_by("pk").last()
    assert edit is not None
    return edit.by, edit.how


def test_a_page_and_a_program_are_told_apart() -> None:
    gina = make.user(Role.ADMINISTRATOR)
    team = make.team(Team.Kind.SALES)
    make.signed_in(gina).post(f"/settings/teams/{team.pk}/", {"name": "Sales East", "name_ja": "", "kind": "sales"})
    assert kept(Team)[-1] == ("changed", {"name": [team.name, "Sales East"]})
    assert last() == (gina, "page")
    rep = make.user(Role.REP)
    deal = make.opportunity(owner=rep)
    assert Program(rep).patch(f"opportunities/{deal.pk}/", {"name": "Pilot"}).status_code == 200
    edit = Edit.objects.get(kind="funnel.opportunity", what="changed")
    assert (edit.changes, edit.by, edit.how) == ({"name": ["", "Pilot"]}, rep, "api")


def test_the_machine_and_whoever_goes_past_us_are_nobody() -> None:
    stage = Stage.objects.create(name_en="Talk", position=99)
    assert last() == (None, "")
    with connection.cursor() as cursor:
        cursor.cursor.execute("UPDATE funnel_stage SET name_ja = '面談' WHERE id = %s", [stage.pk])
    assert last() == (None, "database")


def test_a_command_and_an_import_say_so() -> None:
    sam = make.user(Role.REP)
    with writing(how="command"):
        Campaign.objects.create(name="Spring")
        with writing(how="import 7", by=sam.pk):
            Campaign.objects.create(name="Summer")
    rows = Edit.objects.filter(kind="leads.campaign").order_by("pk").values_list("by", "how")
    assert list(rows) == [(None, "command"), (sam.pk, "import 7")]


def test_a_way_that_would_end_its_comment_is_refused() -> None:
    with pytest.raises(ValueError, match="comment"), writing(how="page */ DROP"):
        pass


def test_nobody_writes_in_anothers_name() -> None:
    sam = make.user(Role.REP)
    lie = f"/* by={sam.pk} how=page at=2020-01-01T00:00:00+00:00 */"
    Campaign.objects.create(name=lie)
    Campaign.objects.filter(name=lie).update(goal=lie)
    assert last() == (None, "")


def test_a_statement_of_its_own_says_who_outside_any_transaction() -> None:
    request = RequestFactory().post("/settings/stages/")
    request.user = make.user(Role.ADMINISTRATOR)
    with answering(request):
        assert author() == Author(request.user.pk, "page")
    assert author() == Author()


@time_machine.travel(make.MONDAY_9AM, tick=False)
def test_the_moment_is_the_applications() -> None:
    Campaign.objects.create(name="Spring")
    assert Edit.objects.get(kind="leads.campaign").at == make.MONDAY_9AM


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_is_known_where_each_statement_is_its_own_transaction() -> None:
    sam = make.user(Role.REP)
    with writing(how="page", by=sam.pk):
        Campaign.objects.create(name="Spring")
        Campaign.objects.update(goal="Talks")
    rows = Edit.objects.filter(kind="leads.campaign").order_by("pk").values_list("what", "by", "how")
    assert list(rows) == [("added", sam.pk, "page"), ("changed", sam.pk, "page")]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_taken_back_leaves_no_row() -> None:
    Campaign.objects.create(name="Spring")
    with pytest.raises(Exception, match="unique"):
        Campaign.objects.bulk_create([Campaign(name="Summer"), Campaign(name="Spring")])
    assert len(kept(Campaign)) == 1
