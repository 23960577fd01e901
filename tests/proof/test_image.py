"""What the image and the compose file start, started without an engine: in a bare tree, as an unprivileged user where
that one can reach the Python of these tests."""

from __future__ import annotations

import ast
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path
from urllib.request import urlopen

import pytest

from smarketing import embedded
from smarketing.embedded.place import BASE_DIR, anyone_can_reach
from tests.site import connect, database_url, free_port, queue_url
from tests.smarketing.test_compose import DOCKERFILE, OURS

pytestmark = pytest.mark.proof
DATABASE = "in_an_image"


class Image:
    """The tree of the image, and the environment of its containers."""

    def __init__(self, folder: Path) -> None:
        self.app, self.data = folder / "app", folder / "data"
        self.port = free_port()
        reachable = all(anyone_can_reach(Path(each)) for each in (sys.prefix, sys.base_prefix))
        self.account = embedded.place().account() if reachable else None
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "HOSTNAME": "box",
            "DATABASE_URL": database_url(DATABASE),
            "REDIS_URL": queue_url(),
            "SECRET_KEY": "of the image",
            "VAR_DIR": str(self.data),
            "STATIC_ROOT": str(self.app / "static-collected"),
            "STATIC_MANIFEST": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PORT": "8000",
            "WEB_CONCURRENCY": "1",
        }

    def build(self) -> None:
        ignored = [line.removeprefix("**/") for line in (BASE_DIR / ".dockerignore").read_text().split()]
        shutil.copytree(
            BASE_DIR,
            self.app,
            ignore=lambda _folder, names: {
                name for name in names if any(fnmatch(name, pattern) for pattern in (*ignored, "tests", "bench"))
            },
        )
        self.data.mkdir(0o700)
        for command in ("compile_translations", "collectstatic --no-input --verbosity 0"):
            assert f"manage.py {command}" in DOCKERFILE
            building = self.environment | {"VAR_DIR": str(self.app.parent / "building")}
            subprocess.run([sys.executable, "manage.py", *command.split()], cwd=self.app, env=building, check=True)
        if self.account is not None:
            os.chown(self.data, self.account.pw_uid, self.account.pw_gid)

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        adapted = [word.replace("0.0.0.0:8000", f"127.0.0.1:{self.port}") for word in command]
        account: pwd.struct_passwd | None = self.account
        return subprocess.Popen(
            adapted,
            cwd=self.app,
            env=self.environment,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
        )

    def run(self, command: list[str]) -> int:
        adapted = [word.replace("8000", str(self.port)).replace("$$HOSTNAME", "box") for word in command]
        kind, *words = adapted
        return self.start(words if kind == "CMD" else ["sh", "-c", *words]).wait(120)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    folder = Path(tempfile.mkdtemp(prefix="sm-image-", dir="/tmp"))
    folder.chmod(0o755)
    with closing(connect("postgres")) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
        try:
            found = Image(folder)
            found.build()
            prepare = [*OURS["prepare"]["command"]]
            assert found.start(prepare).wait(600) == 0
            yield found
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            shutil.rmtree(folder, ignore_errors=True)


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.5)


def ends(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


def test_the_pages_are_served_and_the_check_of_the_image_tells_whether_the_process_lives(image: Image) -> None:
    command: list[str] = ast.literal_eval(re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[0])
    (check,) = re.findall(r"HEALTHCHECK .*? CMD (\[.*\])", DOCKERFILE)
    check_command = ["CMD", *ast.literal_eval(check)]
    assert image.run(check_command) != 0
    web = image.start(command)
    until(lambda: image.run(check_command) == 0)
    with urlopen(f"http://127.0.0.1:{image.port}/account/login/", timeout=20) as page:
        assert page.status == 200
        styles = re.findall(r'href="(/static/css/app\.[0-9a-f]+\.css)"', page.read().decode())
    with urlopen(f"http://127.0.0.1:{image.port}{styles[0]}", timeout=20) as style:
        assert style.status == 200
    assert ends(web) == 0
    assert image.run(check_command) != 0


@pytest.mark.parametrize("name", ["tick", "worker"])
def test_the_check_of_a_service_fails_until_it_runs_and_after_it_was_stopped(image: Image, name: str) -> None:
    service = OURS[name]
    check = list(service["healthcheck"]["test"])
    command = [word.replace("${WORKER_PROCESSES:-2}", "1") for word in service["command"]]
    if name == "worker":
        command += ["--hostname", "celery@box"]
    assert image.run(check) != 0
    process = image.start(command)
    until(lambda: image.run(check) == 0)
    assert ends(process) == 0
    # A sign of life counts for half a minute.
    until(lambda: image.run(check) != 0, seconds=60)
