"""Notices that earlier versions told are read as they were."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import override

from teams.models import Notice, NoticeChoice, Role
from tests import make

pytestmark = pytest.mark.django_db
LEAD = {"lead": 7, "given_name": "Joe", "family_name": "Smith", "email": "joe@example.org"}
TOLD = [
    ("offered", LEAD, "/inbox/5/", "Joe Smith is offered to you."),
    ("rejected", LEAD | {"reason": "No budget"}, "/leads/7/", "Sales rejected Joe Smith: No budget"),
    (
        "reassigned",
        LEAD | {"rep": "Rosa Berg"},
        "/leads/7/",
        "Joe Smith went to Rosa Berg, because it was not answered.",
    ),
    (
        "not_ready",
        LEAD | {"fields": "Phone, Country"},
        "/leads/7/",
        "Joe Smith cannot be handed over yet: Phone, Country is not filled in.",
    ),
    ("at_risk", {"clause": "to hand over 60 leads."}, "/attainment/x/", "At risk: to hand over 60 leads."),
    ("import_done", {"file": "leads.csv"}, "/imports/3/", "The import of leads.csv is finished."),
]


def migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("teams", name)])


def test_what_was_told_keeps_its_words_and_its_address() -> None:
    user = make.user(Role.REP)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    migrate("0007_triggers")
    for kind, params, url, _text in TOLD:
        Notice.objects.create(user=user, kind=kind, about="1", params=params, url=url)
    NoticeChoice.objects.create(user=user, kind="offered", way="email", wanted=False)

    migrate("0008_declared_notices")
    with override("en"):
        read = [(notice.kind, notice.params, notice.address, notice.text) for notice in Notice.objects.order_by("pk")]
    assert read == TOLD
    assert NoticeChoice.objects.get().kind == "offered"
