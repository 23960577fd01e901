"""What history itself keeps, nobody edits."""

from __future__ import annotations

from history.edits import never_edited
from history.models import AuditEntry, Change, Edit, Lease, Outbox, Restoration

never_edited(AuditEntry, Change, Edit, because="They are history.")
never_edited(Lease, Outbox, because="The machine keeps its own order.")
never_edited(Restoration, because="Confirmed once, with who and when.")
