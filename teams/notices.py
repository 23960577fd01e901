"""What people are told: each kind of notice, declared by the app that tells it.

An app declares its kinds in its `notices.py`: a key, what the kind is called where people choose how they are told, the
members of its params, and a function that makes the sentence from them, in the language that is active:

    class SignatureParams(TypedDict):
        number: int

    def ask_to_sign(params: SignatureParams) -> str:
        return _("Version %(number)s of the agreement waits for your signature.") % params

    TO_SIGN = register(
        NoticeKind[SignatureParams](
            "to_sign",
            gettext_lazy("An agreement waits for your signature"),
            params=SignatureParams,
            sentence=ask_to_sign,
            icon="agreement",
            pages=[Page("agreement_signature", ["number"], gettext_lazy("Read and sign"))],
            to_heads=True,
            example={"number": 3},
        )
    )

`Notice.objects.notify()` tells somebody. Params hold ids, keys and names, never a finished sentence: the words are made
when the notice is read, in the reader's language, and so is its address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, cast

from django.db.models import TextChoices
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from smarketing.database.payloads import check_members, members_of
from smarketing.pages.wording import full_name

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ParamsT = TypeVar("ParamsT", bound=Mapping[str, Any])
KEY = re.compile(r"[a-z_]{1,20}")


class Way(TextChoices):
    """How a notice reaches somebody, beside the list in the app."""

    EMAIL = "email", _("E-mail")
    CHAT = "chat", _("My chat")


@dataclass(frozen=True)
class Page:
    """A page that a notice leads to: its URL name, the params that are the arguments of its address, and what one does
    there."""

    name: str
    args: Sequence[str] = ()
    action: StrOrPromise = _("Open in Smarketing")

    def address(self, params: Mapping[str, Any]) -> str:
        """The address, or nothing where the page or one of its arguments is missing."""
        try:
            return reverse(self.name, args=[params[name] for name in self.args])
        except (KeyError, NoReverseMatch):
            return ""


@dataclass(frozen=True, eq=False)
class NoticeKind(Generic[ParamsT]):
    """One kind of notice.

    `title`     what happens, where people choose how they are told.
    `params`    a `TypedDict` of JSON: what a notice of this kind keeps.
    `sentence`  params → what it says, in the active language.
    `icon`      by its name in `smarketing.pages.icons`.
    `pages`     where it leads: the first, or the one that the param `page` names.
    `roles`     who may get it; with `to_heads`, the heads of teams as well, whatever their roles.
    `usual`     by which ways it goes out as long as a person has chosen nothing: by e-mail what somebody waits for, by
                chat what is urgent.
    `in_team_chat`  whether a team's chat is told of it until somebody chooses: what the whole team can still put right.
    `is_due`    whether a message says until when it waits, its param `due_at`.
    `example`   params as they may be, with no English word in them.
    """

    key: str
    title: StrOrPromise
    params: type[ParamsT]
    sentence: Callable[[ParamsT], str]
    icon: str
    pages: Sequence[Page]
    example: ParamsT
    roles: Collection[str] = ()
    to_heads: bool = False
    usual: Collection[Way] = (Way.EMAIL,)
    in_team_chat: bool = False
    is_due: bool = False

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key):
            raise ValueError(f"The key of a kind of notice is a short word, not {self.key!r}.")

    def check(self, params: Mapping[str, Any]) -> None:
        """Raise `BadPayload` unless the params are those that are declared."""
        check_members(self.key, self.params, params)

    def describe(self, params: Mapping[str, Any]) -> str:
        """What it says, in the active language. What a row of another version lacks reads as nothing."""
        missing = dict.fromkeys(members_of(self.params), "")
        return self.sentence(cast(ParamsT, missing | dict(params)))

    def page(self, params: Mapping[str, Any]) -> Page:
        chosen = (page for page in self.pages if page.name == params.get("page"))
        return next(chosen, self.pages[0])

    def may_reach(self, roles: Collection[str], *, is_head: bool) -> bool:
        """Whether somebody with these roles may get it."""
        return bool(set(roles) & set(self.roles)) or (self.to_heads and is_head)


_kinds: dict[str, NoticeKind[Any]] = {}


def register(new: NoticeKind[ParamsT]) -> NoticeKind[ParamsT]:
    """Make it known. Each kind is declared once."""
    if _kinds.setdefault(new.key, new) is not new:
        raise ValueError(f"The kind of notice {new.key} is declared twice.")
    return new


def notice_kinds() -> list[NoticeKind[Any]]:
    return list(_kinds.values())


class NoParams(TypedDict):
    """Nothing."""


def describe_unknown(params: NoParams) -> str:
    return gettext("There is news for you.")


# What a row is read as whose kind is not declared: another version wrote it.
UNKNOWN: NoticeKind[NoParams] = NoticeKind(
    "unknown",
    _("Notice"),
    params=NoParams,
    sentence=describe_unknown,
    icon="bell",
    pages=[Page("notices")],
    usual=(),
    example={},
)


def notice_kind(key: str) -> NoticeKind[Any]:
    """The kind with this key, or `UNKNOWN`."""
    return _kinds.get(key, UNKNOWN)


class NameParams(TypedDict):
    """What a notice keeps of a name: in which order it is written depends on the reader."""

    given_name: str
    family_name: str
    email: str


def name_params(person: Any) -> NameParams:
    return {"given_name": person.given_name, "family_name": person.family_name, "email": person.email}


def describe_name(params: NameParams | str) -> str:
    """The name in the order that its readers expect, or else the e-mail. Earlier versions kept finished names."""
    if isinstance(params, str):
        return params
    return full_name(params["given_name"], params["family_name"]) or params["email"]
