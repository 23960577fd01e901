"""Whether the database, the queue and the worker answer."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from smarketing import cache
from smarketing.queue.celery import app
from smarketing.queue.waking import fail_fast_options

Part = Callable[[], bool]


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def worker_answers() -> bool:
    try:
        with app.connection_for_write(transport_options=fail_fast_options(1)) as broker:
            return bool(app.control.ping(timeout=1, limit=1, connection=broker))
    except Exception:  # Whatever the transport raises: there is no worker that answers.
        return False


PARTS: dict[str, Part] = {"database": database_answers, "queue": cache.answers, "worker": worker_answers}


class HealthMiddleware:
    """Answers /healthz before hosts, sessions and sign-in are looked at: what asks is a machine."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return healthz(request)
        return self.get_response(request)


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    states = {name: answers() for name, answers in PARTS.items()}
    lines = [f"{name}: {'ok' if fine else 'down'}\n" for name, fine in states.items()]
    response = HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")
    response.status_code = 200 if all(states.values()) else 503
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Length"] = str(len(response.content))
    return response
