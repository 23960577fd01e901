"""How large a room and a module of the product may be: a stranger finds a rule by its folder."""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.conf import settings

MOST_MODULES = 18
MOST_LINES = 400
MOST_LINES_OF_TESTS = 500
BASE = Path(settings.BASE_DIR)
PATHS = [Path(app.path) for app in apps.get_app_configs()]
APPS = sorted(path.name for path in PATHS if path.parent == BASE)


def modules() -> list[Path]:
    found = (path for app in APPS for path in (BASE / app).rglob("*.py"))
    return [path for path in found if path.name != "__init__.py" and "migrations" not in path.parts]


def test_every_app_is_looked_at():
    assert {"leads", "scoring", "funnel", "sla", "dashboards"} < set(APPS)
    assert len(modules()) > 500


def test_no_room_holds_more_modules_than_one_looks_through():
    rooms: dict[str, int] = {}
    for path in modules():
        room = path.parent.relative_to(BASE).as_posix()
        rooms[room] = rooms.get(room, 0) + 1
    assert {room: count for room, count in rooms.items() if count > MOST_MODULES} == {}


def test_no_module_is_longer_than_one_reads_at_a_time():
    lines = {
        path.relative_to(BASE).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()
    }
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def test_no_file_of_tests_is_longer_than_one_finds_a_test_in():
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (BASE / "tests").rglob("*.py")}
    assert {name: count for name, count in lines.items() if count > MOST_LINES_OF_TESTS} == {}
