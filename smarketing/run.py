"""Everything under one supervisor: the embedded servers, web, worker and tick, until a signal says stop.

python -m smarketing.run          as in production
python -m smarketing.run --dev    with error pages, and started again when the code changes
"""

import errno
import json
import os
import pwd
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from smarketing import embedded, env
from smarketing.embedded.locks import Lock
from smarketing.embedded.place import BASE_DIR, make_private, write_private
from smarketing.embedded.processes import exit_on, undisturbed
from smarketing.saying import say
from smarketing.supervisor import unprivileged
from smarketing.supervisor.children import Child, session_of
from smarketing.supervisor.disk import told_in_one_line

PATIENCE = 15
CHECK_SERVERS_EVERY = 2
IN_MEMORY = "/dev/shm"  # nosec B108 # the web server makes files there that have no name


class Supervisor:
    """Web, worker and demo on one port over one data directory."""

    def __init__(self, var: Path, port: int, bind: str, public_url: str, *, dev: bool = False) -> None:
        self.var, self.port, self.bind, self.public_url, self.dev = var, port, bind, public_url, dev
        self.memory = var / f"run-{port}.json"
        self.environment = os.environ | {
            "VAR_DIR": str(var),
            "PORT": str(port),
            "STATIC_MANIFEST": str(not dev),
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",  # Threads that share the allocator's memory need less of it.
        }
        if dev:
            self.environment |= {"DEBUG": "true", "DJANGO_RUNSERVER_HIDE_WARNING": "true"}
        self.environment.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")
        self.children: list[Child] = []
        # As whom the programs run; None: as we do.
        self.account: pwd.struct_passwd | None = None

    def run(self) -> None:
        only_one = Lock(self.var / f"run-{self.port}.lock")
        if not only_one.take_if_free():
            raise env.Refused(f"already runs on port {self.port}: {self.public_url}. Stop it, or give another PORT.")
        try:
            self.end_leftovers()
            self.check_port()
            with embedded.attached() as servers:
                self.manage("prepare")
                try:
                    self.serve(servers)
                finally:
                    self.stop()
        finally:
            only_one.release()

    def manage(self, *arguments: str) -> None:
        """Run a management command to its end; what it says about the embedded servers is known already."""
        child = Child(arguments[0], [sys.executable, "manage.py", *arguments, "-v", "0"], self.environment, keep=False)
        self.children = [child]
        child.start()
        assert child.process is not None
        code = child.process.wait()
        self.children = []
        if code:
            raise SystemExit(code)  # It has said why.

    def child(self, name: str, command: list[str], more: Mapping[str, str] = {}, *, as_root: bool = False) -> Child:
        account = None if as_root else self.account
        return Child(name, command, {**self.environment, **unprivileged.home_of(account, self.var), **more}, account)

    def binds_as_root(self) -> bool:
        """Whether only root may listen there: then the web server's first process is root's, and no other."""
        return self.account is not None and self.port < unprivileged.first_free_port() and not self.dev

    def serve(self, servers: embedded.Attachment | None) -> None:
        self.account = unprivileged.account_or_root(self.var, say)
        tick = [sys.executable, "-m", "smarketing.tick"]
        self.children = [
            self.child("The web server", self.web_command(), as_root=self.binds_as_root()),
            self.child("The worker", self.worker_command()),
            self.child("The tick", tick, embedded.addresses()),
        ]
        for child in self.children:
            child.start()
        self.remember()
        self.wait_for_web()
        say(f"Smarketing is at {self.public_url}")
        if has_command("demo") and env.yes_or_no("DEMO", True):
            say("Looking after the demo company; its logins follow.")
            demo = self.child("The demo", [sys.executable, "manage.py", "demo", "--if-empty"])
            demo.keep = False
            demo.start()
            self.children.append(demo)
            self.remember()
        say("Ctrl-C stops it.")
        self.look_after(servers)

    def look_after(self, servers: embedded.Attachment | None) -> None:
        next_check = time.monotonic() + CHECK_SERVERS_EVERY
        code = newest_code() if self.dev else 0.0
        while True:
            time.sleep(0.25)
            self.look_after_children()
            if servers is not None and time.monotonic() >= next_check:
                try:
                    servers.ensure_running(meanwhile=self.look_after_children)
                except env.Refused as problem:
                    say(problem.line)
                next_check = time.monotonic() + CHECK_SERVERS_EVERY
            if self.dev and newest_code() > code:
                code = newest_code()
                say("The code has changed; starting worker and tick again.")
                for child in self.children[1:3]:
                    child.ask_to_stop()
                    child.stop(time.monotonic() + PATIENCE)
                    child.start()

    def look_after_children(self) -> None:
        before = [child.process for child in self.children]
        for child in self.children:
            child.look_after()
        if [child.process for child in self.children] != before:
            self.remember()

    def wait_for_web(self) -> None:
        web = self.children[0]
        while web.process is not None and web.process.poll() is None:
            with suppress(OSError), socket.create_connection((reachable(self.bind), self.port), timeout=1):
                return
            time.sleep(0.05)
        raise env.Refused("the web server did not start; see above.")

    def stop(self) -> None:
        with undisturbed():
            say("Stopping.")
            for child in self.children:
                child.ask_to_stop()
            deadline = time.monotonic() + PATIENCE
            for child in self.children:
                child.stop(deadline)
            self.memory.unlink(missing_ok=True)

    def web_command(self) -> list[str]:
        if self.dev:
            return [sys.executable, "manage.py", "runserver", f"{self.bind}:{self.port}", "-v", "0"]
        command = [sys.executable, "-m", "gunicorn", "smarketing.wsgi", "--preload", "--no-control-socket"]
        command += [
            "--bind",
            f"{self.bind}:{self.port}",
            "--workers",
            str(env.whole_number("WEB_WORKERS", 2, at_least=1)),
        ]
        # Threads, because browsers open connections ahead of need, and one of them would hold a whole sync worker.
        command += ["--worker-class", "gthread", "--threads", "4"]
        command += ["--timeout", "60", "--graceful-timeout", "10", "--log-level", "warning"]
        command += ["--logger-class", "smarketing.logs.GunicornLogger"]
        # A link may carry a whole tree of conditions.
        command += ["--limit-request-line", "8190"]
        if Path(IN_MEMORY).is_dir():
            command += ["--worker-tmp-dir", IN_MEMORY]
        if self.account is not None and self.binds_as_root():
            command += ["--user", str(self.account.pw_uid), "--group", str(self.account.pw_gid)]
        return command

    def worker_command(self) -> list[str]:
        processes = str(env.whole_number("WORKER_PROCESSES", 2, at_least=1))
        command = [sys.executable, "-m", "celery", "--app", "smarketing", "--quiet", "worker", "--loglevel", "WARNING"]
        command += ["--concurrency", processes, "--without-gossip", "--without-mingle"]
        return [*command, "--hostname", f"{self.port}@%h"]

    def check_port(self) -> None:
        with socket.socket(socket.AF_INET6 if ":" in self.bind else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.bind.strip("[]"), self.port))
            except OSError as problem:
                wrong = "PORT" if problem.errno in (errno.EADDRINUSE, errno.EACCES) else "BIND"
                raise env.Refused(
                    f"cannot listen on {self.bind}:{self.port}: {problem.strerror}. Give another {wrong}."
                )

    # What a supervisor that was killed hard left running: its programs are known by their numbers and birthdays.

    def remember(self) -> None:
        running = [child.process.pid for child in self.children if child.process is not None]
        births = {}
        for pid in running:
            with suppress(psutil.NoSuchProcess):
                births[str(pid)] = psutil.Process(pid).create_time()
        write_private(self.memory, json.dumps(births))

    def end_leftovers(self) -> None:
        try:
            births: dict[str, float] = json.loads(self.memory.read_text())
        except (OSError, ValueError):
            return
        left = [process for pid, born in births.items() for process in session_of(int(pid), born)]
        if left:
            say("Stopping what an earlier run left behind.")
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, stubborn = psutil.wait_procs(left, timeout=5)
        for process in stubborn:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn, timeout=5)
        self.memory.unlink(missing_ok=True)


def newest_code() -> float:
    """When a module was last changed."""
    return max(path.stat().st_mtime for path in BASE_DIR.glob("[a-z]*/**/*.py"))


def has_command(name: str) -> bool:
    """Whether an app brings this management command; asked of the files, so that no app need be loaded."""
    return any(BASE_DIR.glob(f"*/management/commands/{name}.py"))


def reachable(bind: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "[::]": "::1", "::": "::1"}.get(bind, bind.strip("[]"))  # nosec B104 # asked


def main() -> None:
    var = env.folder("VAR_DIR", BASE_DIR / "var")
    port = env.whole_number("PORT", 8000, at_least=1, at_most=65535)
    public_url = env.web_address("PUBLIC_URL", f"http://localhost:{port}").geturl().rstrip("/")
    make_private(var, passable=True)
    exit_on(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, code=0)
    with told_in_one_line():
        Supervisor(var, port, env.text("BIND", "127.0.0.1"), public_url, dev="--dev" in sys.argv).run()


if __name__ == "__main__":
    main()
