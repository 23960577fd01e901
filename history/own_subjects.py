"""What history itself keeps about people."""

from __future__ import annotations

from history.models import AuditEntry, Change, Edit, Lease, Restoration
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
from smarketing.models import Heartbeat

register(
    Record(
        Change,
        export="changes",
        columns=[
            not_personal("id", because=NUMBER),
            not_personal("subject subject_id field at how", because="Which column of which record: that says whose."),
            mentions("old new", because="Treated as the column that changed.", exported=True),
            done_by("by"),
        ],
    )
)
register(
    Record(
        Edit,
        export="edits",
        columns=[
            not_personal("id at how kind row_id what", because="What was done to which row: that says whose."),
            mentions("about changes", because="Treated as the columns of that row.", exported=True),
            done_by("by"),
        ],
    )
)
register(
    Record(
        AuditEntry,
        person=Person.MEMBER,
        paths=["by"],
        export="sign_ins",
        columns=[
            not_personal("id", because=NUMBER),
            of_member("by at kind name about address browser", kept="Written once, and deleted after a year."),
        ],
    )
)
register(not_personal_table(Lease, "name holder acquired_at heartbeat_at", because="Which process works on what."))
register(not_personal_table(Heartbeat, "name at", because="Which process is alive."))
register(
    Record(
        Restoration,
        columns=[
            not_personal("id", because=NUMBER),
            not_personal("backed_up_at restored_at confirmed_at told_at", because="When these data came back."),
            done_by("confirmed_by"),
        ],
    )
)
