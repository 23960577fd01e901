"""Personas: written by marketing, version by version, and commented on by everybody."""

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from leads.models import Persona, PersonaMatch, PersonaVersion
from leads.personas.matching import match_personas
from teams.models import Role, User
from tests import make
from tests.leads.criteria.forms import fields_of

pytestmark = pytest.mark.django_db
CTO: dict[str, Any] = {"all": [{"field": "title", "op": "=", "value": "CTO"}]}


@pytest.fixture
def mara(client: Client) -> User:
    mara = make.user(Role.MARKETER, given_name="Mara", family_name="Ishikawa")
    client.force_login(mara)
    return mara


def written(frozen: bool = False, **fields: Any) -> PersonaVersion:
    version = PersonaVersion.objects.create(
        **{"persona": Persona.objects.create(), "name": "Plant lead", "criteria": CTO} | fields
    )
    if frozen:
        version.freeze(at=make.MONDAY_9AM)
        version.refresh_from_db()
    return version


def edited(client: Client, url: str, **changes: Any) -> Any:
    """Open the page's form, change something, and send it without any script."""
    data = fields_of(client.get(url).content.decode())
    for name, value in changes.items():
        data[name.replace("__", ".")] = value
    return client.post(url, data)


def test_a_marketer_writes_a_persona_with_its_criteria(client: Client, mara: User) -> None:
    url = reverse("persona_new")
    data = fields_of(client.get(url).content.decode())
    data["name"] = "Plant lead"
    data["criteria.do"] = "add:r"
    shown = client.post(url, data)
    assert shown.status_code == 200
    data = fields_of(shown.content.decode())
    assert data["name"] == "Plant lead"
    data["criteria.r-0.what"], data["criteria.r-0.op"], data["criteria.r-0.value"] = "field:title", "=", "CTO"
    answer = client.post(url, data)
    version = PersonaVersion.objects.get()
    assert answer.headers["Location"] == reverse("persona", args=[version.persona_id])
    assert (version.name, version.criteria, version.created_by, version.number) == ("Plant lead", CTO, mara, 1)


def test_a_draft_is_edited_where_it_stands(client: Client, mara: User) -> None:
    version = written()
    edited(client, reverse("persona_edit", args=[version.persona_id]), name="Plant head")
    version.refresh_from_db()
    assert (version.name, version.number) == ("Plant head", 1)


def test_a_version_that_was_proposed_is_never_edited_but_followed_by_the_next(client: Client, mara: User) -> None:
    agreed = written(frozen=True, goals="Less downtime")
    edited(client, reverse("persona_edit", args=[agreed.persona_id]), pains="Paper")
    first, second = agreed.persona.versions.all()
    assert (first.pains, first.frozen_at is None) == ("", False)
    assert (second.number, second.goals, second.pains, second.frozen_at) == (2, "Less downtime", "Paper", None)


def test_what_was_typed_stays_when_something_is_wrong(client: Client, mara: User) -> None:
    answer = edited(client, reverse("persona_edit", args=[written().persona_id]), name="", goals="Less downtime")
    assert answer.status_code == 422
    assert "Less downtime" in answer.content.decode()


def test_a_persona_may_not_name_scores_or_stages(client: Client, mara: User) -> None:
    url = reverse("persona_new")
    tree = '{"all": [{"field": "stage", "op": "=", "value": "mql"}]}'
    answer = client.post(url, {"name": "Circle", "criteria": tree})
    assert answer.status_code == 422
    assert not PersonaVersion.objects.exists()


def test_the_page_says_the_criteria_and_counts_who_meets_them(client: Client, mara: User) -> None:
    make.lead(title="CTO")
    page = client.get(reverse("persona", args=[written().persona_id])).content.decode()
    assert "A lead is this persona when the title is <b>“CTO”</b>." in page
    assert "lead meets these criteria now" in page


def test_an_earlier_version_can_still_be_read(client: Client, mara: User) -> None:
    agreed = written(frozen=True)
    written(persona=agreed.persona, number=2, name="Plant head")
    page = client.get(reverse("persona_version", args=[agreed.persona_id, 1])).content.decode()
    assert "This is an earlier version." in page
    assert client.get(reverse("persona_version", args=[agreed.persona_id, 3])).status_code == 404


def test_discarding_a_draft_leaves_what_was_proposed(client: Client, mara: User) -> None:
    agreed = written(frozen=True)
    written(persona=agreed.persona, number=2)
    client.post(reverse("persona_discard", args=[agreed.persona_id]))
    assert list(agreed.persona.versions.all()) == [agreed]


def test_discarding_the_only_draft_takes_the_persona_with_it(client: Client, mara: User) -> None:
    client.post(reverse("persona_discard", args=[written().persona_id]))
    assert not Persona.objects.exists()


def test_a_persona_is_retired_and_taken_into_use_again(client: Client, mara: User) -> None:
    persona = written(frozen=True).persona
    for retired in (True, False):
        client.post(reverse("persona_retirement", args=[persona.pk]))
        persona.refresh_from_db()
        assert (persona.retired_at is not None) == retired


def test_sales_comment_but_do_not_write(client: Client) -> None:
    sam = make.user(Role.REP)
    client.force_login(sam)
    persona = written().persona
    client.post(reverse("persona_comment", args=[persona.pk]), {"text": "They ask for references."})
    assert persona.comments.get().by == sam
    assert "They ask for references." in client.get(reverse("persona", args=[persona.pk])).content.decode()
    assert client.post(reverse("persona_comment", args=[persona.pk]), {"text": ""}).status_code == 422
    assert client.get(reverse("persona_edit", args=[persona.pk])).status_code == 403


def test_a_rep_says_which_persona_a_lead_is(client: Client) -> None:
    sam = make.user(Role.REP)
    client.force_login(sam)
    version, lead = written(), make.lead(title="Student", owner=sam)
    match_personas(None, [version], make.MONDAY_9AM)
    url = reverse("lead_persona", args=[lead.pk])
    assert client.post(url, {"persona": version.persona_id}).status_code == 422
    client.post(url, {"persona": version.persona_id, "reason": "Runs a plant"})
    match = PersonaMatch.objects.get(lead=lead)
    assert (match.persona, match.machine, match.override_by) == (version.persona, None, sam)
    client.post(url, {"machine": "1"})
    match.refresh_from_db()
    assert (match.persona, match.override_at) == (None, None)


@pytest.mark.parametrize("many", [1, 8])
def test_the_list_costs_the_same_for_one_persona_and_for_many(
    client: Client, mara: User, many: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(many):
        written(name=f"Persona {number}")
    client.get(reverse("personas"))
    with django_assert_max_num_queries(8):
        client.get(reverse("personas"))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_who_follow_an_agreed_version_at_once_write_one_draft() -> None:
    agreed = written(frozen=True)
    mara, url = make.user(Role.MARKETER), reverse("persona_edit", args=[agreed.persona_id])
    form = fields_of(make.signed_in(mara).get(url).content.decode())
    ready, answers = Barrier(3), []

    def save(browser: Client) -> None:
        try:
            ready.wait()
            answers.append(browser.post(url, form).status_code)
        finally:
            connection.close()

    threads = [Thread(target=save, args=[make.signed_in(mara)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 3
    assert list(agreed.persona.versions.values_list("number", flat=True)) == [1, 2]


def test_merged_leads_are_not_counted_with_a_persona(client: Client, mara: User) -> None:
    version, kept = written(), make.lead(title="CTO")
    gone = make.lead(title="CTO", merged_into=kept, merged_at=make.MONDAY_9AM)
    for lead in (kept, gone):
        PersonaMatch.objects.create(lead=lead, persona=version.persona, machine=version.persona)
    (row,) = client.get(reverse("personas")).context["personas"]
    assert row["persona"].lead_count == 1


def test_a_retired_persona_stands_apart(client: Client, mara: User) -> None:
    used, retired = written(), written(name="Old")
    Persona.objects.filter(pk=retired.persona_id).update(retired_at=make.MONDAY_9AM)
    context = client.get(reverse("personas")).context
    assert [row["persona"] for row in context["personas"]] == [used.persona]
    assert context["retired"] == [retired.persona]
