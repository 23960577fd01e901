"""The supervisor, as `make run` starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
import pytest

from smarketing import run
from smarketing.embedded import Attachment, Place, Postgres
from smarketing.embedded.place import BASE_DIR
from smarketing.env import Refused
from smarketing.run import Supervisor
from smarketing.supervisor.children import Child
from tests.site import free_port
from tests.smarketing.embedded.embedding import attach, data_folder, environment, let_go, servers_of

FINE = [f"{part}: ok" for part in ("database", "version", "secret", "queue", "worker", "tick")]


# What a folder may be called.
AWKWARD = 'it\'s 100% a "検証" $HOME'


def parts(health: str) -> str:
    """What health says of the parts; how much room is left is another on each machine."""
    return "".join(line for line in health.splitlines(keepends=True) if not line.startswith("disk: "))


class Run:
    """One supervisor of one data directory."""

    started: ClassVar[list["Run"]] = []

    def __init__(self, var: Path, port: int, checkout: Path = BASE_DIR) -> None:
        self.var, self.port = var, port
        var.parent.mkdir(exist_ok=True)
        self.log = var.parent / f"log-{port}"
        # As a shell starts a background job: SIGINT ignored, in a process group of its own.
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "smarketing.run"],
                cwd=checkout,
                env=environment(var, PORT=str(port), DEMO="false"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN) and None,
                process_group=0,
            )
        self.started.append(self)

    def health(self) -> tuple[int, str]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                return answer.status, parts(answer.read().decode())
        except HTTPError as answer:
            return answer.code, parts(answer.read().decode())
        except OSError:
            return 0, ""

    def until_healthy(self, seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            if self.health()[0] == 200:
                return
            time.sleep(0.2)
        raise AssertionError(f"not healthy: {self.health()}\n{self.log.read_text()}")

    def until_ended(self) -> int:
        return self.process.wait(60)

    def family(self) -> list[psutil.Process]:
        return list(psutil.Process(self.process.pid).children(recursive=True))


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return list(psutil.wait_procs(processes, timeout=15)[1])


@pytest.fixture
def var() -> Iterator[Path]:
    with data_folder() as folder:
        try:
            yield folder / AWKWARD / "var"
        finally:
            for process in psutil.process_iter(["cmdline", "environ"]):
                if (process.info["environ"] or {}).get("VAR_DIR") == str(folder / AWKWARD / "var"):
                    process.kill()
            while Run.started:
                Run.started.pop().process.wait()


def test_an_interrupt_to_the_group_of_a_background_run_stops_everything(var: Path) -> None:
    run = Run(var, free_port())
    run.until_healthy()
    assert run.health()[1].splitlines() == FINE
    family = run.family()
    assert len(family) >= 6  # Web and its two workers, the queue's worker and its processes, the tick.

    os.killpg(run.process.pid, signal.SIGINT)

    assert run.until_ended() == 0
    assert alive(family) == []
    assert servers_of(var.parent) == []


@pytest.mark.proof
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_supervisor_alone_stops_everything(var: Path, number: signal.Signals) -> None:
    run = Run(var, free_port())
    run.until_healthy()
    family = run.family()
    run.process.send_signal(number)
    assert run.until_ended() == 0
    assert alive(family) == []
    assert servers_of(var.parent) == []


@pytest.mark.proof
@pytest.mark.parametrize("after", [0.3, 0.8, 1.5, 3.0])
def test_a_signal_while_it_starts_stops_everything(var: Path, after: float) -> None:
    run = Run(var, free_port())
    time.sleep(after)
    family = run.family()
    os.killpg(run.process.pid, signal.SIGTERM)
    assert run.until_ended() in (0, -signal.SIGTERM)
    assert alive(family) == []
    assert servers_of(var.parent) == []


@pytest.mark.proof
def test_what_was_killed_hard_blocks_nothing(var: Path) -> None:
    port = free_port()
    run = Run(var, port)
    run.until_healthy()
    # The servers live on for the next run; their own processes come and go with them.
    servers = servers_of(var.parent)
    theirs = {*servers, *(each for server in servers for each in server.children(recursive=True))}
    family = [process for process in run.family() if process not in theirs]
    assert len(family) > 3
    run.process.kill()
    run.process.wait()
    again = Run(var, port)
    again.until_healthy()
    left = alive(family)
    assert left == [], [process.cmdline() for process in left]
    again.process.terminate()
    assert again.until_ended() == 0
    assert servers_of(var.parent) == []


@pytest.mark.proof
def test_everything_killed_hard_blocks_nothing(var: Path) -> None:
    port = free_port()
    run = Run(var, port)
    run.until_healthy()
    for process in [psutil.Process(run.process.pid), *run.family(), *servers_of(var.parent)]:
        # Of a server that is gone its own processes are, too.
        with suppress(psutil.NoSuchProcess):
            process.kill()
    run.process.wait()
    again = Run(var, port)
    again.until_healthy()
    again.process.terminate()
    assert again.until_ended() == 0


@pytest.mark.proof
def test_two_runs_share_the_servers(var: Path) -> None:
    first, second = Run(var, free_port()), Run(var, free_port())
    first.until_healthy()
    second.until_healthy()
    first.process.terminate()
    assert first.until_ended() == 0
    assert second.health()[0] == 200
    second.process.terminate()
    assert second.until_ended() == 0
    assert servers_of(var.parent) == []


@pytest.mark.proof
def test_a_second_run_on_the_same_port_says_where_the_first_is(var: Path) -> None:
    run = Run(var, free_port())
    run.until_healthy()
    second = Run(var, run.port)
    assert second.until_ended() == 1
    assert f"already runs on port {run.port}" in run.log.read_text()
    assert run.health()[0] == 200
    run.process.terminate()
    assert run.until_ended() == 0


def test_a_port_that_somebody_else_has_is_said_before_anything_starts(var: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        run = Run(var, other.getsockname()[1])
        assert run.until_ended() == 1
    assert "Give another PORT" in run.log.read_text()
    assert servers_of(var.parent) == []


@pytest.mark.parametrize("bind", ["192.0.2.1", "nowhere.invalid"])
def test_an_address_that_this_machine_does_not_have_is_said(var: Path, bind: str) -> None:
    with pytest.raises(Refused, match=f"cannot listen on {bind}:.*Give another BIND"):
        Supervisor(var, free_port(), bind, "http://localhost").check_port()


@pytest.mark.proof
def test_what_dies_is_started_again_and_health_says_so_meanwhile(var: Path) -> None:
    run = Run(var, free_port())
    run.until_healthy()
    for process in servers_of(var.parent):
        if "valkey" in process.name():
            process.kill()
    assert run.health()[0] == 503
    run.until_healthy(60)

    for process in run.family():
        if "celery" in " ".join(process.cmdline()):
            process.kill()
    assert run.health() == (503, "\n".join(FINE).replace("worker: ok", "worker: down") + "\n")
    run.until_healthy(60)

    for process in servers_of(var.parent):
        if process.name() == "postgres":
            process.kill()
    run.until_healthy(60)
    run.process.terminate()
    assert run.until_ended() == 0
    let_go(attach(var))


class TriedOnce(Attachment):
    """Embedded servers that the supervisor tries to start once."""

    def ensure_running(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        with pytest.raises(Refused, match="PostgreSQL did not start"):
            super().ensure_running(meanwhile)
        raise SystemExit


def test_programs_are_started_again_while_postgresql_fails_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    monkeypatch.setattr(Place, "account", lambda self: None)
    monkeypatch.setattr(Postgres, "_started", lambda self, log: False)
    monkeypatch.setattr(run, "CHECK_SERVERS_EVERY", 0)
    servers = TriedOnce(Place(tmp_path, tmp_path, tmp_path / "sockets", "1"), database=True, queue=False, say=print)
    supervisor = Supervisor(tmp_path, free_port(), "127.0.0.1", "http://localhost")
    child = Child("The worker", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ))
    supervisor.children = [child]
    child.start()
    assert child.process is not None
    first = child.process
    first.kill()
    first.wait()
    try:
        with pytest.raises(SystemExit):
            supervisor.look_after(servers)
        assert child.process not in (None, first)
        assert str(child.process.pid) in supervisor.memory.read_text()
    finally:
        supervisor.stop()
