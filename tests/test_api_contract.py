"""The API keeps to its own description, whatever is sent: no error of ours, no answer that the schema does not know.

The short form tries a few requests for each operation; `make proof` tries many.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from funnel.models import Opportunity, StageRole
from leads.models import CustomField
from teams.models import Role, User
from tests import make
from tests.api import Program

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
QUIETLY: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "derandomize": True,
    "database": None,
}


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """Requests leave the test's connection open, as Django's own test client lets them."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def description(one_connection: None) -> Any:
    product = get_wsgi_application()

    def plain(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        # It says that it reads gzip, as the library does that it stands in for, and does not.
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        return product(environ, start_response)

    return schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", plain)


class Office:
    """Somebody with a little of everything to be found by its id, and programs that ask for it."""

    def __init__(self) -> None:
        person = make.user(Role.MARKETER, Role.REP, Role.MANAGER)
        self.programs = [Program(person), Program(make.user(Role.ADMINISTRATOR))]
        CustomField.objects.create(key="rank", name_en="Rank", type=CustomField.Type.NUMBER)
        handoff = make.handoff(to=person)
        lead = make.lead(StageRole.SQL, company=make.company(), email="aya@example.org")
        make.activity(lead, "page_view", now())
        deal = Opportunity.open(lead, by=person)
        self.ids = {"handoffs": handoff.pk, "leads": lead.pk, "opportunities": deal.pk}
        left = make.handoff(to=make.user(Role.REP))
        left.accept(by=left.rep)
        User.objects.filter(pk=left.rep_id).update(is_active=False)
        User.objects.filter(pk=person.pk).update(team=left.hop.receiving_team)
        self.left = left.pk

    def try_out(self, case: Any) -> None:
        parameters = case.path_parameters
        if "id" in parameters and parameters["id"] % 2:
            taking = case.path.endswith("/handoffs/{id}/taking/")
            parameters["id"] = self.left if taking else self.ids[case.path.split("/")[3]]
        if "name" in parameters and len(parameters["name"]) % 2:
            parameters["name"] = "conversion"
        for program in self.programs:
            headers = {"Authorization": f"Bearer {program.secret}"}
            case.call_and_validate(headers=headers, checks=CHECKS)
        case.call_and_validate(checks=CHECKS)


@pytest.fixture
def office(db: None) -> Office:
    return Office()


def for_each_operation(description: Any, examples: int, check: Callable[[Any], None]) -> None:
    tried = 0
    for result in description.get_all_operations():
        operation = result.ok()
        tell = given(case=operation.as_strategy())(check)
        settings(max_examples=examples, **QUIETLY)(tell)()
        tried += 1
    assert tried > 15


def test_each_operation_answers_as_described(description: Any, office: Office) -> None:
    for_each_operation(description, 5, office.try_out)


@pytest.mark.proof
def test_each_operation_answers_as_described_whatever_comes(description: Any, office: Office) -> None:
    for_each_operation(description, 250, office.try_out)


def test_no_operation_forgets_to_ask_who_calls(description: Any, office: Office) -> None:
    headers = {"Authorization": f"Bearer {office.programs[0].secret}"}

    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=[ignored_auth])

    for_each_operation(description, 1, ask)
