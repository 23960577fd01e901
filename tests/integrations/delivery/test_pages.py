"""The pages on which people choose how they are told, and administrators see what became of it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from pytest_django import Settings

from integrations.chat.models import Channel
from integrations.delivery import views
from integrations.mail import mailbox
from integrations.messages.models import Delivery
from sla.notices import ENDED, OFFERED
from teams.models import Notice, NoticeChoice, Role, Team, User, kinds_for
from teams.notices import Way, notice_kinds
from tests import make
from tests.integrations.servers import Chat

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, email="sam@example.org", given_name="Sam")


@pytest.fixture
def admin() -> User:
    return make.user(Role.ADMINISTRATOR, email="admin@example.org")


def signed_in(user: User) -> Client:
    return make.signed_in(user)


def ticked(user: User, **changed: bool) -> dict[str, str]:
    told = NoticeChoice.objects.kinds_of([user])[user.pk]
    boxes = {f"{way}_{kind.key}": kind.key in told[way] for way in Way for kind in notice_kinds()}
    boxes["quiet_hours"] = user.quiet_hours
    return {name: "on" for name, wanted in (boxes | changed).items() if wanted}


# What I am told, and how


def test_the_page_shows_what_is_usual(sam: User) -> None:
    page = signed_in(sam).get("/me/telling/").content.decode()
    assert page.count('type="checkbox"') >= 2 * len(kinds_for(sam)) + 1
    assert re.search(r'name="email_offered"[^>]* checked', page)
    assert not re.search(r'name="email_import_done"[^>]* checked', page)
    for kind in kinds_for(sam):
        assert f'aria-label="{kind.title}: E-mail"'.replace("'", "&#x27;") in page


def shown_kinds(user: User) -> set[str]:
    page = signed_in(user).get("/me/telling/").content.decode()
    return set(re.findall(r'name="email_(\w+)"', page))


def test_each_chooses_only_among_what_they_can_get(sam: User, admin: User) -> None:
    assert shown_kinds(sam) >= {"offered", "reminder", "breach"}
    assert not shown_kinds(sam) & {"import_done", "unreachable", "to_sign", "rejected"}
    failures = {"catching_up_failed", "check_failed", "clause_failed", "lead_failed", "notice_failed", "row_failed"}
    assert shown_kinds(admin) == {"disk_low", "import_done", "unreachable", *failures}
    # Whoever heads a team signs for it, and hears what became of what it offered.
    make.team(Team.Kind.SDR, head=sam)
    assert shown_kinds(sam) >= {"offered", "to_sign", "rejected"}


def test_what_one_cannot_choose_now_stays_as_it_was_chosen(sam: User) -> None:
    NoticeChoice.objects.create(user=sam, kind="rejected", way="chat", wanted=True)
    NoticeChoice.objects.create(user=sam, kind="of_tomorrow", way="chat", wanted=True)
    signed_in(sam).post("/me/telling/", ticked(sam, email_offered=False))
    assert set(NoticeChoice.objects.values_list("kind", flat=True)) == {"offered", "rejected", "of_tomorrow"}


def test_each_chooses_by_which_way_each_kind_comes(sam: User) -> None:
    browser = signed_in(sam)
    chosen = ticked(sam, email_offered=False, chat_ended=True, quiet_hours=False)
    assert browser.post("/me/telling/", chosen)["Location"] == "/me/telling/"
    told = NoticeChoice.objects.kinds_of([sam])[sam.pk]
    assert OFFERED.key not in told[Way.EMAIL]
    assert ENDED.key in told[Way.CHAT]
    assert not User.objects.get(pk=sam.pk).quiet_hours
    page = browser.get("/me/telling/").content.decode()
    assert not re.search(r'name="email_offered"[^>]* checked', page)
    # Somebody else's choice is untouched.
    assert NoticeChoice.objects.filter(user=sam).count() == NoticeChoice.objects.count() == 2


def test_the_page_is_reached_from_one_s_settings_and_from_the_notices(sam: User) -> None:
    browser = signed_in(sam)
    for address in ("/me/", "/notices/"):
        assert b'href="/me/telling/"' in browser.get(address).content


def test_one_s_own_chat_is_connected_by_a_message_that_arrives(sam: User, chat: Chat) -> None:
    browser = signed_in(sam)
    answer = browser.post("/me/telling/channel/", {"style": "slack", "url": chat.url}, follow=True)
    assert "The chat took a message" in answer.content.decode()
    assert chat.messages[0]["text"].startswith("This is where Smarketing tells")
    assert Channel.objects.get().user == sam
    browser.post("/me/telling/channel/test/")
    assert len(chat.messages) == 2
    browser.post("/me/telling/channel/deletion/")
    assert not Channel.objects.exists()


def test_a_chat_that_does_not_answer_is_kept_with_what_it_says(sam: User, chat: Chat) -> None:
    chat.status, chat.answer = 404, "no_team"
    browser = signed_in(sam)
    answer = browser.post("/me/telling/channel/", {"style": "teams", "url": chat.url}, follow=True)
    assert "404 no_team" in answer.content.decode()
    assert Channel.objects.get().dead_at
    chat.status = 200
    browser.post("/me/telling/channel/test/")
    assert (Channel.objects.get().dead_at, Channel.objects.get().last_error) == (None, "")


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "http://example.org/x", "https://127.0.0.1/x", "https://169.254.169.254/x", "https://[::1]/x",
     "https://10.0.0.1:8443/", "https://nowhere.invalid/x", "https://me:you@8.8.8.8/"],
)  # fmt: skip
def test_an_address_that_must_not_be_reached_is_refused_at_its_field(sam: User, url: str) -> None:
    answer = signed_in(sam).post("/me/telling/channel/", {"style": "slack", "url": url})
    assert answer.status_code == 422
    assert list(answer.context["channel_form"].errors) == ["url"]
    assert not Channel.objects.exists()
    assert not url or f'value="{url}"' in answer.content.decode()


def test_a_team_s_chat_is_its_head_s_and_the_administrator_s(sam: User, admin: User, chat: Chat) -> None:
    team = make.team(Team.Kind.SALES, head=sam)
    other = make.team(Team.Kind.MARKETING)
    sent = {"style": "slack", "url": chat.url, "kinds": ["breach", "at_risk"]}
    assert signed_in(sam).get("/me/telling/").content.count(f"/settings/teams/{team.pk}/channel/".encode()) == 1
    assert signed_in(sam).post(f"/settings/teams/{team.pk}/channel/", sent).status_code == 302
    assert Channel.objects.get().kinds == ["breach", "at_risk"]
    assert signed_in(sam).get(f"/settings/teams/{team.pk}/channel/").status_code == 200
    assert signed_in(sam).get(f"/settings/teams/{other.pk}/channel/").status_code == 404
    assert signed_in(make.user(Role.MANAGER)).post(f"/settings/teams/{team.pk}/channel/deletion/").status_code == 404
    assert signed_in(admin).post(f"/settings/teams/{team.pk}/channel/test/").status_code == 302
    assert len(chat.messages) == 2
    assert signed_in(admin).post(f"/settings/teams/{team.pk}/channel/deletion/").status_code == 302
    assert not Channel.objects.exists()


# Sent and stuck


def stuck(user: User, n: int = 0, **fields: Any) -> Delivery:
    notice = Notice.objects.create(user=user, kind=OFFERED.key, about=f"handoff {n}", params={})
    at = now() - timedelta(hours=1)
    return Delivery.objects.create(
        notice=notice, way="email", address=user.email, due_at=at, next_try_at=at, tries=8, error="550 No", **fields
    )


def test_what_failed_is_listed_with_its_reason_and_tried_again(
    admin: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(views, "wake", rung.append)
    given_up, other = stuck(sam, given_up_at=now()), stuck(sam, 1, given_up_at=now())
    browser = signed_in(admin)
    page = browser.get("/settings/deliveries/").content.decode()
    assert "550 No" in page
    assert "sam@example.org" in page
    browser.post(f"/settings/deliveries/{given_up.pk}/retry/")
    given_up.refresh_from_db()
    other.refresh_from_db()
    assert (given_up.given_up_at, given_up.tries) == (None, 0)
    assert other.given_up_at
    assert rung == [views.DELIVER]
    browser.post("/settings/deliveries/retry/")
    assert not Delivery.objects.stuck().exists()


def test_why_it_failed_is_read_in_the_reader_s_language(admin: User, sam: User) -> None:
    User.objects.filter(pk=admin.pk).update(language="ja")
    Delivery.objects.filter(pk=stuck(sam).pk).update(error="The channel is gone.")
    Channel.objects.create(user=sam, url="https://a.example.org/", failing_since=now(), last_error="Connection refused")
    page = signed_in(admin).get("/settings/deliveries/").content.decode()
    assert "送信先のチャットは削除されています。" in page
    assert "接続を拒否されました" in page
    assert "リードが提示された" in page


def test_what_was_sent_cannot_be_sent_again_by_a_late_click(admin: User, sam: User) -> None:
    sent = stuck(sam, sent_at=now())
    answer = signed_in(admin).post(f"/settings/deliveries/{sent.pk}/retry/", follow=True)
    assert "It went out meanwhile." in answer.content.decode()
    sent.refresh_from_db()
    assert sent.sent_at


def test_trying_again_wakes_a_chat_that_was_thought_gone(admin: User, sam: User) -> None:
    channel = Channel.objects.create(user=sam, url="https://chat.example.org/", dead_at=now())
    stuck(sam, given_up_at=now(), channel=channel)
    signed_in(admin).post("/settings/deliveries/retry/")
    assert Channel.objects.get().dead_at is None


def test_dead_addresses_are_shown_with_their_reason_but_not_their_secrets(admin: User, sam: User) -> None:
    sam.mail_failed("550 No such user", at=now())
    secret = "https://chat.example.org/hook/secret"
    Channel.objects.create(user=sam, url=secret, failing_since=now(), last_error="500 broken")
    browser = signed_in(admin)
    page = browser.get("/settings/deliveries/").content.decode()
    assert "550 No such user" in page
    assert "500 broken" in page
    assert "chat.example.org" in page
    assert secret not in page
    assert b"550 No such user" in browser.get(f"/settings/people/{sam.pk}/").content
    assert b"E-mail does not arrive" in browser.get("/settings/people/").content


def test_a_new_address_is_not_blamed_for_the_old_one(admin: User, sam: User) -> None:
    sam.mail_failed("550 No such user", at=now())
    form = {
        "email": "new@example.org",
        "family_name": "",
        "given_name": "Sam",
        "roles": ["rep"],
        "team": "",
        "language": "",
    }
    signed_in(admin).post(f"/settings/people/{sam.pk}/", form)
    sam.refresh_from_db()
    assert (sam.email, sam.unreachable_since, sam.unreachable_because) == ("new@example.org", None, "")


def test_the_list_costs_the_same_for_one_and_for_many(admin: User, sam: User) -> None:
    browser = signed_in(admin)
    team = make.team(Team.Kind.SALES)
    stuck(sam)
    sam.mail_failed("550", at=now())
    Channel.objects.create(user=sam, url="https://a.example.org/", failing_since=now())
    Channel.objects.create(team=team, url="https://a.example.org/", failing_since=now())
    browser.get("/settings/deliveries/")
    with CaptureQueriesContext(connection) as one:
        browser.get("/settings/deliveries/")
    for n in range(10):
        somebody = make.user()
        stuck(somebody, n)
        somebody.mail_failed("550", at=now())
        Channel.objects.create(user=somebody, url="https://a.example.org/", failing_since=now())
    with CaptureQueriesContext(connection) as many:
        browser.get("/settings/deliveries/")
    assert len(many) == len(one)


# Kept mails


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = mailbox.BACKEND
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path / "mail"


def send(subject: str, html: str = "<p>Hello</p>") -> None:
    letter = EmailMultiAlternatives(subject, "Hello https://example.org/x <b>", to=["sam@example.org"])
    letter.attach_alternative(html, "text/html")
    letter.send()


def test_mails_are_kept_and_read_while_there_is_no_server(admin: User, kept: Path) -> None:
    browser = signed_in(admin)
    assert b"No mail yet" in browser.get("/settings/mails/").content
    send("最初")
    send("A second")
    page = browser.get("/settings/mails/").content.decode()
    assert page.index("A second") < page.index("最初")
    name = mailbox.list_names()[1]
    one = browser.get(f"/settings/mails/{name}/").content.decode()
    assert "最初" in one
    assert '<a href="https://example.org/x" rel="nofollow">' in one
    assert "&lt;b&gt;" in one
    sent_at = mailbox.read(name).sent_at
    assert sent_at
    assert abs(sent_at - now()) < timedelta(minutes=1)
    assert [path.stat().st_mode & 0o777 for path in (kept, *kept.iterdir())] == [0o700, 0o600, 0o600]


def test_the_html_of_a_mail_can_do_nothing(admin: User, kept: Path) -> None:
    send("One", html="<script>alert(1)</script>")
    answer = signed_in(admin).get(f"/settings/mails/{mailbox.list_names()[0]}/html/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("name", ["nothing", "20260101T000000000000-00000000", "secret_key"])
def test_a_mail_that_is_not_there_is_not_found(admin: User, kept: Path, name: str) -> None:
    browser = signed_in(admin)
    assert browser.get(f"/settings/mails/{name}/").status_code == 404
    assert browser.get(f"/settings/mails/{name}/html/").status_code == 404


def test_only_the_newest_are_kept(kept: Path) -> None:
    for n in range(5):
        send(f"Mail {n}")
    assert mailbox.tidy(keep=2) == 3
    assert [mailbox.read(name).subject for name in mailbox.list_names()] == ["Mail 4", "Mail 3"]


def test_somebody_s_browser_says_in_which_language_to_write(sam: User) -> None:
    browser = signed_in(sam)
    browser.get("/me/", headers={"accept-language": "ja"})
    assert User.objects.get(pk=sam.pk).spoken == "ja"
    browser.get("/me/", headers={"accept-language": "en"})
    assert User.objects.get(pk=sam.pk).spoken == "en"
    User.objects.update(language="ja")
    assert User.objects.get(pk=sam.pk).spoken == "ja"
    assert django_mail.outbox == []
