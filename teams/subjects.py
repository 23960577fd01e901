"""What is kept about the people who work here."""

from __future__ import annotations

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session

from history.subjects import (
    NUMBER,
    Person,
    Record,
    done_by,
    mentions,
    not_personal,
    not_personal_table,
    of_member,
    register,
)
from teams.models import AccountMail, Notice, NoticeChoice, Organization, Team, Token, User

SECRET = "A secret is shown to nobody."

register(
    Record(
        User,
        person=Person.MEMBER,
        paths=["id"],
        export="account",
        history="user",
        columns=[
            of_member("id date_joined", kept="What a former member did still refers to one row."),
            of_member("email", anonymised="Each row has an address of its own, and signs in by it."),
            of_member("family_name given_name", anonymised="Pages and signed documents say: former member."),
            of_member("password", hidden=SECRET, anonymised="No password fits any more."),
            of_member(
                "is_active is_staff is_superuser session_generation", anonymised="A former member may do nothing."
            ),
            of_member("last_login roles team unreachable_since unreachable_because"),
            of_member("language time_zone theme browser_language"),
            of_member("quiet_hours", kept="It says nothing without the person."),
        ],
    )
)
register(
    Record(
        User.groups.through,
        person=Person.MEMBER,
        paths=["user"],
        export="groups",
        deleted=True,
        columns=[not_personal("id", because=NUMBER), of_member("user group")],
    )
)
register(
    Record(
        User.user_permissions.through,
        person=Person.MEMBER,
        paths=["user"],
        export="permissions",
        deleted=True,
        columns=[not_personal("id", because=NUMBER), of_member("user permission")],
    )
)
register(
    Record(
        Notice,
        person=Person.MEMBER,
        paths=["user"],
        export="notices",
        deleted=True,
        columns=[
            not_personal("id", because=NUMBER),
            of_member("user kind about url created_at read_at dispatched_at"),
            mentions("params", because="The sentence is made of names and notes: of leads, too.", exported=True),
        ],
    )
)
register(
    Record(
        NoticeChoice,
        person=Person.MEMBER,
        paths=["user"],
        export="notice_choices",
        deleted=True,
        columns=[not_personal("id", because=NUMBER), of_member("user kind way wanted")],
    )
)
register(
    Record(
        Token,
        person=Person.MEMBER,
        paths=["user"],
        export="tokens",
        deleted=True,
        columns=[
            not_personal("id", because=NUMBER),
            of_member("user name scopes created_at expires_at last_used_at revoked_at"),
            of_member("digest", hidden=SECRET),
        ],
    )
)
register(
    Record(
        AccountMail,
        columns=[
            not_personal("id kind", because=NUMBER),
            mentions("email", because="Whoever has it, or nobody: deleted when the mail is sent, or within hours."),
            mentions("requested_at address browser", because="Who asked for the mail: it is deleted with it."),
        ],
    )
)
register(
    Record(
        EmailAddress,
        person=Person.MEMBER,
        paths=["user"],
        export="email_addresses",
        deleted=True,
        columns=[not_personal("id", because=NUMBER), of_member("user email verified primary")],
    )
)
register(
    Record(
        EmailConfirmation,
        person=Person.MEMBER,
        paths=["email_address__user"],
        export="email_confirmations",
        deleted=True,
        columns=[
            not_personal("id", because=NUMBER),
            of_member("email_address created sent"),
            of_member("key", hidden=SECRET),
        ],
    )
)
register(
    Record(
        Authenticator,
        person=Person.MEMBER,
        paths=["user"],
        export="second_factors",
        deleted=True,
        columns=[
            not_personal("id", because=NUMBER),
            of_member("user type created_at last_used_at"),
            of_member("data", hidden=SECRET),
        ],
    )
)
register(
    Record(
        UserSession,
        person=Person.MEMBER,
        paths=["user"],
        export="sessions",
        deleted=True,
        columns=[
            not_personal("id", because=NUMBER),
            of_member("user created_at ip last_seen_at user_agent data"),
            of_member("session_key", hidden=SECRET),
        ],
    )
)
register(
    Record(
        Session,
        columns=[
            not_personal("session_key expire_date", because="A random key, and until when it holds."),
            mentions("session_data", because="Signed, with the id of the member within: it ends with the account."),
        ],
    )
)
register(
    Record(
        Team,
        columns=[not_personal("id name name_ja kind", because="About the team as a whole."), done_by("head")],
    )
)
register(
    not_personal_table(
        Organization,
        "id name country time_zone currency second_factor_required is_demo demo_built_at",
        because="About the company as a whole.",
    )
)
register(not_personal_table(Group, "id name", because="A list of what may be done."))
register(not_personal_table(Group.permissions.through, "id group permission", because="What a group may do."))
register(not_personal_table(Permission, "id name content_type codename", because="What may be done."))
register(not_personal_table(ContentType, "id app_label model", because="The names of our tables."))
