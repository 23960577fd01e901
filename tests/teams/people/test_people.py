"""People come in by invitation, do what their roles say, and leave."""

import re
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from pytest_django import Settings

from history.models import Change
from sla.models import Handoff
from sla.routing.offering import offer
from teams.models import Organization, Role, Team, User
from teams.people import administering
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "eleven blue herons"


@pytest.fixture(autouse=True)
def nobody_counted() -> None:
    cache.clear()


@pytest.fixture
def admin() -> User:
    return make.user(Role.ADMINISTRATOR, email="admin@example.org", password=PASSWORD)


@pytest.fixture
def browser(admin: User) -> Client:
    return make.signed_in(admin)


def form(**more: Any) -> dict[str, Any]:
    return {
        "email": "sam@example.org", "family_name": "Sato", "given_name": "Sam", "roles": ["rep"], "team": "",
        "language": "ja",
    } | more  # fmt: skip


def sign_in(email: str, password: str = PASSWORD) -> Client:
    browser = Client()
    browser.post("/account/login/", {"login": email, "password": password})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/me/").status_code == 200


def test_an_invited_person_sets_a_password_and_signs_in(browser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    answer = browser.post("/settings/people/new/", form())
    assert answer.status_code == 200
    link = str(answer.context["link"])
    (sent,) = mail.outbox
    assert sent.to == ["sam@example.org"]
    assert link in sent.body
    assert re.search("[ぁ-ん]", str(sent.subject))
    assert link.startswith(configured.PUBLIC_URL)

    guest = Client()
    page = guest.get(urlsplit(link).path, follow=True)
    assert page.status_code == 200
    where = page.redirect_chain[-1][0]
    done = guest.post(where, {"password1": PASSWORD, "password2": PASSWORD})
    assert done.status_code == 302
    assert is_in(sign_in("Sam@Example.org"))
    assert not is_in(sign_in("sam@example.org", "another password"))
    # The link was for one use.
    again = Client().get(urlsplit(link).path, follow=True)
    assert again.context.get("token_fail")


def test_an_invitation_that_cannot_be_mailed_still_shows_its_link(browser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = browser.post("/settings/people/new/", form())
    assert answer.context["sent"] is False
    assert answer.context["link"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "ADMIN@example.org"}, "email"),
        ({"email": "nonsense"}, "email"),
        ({"roles": []}, "roles"),
        ({"roles": ["king"]}, "roles"),
        ({"team": "999999"}, "team"),
        ({"family_name": "x" * 61}, "family_name"),
    ],
)
def test_a_wrong_invitation_keeps_what_was_typed(browser: Client, wrong: dict[str, Any], field: str) -> None:
    answer = browser.post("/settings/people/new/", form(**wrong))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert b"Sam" in answer.content
    assert User.objects.count() == 1


def test_a_new_way_in_leaves_the_old_password_until_it_is_used(browser: Client, admin: User) -> None:
    sam = make.user(Role.REP, email="sam@example.org", password=PASSWORD)
    link = str(browser.post(f"/settings/people/{sam.pk}/reset/").context["link"])
    assert User.objects.get(pk=sam.pk).check_password(PASSWORD)
    guest = Client()
    where = guest.get(urlsplit(link).path, follow=True).redirect_chain[-1][0]
    guest.post(where, {"password1": "twelve red foxes", "password2": "twelve red foxes"})
    assert not is_in(sign_in("sam@example.org"))
    assert is_in(sign_in("sam@example.org", "twelve red foxes"))


def test_a_deactivated_person_is_out_at_once_and_gets_nothing_offered(browser: Client) -> None:
    handoff = make.handoff()
    sam = handoff.rep
    sam.set_password(PASSWORD)
    sam.save()
    inside = sign_in(sam.email)
    assert is_in(inside)
    browser.post(f"/settings/people/{sam.pk}/deactivation/")
    assert not is_in(inside)
    assert not is_in(sign_in(sam.email))
    offer([make.mql().pk], at=make.MONDAY_9AM)
    assert Handoff.objects.filter(rep=sam).count() == 1
    browser.post(f"/settings/people/{sam.pk}/activation/")
    assert is_in(sign_in(sam.email))


def test_nobody_deactivates_themself_or_takes_their_own_administration(browser: Client, admin: User) -> None:
    browser.post(f"/settings/people/{admin.pk}/deactivation/")
    answer = browser.post(f"/settings/people/{admin.pk}/", form(email=admin.email, roles=["rep"]))
    assert answer.status_code == 422
    admin.refresh_from_db()
    assert admin.is_active
    assert admin.roles == ["administrator"]


def test_whoever_is_no_administrator_any_more_decides_nothing_more(admin: User) -> None:
    other = make.user(Role.ADMINISTRATOR)
    administering.set_active(admin, False, by=other)
    with pytest.raises(PermissionDenied):
        administering.set_active(other, False, by=admin)
    assert User.objects.active().with_role(Role.ADMINISTRATOR).get() == other


def test_decisions_are_stored_and_shown(browser: Client, admin: User) -> None:
    team = make.team(Team.Kind.SALES, name="Sales East")
    browser.post("/settings/people/new/", form(language=""))
    sam = User.objects.get(email="sam@example.org")
    browser.post(f"/settings/people/{sam.pk}/", form(language="", roles=["rep", "manager"], team=team.pk))
    browser.post(f"/settings/people/{sam.pk}/deactivation/")
    kept = {row.field: (row.old, row.new, row.by) for row in Change.objects.of("user", sam.pk)}
    assert kept["invited"] == (None, "sam@example.org", admin)
    assert kept["roles"] == (["rep"], ["manager", "rep"], admin)
    assert kept["team"] == (None, team.pk, admin)
    assert kept["is_active"] == (True, False, admin)
    page = browser.get(f"/settings/people/{sam.pk}/").content.decode()
    for sentence in ("Invited as sam@example.org", "Roles: Sales rep → Sales rep, Manager", "Team: – → Sales East"):
        assert sentence in page


def test_saving_without_a_change_keeps_nothing(browser: Client) -> None:
    sam = make.user(Role.REP, email="sam@example.org", family_name="Sato", given_name="Sam", language="ja")
    browser.post(f"/settings/people/{sam.pk}/", form())
    assert not Change.objects.exists()


def test_people_are_found_by_part_of_a_name(browser: Client) -> None:
    make.user(Role.REP, family_name="Tanaka", email="t@example.org")
    page = browser.get("/settings/people/", {"q": "anak"})
    assert [person.email for person in page.context["page"]] == ["t@example.org"]
    assert b"Nobody matches" in browser.get("/settings/people/", {"q": "zzz"}).content


def test_a_team_is_made_with_its_head_and_goes_again(browser: Client) -> None:
    gina = make.user(Role.MANAGER)
    browser.post("/settings/teams/new/", {"name": "Sales", "name_ja": "営業", "kind": "sales", "head": gina.pk})
    team = Team.objects.get()
    assert team.head == gina
    page = browser.post(f"/settings/people/{gina.pk}/deactivation/", follow=True).content.decode()
    assert "still the head of Sales" in page
    browser.post(f"/settings/teams/{team.pk}/delete/")
    assert not Team.objects.exists()


def test_a_team_that_an_agreement_names_stays(browser: Client) -> None:
    team = make.agreement().hops.get().receiving_team
    page = browser.post(f"/settings/teams/{team.pk}/delete/", follow=True).content.decode()
    assert "An agreement names this team" in page
    assert Team.objects.filter(pk=team.pk).exists()


def test_the_company_s_settings_are_checked_at_the_field(browser: Client) -> None:
    right = {"name": "Acme", "country": "JP", "time_zone": "Asia/Tokyo", "currency": "jpy"}
    for wrong, field in (
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"country": "XX"}, "country"),
        ({"currency": "yen!"}, "currency"),
    ):
        answer = browser.post("/settings/organization/", right | wrong)
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
    assert browser.post("/settings/organization/", right).status_code == 302
    assert (Organization.ours().name, Organization.ours().currency) == ("Acme", "JPY")


def run_admin(email: str) -> str:
    """Run the command, and return the link that it prints."""
    said = StringIO()
    call_command("admin", email, stdout=said)
    return said.getvalue().splitlines()[-1]


def test_the_first_administrator_is_made_by_a_command_whose_link_sets_a_password() -> None:
    assert b"make admin EMAIL=" in Client().get("/account/login/").content
    link = run_admin("First@example.org")
    assert User.objects.get().roles == ["administrator"]
    guest = Client()
    where = guest.get(urlsplit(link).path, follow=True).redirect_chain[-1][0]
    guest.post(where, {"password1": PASSWORD, "password2": PASSWORD})
    assert sign_in("first@example.org").get("/settings/people/").status_code == 200
    assert b"make admin EMAIL=" not in Client().get("/account/login/").content


def test_the_command_lets_somebody_back_in_who_keeps_their_other_roles() -> None:
    sam = make.user(Role.REP, email="sam@example.org", is_active=False)
    assert "/account/password/reset/key/" in run_admin("SAM@example.org")
    sam.refresh_from_db()
    assert (sam.is_active, sam.roles) == (True, ["administrator", "rep"])
    assert Change.objects.get(field="roles").how == "command"


def test_the_command_says_what_is_no_address() -> None:
    with pytest.raises(CommandError, match="no e-mail address"):
        run_admin("sam")
    assert not User.objects.exists()


def test_guessing_passwords_is_slowed_down() -> None:
    make.user(Role.REP, email="sam@example.org", password=PASSWORD)
    for _n in range(6):
        sign_in("sam@example.org", "a wrong guess")
    late = Client().post("/account/login/", {"login": "sam@example.org", "password": PASSWORD})
    assert late.status_code in (200, 422, 429)
    assert "_auth_user_id" not in late.client.session


def test_the_sign_in_page_gives_nothing_away() -> None:
    make.user(Role.REP, email="sam@example.org", password=PASSWORD)
    answers = [
        Client().post("/account/login/", {"login": who, "password": "a wrong guess"}).context["form"].errors
        for who in ("sam@example.org", "nobody@example.org")
    ]
    assert answers[0] == answers[1]
