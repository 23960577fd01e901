"""What people edit about the company, its teams and themselves."""

from __future__ import annotations

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.utils.translation import gettext_lazy as _

from history.edits import Kind, never_edited, register
from smarketing.models import Heartbeat
from teams.models import AccountMail, Notice, NoticeChoice, Organization, Team, Token, User
from teams.notices import notice_kind

register(
    Kind(Organization, _("Company profile"), link="organization", link_by=""),
    Kind(Team, _("Team"), link="team"),
    Kind(User, _("Member"), link="person"),
    Kind(
        NoticeChoice,
        _("Choice of notices"),
        labels={"user": _("Member"), "kind": _("Notice"), "way": _("Way"), "wanted": _("Wanted")},
        words={"kind": lambda key: str(notice_kind(key).title)},
    ),
    Kind(
        Token,
        _("Token"),
        labels={
            "user": _("Member"),
            "digest": _("Secret"),
            "created_at": _("Made"),
            "revoked_at": _("Revoked"),
        },
    ),
)
LOGGED = "What happens there is in the log of sign-ins and access."
never_edited(EmailAddress, EmailConfirmation, Authenticator, UserSession, Session, because=LOGGED)
never_edited(Group, Group.permissions.through, Permission, ContentType, because="Nothing of ours uses them.")
never_edited(User.groups.through, User.user_permissions.through, because="Nothing of ours uses them.")
never_edited(AccountMail, Notice, because="The machine tells people.")
never_edited(Heartbeat, because="The machine keeps its own order.")
