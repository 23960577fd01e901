"""Who was told what, and by which ways each wants to be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now

from history.edited import edited
from smarketing.company import company_zone
from smarketing.database.payloads import jsonb_sql
from teams.models.teams import Team
from teams.models.users import Role, User
from teams.notices import NoticeKind, Page, ParamsT, Way, notice_kind, notice_kinds


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of(self, *kinds: NoticeKind[Any]) -> Self:
        return self.filter(kind__in=[kind.key for kind in kinds])

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def undispatched(self) -> Self:
        """Those of which nobody has decided yet by which ways they go out."""
        return self.filter(dispatched_at=None)

    def notify(
        self,
        users: Iterable[User],
        kind: NoticeKind[ParamsT],
        params: ParamsT,
        *,
        about: str,
        at: datetime | None = None,
    ) -> int:
        """Tell each of `users` once, and return how many are new; `about` says of what, so that telling twice is
        telling once."""
        before = self.of(kind).filter(about=about).count()
        self.notify_many(kind, [(user, about, params) for user in users], at=at)
        return self.of(kind).filter(about=about).count() - before

    def notify_many(
        self, kind: NoticeKind[ParamsT], notices: Iterable[tuple[User, str, ParamsT]], *, at: datetime | None = None
    ) -> None:
        """Tell many, each (whom, about what, params), by one statement. Who was told before is not told again."""
        at = at or now()
        rows = [
            Notice(user=user, kind=kind.key, about=about, params=params, created_at=at)
            for user, about, params in notices
        ]
        for row in rows:
            kind.check(row.params)
        self.bulk_create(rows, ignore_conflicts=True)

    def notify_administrators(
        self, kind: NoticeKind[ParamsT], failures: Iterable[tuple[str, ParamsT]], *, at: datetime
    ) -> None:
        """Tell the administrators what cannot be processed, each (about what, params) once a company day."""
        day = at.astimezone(company_zone()).date()
        told = [(f"{about} {day}", params) for about, params in failures]
        people = list(User.objects.active().with_role(Role.ADMINISTRATOR)) if told else []
        self.notify_many(kind, [(each, about, params) for about, params in told for each in people], at=at)


def insert_notices_sql(
    kinds: Mapping[NoticeKind[Any], str], *, user: str, about: str, params: Mapping[str, str], at: str, rows: str
) -> str:
    """The statement that tells one notice for each of `rows`, what follows FROM.

    `kinds` has the condition under which each kind is told, the first that holds. Conditions, `user` (an id), `about`,
    the members of `params` and `at` are SQL expressions over the rows. Raises `BadPayload`.
    """
    for kind in kinds:
        kind.check(params)
    cases = " ".join(f"WHEN {condition} THEN '{kind.key}'" for kind, condition in kinds.items())
    return f"""
INSERT INTO {Notice._meta.db_table} (user_id, kind, about, params, url, created_at)
SELECT {user}, CASE {cases} END, {about}, {jsonb_sql(params)}, '', {at}
FROM {rows}
ON CONFLICT DO NOTHING
"""


class Notice(models.Model):
    """Something one person was told. The words and the address are made when it is read, for the reader."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    # The key of its kind in `teams.notices`.
    kind = models.CharField(max_length=20)
    about = models.CharField(max_length=80)
    params = models.JSONField(default=dict)
    # Earlier versions kept the address; now it is made from the kind and the params.
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now)
    read_at = models.DateTimeField(null=True, blank=True)
    # When it was decided by which other ways it goes out; in the app it is always told.
    dispatched_at = models.DateTimeField(null=True, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "about"], name="told_once")]
        indexes = [
            models.Index(fields=["user", "-created_at"]),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at=None)),
            models.Index(fields=["created_at"], name="notice_undispatched", condition=Q(dispatched_at=None)),
        ]

    @property
    def declared(self) -> NoticeKind[Any]:
        return notice_kind(self.kind)

    @property
    def title(self) -> str:
        """What its kind is called, in the reader's language."""
        return str(self.declared.title)

    @property
    def icon(self) -> str:
        return self.declared.icon

    @property
    def text(self) -> str:
        """What it says, in the reader's language."""
        return self.declared.describe(self.params)

    @property
    def page(self) -> Page:
        return self.declared.page(self.params)

    @property
    def address(self) -> str:
        """Where it leads; empty where that page is no more."""
        return self.url or self.page.address(self.params)


def kinds_for(user: User) -> list[NoticeKind[Any]]:
    """The kinds of notice that this person may get."""
    is_head = Team.objects.filter(head=user).exists()
    return [kind for kind in notice_kinds() if kind.may_reach(user.roles, is_head=is_head)]


class NoticeChoiceQuerySet(models.QuerySet["NoticeChoice"]):
    def kinds_of(self, users: Iterable[User]) -> dict[int, dict[Way, set[str]]]:
        """Return the keys of the kinds that each of `users` is told by which way, by the person's id, in one query."""
        told = {user.pk: {way: usual_kinds(way) for way in Way} for user in users}
        for choice in self.filter(user__in=told):
            kinds = told[choice.user_id][Way(choice.way)]
            (kinds.add if choice.wanted else kinds.discard)(choice.kind)
        return told

    def choose(
        self, user: User, wanted: Mapping[Way, Collection[str]], *, among: Collection[str] | None = None
    ) -> None:
        """Keep what a person chose for the kinds `among` which they had the choice, by default all. Only what differs
        from the usual is a row."""
        among = {kind.key for kind in notice_kinds()} if among is None else among
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
            self.filter(user=user, kind__in=among).delete()
            self.bulk_create(
                NoticeChoice(user=user, kind=kind, way=way, wanted=kind in kinds)
                for way, kinds in wanted.items()
                for kind in sorted(among)
                if (kind in kinds) != (way in notice_kind(kind).usual)
            )


class NoticeChoice(models.Model):
    """One kind of notice that a person wants by a way, or does not, against what is usual."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notice_choices")
    # The key of the kind in `teams.notices`.
    kind = models.CharField(max_length=20)
    way = models.CharField(max_length=8, choices=Way)
    wanted = models.BooleanField()

    objects = NoticeChoiceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "way"], name="a_way_is_chosen_once")]
        triggers = edited("user kind way")


def usual_kinds(way: Way) -> set[str]:
    """The keys of the kinds that go out by a way as long as nothing is chosen."""
    return {kind.key for kind in notice_kinds() if way in kind.usual}
