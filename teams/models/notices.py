"""Who is told what, and by which ways."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Self, TypeAlias

from django.db import models, transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smarketing.pages import wording
from smarketing.pages.wording import full_name
from teams.models.users import User

# What the sentences of notices may speak of, beside the lead.
WORDS = ("reason", "number", "file", "team", "fields", "rep", "clause", "day", "person")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unread(self) -> Self:
        return self.filter(read_at=None)

    def undispatched(self) -> Self:
        """Those of which nobody has decided yet by which ways they go out."""
        return self.filter(dispatched_at=None)

    def tell(
        self,
        users: Iterable[User],
        kind: Notice.Kind,
        *,
        about: str,
        params: dict[str, Any] | None = None,
        url: str = "",
        at: datetime | None = None,
    ) -> int:
        """Tell each of `users` once; `about` says of what, so that telling twice is telling once."""
        notices = [
            Notice(user=user, kind=kind, about=about, params=params or {}, url=url, created_at=at or now())
            for user in users
        ]
        before = self.filter(kind=kind, about=about).count()
        self.bulk_create(notices, ignore_conflicts=True)
        return self.filter(kind=kind, about=about).count() - before


class Notice(models.Model):
    """Something one person was told. The words are made when it is read, in the reader's language."""

    class Kind(models.TextChoices):
        OFFERED = "offered", _("A lead is offered to you")
        REMINDER = "reminder", _("A hand-off falls due soon")
        BREACH = "breach", _("A hand-off was not answered in time")
        REJECTED = "rejected", _("A hand-off was rejected")
        TO_SIGN = "to_sign", _("An agreement waits for your signature")
        SENT_BACK = "sent_back", _("A proposed agreement was sent back")
        IN_FORCE = "in_force", _("An agreement was signed by all")
        IMPORT_DONE = "import_done", _("An import is finished")
        UNOFFERED = "unoffered", _("A lead waits and nobody can take it")
        NOT_READY = "not_ready", _("A lead waits because something is not filled in")
        REASSIGNED = "reassigned", _("A hand-off went to somebody else")
        ENDED = "ended", _("A hand-off was accepted or taken back by the rule")
        DISPUTED = "disputed", _("A rejection is disputed")
        SETTLED = "settled", _("A dispute is settled")
        AT_RISK = "at_risk", _("A promise is at risk")
        REVIEW_DUE = "review_due", _("A review is due")
        UNREACHABLE = "unreachable", _("Somebody's e-mail does not arrive")

    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind)
    about = models.CharField(max_length=80)
    params = models.JSONField(default=dict)
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
    def lead_name(self) -> str:
        full = full_name(self.params.get("given_name") or "", self.params.get("family_name") or "")
        return full or str(self.params.get("email") or _("Lead %(id)s") % {"id": self.params.get("lead", "")})

    @property
    def text(self) -> str:
        """What it says, in the reader's language."""
        said = {
            self.Kind.OFFERED: _("%(lead)s is offered to you."),
            self.Kind.REMINDER: _("%(lead)s still waits for an answer, and falls due soon."),
            self.Kind.BREACH: _("%(lead)s was not answered in time."),
            self.Kind.REJECTED: _("Sales rejected %(lead)s: %(reason)s"),
            self.Kind.TO_SIGN: _("Version %(number)s of the agreement waits for your signature."),
            self.Kind.SENT_BACK: _("%(person)s sent version %(number)s of the agreement back: %(reason)s"),
            self.Kind.IN_FORCE: _("Version %(number)s of the agreement is signed by all."),
            self.Kind.IMPORT_DONE: _("The import of %(file)s is finished."),
            self.Kind.UNOFFERED: _("%(lead)s waits, and nobody of %(team)s can take it."),
            self.Kind.NOT_READY: _("%(lead)s cannot be handed over yet: %(fields)s is not filled in."),
            self.Kind.REASSIGNED: _("%(person)s gave %(lead)s to %(rep)s.")
            if self.params.get("person")
            else _("%(lead)s went to %(rep)s, because it was not answered."),
            self.Kind.ENDED: _("%(lead)s was not answered by %(rep)s, and counts as accepted.")
            if self.params.get("accepted")
            else _("%(lead)s was not answered by %(rep)s, and was taken back."),
            self.Kind.DISPUTED: _("The rejection of %(lead)s is disputed: %(reason)s"),
            self.Kind.SETTLED: _("The rejection of %(lead)s was wrong, it is offered again: %(reason)s")
            if self.params.get("upheld")
            else _("The rejection of %(lead)s stands: %(reason)s"),
            self.Kind.AT_RISK: _("At risk: %(clause)s"),
            self.Kind.REVIEW_DUE: self._review_due(),
            self.Kind.UNREACHABLE: _("%(person)s cannot be reached by e-mail: %(reason)s"),
        }[self.Kind(self.kind)]
        known = dict.fromkeys(WORDS, "") | self.params
        if known["day"]:
            known["day"] = wording.day(date.fromisoformat(known["day"]))
        return str(said % (known | {"lead": self.lead_name}))

    def _review_due(self) -> Promise:
        if self.params.get("whole"):
            if self.params.get("today"):
                return _("Today the whole agreement is reviewed.")
            return _("The review of the whole agreement on %(day)s comes up: prepare it.")
        if self.params.get("today"):
            return _("Today the goals are reviewed.")
        return _("The review of the goals on %(day)s comes up: prepare it.")


class Way(models.TextChoices):
    """How a notice reaches somebody, beside the list in the app."""

    EMAIL = "email", _("E-mail")
    CHAT = "chat", _("My chat")


Kind: TypeAlias = Notice.Kind
# What goes out by a way as long as a person has chosen nothing: by e-mail what somebody waits for, by chat what is
# urgent.
USUAL: dict[Way, frozenset[Kind]] = {
    Way.EMAIL: frozenset(Kind) - {Kind.IMPORT_DONE, Kind.NOT_READY},
    Way.CHAT: frozenset({Kind.OFFERED, Kind.REMINDER, Kind.BREACH, Kind.REASSIGNED, Kind.UNOFFERED}),
}


class NoticeChoiceQuerySet(models.QuerySet["NoticeChoice"]):
    def kinds_of(self, users: Iterable[User]) -> dict[int, dict[Way, set[Kind]]]:
        """Return which kinds each of `users` is told by which way, by the person's id, in one query."""
        told = {user.pk: {way: set(USUAL[way]) for way in Way} for user in users}
        for choice in self.filter(user__in=told):
            kinds = told[choice.user_id][Way(choice.way)]
            (kinds.add if choice.wanted else kinds.discard)(Kind(choice.kind))
        return told

    def choose(self, user: User, wanted: dict[Way, set[Kind]]) -> None:
        """Keep what a person chose, whole. Only what differs from the usual is a row."""
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            self.filter(user=user).delete()
            self.bulk_create(
                NoticeChoice(user=user, kind=kind, way=way, wanted=kind in kinds)
                for way, kinds in wanted.items()
                for kind in sorted(USUAL[way] ^ kinds)
            )


class NoticeChoice(models.Model):
    """One kind of notice that a person wants by a way, or does not, against what is usual."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=20, choices=Notice.Kind)
    way = models.CharField(max_length=8, choices=Way)
    wanted = models.BooleanField()

    objects = NoticeChoiceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "way"], name="a_way_is_chosen_once")]
