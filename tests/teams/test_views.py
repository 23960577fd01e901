"""The pages of people, teams, the company, one's own settings and notices: what each lists, and for whom."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from history.models import Change
from teams.models import Notice, Organization, Role, Scope, Team, Token, User
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return make.user(Role.ADMINISTRATOR, email="admin@example.org", language="en")


@pytest.fixture
def browser(admin: User) -> Client:
    return make.signed_in(admin)


def listed(browser: Client, **asked: str) -> list[str]:
    return [person.email for person in browser.get("/settings/people/", asked).context["page"]]


# People


def test_who_left_stands_behind_who_works_here(browser: Client):
    make.user(Role.REP, email="a@example.org", family_name="Abe", is_active=False)
    make.user(Role.REP, email="z@example.org", family_name="Zen")
    assert listed(browser) == ["admin@example.org", "z@example.org", "a@example.org"]


@pytest.mark.parametrize("words", ["sat", "SATO", "大輔", "  sam@  ", "O"])
def test_people_are_found_by_either_name_or_the_e_mail(browser: Client, words: str):
    make.user(Role.REP, email="sam@x.jp", family_name="Sato", given_name="大輔")
    assert "sam@x.jp" in listed(browser, q=words)


@pytest.mark.parametrize("words", ["%", "_", "sato sam", "\\"])
def test_a_wildcard_is_a_letter_like_any_other(browser: Client, words: str):
    make.user(Role.REP, email="sam@x.jp", family_name="Sato")
    assert listed(browser, q=words) == []


def test_the_second_page_of_a_search_is_of_that_search(browser: Client):
    User.objects.bulk_create(
        User(email=f"{name}{nth:03}@x.jp", roles=["rep"], family_name=name)
        for name in ("Abe", "Sato")
        for nth in range(101)
    )
    page = browser.get("/settings/people/", {"q": "sato"})
    assert len(page.context["page"]) == 100
    assert 'href="?q=sato&amp;page=2"' in page.content.decode()
    assert listed(browser, q="sato", page="2") == ["Sato100@x.jp"]
    back = browser.get("/settings/people/", {"q": "sato", "page": "2"}).content.decode()
    assert 'href="?q=sato&amp;page=1"' in back


@pytest.mark.parametrize("page", ["0", "99", "x", "-1"])
def test_a_page_that_is_none_is_the_nearest(browser: Client, page: str):
    assert listed(browser, page=page) == ["admin@example.org"]


def test_the_list_costs_the_same_for_one_team_and_for_ten(browser: Client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            browser.get("/settings/people/")
        return len(asked)

    def team() -> None:
        head = make.user(Role.MANAGER)
        make.user(Role.REP, team=make.team(Team.Kind.SALES, head=head))

    team()
    few = queries()
    for _ in range(9):
        team()
    assert queries() == few


def test_a_team_counts_its_members_who_work_here(browser: Client):
    team = make.team(Team.Kind.SALES)
    for is_active in (True, True, False):
        make.user(Role.REP, team=team, is_active=is_active)
    (row,) = browser.get("/settings/people/").context["teams"]
    assert row.members_count == 2


def test_whose_mail_does_not_arrive_is_marked(browser: Client):
    make.user(Role.REP).mail_failed("550", at=make.TEN)
    assert "E-mail does not arrive" in browser.get("/settings/people/").content.decode()


def test_a_person_who_is_not_there_is_404(browser: Client):
    for address in ("", "reset/", "second-factor/", "deactivation/", "activation/"):
        answer = browser.post(f"/settings/people/404/{address}", {})
        assert answer.status_code == 404, address


def test_who_left_is_sent_no_link_until_let_in_again(browser: Client):
    left = make.user(Role.REP, is_active=False)
    assert browser.post(f"/settings/people/{left.pk}/reset/").status_code == 404
    browser.post(f"/settings/people/{left.pk}/activation/")
    assert browser.post(f"/settings/people/{left.pk}/reset/").status_code == 200
    assert set(Change.objects.of("user", left.pk).values_list("field", flat=True)) == {"is_active", "way_in"}


def test_a_second_factor_that_is_none_is_not_said_to_be_gone(browser: Client):
    sam = make.user(Role.REP)
    said = "signs in with the password alone now"
    page = browser.post(f"/settings/people/{sam.pk}/second-factor/", follow=True)
    assert said not in page.content.decode()
    Authenticator.objects.create(user=sam, type="totp", data={"secret": "x"})
    page = browser.post(f"/settings/people/{sam.pk}/second-factor/", follow=True)
    assert said in page.content.decode()


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SDR, Role.REP, Role.MANAGER])
def test_only_an_administrator_comes_near(role: Role):
    sam = make.user(Role.REP)
    browser = make.signed_in(make.user(role))
    for address in ("people/", f"people/{sam.pk}/", "people/new/", "teams/new/", "organization/"):
        assert browser.get(f"/settings/{address}").status_code == 403, address
    assert browser.post(f"/settings/people/{sam.pk}/deactivation/").status_code == 403
    sam.refresh_from_db()
    assert sam.is_active


# Teams and the company


def test_a_team_is_renamed(browser: Client):
    team = make.team(Team.Kind.SALES, name="East")
    values = {"name": "East", "name_ja": "東日本", "kind": "sdr", "head": ""}
    assert browser.post(f"/settings/teams/{team.pk}/", values).status_code == 302
    team.refresh_from_db()
    assert (team.name_ja, team.kind) == ("東日本", "sdr")


def test_a_team_that_is_not_there_is_404(browser: Client):
    assert browser.get("/settings/teams/404/").status_code == 404
    assert browser.post("/settings/teams/404/delete/").status_code == 404


def test_the_members_of_a_team_that_goes_stay(browser: Client):
    sam = make.user(Role.REP, team=make.team(Team.Kind.SALES))
    page = browser.post(f"/settings/teams/{sam.team_id}/delete/", follow=True).content.decode()
    assert "Its members are still here." in page
    assert User.objects.get(pk=sam.pk).team is None


def test_saving_the_company_says_in_which_zone_days_are_counted(browser: Client):
    values = {"name": "Acme", "country": "DE", "time_zone": "Europe/Berlin", "currency": "eur"}
    page = browser.post("/settings/organization/", values, follow=True).content.decode()
    assert "Days, weeks and months are counted in Europe/Berlin." in page
    assert Organization.ours().currency == "EUR"


# One's own


def test_a_token_revoked_twice_keeps_its_first_moment(browser: Client, admin: User):
    token, _secret = Token.objects.issue(admin, name="Script", scopes=[Scope.READ])
    browser.post(f"/me/tokens/{token.pk}/revocation/")
    revoked_at = Token.objects.get().revoked_at
    assert browser.post(f"/me/tokens/{token.pk}/revocation/").status_code == 404
    assert Token.objects.get().revoked_at == revoked_at


def test_everybody_s_tokens_are_listed_to_themself_only(browser: Client, admin: User):
    for person, name in ((admin, "Mine"), (make.user(Role.REP), "Theirs")):
        Token.objects.issue(person, name=name, scopes=[Scope.READ])
    assert [token.name for token in browser.get("/me/tokens/").context["tokens"]] == ["Mine"]


def test_settings_that_are_refused_are_not_kept(browser: Client, admin: User):
    values = {"family_name": "Min", "given_name": "", "language": "ja", "time_zone": "Mars/Base", "theme": ""}
    assert browser.post("/me/", values).status_code == 422
    admin.refresh_from_db()
    assert (admin.family_name, admin.language) == ("", "en")


def test_nobody_gives_themself_a_role(browser: Client, admin: User):
    values = {"family_name": "Min", "given_name": "", "language": "en", "time_zone": "", "theme": ""}
    browser.post("/me/", values | {"roles": ["manager"], "email": "king@example.org", "is_superuser": "on"})
    admin.refresh_from_db()
    assert (admin.family_name, admin.roles, admin.email) == ("Min", ["administrator"], "admin@example.org")
    assert not admin.is_superuser


def test_notices_are_listed_the_latest_first_fifty_a_page(browser: Client, admin: User):
    for minute in range(51):
        make.notice(admin, about=f"handoff {minute}", at=make.TEN + timedelta(minutes=minute))
    newest = browser.get("/notices/").context["page"]
    assert (newest.rows[0].about, len(newest.rows)) == ("handoff 50", 50)
    older = browser.get("/notices/" + newest.next_url).context["page"]
    assert [notice.about for notice in older.rows] == ["handoff 0"]
    assert browser.get("/notices/" + older.previous_url).context["page"].rows == newest.rows


def test_old_notices_are_not_walked_over_to_show_those_behind_them(browser: Client, admin: User):
    for minute in range(120):
        make.notice(admin, about=f"handoff {minute}", at=make.TEN + timedelta(minutes=minute))
    page = browser.get("/notices/").context["page"]
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            page = browser.get("/notices/" + page.next_url).context["page"]
        assert not any("OFFSET" in query["sql"] for query in asked.captured_queries)
    assert [notice.about for notice in page.rows] == [f"handoff {minute}" for minute in reversed(range(20))]


def test_a_notice_opened_again_keeps_when_it_was_read_first(browser: Client, admin: User):
    make.notice(admin)
    notice = Notice.objects.get()
    Notice.objects.update(read_at=make.TEN)
    browser.get(f"/notices/{notice.pk}/")
    assert Notice.objects.get().read_at == make.TEN


def test_reading_all_reads_one_s_own(browser: Client, admin: User):
    rosa = make.user(Role.REP)
    make.notice(admin, rosa)
    browser.post("/notices/read/")
    assert Notice.objects.unread().get().user == rosa
    assert browser.get("/notices/read/").status_code == 405


def test_the_company_says_before_how_many_kept_numbers_another_zone_recounts(browser: Client):
    assert "Another time zone" not in browser.get("/settings/organization/").content.decode()
    for _ in range(2):
        make.score(make.lead())
    page = browser.get("/settings/organization/").content.decode()
    assert "Another time zone" in page
    assert "2 scores" in page
