"""Whether everything that the product needs works: tried, not assumed."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection, transaction
from django.http import HttpRequest, HttpResponse

from smarketing import cache, env
from smarketing.database import heartbeats, versions
from smarketing.queue.celery import app
from smarketing.queue.waking import fail_fast_options
from smarketing.supervisor import disk

# True, or what is wrong.
State = bool | str
Part = Callable[[], State]
HEALTH, TICK = "health", "tick"


def database_writes() -> State:
    """Write a row: a full disk and a read-only database answer, and keep nothing."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '5s'")
            heartbeats.beat(cursor, HEALTH)
    except Error:
        return False
    return True


def code_knows_the_data() -> State:
    try:
        unknown = versions.unknown_migrations(connection)
    except Error:
        return False
    return versions.describe(unknown) if unknown else True


def secret_signs() -> State:
    """Sign something: without a secret nobody can sign in."""
    kept = Path(settings.VAR_DIR, "secret_key")
    try:
        if not env.text("SECRET_KEY") and not kept.read_text().strip():
            return f"{kept} is empty"
        return bool(signing.loads(signing.dumps(HEALTH)) == HEALTH)
    except (ImproperlyConfigured, signing.BadSignature, OSError):
        return False


def worker_answers() -> State:
    try:
        with app.connection_for_write(transport_options=fail_fast_options(1)) as broker:
            return bool(app.control.ping(timeout=1, limit=1, connection=broker))
    except Exception:  # Whatever the transport raises: there is no worker that answers.
        return False


def tick_is_alive() -> State:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            return heartbeats.is_alive(cursor, TICK)
    except Error:
        return False


PARTS: dict[str, Part] = {
    "database": database_writes,
    "version": code_knows_the_data,
    "secret": secret_signs,
    "queue": cache.answers,
    "worker": worker_answers,
    "tick": tick_is_alive,
}


def states() -> dict[str, State]:
    return {name: state() for name, state in PARTS.items()}


class HealthMiddleware:
    """Answers /healthz and /livez before hosts, sessions and sign-in are looked at: what asks is a machine."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return healthz(request)
        if request.path == "/livez":
            return livez(request)
        return self.get_response(request)


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether it can work: 503 while a part does not. Of the disk it says how much is left, and warns."""
    found = states()
    lines = [f"{name}: {_word(state)}\n" for name, state in found.items()]
    lines.append(f"disk: {disk.describe(settings.DATA_DIRS)}\n")
    return _plain("".join(lines), 200 if all(state is True for state in found.values()) else 503)


@login_not_required
def livez(request: HttpRequest) -> HttpResponse:
    """Whether this process answers, whatever it needs: starting it again would mend nothing else."""
    return _plain("alive\n", 200)


def _plain(text: str, status: int) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain; charset=utf-8", status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Length"] = str(len(response.content))
    return response


def _word(state: State) -> str:
    return state if isinstance(state, str) else "ok" if state else "down"
