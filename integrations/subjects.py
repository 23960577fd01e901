"""What is kept about people where they are told something."""

from __future__ import annotations

from history.subjects import NUMBER, Person, Record, not_personal, of_member, register
from integrations.chat.models import Channel
from integrations.messages.models import Delivery

register(
    Record(
        Channel,
        person=Person.MEMBER,
        paths=["user"],
        export="chat",
        deleted=True,
        columns=[
            not_personal("id", because=NUMBER),
            not_personal("team", because="The channel of a team is nobody's own."),
            of_member("user style kinds failing_since last_error dead_at"),
            of_member("url url_digest", hidden="Whoever knows it can write there."),
        ],
    )
)
register(
    Record(
        Delivery,
        person=Person.MEMBER,
        paths=["notice__user"],
        export="deliveries",
        deleted=True,
        columns=[
            not_personal("id", because=NUMBER),
            of_member("notice way channel address topic due_at next_try_at tries sent_at given_up_at error"),
            of_member("gathers_until is_summary"),
        ],
    )
)
