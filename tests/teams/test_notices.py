"""Every kind of notice is declared, told in one way, and read in the reader's language."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from smarketing.database.payloads import BadPayload
from smarketing.pages.icons import ICONS
from teams.models import Notice, NoticeChoice, Role, User, insert_notices_sql
from teams.notices import UNKNOWN, NoticeKind, Page, Way, notice_kind, notice_kinds, register
from teams.permissions import WHO_MAY
from tests import make

# What stands in Latin letters on a Japanese page as well.
LATIN = {"Smarketing"}


class EggParams(TypedDict):
    egg: int
    cook: str


def describe_egg(params: EggParams) -> str:
    return f"{params['cook']} boiled egg {params['egg']}."


EGG = NoticeKind[EggParams](
    "egg_boiled",
    "An egg is boiled",
    params=EggParams,
    sentence=describe_egg,
    icon="check",
    pages=[Page("person", ["egg"]), Page("people")],
    roles=[Role.MARKETER],
    example={"egg": 7, "cook": "Mara"},
)
# As a row of another version is.
OF_TOMORROW = {"kind": "of_tomorrow", "about": "1", "params": {"whatever": 1}}


@pytest.fixture
def mara() -> User:
    return make.user(Role.MARKETER, given_name="Mara")


# Declaring


def test_a_kind_is_declared_once() -> None:
    known = notice_kinds()[0]
    assert register(known) is known
    with pytest.raises(ValueError, match="twice"):
        register(replace(EGG, key=known.key))


@pytest.mark.parametrize("key", ["", "Egg", "egg.boiled", "a_key_that_is_too_long_for_its_column"])
def test_a_key_is_a_short_word(key: str) -> None:
    with pytest.raises(ValueError, match="short word"):
        replace(EGG, key=key)


KINDS = pytest.mark.parametrize("kind", notice_kinds(), ids=lambda kind: kind.key)


@KINDS
def test_each_kind_is_declared_whole(kind: NoticeKind[Any]) -> None:
    kind.check(kind.example)
    assert kind.icon in ICONS
    assert kind.roles or kind.to_heads
    assert set(kind.roles) <= set(Role.values)
    for page in kind.pages:
        assert page.address(kind.example), page.name


@KINDS
def test_whoever_may_get_a_kind_may_open_a_page_of_it(kind: NoticeKind[Any]) -> None:
    for role in kind.roles:
        assert any(role in WHO_MAY[page.name] for page in kind.pages), role


@KINDS
def test_a_japanese_reader_reads_no_english_word(kind: NoticeKind[Any]) -> None:
    with override("ja"):
        texts = [kind.describe(kind.example), str(kind.title), *(str(page.action) for page in kind.pages)]
    for text in texts:
        assert set(re.findall("[A-Za-z]{2,}", text)) <= LATIN
        assert re.search("[ぁ-ん]", text)


@KINDS
def test_a_row_that_lacks_its_params_is_read_all_the_same(kind: NoticeKind[Any]) -> None:
    for params in ({}, {name: "as it was" for name in kind.example if name != "day"}):
        assert kind.describe(params)


def test_a_new_kind_needs_no_migration() -> None:
    for model in (Notice, NoticeChoice):
        assert not model._meta.get_field("kind").choices


# Telling


@pytest.mark.django_db
def test_each_is_told_once_of_one_thing(mara: User) -> None:
    sam = make.user(Role.REP)
    params: EggParams = {"egg": 7, "cook": "Mara"}
    assert Notice.objects.notify([mara], EGG, params, about="egg 7") == 1
    assert Notice.objects.notify([mara, sam], EGG, params, about="egg 7") == 1
    assert Notice.objects.notify([mara], EGG, params, about="egg 8") == 1
    assert Notice.objects.of(EGG).count() == 3


@pytest.mark.django_db
def test_sql_tells_the_same(mara: User) -> None:
    sql = insert_notices_sql(
        {EGG: "egg.id < 3"},
        user="%(user)s",
        about="'egg ' || egg.id",
        params={"egg": "egg.id", "cook": "'Mara'"},
        at="now()",
        rows="generate_series(1, 2) egg (id)",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"user": mara.pk})
        cursor.execute(sql, {"user": mara.pk})
    params: EggParams = {"egg": 2, "cook": "Mara"}
    Notice.objects.notify([mara], EGG, params, about="egg 2")
    assert list(Notice.objects.order_by("about").values_list("kind", "about", "params", "url")) == [
        ("egg_boiled", f"egg {egg}", {"egg": egg, "cook": "Mara"}, "") for egg in (1, 2)
    ]


@pytest.mark.parametrize("params", [{"egg": "1"}, {"egg": "1", "cook": "2", "salt": "3"}])
def test_params_that_are_not_declared_are_refused(params: Any) -> None:
    with pytest.raises(BadPayload):
        insert_notices_sql({EGG: "true"}, user="1", about="'x'", params=params, at="now()", rows="eggs")
    with pytest.raises(BadPayload):
        Notice.objects.notify_many(EGG, [(User(pk=1), "x", params)])


# Reading


def test_the_address_is_made_when_it_is_read() -> None:
    params = {"egg": 7, "cook": "Mara"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("teams.models.notices.notice_kind", {"egg_boiled": EGG}.__getitem__)
        assert Notice(kind="egg_boiled", params=params).address == reverse("person", args=[7])
        assert Notice(kind="egg_boiled", params=params | {"page": "people"}).address == reverse("people")
        # What earlier versions wrote keeps the address that it was written with.
        assert Notice(kind="egg_boiled", params={}, url="/eggs/7/").address == "/eggs/7/"
        assert Notice(kind="egg_boiled", params={}).address == ""


@pytest.mark.django_db
def test_a_kind_of_another_version_breaks_no_page(mara: User) -> None:
    notice = Notice.objects.create(user=mara, **OF_TOMORROW)
    assert notice_kind(notice.kind) is UNKNOWN
    browser: Client = make.signed_in(mara)
    assert "There is news for you." in browser.get("/notices/").content.decode()
    assert browser.get(f"/notices/{notice.pk}/")["Location"] == "/notices/"
    with override("ja"):
        assert notice.text == "お知らせがあります。"


# Choosing


def test_the_heads_of_teams_may_get_more() -> None:
    assert EGG.may_reach([Role.MARKETER], is_head=False)
    assert not EGG.may_reach([Role.REP], is_head=True)
    to_sign = notice_kind("to_sign")
    assert to_sign.may_reach([Role.REP], is_head=True)
    assert not to_sign.may_reach([Role.REP], is_head=False)


@pytest.mark.django_db
def test_what_was_chosen_of_other_kinds_stays(mara: User) -> None:
    NoticeChoice.objects.create(user=mara, kind="of_tomorrow", way=Way.CHAT, wanted=True)
    NoticeChoice.objects.choose(mara, {Way.EMAIL: set(), Way.CHAT: {"offered"}}, among={"offered", "ended"})
    assert set(NoticeChoice.objects.values_list("kind", "way", "wanted")) == {
        ("of_tomorrow", "chat", True),
        ("offered", "email", False),
        ("ended", "email", False),
    }


# One way


def sources() -> Iterator[Path]:
    """The modules of the product, without those that made the table and what alone may write it."""
    for app in sorted({app.split(".")[0] for app in settings.INSTALLED_APPS}):
        folder = Path(settings.BASE_DIR, app)
        yield from (path for path in folder.rglob("*.py") if "migrations" not in path.parts)


def writes_notices(path: Path) -> bool:
    """Whether a module makes notices by itself: `Notice(…)`, `Notice.objects.create(…)` and the like, or by SQL."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Name(id="Notice")):
                return True
            case ast.Call(func=ast.Attribute(attr=name, value=ast.Attribute(value=ast.Name(id="Notice")))):
                if "create" in name:
                    return True
            case ast.Constant(value=str(text)) if "teams_notice" in text:
                return True
    return False


def test_nothing_else_tells_notices() -> None:
    paths = list(sources())
    assert {path.relative_to(settings.BASE_DIR).parts[0] for path in paths} >= {"leads", "sla", "integrations"}
    writers = [str(path.relative_to(settings.BASE_DIR)) for path in paths if writes_notices(path)]
    assert writers == ["teams/models/notices.py"]
