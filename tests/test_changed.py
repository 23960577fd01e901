"""Which tests a change asks for."""

import pytest

from tests.changed import TESTS, WHOLE, changed_files, choose, choose_all


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("sla/inbox/forms.py", ["tests/sla/inbox"]),
        ("sla/agreement/document/lines.py", ["tests/sla/agreement"]),
        ("templates/sla/inbox/inbox.html", ["tests/sla/inbox", "tests/smarketing/pages/test_templates.py"]),
        ("sla/handoffs/api.py", ["tests/sla/handoffs", "tests/test_api_contract.py"]),
        ("leads/api/leads.py", ["tests/leads/api", "tests/test_api_contract.py"]),
        ("tests/sla/inbox/test_inbox.py", ["tests/sla/inbox/test_inbox.py"]),
        ("tests/integrations/servers.py", ["tests/integrations"]),
        ("tests/make.py", []),
        ("docs/api.md", ["tests/test_documents.py"]),
        ("Makefile", []),
    ],
)
def test_the_tests_of_a_file_lie_where_its_room_is_mirrored(path: str, tests: list[str]) -> None:
    assert choose_all([path]) == tests


def test_what_an_app_has_outside_its_rooms_asks_for_the_tests_outside_rooms() -> None:
    tests = list(choose("metrics/registry.py"))
    assert "tests/metrics/test_registry.py" in tests
    assert all(test.startswith("tests/metrics/test_") for test in tests)


def test_each_test_runs_once() -> None:
    assert choose_all(["tests/sla/inbox/test_inbox.py", "sla/inbox/forms.py"]) == ["tests/sla/inbox"]


def test_what_is_tested_as_a_whole_is_there() -> None:
    assert [test for test in WHOLE.values() if not (TESTS.parent / test).exists()] == []


def test_changed_files_are_there() -> None:
    assert [path for path in changed_files() if not (TESTS.parent / path).exists()] == []
