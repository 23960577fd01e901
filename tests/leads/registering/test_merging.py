"""Files about a lead that was merged mean the one it became."""

import pytest

from leads.models import Activity, Lead
from leads.registering.registration import register
from sla.flow.merging import merge
from tests import make
from tests.leads.importing.importing import bring, counts

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def test_a_file_brought_in_again_after_a_merge_changes_nothing() -> None:
    kept, _ = register({"email": "a@x.example"}, identities=[("crm", "1")], at=NOW)
    gone, _ = register({"email": "b@x.example"}, identities=[("crm", "2")], at=NOW)
    did = "lead,what,when\n2,call,2026-11-01\n2,call,2026-11-01\n"
    mapping = {"lead": "lead.external_id", "what": "kind", "when": "occurred_at"}
    bring("activities", did, mapping)
    merge(kept, gone, by=make.user(), at=NOW)
    assert bring("activities", did, mapping)[1] == counts(unchanged=2)
    assert bring("leads", "mail,id\n,2\nB@x.example,\n", {"mail": "email", "id": "external_id"})[1]["created"] == 0
    assert Lead.objects.unmerged().get() == kept
    assert Activity.objects.filter(lead=kept).count() == 2
