"""People: who may do what, who is told what, what may come in."""

from teams.models.account_mails import AccountMail
from teams.models.notices import Notice, NoticeChoice, insert_notices_sql, kinds_for
from teams.models.organization import Organization, stored_time_zone, stored_time_zones, valid_time_zone
from teams.models.teams import Team
from teams.models.tokens import Scope, Token
from teams.models.users import Role, User

__all__ = [
    "AccountMail",
    "Notice",
    "NoticeChoice",
    "Organization",
    "Role",
    "Scope",
    "Team",
    "Token",
    "User",
    "insert_notices_sql",
    "kinds_for",
    "stored_time_zone",
    "stored_time_zones",
    "valid_time_zone",
]
